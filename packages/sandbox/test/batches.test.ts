/** Jobs that read in batches: tables of ten times what a child is sent at once.
 *  @module */
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromUtf8, utf8, type ColumnBatch, type JobEvent, type SealedJob } from "@sluice/protocol";
import { createSandboxRunner, describeBundle, type WarmSandboxRunner } from "../src/index.ts";
import { batchSizes } from "../src/batches.ts";
import { encodeRunInput } from "../src/run-input.ts";
import { shapeOf } from "../src/table-shape.ts";
import { LIMITS, sealed } from "./jobs.ts";

const BATCH_ROWS = 1_024;
const MAX_INPUT_BYTES = 64 * 1_024;
/** The last batch has one byte of validity that is not whole. */
const ROWS = 40 * BATCH_ROWS + 13;
const inputLimits = { maxInputBytes: MAX_INPUT_BYTES, batchRows: BATCH_ROWS };

let small: WarmSandboxRunner;
let usual: WarmSandboxRunner;
beforeAll(async () => {
  [small, usual] = await Promise.all([
    createSandboxRunner({ warmChildren: 1, inputLimits }),
    createSandboxRunner({ warmChildren: 1, inputLimits: { ...inputLimits, maxInputBytes: 2 ** 31 - 1 } }),
  ]);
});
afterAll(() => Promise.all([small.close(), usual.close()]));

const KEYS = ["sum", "int", "yes", "text", "nulls", "rows", "first", "last", "batches", "chance"];

/** A job that reads in batches and returns the members of `totals`. */
function job(body: string, read = 'read: "batches",'): Uint8Array {
  return utf8(`var sluiceJob = { default: { name: "b", purpose: "b", ${read}
    input: { x: "f64", n: "i32", y: "bool", t: "dict" }, outputs: { fit: { kind: "metrics", keys: ${JSON.stringify(KEYS)} },
      band: { kind: "labels", vocabulary: ["A", "B"] } },
    develop(rows, { log }) { const totals = {}; for (const key of ${JSON.stringify(KEYS)}) totals[key] = 0;
      ${body}
      return { fit: totals }; },
    produce(rows) { const band = new Uint8Array(rows.rowCount);
      rows.forEachBatch((batch, first) => { for (let i = 0; i < batch.rowCount; i++) band[first + i] = batch.n.values[i] & 1; });
      return { band }; } } };`);
}

const SUM = `let previous = -1;
  for (let epoch = 0; epoch < 2; epoch++) rows.forEachBatch((batch, first) => {
    totals.batches++;
    if (epoch === 0 && first !== previous + 1) throw new Error("a gap at " + first);
    previous = first + batch.rowCount - 1;
    totals.first = first; totals.last = batch.rowCount; totals.chance = Math.random();
    for (let i = 0; i < batch.rowCount; i++) {
      totals.rows++;
      totals.int += batch.n.values[i]; totals.yes += batch.y.values[i];
      totals.text += batch.t.dictionary[batch.t.values[i]].length;
      if (batch.x.validity[i >> 3] & (1 << (i & 7))) totals.sum += batch.x.values[i]; else totals.nulls++;
    }
  });`;

function tableOf(rowCount: number): ColumnBatch {
  const validity = new Uint8Array(Math.ceil(rowCount / 8));
  const values = Float64Array.from({ length: rowCount }, (_, i) => (i % 7 === 0 ? 0 : i / 4));
  for (let i = 0; i < rowCount; i++) if (i % 7 !== 0) validity[i >> 3] = (validity[i >> 3] ?? 0) | (1 << (i & 7));
  return {
    rowCount,
    columns: {
      x: { type: "f64", values, validity },
      n: { type: "i32", values: Int32Array.from({ length: rowCount }, (_, i) => (i * 31) % 1_009) },
      y: { type: "bool", values: Uint8Array.from({ length: rowCount }, (_, i) => (i % 3) & 1) },
      t: {
        type: "dict",
        values: Uint32Array.from({ length: rowCount }, (_, i) => i % 3),
        dictionary: ["", "a", "四个字啊"],
      },
    },
  };
}

/** What two epochs over `tableOf(rowCount)` add up to, by the formulas of its columns. */
function expected(rowCount: number): Record<string, number> {
  const totals = { sum: 0, int: 0, yes: 0, text: 0, nulls: 0 };
  for (let epoch = 0; epoch < 2; epoch++) {
    for (let i = 0; i < rowCount; i++) {
      if (i % 7 === 0) totals.nulls++;
      else totals.sum += i / 4;
      totals.int += (i * 31) % 1_009;
      totals.yes += i % 3 === 1 ? 1 : 0;
      totals.text += [0, 1, 4][i % 3] ?? 0;
    }
  }
  return totals;
}

async function totalsOf(runner: WarmSandboxRunner, input: Partial<SealedJob>, code = job(SUM)): Promise<unknown> {
  const outcome = await runner.run(sealed(code, input), {});
  if (!outcome.ok) throw new Error(JSON.stringify(outcome));
  const { length } = outcome.output;
  const text = fromUtf8(outcome.output.subarray(4, length - 4));
  return (JSON.parse(text) as { outputs: { fit: { values: unknown } } }).outputs.fit.values;
}

test("a table of ten times what goes in at once adds up in two epochs, and the same again as whole columns", async () => {
  const table = tableOf(ROWS);
  const batches = batchSizes(shapeOf(table), BATCH_ROWS);
  expect(batches.count * batches.bytes).toBeGreaterThan(10 * MAX_INPUT_BYTES);
  const totals = await totalsOf(small, { table, read: "batches" });
  expect(totals).toMatchObject(expected(ROWS));
  expect(totals).toMatchObject({ rows: 2 * ROWS, batches: 82, first: 40 * BATCH_ROWS, last: 13 });
  expect(await totalsOf(small, { table, read: "batches" })).toEqual(totals);
  expect(await totalsOf(usual, { table }, job(SUM, ""))).toEqual(totals);
});

test.each([1, 7, BATCH_ROWS, BATCH_ROWS + 1])("a table of %d rows adds up", async (rowCount) => {
  const totals = await totalsOf(small, { table: tableOf(rowCount), read: "batches" });
  expect(totals).toMatchObject({ ...expected(rowCount), rows: 2 * rowCount });
});

test("a table without rows has no batch", async () => {
  expect(await totalsOf(small, { table: tableOf(0), read: "batches" })).toMatchObject({ rows: 0, batches: 0 });
});

test("what is served has one value for each row of the table", async () => {
  const table = tableOf(ROWS);
  const input = { table, entry: "produce", read: "batches" } as const;
  const outcome = await small.run(sealed(job(SUM), input), {});
  if (!outcome.ok) throw new Error(JSON.stringify(outcome));
  const labels = outcome.output.subarray(outcome.output.length - ROWS);
  expect(labels).toEqual(Uint8Array.from(table.columns["n"]?.values ?? [], (value) => value & 1));
});

test("the manifest tells that a job reads in batches; its rows then have no columns", async () => {
  const { manifest } = await describeBundle(small, job(""));
  expect(manifest.read).toBe("batches");
  const body = `totals.rows = Object.keys(rows).join() === "rowCount" && rows.x === undefined ? 1 : 0;`;
  expect(await totalsOf(small, { table: tableOf(9), read: "batches" }, job(body))).toMatchObject({ rows: 1 });
});

test("refuses a table that is too large for a job that reads whole columns, and says what to declare", async () => {
  const run = small.run(sealed(job(SUM, ""), { table: tableOf(ROWS) }), {});
  await expect(run).rejects.toMatchObject({
    code: "ERR_JOB_TABLE_TOO_LARGE",
    details: { maxBytes: MAX_INPUT_BYTES },
  });
});

test("a batch is empty when its function has returned or thrown, whether it came from the parent or not", async () => {
  const body = `const kept = [];
    rows.forEachBatch((batch) => { kept.push(batch); });
    try { rows.forEachBatch((batch) => { kept.push(batch); throw new Error("enough"); }); } catch { totals.batches = 1; }
    for (const { x, n, t } of kept) totals.rows += x.values.length + x.validity.length + n.values.length + t.values.length;`;
  for (const read of ["columns", "batches"] as const) {
    const totals = await totalsOf(usual, { table: tableOf(ROWS), read }, job(body));
    expect(totals).toMatchObject({ rows: 0, batches: 1 });
  }
});

test("an iteration may begin within another", async () => {
  const body = `rows.forEachBatch((outer, a) => { if (a < 2_048) rows.forEachBatch((inner) => { totals.rows += inner.rowCount; });
    totals.sum += outer.n.values[0]; });`;
  const table = tableOf(3 * BATCH_ROWS);
  const first = [0, 1, 2].reduce((sum, i) => sum + ((i * BATCH_ROWS * 31) % 1_009), 0);
  expect(await totalsOf(small, { table, read: "batches" }, job(body))).toMatchObject({
    rows: 6 * BATCH_ROWS,
    sum: first,
  });
});

test.each([
  ["an async function", "rows.forEachBatch(async () => {});", "must not be async"],
  ["no function", "rows.forEachBatch();", "needs a function"],
])("tells a developer that forEachBatch was given %s", async (_name, body, reason) => {
  const outcome = await small.run(sealed(job(body), { table: tableOf(9), read: "batches" }), {});
  expect(outcome).toMatchObject({ ok: false, code: "ERR_JOB_THREW" });
  expect(JSON.stringify(outcome)).toContain(reason);
});

test("builtins that a job spoils spoil nothing but the job", async () => {
  const body = `Array.prototype[Symbol.iterator] = null; Object.freeze = Object.create = Math.min = Math.ceil = null;
    globalThis.Float64Array = globalThis.Uint8Array = globalThis.ArrayBuffer = null; delete Object.getPrototypeOf(Int8Array).prototype.set;
    rows.forEachBatch((batch) => { totals.rows += batch.rowCount; });`;
  expect(await totalsOf(small, { table: tableOf(ROWS), read: "batches" }, job(body))).toMatchObject({ rows: ROWS });
});

test("an isolate with less memory than the table reads all of it, twice; one that keeps it all does not", async () => {
  // 48 MB of columns, in batches of 3 MB, beside 16 MiB of the job's own.
  const rowCount = 6_000_000;
  const table: ColumnBatch = {
    rowCount,
    columns: { x: { type: "f64", values: new Float64Array(rowCount).fill(0.5) } },
  };
  const limits = { ...LIMITS, memoryLimitBytes: 16 * 2 ** 20 };
  const runner = await createSandboxRunner({
    warmChildren: 0,
    inputLimits: { maxInputBytes: MAX_INPUT_BYTES, batchRows: 393_216 },
  });
  try {
    const add = `for (let epoch = 0; epoch < 2; epoch++) rows.forEachBatch(({ x }) => { for (const value of x.values) totals.sum += value; });`;
    const input = { table, read: "batches", limits } as const;
    expect(await totalsOf(runner, input, job(add))).toMatchObject({ sum: rowCount });
    const keep = `const kept = []; rows.forEachBatch(({ x }) => { kept.push(new Float64Array(x.values)); });`;
    expect(await runner.run(sealed(job(keep), input), {})).toMatchObject({ ok: false, code: "ERR_JOB_MEMORY" });
  } finally {
    await runner.close();
  }
});

test("a run that is cancelled between two batches ends", async () => {
  const controller = new AbortController();
  const events: JobEvent[] = [];
  const body = `rows.forEachBatch((batch, first) => { log(first); }); for (;;) rows.forEachBatch(() => {});`;
  const running = small.run(sealed(job(body), { table: tableOf(ROWS), read: "batches" }), {
    signal: controller.signal,
    onEvent: (event) => {
      events.push(event);
      if (events.length === 20) controller.abort();
    },
  });
  expect(await running).toMatchObject({ ok: false, code: "ERR_CANCELLED" });
  expect(await totalsOf(small, { table: tableOf(9), read: "batches" })).toMatchObject({ rows: 18 });
});

test("the wall clock ends a job that reads epochs without end", async () => {
  const limits = { ...LIMITS, wallTimeLimitMs: 300 };
  const endless = job(`for (;;) rows.forEachBatch(() => {});`);
  const outcome = await small.run(sealed(endless, { table: tableOf(ROWS), read: "batches", limits }), {});
  expect(outcome).toMatchObject({ ok: false, code: "ERR_JOB_TIMEOUT" });
});

test("limits of a child follow from a batch, not from the table", () => {
  const limits = { maxInputBytes: MAX_INPUT_BYTES, batchRows: BATCH_ROWS };
  const dataBytes = (rowCount: number): number =>
    encodeRunInput(sealed(job(""), { table: tableOf(rowCount), read: "batches" }), limits).dataBytes;
  expect(dataBytes(40 * BATCH_ROWS)).toBeLessThan(dataBytes(4 * BATCH_ROWS) + 100);
});
