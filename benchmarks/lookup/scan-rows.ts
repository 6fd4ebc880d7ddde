/** Scans of one database: beside a plain read of its bytes, by two threads beside one, and of four queries beside one.
 *  @module */
import { openKernels } from "../../packages/mpc/src/kernel/kernels.ts";
import { scan } from "../../packages/mpc/src/lookup/scan.ts";
import { LookupScans } from "../../packages/mpc/src/lookup/scans.ts";
import { LOOKUP_WORKER } from "../../packages/mpc/src/lookup/server.ts";
import { columnsOf, panelsOf } from "../../packages/mpc/src/lookup/shared-database.ts";
import { createTaskPool } from "../../packages/mpc/src/pool.ts";
import { compare, type Row } from "../suite.ts";
import { randomQueries, type SyntheticDatabase } from "./synthetic-database.ts";

const NAME = "lookup-scan-3M-64B";
/** Runs before the first measurement, for the engine's optimiser. */
const WARM_UP = 3;

/** One query in this thread, beside reading the same bytes. */
export async function scanRow({ records, shape, database }: SyntheticDatabase, pairs: number): Promise<Row> {
  const kernels = openKernels(database.memory);
  if (kernels === null) throw new Error("this engine has no kernels");
  const queries = randomQueries(shape, 1);
  const columns = columnsOf(shape);
  const ours = rate(database.length, () => scan({ shape, database, slot: 0, columns: [0, columns], queries }));
  const read = rate(database.length, () => {
    for (const { rows, at } of panelsOf(shape)) {
      kernels.read(database.offset + at, Math.floor((rows * columns) / 128) * 32, 0);
    }
  });
  for (let run = 0; run < WARM_UP; run++) await Promise.all([ours(), read()]);
  const row = { name: NAME, n: records, unit: "GB/s", better: "higher", peer: "wasm-simd-read", pairs } as const;
  return await compare(row, ours, read);
}

/** One query by two threads of a pool, beside one thread of another. */
export async function workersRow({ records, shape, database }: SyntheticDatabase, pairs: number): Promise<Row> {
  const [query = new Uint32Array()] = randomQueries(shape, 1);
  const pools = [2, 1].map((maxThreads) => createTaskPool({ workerFile: LOOKUP_WORKER, maxThreads }));
  try {
    const [two, one] = pools.map((pool, i) => {
      const scans = new LookupScans({
        threads: 2 - i,
        run: (task, input, options) => pool.run(task, input, options),
      });
      return milliseconds(1, () => scans.answer({ shape, database, query }));
    });
    if (two === undefined || one === undefined) throw new Error("two pools are compared");
    for (let run = 0; run < WARM_UP; run++) {
      await two();
      await one();
    }
    const row = {
      name: `${NAME}-workers2`,
      n: records,
      unit: "ms",
      better: "lower",
      peer: "one worker",
      pairs,
    } as const;
    return await compare(row, two, one);
  } finally {
    await Promise.all(pools.map((pool) => pool.close()));
  }
}

/** Four queries in one pass, beside one; milliseconds for each query. */
export async function batchRow({ records, shape, database }: SyntheticDatabase, pairs: number): Promise<Row> {
  const queries = randomQueries(shape, 4);
  const task = { shape, database, slot: 0, columns: [0, columnsOf(shape)] } as const;
  const four = milliseconds(4, () => scan({ ...task, queries }));
  const one = milliseconds(1, () => scan({ ...task, queries: queries.slice(0, 1) }));
  for (let run = 0; run < WARM_UP; run++) await Promise.all([four(), one()]);
  const row = { name: "lookup-batch4", n: records, unit: "ms", better: "lower", peer: "single query", pairs } as const;
  return await compare(row, four, one);
}

function rate(bytes: number, work: () => unknown): () => Promise<number> {
  const elapsed = milliseconds(1, work);
  return async () => bytes / 1e6 / (await elapsed());
}

function milliseconds(queries: number, work: () => unknown): () => Promise<number> {
  return async () => {
    const started = performance.now();
    await work();
    return (performance.now() - started) / queries;
  };
}
