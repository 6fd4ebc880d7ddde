/** A data set: rows of the developer's certified sample, for the days of a term, and the quantity rows × fields × days.
 *  @module */
import { verifyReceipt } from "@sluice/evidence";
import {
  DatasetPage,
  decodeAnswer,
  DatasetTerm,
  documentHash,
  encodeDatasetRequest,
  fromHex,
  fromUtf8,
  sha256Hex,
  utf8,
  type Bytes,
  type DatasetSnapshot,
  type Policy,
  type Run,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import { withState } from "./domain-log.ts";
import { deliverFormsGrant, spentUnits, type Answered } from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  deliverGrant,
  importPersons,
  openFixture,
  regionOf,
  ROWS,
  rowText,
  sealedCall,
  send,
  serveProduct,
  snapshotOf,
  trustOf,
  use,
  finishedRun,
  type Fixture,
} from "./serving-fixture.ts";

const slow = process.env["SLOW"] === "1";
const DAY = 86_400_000;
const DAYS = 7;

/** Tells its developer the groups of the sample; of what it serves, nothing runs. */
const job = (fields: readonly string[], days = DAYS): Bytes =>
  utf8(`var sluiceJob = { default: {
  name: "people", purpose: "bands", input: { age: "f64", region: "dict" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] },
             people: { kind: "dataset", fields: ${JSON.stringify(fields)}, days: ${days} } },
  develop(rows, context) {
    const groups = {};
    for (let i = 0; i < rows.rowCount; i++) {
      const group = rows.region.dictionary[rows.region.values[i]] + " " + rows.age.values[i];
      groups[group] = (groups[group] || 0) + 1;
    }
    context.log(JSON.stringify(groups));
    return { fit: { rows: rows.rowCount } };
  },
} };`);
const CODE = job(["region", "age"]);

const groupsOf = (rows: readonly string[]): Record<string, number> => {
  const groups: Record<string, number> = {};
  for (const group of rows) groups[group] = (groups[group] ?? 0) + 1;
  return groups;
};
const TABLE = groupsOf(Array.from({ length: ROWS }, (_, i) => `${regionOf(i)} ${bucketOfAge(i)}`));

let aheadMs = 0;
const clock = { now: () => new Date(Date.now() + aheadMs) };
let fixture: Fixture;
let grant: string;
let developed: Run;
let built: Run;
let snapshot: DatasetSnapshot;
let snapshotHash: string;

beforeAll(async () => {
  fixture = await openFixture(undefined, {}, { clock });
  const notAfter = new Date(Date.now() + 60 * DAY).toISOString();
  grant = await deliverFormsGrant(fixture, {}, { notAfter });
  ({ developed, built } = await serveProduct(fixture, grant, 1, { code: CODE, product: "people" }));
  const { body } = await snapshotOf(fixture, "people");
  if (body.type !== "dataset-snapshot") throw new Error("another form");
  snapshot = body;
  snapshotHash = await documentHash(body);
});
afterAll(() => fixture[Symbol.asyncDispose]());

const TERM = { ask: "term" } as const;
const page = (number: number) => ({ ask: "page", page: number }) as const;
type Ask = typeof TERM | ReturnType<typeof page>;

/** A signed call, which is sent when it is called. */
async function prepared(content: Bytes, product = "people"): Promise<() => Promise<Answered>> {
  const options = {
    operation: "dataset",
    grant,
    product,
    bundle: await sha256Hex(CODE),
    key: fixture.parties.caller,
    issuedAt: clock.now(),
  } as const;
  const call = await sealedCall(fixture, content, options);
  const read = async (envelope: typeof call.envelope): Promise<Answered> => {
    const { receipt, frame } = decodeAnswer(await send(fixture, "/v1/calls", envelope));
    return { content: await call.open(frame), frame, receipt, again: async () => read(await call.again()) };
  };
  return () => read(call.envelope);
}

const askBytes = async (content: Bytes, product = "people"): Promise<Answered> => (await prepared(content, product))();
const ask = (request: Ask, named = snapshotHash, product = "people"): Promise<Answered> =>
  askBytes(encodeDatasetRequest({ snapshot: fromHex(named), ...request }), product);
const documentOf = ({ content }: Answered): unknown => JSON.parse(fromUtf8(content));
const refusal = (code: string, details = {}) =>
  expect.objectContaining({ code, refusedBy: "domain", details: expect.objectContaining(details) });
const spent = (): number => spentUnits(fixture, grant, "dataset");

test("it is the developer's certified sample in the declared columns, made without user code", async () => {
  expect(built.state).toBe("completed");
  expect(built.receipt?.receipt.body).toMatchObject({ layers: [] });
  const { certificate, rows, fields, days } = snapshot;
  expect({ ...certificate, seedCommitment: null, at: null }).toEqual({
    ...developed.certificate,
    seedCommitment: null,
    at: null,
  });
  expect(certificate.level).toBeGreaterThanOrEqual(3);
  expect({ rows, days, fields }).toEqual({
    rows: certificate.sampleRows,
    days: DAYS,
    fields: [
      { name: "region", type: "dict" },
      { name: "age", type: "f64" },
    ],
  });
  expect(
    withState(fixture.directory, (db) => db.prepare("SELECT kind FROM output_register ORDER BY id").all()),
  ).toEqual([{ kind: "development" }, { kind: "dataset" }]);
  // Persons who ask are told of it.
  expect(withState(fixture.directory, (db) => db.prepare("SELECT form FROM membership").all())).toEqual([
    { form: "dataset" },
  ]);
});

test("before the term no page is read, and nothing is spent", async () => {
  await expect(ask(page(0))).rejects.toEqual(refusal("ERR_DATASET_UNBEGUN"));
  expect(spent()).toBe(0);
});

test("the term spends rows × fields × days once, and the pages are the sample and nothing else", async () => {
  const quantity = snapshot.rows * 2 * DAYS;
  // Several that come at the same time are one term.
  const request = encodeDatasetRequest({ snapshot: fromHex(snapshotHash), ...TERM });
  const calls = await Promise.all(Array.from({ length: 6 }, () => prepared(request)));
  const outcomes = await Promise.allSettled(calls.map((send) => send()));
  const [begun, ...more] = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  if (begun === undefined) throw new Error("no term began");
  expect(more).toEqual([]);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(outcome.reason).toEqual(refusal("ERR_DATASET_BEGUN"));
  }
  const term = DatasetTerm.parse(documentOf(begun));
  expect(term).toMatchObject({ domain: "test", product: "people", version: 1 });
  expect(Date.parse(term.until) - Date.parse(term.from)).toBe(DAYS * DAY);
  expect(begun.receipt.receipt.body).toMatchObject({
    quantity: { unit: "row-field-day", amount: String(quantity) },
    certificate: await documentHash(snapshot.certificate),
  });
  await verifyReceipt(begun.receipt, trustOf(fixture));
  expect(spent()).toBe(quantity);

  const shown: string[] = [];
  for (const number of snapshot.pages.keys()) {
    const answered = await ask(page(number));
    expect(await sha256Hex(answered.content)).toBe(snapshot.pages[number]);
    expect(answered.receipt.receipt.body.quantity).toEqual({ unit: "row-field-day", amount: "0" });
    const [regions = [], ages = []] = DatasetPage.parse(documentOf(answered)).columns;
    shown.push(...regions.map((region, i) => `${String(region)} ${String(ages[i])}`));
    // Neither key nor name of anybody is in it.
    expect(fromUtf8(answered.content)).not.toMatch(/P[0-9]|Name/u);
    // What was free is not kept for a retry.
    await expect(answered.again()).rejects.toEqual(refusal("ERR_CALL_REUSED"));
  }
  expect(groupsOf(shown)).toEqual(JSON.parse(developed.log[0] ?? ""));
  expect(shown).toHaveLength(snapshot.rows);
  for (const [group, count] of Object.entries(groupsOf(shown))) expect(count).toBeLessThanOrEqual(TABLE[group] ?? 0);

  // A retry of the term is not charged again; another call for it is refused, and is told its end.
  expect(documentOf(await begun.again())).toEqual(term);
  await expect(ask(TERM)).rejects.toEqual(refusal("ERR_DATASET_BEGUN", { until: term.until }));
  expect(spent()).toBe(quantity);
});

test("a frame that is malformed, of another snapshot or of no page is refused before anything is spent", async () => {
  const before = spent();
  const good = encodeDatasetRequest({ snapshot: fromHex(snapshotHash), ...page(0) });
  for (const wrong of [
    good.subarray(0, -1),
    Uint8Array.of(...good, 0),
    good.with(34, 3),
    good.with(34, 1).with(38, 1),
  ]) {
    await expect(askBytes(wrong)).rejects.toEqual(refusal("ERR_FRAME_MALFORMED"));
  }
  for (const number of [snapshot.pages.length, 2 ** 32 - 1]) {
    await expect(ask(page(number))).rejects.toEqual(refusal("ERR_FRAME_MALFORMED", { field: "page" }));
  }
  await expect(ask(page(0), "00".repeat(32))).rejects.toEqual(refusal("ERR_SNAPSHOT"));
  expect(spent()).toBe(before);
});

test("each page is read a bounded number of times in a term", async () => {
  const limit = 32 * snapshot.pages.length;
  withState(fixture.directory, (db) => db.prepare("UPDATE dataset_term SET reads = ?").run(limit - 1));
  await ask(page(0));
  await expect(ask(page(0))).rejects.toEqual(refusal("ERR_QUOTA_SPENT", { amount: String(limit) }));
  withState(fixture.directory, (db) => db.exec("UPDATE dataset_term SET reads = 0"));
});

const endOfTerm = (): string =>
  String(withState(fixture.directory, (db) => db.prepare("SELECT until_at FROM dataset_term").get())?.["until_at"]);

test("at the day limit reading ends", async () => {
  const until = endOfTerm();
  aheadMs = DAYS * DAY - 60_000;
  await ask(page(0));
  aheadMs = DAYS * DAY;
  await expect(ask(page(0))).rejects.toEqual(refusal("ERR_DATASET_ENDED", { until }));
  await expect(ask(TERM)).rejects.toEqual(refusal("ERR_DATASET_ENDED", { until }));
});

test.runIf(slow)("no other term begins after it, over restarts and builds", async () => {
  const until = endOfTerm();
  await fixture.domain.close();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, clock });
  await expect(ask(TERM)).rejects.toEqual(refusal("ERR_DATASET_ENDED", { until }));
  const bundle = await sha256Hex(CODE);
  const key = fixture.parties.operator;
  const again = await use({ operation: "build", grant, key, bundle, product: "people", issuedAt: clock.now() });
  await send(fixture, "/v1/builds", again);
  expect((await finishedRun(fixture, again.request.body.callId)).state).toBe("completed");
  const rebuilt = await documentHash((await snapshotOf(fixture, "people")).body);
  expect(rebuilt).not.toBe(snapshotHash);
  await expect(ask(TERM, rebuilt)).rejects.toEqual(refusal("ERR_DATASET_ENDED", { until }));
});

test.runIf(slow)("a term that the quota does not cover does not begin", async () => {
  aheadMs = 0;
  await using own = await openFixture();
  const small = await deliverFormsGrant(own, { dataset: "100" });
  await serveProduct(own, small, 1, { code: CODE, product: "people" });
  const { body } = await snapshotOf(own, "people");
  const [outer, outerGrant] = [fixture, grant];
  [fixture, grant] = [own, small];
  try {
    const hash = await documentHash(body);
    await expect(ask(TERM, hash)).rejects.toEqual(refusal("ERR_QUOTA_SPENT", { unit: "row-field-day" }));
    await expect(ask(page(0), hash)).rejects.toEqual(refusal("ERR_DATASET_UNBEGUN"));
  } finally {
    [fixture, grant] = [outer, outerGrant];
  }
});

test.runIf(slow)("a sample for an enclave, and one below level 3, become no data set", async () => {
  await using own = await openFixture();
  const enclave: Policy = { ...own.policy, sharing: "enclave" };
  const held = Object.assign(own, { policy: enclave });
  const shut = await deliverFormsGrant(held);
  const enclosed = await serveProduct(held, shut, 1, { code: CODE, product: "people" });
  expect(enclosed.built).toMatchObject({
    state: "failed",
    failure: { code: "ERR_GUARD_OUTPUT", details: { rule: "dataset-sharing" } },
  });

  const { gate: _, ...ungated } = own.policy;
  Object.assign(own, { policy: { ...ungated, sharing: "controlled" } });
  const open = await deliverFormsGrant(
    own,
    {},
    { scene: { scene: "open", title: "Open", purpose: "bands", value: "x" } },
  );
  const weak = await serveProduct(own, open, 1, { code: job(["age"]), product: "weak" }).catch(
    (error: unknown) => error,
  );
  expect(weak).toMatchObject({ details: { run: expect.stringContaining("ERR_SAMPLE_GATE") as unknown } });
});

test.runIf(slow)(
  "a table that lost its small groups' company since the development run becomes no data set",
  async () => {
    await using own = await openFixture();
    const held = await deliverGrant(own, {
      operations: ["develop", "build", "dataset"],
      quotas: (["develop", "build", "dataset"] as const).map((operation) => ({ operation, amount: "100000" })),
    });
    const first = await serveProduct(own, held, 1, { code: CODE, product: "people" });
    expect(first.built.state).toBe("completed");
    await own.domain.close();
    const alone = Array.from({ length: ROWS }, (_, i) => rowText(i).replace(/,R\d,/u, `,R${i},`));
    await importPersons(own.directory, alone);
    own.domain = await startDomain(own.directory, { workerThreads: 1 });
    const bundle = await sha256Hex(CODE);
    const again = await use({ operation: "build", grant: held, key: own.parties.operator, bundle, product: "people" });
    await send(own, "/v1/builds", again);
    const failed = await finishedRun(own, again.request.body.callId);
    expect(failed).toMatchObject({ state: "failed", failure: { code: "ERR_SAMPLE_K" } });
  },
);
