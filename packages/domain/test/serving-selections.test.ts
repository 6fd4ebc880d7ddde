/** Sums under hidden selections through a domain: who gets what, what is charged and when, and what is refused.
 *  @module */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { verifyReceipt } from "@sluice/evidence";
import { SelectionClient } from "@sluice/mpc/he/selection/client";
import {
  concatBytes,
  decodeSelectionRegistered,
  decodeSelectionSums,
  encodeSelectionCall,
  encodeSelectionRegistration,
  encodeSelectionRequest,
  fromHex,
  isSluiceError,
  utf8,
  type Bytes,
  type Grant,
  type HiddenSelectionSpec,
  type Run,
  type SelectionSnapshot,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selectionOf, sentAs } from "../../mpc/test/selection-product.ts";
import { readPrivacyBudget, startDomain } from "../src/index.ts";
import { ask, serveForm, spentUnits, type Answered, type AnsweringProduct } from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  deliverGrant,
  openFixture,
  regionOf,
  ROWS,
  serveProduct,
  trustOf,
  type Fixture,
} from "./serving-fixture.ts";

const SPEC: HiddenSelectionSpec = {
  kind: "hidden-selection",
  dimensions: [
    { name: "region", field: "region", levels: ["R0", "R1", "R2"], values: { R0: 0, R1: 1, R2: 2 } },
    { name: "age", field: "age", levels: ["young", "old"], breaks: [40] },
  ],
  minimumGroups: 2,
  contribution: { rows: 1, groups: 1 },
  rows: { epsilon: "1", most: 1_000 },
  measures: [{ name: "age", field: "age", min: 0, max: 100, digits: 0, epsilon: "0.5", most: 100_000 }],
};

const job = (spec: object): Bytes =>
  utf8(`var sluiceJob = { default: {
  name: "sums", purpose: "bands", input: { age: "f64", region: "dict" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] }, groups: ${JSON.stringify(spec)} },
  develop(rows) { return { fit: { rows: rows.rowCount } }; },
} };`);

const groupOf = (i: number): string => `${regionOf(i)}/${bucketOfAge(i) < 40 ? "young" : "old"}`;
const rowsOf = (labels: readonly string[]): number[] =>
  Array.from({ length: ROWS }, (_, i) => i).filter((i) => labels.includes(groupOf(i)));
/** Twenty-five scales: a chance below 10^-10. */
const NOISE = { rows: 25, age: 25 * 200 } as const;

let fixture: Fixture;
let grant: string;
let product: AnsweringProduct & { readonly snapshot: SelectionSnapshot };

const OPERATIONS = ["develop", "build", "selection.register", "selection.sum"] as const;

const grantOf = (change: Partial<Grant> = {}): Promise<string> =>
  deliverGrant(fixture, {
    operations: [...OPERATIONS],
    quotas: OPERATIONS.map((operation) => ({ operation, amount: "1000" })),
    selections: { most: 3, epsilon: "8" },
    ...change,
  });

async function serve(name: string, under: string): Promise<typeof product> {
  const { snapshot, ...served } = await serveForm(fixture, under, name, job(SPEC));
  if (snapshot.type !== "selection-snapshot") throw new Error("of another form");
  return { ...served, snapshot };
}

beforeAll(async () => {
  fixture = await openFixture();
  grant = await grantOf();

  product = await serve("sums", grant);
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const select = (labels: string[], of = product): Promise<SelectionClient> =>
  SelectionClient.select({ parameters: of.snapshot.parameters, caller: "caller" }, labels);

const registering = (commitment: Bytes, of = product): Promise<Answered> =>
  ask(
    fixture,
    of,
    "selection.register",
    encodeSelectionRegistration({ snapshot: fromHex(of.snapshotHash), commitment }),
  );

const asking = (selection: Bytes, request: Bytes, of = product): Promise<Answered> =>
  ask(fixture, of, "selection.sum", encodeSelectionCall({ snapshot: fromHex(of.snapshotHash), selection, request }));

const refusalOf = async (answer: Promise<unknown>): Promise<string> => {
  try {
    await answer;
    return "an answer";
  } catch (error) {
    if (isSluiceError(error)) return `${error.code} ${String(error.details["reason"] ?? "")}`.trim();
    throw error;
  }
};

const spent = async (): Promise<number> => {
  const { counts } = await readPrivacyBudget(fixture.directory, "persons");
  return counts.find(({ party }) => party === "caller")?.spent ?? 0;
};

async function restart(): Promise<void> {
  await fixture.domain.close();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
}

let client: SelectionClient;
const LABELS = ["R0/young", "R1/old", "R2/old"];

test("a registered selection gets the noisy sums over its groups, paid for and with a receipt", async () => {
  expect(product.snapshot.parameters).toMatchObject({ minimumRows: 5, groups: expect.arrayContaining(LABELS) });
  expect(product.snapshot.parameters.measures.map(({ name }) => name)).toEqual(["rows", "age"]);
  client = await select(LABELS);
  const first = await registering(client.commitment);
  await verifyReceipt(first.receipt, trustOf(fixture));
  expect(first.receipt.receipt.body.quantity).toEqual({ unit: "selection", amount: "1" });
  expect(decodeSelectionRegistered(first.content)).toEqual({ commitment: client.commitment, used: 1, most: 3 });
  expect(await spent()).toBe(0);

  const request = client.request(product.snapshot.epoch, ["rows", "age"]);
  const answered = await asking(client.frame, request);
  await verifyReceipt(answered.receipt, trustOf(fixture));
  expect(answered.receipt.receipt.body.quantity).toEqual({ unit: "selection-sum", amount: "2" });
  expect(answered.receipt.openings.snapshot?.value).toBe(product.snapshotHash);
  const sums = await client.open(request, answered.content);
  const rows = rowsOf(LABELS);
  expect(Math.abs((sums.get("rows") ?? 0) - rows.length)).toBeLessThan(NOISE.rows);
  const ages = rows.reduce((sum, i) => sum + bucketOfAge(i), 0);
  expect(Math.abs((sums.get("age") ?? 0) - ages)).toBeLessThan(NOISE.age);
  expect(await spent()).toBe(1_500_000);
});

test("a retry, another call and a restarted domain give the same sums, and nothing is charged twice", async () => {
  const request = client.request(product.snapshot.epoch, ["rows", "age"]);
  const before = await asking(client.frame, request);
  const again = await before.again();
  expect(again.content).toEqual(before.content);
  expect(again.receipt).toEqual(before.receipt);
  await restart();
  expect((await before.again()).content).toEqual(before.content);
  const other = await asking(client.frame, request);
  expect(decodeSelectionSums(other.content)).toEqual(decodeSelectionSums(before.content));
  expect(decodeSelectionRegistered((await registering(client.commitment)).content)).toMatchObject({ used: 1 });
  expect(await spent()).toBe(1_500_000);
});

test("a unit vector, weights and a proof that was altered are refused, whatever was registered", async () => {
  const { parameters, epoch } = product.snapshot;
  const made = { parameters, caller: "caller" };
  const honest = await select(LABELS);
  const altered = honest.frame.slice();
  altered[altered.length - 40] = (altered[altered.length - 40] ?? 0) ^ 1;
  const another = await grantOf({ selections: { most: 8, epsilon: "20" } });
  const attacked = await serve("attacked", another);
  const under = { ...made, parameters: attacked.snapshot.parameters };
  for (const numbers of [
    [1, 0, 0, 0, 0, 0],
    [1, 1, 1, 1, 1, 0],
    [0, 0, 0, 0, 0, 0],
    [1, 100, -98, 0, 0, 0],
  ]) {
    const [commitment, frame] = sentAs(await selectionOf(numbers, under));
    await registering(commitment, attacked);
    const request = encodeSelectionRequest({ commitment, epoch, measures: [0] });
    expect(await refusalOf(asking(frame, request, attacked))).toBe("ERR_SELECTION_PROOF");
  }
  await registering(honest.commitment);
  expect(await refusalOf(asking(altered, honest.request(epoch, ["rows"])))).toBe("ERR_SELECTION_PROOF");
  // The worker is healthy, and what was charged for the altered one pays for the right one.
  const before = await spent();
  const answered = await asking(honest.frame, honest.request(epoch, ["rows"]));
  expect((await honest.open(honest.request(epoch, ["rows"]), answered.content)).has("rows")).toBe(true);
  expect(await spent()).toBe(before);
});

test("only what this caller registered for this product is answered, and a grant has so many selections", async () => {
  const { epoch } = product.snapshot;
  const units = () => spentUnits(fixture, grant, "selection.sum");
  const [before, paid] = [units(), await spent()];
  const unknown = await select(["R0/old", "R1/old"]);
  const request = unknown.request(epoch, ["rows"]);
  expect(await refusalOf(asking(unknown.frame, request))).toBe("ERR_SELECTION_REFUSED it is not registered");
  // Another selection under a commitment that is registered.
  expect(await refusalOf(asking(unknown.frame, client.request(epoch, ["rows"])))).toBe(
    "ERR_SELECTION_REFUSED it asks under another selection",
  );
  const stale = encodeSelectionRequest({ commitment: client.commitment, epoch: "other", measures: [0] });
  expect(await refusalOf(asking(client.frame, stale))).toBe("ERR_SELECTION_REFUSED there is no such epoch");
  const beyond = encodeSelectionRequest({ commitment: client.commitment, epoch, measures: [2] });
  expect(await refusalOf(asking(client.frame, beyond))).toBe("ERR_SELECTION_REFUSED there is no such measure");
  const cut = client.frame.subarray(0, client.frame.length - 1);
  expect(await refusalOf(asking(cut, client.request(epoch, ["rows"])))).toMatch(/^ERR_FRAME_MALFORMED/);
  const long = concatBytes(client.frame, Uint8Array.of(0));
  expect(await refusalOf(asking(long, client.request(epoch, ["rows"])))).toMatch(/^ERR_FRAME_MALFORMED/);
  const elsewhere = { ...product, snapshotHash: "0".repeat(64) };
  expect(await refusalOf(registering(client.commitment, elsewhere))).toBe("ERR_SNAPSHOT");
  expect([units(), await spent()]).toEqual([before, paid]);
  // The third: made for another caller, as its proofs say, and for other parameters.
  const { parameters } = product.snapshot;
  const [commitment, frame] = sentAs(await selectionOf([1, 1, 0, 0, 0, 0], { parameters, caller: "somebody" }));
  expect(decodeSelectionRegistered((await registering(commitment)).content)).toMatchObject({ used: 3, most: 3 });
  const foreign = encodeSelectionRequest({ commitment, epoch, measures: [0] });
  expect(await refusalOf(asking(frame, foreign))).toBe(
    "ERR_SELECTION_REFUSED it is made for another product or caller",
  );
  expect(await refusalOf(registering(unknown.commitment))).toBe(
    "ERR_SELECTION_REFUSED the grant allows no further selection",
  );
  // Nothing of the register can be taken back.
  await fixture.domain.close();
  const db = new DatabaseSync(join(fixture.directory, "state.sqlite"));
  expect(() => db.exec("DELETE FROM selection_register")).toThrow("a selection stays");
  expect(() => db.exec("UPDATE selection_sum SET sum = x'00'")).toThrow("a sum stays");
  db.close();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
});

test("when the budget is spent nothing is computed and nothing charged; what was paid for is still answered", async () => {
  const poor = await grantOf({ selections: { most: 3, epsilon: "8" }, restrictions: ["another grant"] });
  const sums = await serve("poor", poor);
  const held = await select(LABELS, sums);
  await registering(held.commitment, sums);
  const { epoch } = sums.snapshot;
  const left = 8_000_000 - (await spent());
  expect(left).toBeLessThan(1_500_000);
  const both = held.request(epoch, ["rows", "age"]);
  const before = spentUnits(fixture, poor, "selection.sum");
  expect(await refusalOf(asking(held.frame, both, sums))).toBe("ERR_SELECTION_BUDGET");
  expect([spentUnits(fixture, poor, "selection.sum"), 8_000_000 - (await spent())]).toEqual([before, left]);
  const request = client.request(product.snapshot.epoch, ["rows"]);
  expect((await client.open(request, (await asking(client.frame, request)).content)).has("rows")).toBe(true);
  const none = await serve("none", await grantOf({ selections: undefined }));
  expect(await refusalOf(registering(held.commitment, none))).toBe(
    "ERR_SELECTION_REFUSED the grant allows no further selection",
  );
});

test("a group with fewer persons than the policy's k is refused when it is built, and so is a sum beyond its bound", async () => {
  const failure = async (spec: HiddenSelectionSpec, name: string): Promise<Run["failure"]> =>
    (await serveProduct(fixture, grant, 1, { code: job(spec), product: name })).built.failure;
  const [region, age] = SPEC.dimensions;
  if (region === undefined || age === undefined) throw new Error("two dimensions");
  const thin = { ...age, levels: ["young", "old", "oldest"], breaks: [40, 69] };
  expect(await failure({ ...SPEC, dimensions: [region, thin] }, "thin")).toMatchObject({
    code: "ERR_SELECTION_GROUPS",
    details: { reason: expect.not.stringMatching(/R\d|oldest/) },
  });
  expect(await failure({ ...SPEC, rows: { epsilon: "1", most: ROWS - 1 } }, "many")).toMatchObject({
    code: "ERR_SELECTION_GROUPS",
  });
});
