/** @module */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { verifyReceipt } from "@sluice/evidence";
import {
  documentHash,
  encodeReportRequest,
  fromHex,
  fromUtf8,
  NoisyTable,
  Receipt,
  Report,
  sha256Hex,
  utf8,
  type Bytes,
  type NoisyTableSpec,
  type Run,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readPrivacyBudget, resumeDomain, setPrivacyBudget, startDomain } from "../src/index.ts";
import { StateDatabase } from "../src/state/database.ts";
import { PrivacyStore } from "../src/state/privacy.ts";
import { RollbackStore } from "../src/state/rollback.ts";
import { withState } from "./domain-log.ts";
import { ask, deliverFormsGrant } from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  clock,
  finishedRun,
  importPersons,
  openFixture,
  regionOf,
  ROWS,
  rowText,
  send,
  serveProduct,
  snapshotOf,
  trustOf,
  use,
  type Fixture,
} from "./serving-fixture.ts";

const slow = process.env["SLOW"] === "1";

/** Two rows to a person, of different regions: one of them counts. */
const personOf = (i: number): string => `P${Math.floor(i / 2)}`;

const SPEC: NoisyTableSpec = {
  kind: "noisy-table",
  dimensions: [
    {
      name: "region",
      field: "region",
      levels: ["north", "south", "nowhere"],
      values: { R0: 0, R2: 0, R1: 1, R9: 2 },
    },
    { name: "age", field: "age", levels: ["young", "old"], breaks: [40] },
  ],
  measures: [{ name: "age", field: "age", min: 0, max: 50, digits: 0 }],
  contribution: { rows: 1, groups: 1 },
  loss: { mechanism: "gaussian", rho: "0.5" },
};

/** A job that releases a figure and serves the table; nothing of it runs on real rows. */
const job = (spec: object, name = "private"): Bytes =>
  utf8(`var sluiceJob = { default: {
  name: "${name}", purpose: "bands", input: { age: "f64", region: "dict" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] }, groups: ${JSON.stringify(spec)} },
  develop(rows) { return { fit: { rows: rows.rowCount } }; },
} };`);

const TABLE_JOB = job(SPEC);

let fixture: Fixture;
let grant: string;

beforeAll(async () => {
  fixture = await openFixture(personOf);
  grant = await deliverFormsGrant(fixture);
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

/** Stops the domain, does `work`, starts it again. */
async function stopped<T>(work: () => Promise<T>): Promise<T> {
  await fixture.domain.close();
  try {
    return await work();
  } finally {
    fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  }
}

const setBudget = (budget: bigint): Promise<unknown> =>
  stopped(() => setPrivacyBudget(fixture.directory, "persons", { budget, person: "person", clock }));
const spent = async (): Promise<bigint> => (await readPrivacyBudget(fixture.directory, "persons")).spent;

/** As in a domain that noted nothing of earlier samples, which would refuse the next one before a rule of this page. */
const forgetCuts = (): void => withState(fixture.directory, (db) => db.exec("DELETE FROM cut"));

async function build(code: Bytes, product: string): Promise<Run> {
  return (await serveProduct(fixture, grant, 1, { code, product })).built;
}

/** Builds a product that was released before. */
async function buildAgain(code: Bytes, product: string): Promise<Run> {
  const key = fixture.parties.operator;
  const envelope = await use({ operation: "build", grant, key, bundle: await sha256Hex(code), product });
  await send(fixture, "/v1/builds", envelope);
  return finishedRun(fixture, envelope.request.body.callId);
}

async function read(product: string): Promise<Report> {
  const { body } = await snapshotOf(fixture, product);
  const frame = encodeReportRequest({ snapshot: fromHex(await documentHash(body)) });
  const { content } = await ask(fixture, { product, grant, code: TABLE_JOB }, "report", frame);
  return Report.parse(JSON.parse(fromUtf8(content)));
}

test("without a budget no noisy table is made, and nothing is spent", async () => {
  const built = await build(TABLE_JOB, "paid");
  expect(built).toMatchObject({ state: "failed", failure: { code: "ERR_PRIVACY_BUDGET", details: {} } });
  expect(await readPrivacyBudget(fixture.directory, "persons")).toEqual({
    resource: "persons",
    counts: [],
    budget: null,
    person: null,
    spent: 0n,
    entries: 0,
  });
});

test("a table is paid for once, shows every declared cell with noise, and its receipt names the cost", async () => {
  await setBudget(700_000n);
  // The first attempt ends after its spend: it has no receipt, and the one of the next names what was paid.
  const keep = vi.spyOn(PrivacyStore.prototype, "keep").mockImplementationOnce(() => {
    throw new Error("disk full");
  });
  const cutOff = await buildAgain(TABLE_JOB, "paid");
  keep.mockRestore();
  expect([cutOff.state, cutOff.receipt, await spent()]).toEqual(["failed", undefined, 500_000n]);
  const built = await buildAgain(TABLE_JOB, "paid");
  expect(built.state).toBe("completed");
  const receipt = built.receipt;
  if (receipt === undefined) throw new Error("no receipt");
  await verifyReceipt(receipt, trustOf(fixture));
  expect(receipt.receipt.body).toMatchObject({ privacyCost: "500000", layers: [] });
  expect(await spent()).toBe(500_000n);
  const logged = withState(fixture.directory, (db) =>
    db.prepare("SELECT kind FROM event WHERE log_index IS NOT NULL ORDER BY log_index").all(),
  ).map(({ kind }) => String(kind));
  // Budget and spend are in the log before there is an answer.
  const steps = ["privacy-budget", "privacy-spent", "product-built"];
  expect(logged.filter((kind) => steps.includes(kind))).toEqual(steps);

  const table = NoisyTable.parse((await read("paid")).table);
  expect(table).toMatchObject({ ...SPEC, cost: "500000" });
  expect(table.cells.map(({ at }) => at)).toEqual([0, 1, 2].flatMap((region) => [0, 1].map((age) => [region, age])));
  // ρ/2 for the counts: σ² = 1 / (2 · 0.25).
  expect(table.standardErrors.rows).toBeCloseTo(Math.SQRT2, 6);
  expect(table.standardErrors.sums["age"]).toBeCloseTo(50 * Math.SQRT2, 6);
  const rows = Array.from({ length: ROWS }, (_, i) => ({ region: regionOf(i) === "R1" ? 1 : 0, age: bucketOfAge(i) }));
  const total = table.cells.reduce((sum, cell) => sum + cell.rows, 0);
  // Half of the rows: one of each person's two.
  expect(Math.abs(total - ROWS / 2)).toBeLessThan(10 * Math.SQRT2 * Math.sqrt(6));
  for (const { at, rows: count } of table.cells) {
    const all = rows.filter(({ region, age }) => region === at[0] && (age >= 40 ? 1 : 0) === at[1]).length;
    expect(Math.abs(count - all / 2)).toBeLessThan(60);
  }
});

test("the same table is the same answer: built again, after a restart, and without another spend", async () => {
  const first = await read("paid");
  await stopped(async () => {});
  const built = await buildAgain(TABLE_JOB, "paid");
  expect(built.state).toBe("completed");
  expect(built.receipt?.receipt.body.privacyCost).toBeUndefined();
  expect((await read("paid")).table).toEqual(first.table);
  expect(await spent()).toBe(500_000n);
});

test.runIf(slow)("what is left does not pay for another question; a cheaper one it does", async () => {
  const dear = await build(job({ ...SPEC, loss: { mechanism: "gaussian", rho: "0.25" } }), "dear");
  expect(dear.failure).toMatchObject({ code: "ERR_PRIVACY_BUDGET", details: {} });
  expect(await spent()).toBe(500_000n);
  const cheap = await build(job({ ...SPEC, loss: { mechanism: "laplace", epsilon: "0.5" } }), "cheap");
  expect(cheap.receipt?.receipt.body.privacyCost).toBe("125000");
  expect(await spent()).toBe(625_000n);
});

test.runIf(slow)(
  "a column that a key changes, and a parameter that buys nothing, are refused with nothing spent",
  async () => {
    const before = await spent();
    const { policy } = fixture;
    const name = { role: "direct", transform: { kind: "token" } } as const;
    const tokens = { ...policy, columns: { ...policy.columns, name }, sample: { rows: 300, strata: [] } };
    fixture = { ...fixture, policy: tokens };
    const plain = grant;
    const fields = ["name", "age"].map((field) => ({ name: field, need: "groups" }));
    grant = await deliverFormsGrant(fixture, {}, { fields });
    forgetCuts();
    const byName = job({
      ...SPEC,
      dimensions: [{ name: "n", field: "name", levels: ["a", "b"], values: { a: 0, b: 1 } }],
    });
    const keyed = await build(utf8(fromUtf8(byName).replace('region: "dict"', 'name: "dict"')), "keyed");
    expect(keyed.failure).toMatchObject({ code: "ERR_JOB_MANIFEST", details: { pointer: "/input/name" } });
    [fixture, grant] = [{ ...fixture, policy }, plain];
    forgetCuts();
    const built = await build(job({ ...SPEC, loss: { mechanism: "laplace", epsilon: "0" } }), "zero");
    expect(built.failure).toMatchObject({ code: "ERR_PRIVACY_PARAMETER", details: { field: "epsilon" } });
    expect(await spent()).toBe(before);
  },
);

test("a table so dear that its numbers would be exact is refused with nothing spent", async () => {
  const before = await spent();
  const dear = await build(job({ ...SPEC, loss: { mechanism: "gaussian", rho: "5" } }), "exact");
  expect(dear.failure).toMatchObject({ code: "ERR_PRIVACY_PARAMETER", details: { field: "rho" } });
  expect(await spent()).toBe(before);
});

test("a grant by another column than the budget's is refused: a promise to names is none to persons", async () => {
  const before = await spent();
  const plain = grant;
  grant = await deliverFormsGrant(fixture, {}, { key: "name" });
  forgetCuts();
  const built = await build(job({ ...SPEC, loss: { mechanism: "laplace", epsilon: "0.1" } }), "by-name");
  expect(built.failure).toMatchObject({ code: "ERR_PRIVACY_PARAMETER", details: { field: "key" } });
  grant = plain;
  expect(await spent()).toBe(before);
  const another = { budget: 900_000n, person: "name", clock };
  await expect(stopped(() => setPrivacyBudget(fixture.directory, "persons", another))).rejects.toMatchObject({
    code: "ERR_STATE",
  });
});

test("a row without a key fails a build in words that tell nothing of the rows", async () => {
  await stopped(async () => {
    const rows = Array.from({ length: ROWS }, (_, i) => rowText(i, i === 17 ? "" : personOf(i)));
    await importPersons(fixture.directory, rows);
  });
  await setBudget(1_300_000n);
  const { state, failure } = await buildAgain(TABLE_JOB, "paid");
  expect({ state, failure }).toEqual({
    state: "failed",
    failure: {
      code: "ERR_STORE",
      details: { reason: "the rows of this table cannot be read for the build" },
      refusedBy: "domain",
    },
  });
});

test("after a person's decision to go on from an older state, every budget is taken as spent", async () => {
  await stopped(async () => {
    const db = new StateDatabase(join(fixture.directory, "state.sqlite"));
    new RollbackStore(db).refuse("it was restored from a backup");
    db.close();
    await resumeDomain(fixture.directory, { clock });
    expect(await spent()).toBe(1_300_000n);
    const visits = (spentBefore?: bigint): Promise<unknown> =>
      setPrivacyBudget(fixture.directory, "visits", { budget: 1_000_000n, spent: spentBefore, person: "id", clock });
    await expect(visits()).rejects.toMatchObject({ code: "ERR_STATE" });
    expect(await visits(250_000n)).toMatchObject({ budget: 1_000_000n, spent: 250_000n, entries: 1 });
    // The budget may have been raised after the backup, and spent: a ledger that is known tells no more than none.
    const persons = (spentBefore?: bigint): Promise<unknown> =>
      setPrivacyBudget(fixture.directory, "persons", { budget: 5_000_000n, spent: spentBefore, clock });
    await expect(persons()).rejects.toMatchObject({ code: "ERR_STATE" });
    expect(await persons(100_000n)).toMatchObject({ spent: 1_400_000n });
    // It is said once.
    expect(await persons()).toMatchObject({ spent: 1_400_000n });
  });
});

test("and what callers counted over the tables that are there is taken as spent at the next start", async () => {
  await stopped(() => {
    const state = new DatabaseSync(join(fixture.directory, "state.sqlite"), { readOnly: true });
    const lost = state.prepare("SELECT resource FROM count_lost ORDER BY resource").all();
    state.close();
    expect(lost.map((row) => row["resource"])).toContain("persons");
    return Promise.resolve();
  });
});

test("a receipt names a privacy cost as a whole number or not at all", () => {
  const cost = Receipt.shape.privacyCost;
  for (const good of ["0", "5000", undefined]) expect(cost.safeParse(good).success).toBe(true);
  for (const bad of ["-1", "1.5", "", "1e3", 5, null]) expect(cost.safeParse(bad).success).toBe(false);
});
