/** Queries that share passes: batches, cancellation, limits, and threads that die. @module */
import type { TaskPool } from "@sluice/protocol";
import { afterAll, expect, test } from "vitest";
import { referenceDot } from "../src/lookup/reference-dot.ts";
import { scan, type ScanTask } from "../src/lookup/scan.ts";
import { LookupScans, MAX_WAITING_QUERIES } from "../src/lookup/scans.ts";
import { SharedDatabaseWriter, type SharedDatabase } from "../src/lookup/shared-database.ts";
import { createTaskPool } from "../src/pool.ts";
import { seededRandom } from "./seeded-random.ts";

const shape = { rowsPerBucket: 40, buckets: 3, recordBytes: 7 };
const columns = 21;
const bytes = seededRandom(7).bytes(40 * columns);
const THREADS = 2;
const pool = createTaskPool({ workerFile: new URL("./scan-worker.ts", import.meta.url), maxThreads: THREADS });

afterAll(() => pool.close());

function share(id: string): SharedDatabase {
  const writer = SharedDatabaseWriter.create(id, shape, THREADS);
  if (writer === null) throw new Error("this engine has no kernels");
  writer.write(bytes);
  return writer.finish();
}

function queryOf(seed: number): Uint32Array {
  return new Uint32Array(seededRandom(seed).bytes(160).buffer);
}

function expected(query: Uint32Array): Uint32Array {
  return referenceDot(new Int8Array(bytes.buffer), columns, query);
}

/** Runs shares in this thread, each pass when it is let go. */
class HeldPasses {
  readonly tasks: ScanTask[] = [];
  readonly #held: (() => void)[] = [];
  readonly scans = new LookupScans({
    threads: THREADS,
    minShareBytes: 1,
    run: (async (_task, input) => {
      const task = input as ScanTask;
      this.tasks.push(task);
      await new Promise<void>((resolve) => this.#held.push(resolve));
      return scan(task);
    }) as TaskPool["run"],
  });

  /** Sizes of the passes so far and their databases. */
  passes(): string[] {
    return this.tasks
      .filter(({ slot }) => slot === 0)
      .map(({ database, queries }) => `${database.id} ${queries.length}`);
  }

  /** Ends the passes under way. */
  async next(): Promise<void> {
    for (const release of this.#held.splice(0)) release();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }
}

test("what arrives while a pass runs goes together into the next, four at most, and each gets its own answer", async () => {
  const held = new HeldPasses();
  const database = share("a");
  const queries = Array.from({ length: 8 }, (_, i) => queryOf(i));
  const answers = queries.map((query) => held.scans.answer({ shape, database, query }));
  expect(held.scans.waiting()).toBe(7);
  for (let pass = 0; pass < 3; pass++) await held.next();
  expect(held.passes()).toEqual(["a 1", "a 4", "a 3"]);
  expect(held.tasks.map(({ slot, columns }) => `${slot}: ${columns.join("-")}`).slice(0, 2)).toEqual([
    "0: 0-11",
    "1: 11-21",
  ]);
  expect(await Promise.all(answers)).toEqual(queries.map(expected));
});

test("each database has one pass at a time, so a busy product does not stand before another", async () => {
  const held = new HeldPasses();
  const [busy, other] = [share("busy"), share("other")];
  const answers = Array.from({ length: 9 }, (_, i) => held.scans.answer({ shape, database: busy, query: queryOf(i) }));
  answers.push(held.scans.answer({ shape, database: other, query: queryOf(99) }));
  expect(held.passes()).toEqual(["busy 1", "other 1"]);
  await held.next();
  expect(await answers.at(-1)).toEqual(expected(queryOf(99)));
  for (let pass = 0; pass < 2; pass++) await held.next();
  await Promise.all(answers);
});

test("one that cancels, waiting or in the pass, and one that is malformed, leave the other answers alone", async () => {
  const held = new HeldPasses();
  const database = share("a");
  const [inPass, waiting] = [new AbortController(), new AbortController()];
  const first = held.scans.answer({ shape, database, query: queryOf(0), signal: inPass.signal });
  const second = held.scans.answer({ shape, database, query: queryOf(1) });
  const third = held.scans.answer({ shape, database, query: queryOf(2), signal: waiting.signal });
  const fourth = held.scans.answer({ shape, database, query: queryOf(3) });
  const malformed = held.scans.answer({ shape, database, query: new Uint32Array(39) });
  await expect(malformed).rejects.toMatchObject({ code: "ERR_LOOKUP_QUERY" });
  inPass.abort();
  waiting.abort();
  await expect(first).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  await expect(third).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  const late = held.scans.answer({ shape, database, query: queryOf(4), signal: AbortSignal.abort() });
  await expect(late).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  for (let pass = 0; pass < 2; pass++) await held.next();
  expect(await Promise.all([second, fourth])).toEqual([queryOf(1), queryOf(3)].map(expected));
  expect(held.passes()).toEqual(["a 1", "a 2"]);
});

test("the queue of a database is bounded", async () => {
  const held = new HeldPasses();
  const database = share("a");
  const cancel = new AbortController();
  const ask = (seed: number) => held.scans.answer({ shape, database, query: queryOf(seed), signal: cancel.signal });
  const waiting = Array.from({ length: MAX_WAITING_QUERIES + 1 }, () => ask(1));
  const settled = Promise.allSettled(waiting);
  await expect(ask(2)).rejects.toMatchObject({ code: "ERR_POOL_FULL", details: { maxQueue: MAX_WAITING_QUERIES } });
  cancel.abort();
  await settled;
  expect(held.scans.waiting()).toBe(0);
});

test("a thread that dies in a pass fails the calls of that pass only", async () => {
  const run: TaskPool["run"] = (task, input, options) => pool.run(task, input, options);
  const scans = new LookupScans({ run, threads: THREADS, minShareBytes: 1 });
  const database = share("pool");
  const ask = (query: Uint32Array) => scans.answer({ shape, database, query });
  const deadly = queryOf(5);
  deadly[0] = 0xdead;
  const before = ask(queryOf(1));
  const together = [ask(queryOf(2)), ask(deadly), ask(queryOf(3)), ask(queryOf(4))];
  const after = ask(queryOf(6));
  expect(await before).toEqual(expected(queryOf(1)));
  for (const outcome of await Promise.allSettled(together)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: "ERR_POOL_WORKER" } });
  }
  expect(await after).toEqual(expected(queryOf(6)));
});
