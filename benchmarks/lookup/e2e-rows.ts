/** Rows `lookup-e2e-1M-64B…`: one private lookup among a million records of 64 bytes, from the key to the value, both calls through a pool of
 *  two threads that share the scan, without a network: blinding, evaluation and proof, verification, query, scan, decoding, with the noise test over all
 *  columns. Hits and misses in turn, each answer compared.
 *
 *  The client makes one query ahead while it has nothing else to do (`LookupClient.prepare`), so the row's time has that work
 *  done; `-unprepared` has it inside, and `-prepare` is what it costs.
 *  @module */
import { randomBytes } from "node:crypto";
import { decodePirQuery, encodePirAnswer, equalBytes, type Bytes, type TaskPool } from "@sluice/protocol";
import { LookupClient } from "@sluice/mpc/lookup/client";
import { LOOKUP_WORKER, LookupScans, type EvaluateTask } from "@sluice/mpc/lookup/server";
import { createTaskPool } from "@sluice/mpc/pool";
import { measure, type Row } from "../suite.ts";
import { makeSyntheticIndex, type SyntheticIndex } from "./synthetic-index.ts";

const ROWS = 1_000_000;
const VALUE_BYTES = 64;
const HITS = 8;
const THREADS = 2;
const ROUNDS = process.env["SLOW"] === "1" ? 41 : 11;
const NAME = "lookup-e2e-1M-64B";

/** Milliseconds and bytes of one lookup. */
type Lookup = { totalMs: number; decodeMs: number; uploadBytes: number; downloadBytes: number };

/** The rows. */
export async function e2eRows(progress: (line: string) => void): Promise<Row[]> {
  progress(`${NAME}: making the index`);
  const table = new Map(
    Array.from({ length: HITS }, (_, i) => [`person-${i}`, new Uint8Array(randomBytes(VALUE_BYTES))]),
  );
  const index = await makeSyntheticIndex(ROWS, table, THREADS);
  const client = await LookupClient.open({ ...index, hints: [index.hint] });
  const pool = createTaskPool({ workerFile: LOOKUP_WORKER, maxThreads: THREADS });
  const scans = new LookupScans({ threads: THREADS, run: (task, input, options) => pool.run(task, input, options) });
  try {
    let asked = 0;
    const next = async (): Promise<Lookup> => {
      const i = asked++;
      const key = i % 2 === 0 ? `person-${(i / 2) % HITS}` : `nobody-${i}`;
      return await lookUp(client, { pool, scans, index }, key, table.get(key) ?? null);
    };
    progress(NAME);
    for (let i = 0; i < 4; i++) await next();
    const base = { n: ROWS, unit: "ms" };
    const rows: Row[] = [];
    const decodes: number[] = [];
    let last: Lookup | undefined;
    rows.push(
      await measure({ ...base, name: NAME }, ROUNDS, async () => {
        await client.prepare();
        last = await next();
        decodes.push(last.decodeMs);
        return last.totalMs;
      }),
      await measure({ ...base, name: `${NAME}-unprepared` }, ROUNDS, async () => (await next()).totalMs),
      await measure({ ...base, name: `${NAME}-prepare` }, ROUNDS, async () => {
        client.discardPrepared();
        const startedAt = performance.now();
        await client.prepare();
        return performance.now() - startedAt;
      }),
      await measure({ ...base, name: `${NAME}-decode` }, ROUNDS, async () => decodes.pop() ?? Number.NaN),
    );
    const sizes = { upload: last?.uploadBytes, download: last?.downloadBytes, hint: index.hint.length };
    for (const [name, bytes] of Object.entries(sizes)) {
      rows.push({ name: `${NAME}-${name}`, n: ROWS, value: bytes ?? Number.NaN, unit: "bytes" });
    }
    return rows;
  } finally {
    client.discardPrepared();
    await pool.close();
  }
}

/** What answers. */
type Served = { pool: TaskPool; scans: LookupScans; index: SyntheticIndex };

async function lookUp(
  client: LookupClient,
  { pool, scans, index: { snapshot, database, key } }: Served,
  name: string,
  expected: Bytes | null,
): Promise<Lookup> {
  const startedAt = performance.now();
  const evaluation = client.start(name);
  const evaluate: EvaluateTask = { seed: key.seed.slice(), info: key.info, frame: evaluation.frame };
  const evaluated = await pool.run<Bytes>("oprf.evaluate", evaluate, {});
  const query = await evaluation.evaluated(evaluated);
  const [words = new Uint32Array()] = decodePirQuery(query.frame).parts;
  const answer = encodePirAnswer([await scans.answer({ shape: snapshot.parameters, database, query: words })]);
  const decodingAt = performance.now();
  const value = await query.finish(answer);
  const endedAt = performance.now();
  if (!(value === null ? expected === null : expected !== null && equalBytes(value, expected))) {
    throw new Error("a lookup was answered wrongly");
  }
  return {
    totalMs: endedAt - startedAt,
    decodeMs: endedAt - decodingAt,
    uploadBytes: evaluation.frame.length + query.frame.length,
    downloadBytes: evaluated.length + answer.length,
  };
}
