/** Row `score-rows`: a released model puts a million rows into bands, in two children at a time, each half judged by the
 *  guard.
 *  @module */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measure, type Row } from "../suite.ts";
import { bundleJob } from "@sluice/sandbox/bundle";
import type { LinearModel } from "@sluice/protocol";
import { createWorkshop } from "../../packages/domain/src/work/index.ts";
import { wideTable } from "./data-rows.ts";

const ROWS = 1_000_000;
const HALVES = 2;

const SOURCE = `
import { defineJob } from "@sluice/sandbox/job";
import { bands, predict } from "@sluice/sandbox/kit";
export default defineJob({
  name: "score", purpose: "bench",
  input: { f0: "f64", f1: "f64", f2: "f64", f3: "f64", i0: "i32", i1: "i32", d0: "dict", d1: "dict" },
  outputs: { model: { kind: "linear-model", maxParameters: 8 }, band: { kind: "labels", vocabulary: ["A", "B", "C", "D"] } },
  develop: () => ({ model: { features: ["f0"], weights: [1], intercept: 0 } }),
  produce: (rows, model) => ({ band: bands(predict(model, rows), [0.2, 0.4, 0.6]) }),
});`;

const MODEL: LinearModel = {
  kind: "linear-model",
  features: ["f0", "f1", "f2", "f3", "i0", "i1", "d0=a", "d1=b"],
  weights: [0.02, -0.01, 0.015, -0.02, 0.01, -0.015, 0.4, -0.3],
  intercept: -0.2,
};

/** The row. */
export async function scoreRows(progress: (line: string) => void): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-bench-"));
  const workshop = createWorkshop();
  try {
    const file = join(directory, "job.ts");
    await writeFile(file, SOURCE);
    const { code } = await bundleJob(file);
    const { manifest } = await workshop.describe(code);
    const half = wideTable(ROWS / HALVES);
    const once = async (): Promise<number> => {
      const startedAt = performance.now();
      const outcomes = await Promise.all(
        Array.from({ length: HALVES }, () =>
          workshop.runGuarded({
            code,
            manifest,
            entry: "produce",
            environment: "production",
            table: half,
            model: MODEL,
            seed: 1,
            limits: { wallTimeLimitMs: 60_000, memoryLimitBytes: 256 * 2 ** 20 },
          }),
        ),
      );
      for (const outcome of outcomes) if (!outcome.ok) throw new Error(JSON.stringify(outcome));
      return (1_000 * ROWS) / (performance.now() - startedAt);
    };
    progress("score-rows");
    await once();
    return [await measure({ name: "score-rows", n: ROWS, unit: "rows/s" }, 5, once)];
  } finally {
    await workshop.close();
    await rm(directory, { recursive: true, force: true });
  }
}
