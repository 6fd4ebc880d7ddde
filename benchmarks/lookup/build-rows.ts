/** The row `build-64k`: the whole set-up of an index from rows to hint, on two threads, in seconds for a million rows. It is
 *  extrapolated: every stage grows with the rows, but for the start of the threads, which a small table feels.
 *  @module */
import { randomBytes } from "node:crypto";
import { encodeLabelRecord, LABEL_RECORD_BYTES, utf8, type Bytes } from "@sluice/protocol";
import { buildTable, LOOKUP_WORKER, packTable, type BuildProgress } from "@sluice/mpc/lookup/server";
import { createTaskPool } from "@sluice/mpc/pool";
import { measure, type Row } from "../suite.ts";

const SLOW = process.env["SLOW"] === "1";
/** Rows of the table; the short run builds a part and says so in the name of its row. */
const ROWS = SLOW ? 65_536 : 8_192;
const THREADS = 2;

/** `build-64k`, or `build-8k` without `SLOW=1`. */
export async function buildRows(progress: (line: string) => void): Promise<Row[]> {
  const pool = createTaskPool({ workerFile: LOOKUP_WORKER, maxThreads: THREADS });
  try {
    const name = SLOW ? "build-64k" : "build-8k";
    const once = async (): Promise<number> => ((await buildSeconds(pool, progress)) * 1e6) / ROWS;
    return [await measure({ name, n: ROWS, unit: "s per million rows" }, SLOW ? 3 : 1, once)];
  } finally {
    await pool.close();
  }
}

async function buildSeconds(pool: ReturnType<typeof createTaskPool>, progress: (line: string) => void) {
  const keys = Array.from({ length: ROWS }, (_, i) => `11010119900101${String(i).padStart(6, "0")}`);
  const record = encodeLabelRecord(1);
  const parts = new Map<string, Bytes>();
  const stages = new Map<string, number>();
  const started = performance.now();
  let stage: { readonly name: string; readonly at: number } | undefined;
  const end = (): void => {
    if (stage !== undefined) stages.set(stage.name, performance.now() - stage.at);
  };
  const onProgress = (told: BuildProgress): void => {
    if (told.stage === stage?.name) return;
    end();
    stage = { name: told.stage, at: performance.now() };
  };
  await buildTable({
    count: ROWS,
    payloadBytes: LABEL_RECORD_BYTES,
    rows: (from, to) =>
      packTable(
        keys.slice(from, to),
        Array.from({ length: to - from }, () => record),
      ),
    seed: randomBytes(32),
    info: utf8("benchmark"),
    context: utf8("benchmark"),
    pool,
    threads: THREADS,
    // Eight chunks at least, so that both threads have work until the end.
    chunkRows: ROWS / 8,
    parts: {
      read: (name) => Promise.resolve(parts.get(name) ?? null),
      write: (name, bytes) => Promise.resolve(void parts.set(name, bytes)),
      clear: () => Promise.resolve(parts.clear()),
    },
    random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
    onProgress,
  });
  end();
  const shares = [...stages].map(([name, ms]) => `${name} ${Math.round(ms)} ms`);
  progress(`build of ${ROWS} rows: ${shares.join(", ")}`);
  return (performance.now() - started) / 1_000;
}
