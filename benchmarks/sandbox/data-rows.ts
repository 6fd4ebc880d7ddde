/** Row `data-in`: columns from the domain's memory, through the broker, to the first read inside the isolate; beside the
 *  same bytes through one pipe into a plain Node process that reads them as a stream.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { utf8, type ColumnBatch, type JobManifest } from "@sluice/protocol";
import { createWorkshop } from "../../packages/domain/src/work/index.ts";
import { compare, type Row } from "../suite.ts";

const ROWS = 1_000_000;

/** 8 columns of numbers, 4 of whole numbers, 4 of codes. */
export function wideTable(rowCount: number): ColumnBatch {
  const values = <T>(make: (i: number) => T): T[] => Array.from({ length: rowCount }, (_, i) => make(i));
  const columns: ColumnBatch["columns"] = {};
  for (let c = 0; c < 8; c++)
    columns[`f${c}`] = { type: "f64", values: Float64Array.from(values((i) => ((i * 7919 + c) % 1000) / 10)) };
  for (let c = 0; c < 4; c++)
    columns[`i${c}`] = { type: "i32", values: Int32Array.from(values((i) => (i * 31 + c) % 100)) };
  for (let c = 0; c < 4; c++) {
    columns[`d${c}`] = {
      type: "dict",
      values: Uint32Array.from(values((i) => (i + c) % 4)),
      dictionary: ["a", "b", "c", "d"],
    };
  }
  return { rowCount, columns };
}

/** Reads one value of each column, then says so. */
const BUNDLE = utf8(`var sluiceJob = { default: {
  name: "first-read", purpose: "bench", input: {}, outputs: { fit: { kind: "metrics", keys: ["n"] } },
  develop(rows, { progress }) {
    let sum = 0;
    for (const name in rows) if (name !== "rowCount") sum += rows[name].values[rows.rowCount - 1];
    progress(1);
    return { fit: { n: sum } };
  },
} };`);

const PLAIN = `
const { writeSync } = require("node:fs");
const total = Number(process.argv[1]);
const target = new Uint8Array(total);
let offset = 0;
process.stdin.on("data", (chunk) => {
  target.set(chunk, offset);
  offset += chunk.length;
  if (offset === total && target[total - 1] < 256) writeSync(1, ">");
});
writeSync(1, "<");`;

/** The row. */
export async function dataRows(progress: (line: string) => void): Promise<Row[]> {
  const table = wideTable(ROWS);
  const parts = Object.values(table.columns).map(
    ({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const manifest: JobManifest = {
    name: "first-read",
    purpose: "bench",
    input: Object.fromEntries(Object.entries(table.columns).map(([name, { type }]) => [name, type])),
    outputs: { fit: { kind: "metrics", keys: ["n"] } },
  };
  const workshop = createWorkshop();
  const inside = async (): Promise<number> => {
    let readAt = 0;
    const startedAt = performance.now();
    await workshop.runGuarded({
      code: BUNDLE,
      manifest,
      entry: "develop",
      environment: "development",
      table,
      seed: 1,
      limits: { wallTimeLimitMs: 60_000, memoryLimitBytes: 256 * 2 ** 20 },
      onEvent: () => (readAt = performance.now()),
    });
    if (readAt === 0) throw new Error("the job read nothing");
    return bytes / 1e6 / (readAt - startedAt);
  };
  const plain = async (): Promise<number> => {
    const child = spawn(process.execPath, ["-e", PLAIN, String(bytes)], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      await once(child.stdout, "data");
      const startedAt = performance.now();
      for (const part of parts) child.stdin.write(part);
      await once(child.stdout, "data");
      return bytes / 1e6 / (performance.now() - startedAt);
    } finally {
      child.kill("SIGKILL");
    }
  };
  try {
    progress("data-in");
    const row = {
      name: "data-in",
      n: ROWS,
      unit: "GB/s",
      better: "higher",
      peer: "the same bytes through a pipe",
    } as const;
    return [await compare(row, inside, plain)];
  } finally {
    await workshop.close();
  }
}
