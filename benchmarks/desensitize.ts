/** Suite `desensitize`: what masks, tokens, format-preserving encryption, samples, anonymity and noise cost, beside a
 *  plain copy of the same table in the same run. The rows are in the files of the folder of this name; `ROWS=fpe,mask`
 *  runs those groups only, and tables have 3 million rows with `SLOW=1`.
 *  @module */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBench, type RowGroup } from "./desensitize/bench.ts";
import { anonymityRows } from "./desensitize/anonymity-rows.ts";
import { classifyRows } from "./desensitize/classify-rows.ts";
import { copyRows } from "./desensitize/copy-rows.ts";
import { noiseRows } from "./desensitize/noise-rows.ts";
import { maskRows } from "./desensitize/mask-rows.ts";
import { fpeRows } from "./desensitize/fpe-rows.ts";
import type { Row, Suite } from "./suite.ts";

/** Groups of rows, each in a file of its own. */
const GROUPS: Readonly<Record<string, RowGroup>> = {
  copy: copyRows,
  anonymity: anonymityRows,
  classify: classifyRows,
  noise: noiseRows,
  mask: maskRows,
  fpe: fpeRows,
};

/** The suite. */
export const suite: Suite = {
  name: "desensitize",
  note:
    "People are generated: 16 columns, valid check digits, skewed regions. `× CPU` is the processor time of the whole " +
    "process as a multiple of what the plain copy of the same table takes.",
  chinese: [
    ["npm ff3 1.0.1 (FF3-1, AES-256), the same values", "npm ff3 1.0.1（FF3-1，AES-256），同样的值"],
    ["values/s", "个/秒"],
    ["plain DuckDB copy of the same table", "DuckDB 原样复制同一张表"],
    ["× CPU", "× 处理器时间"],
    ["CPU s", "处理器秒"],
    ["loss, levels", "损失，层级"],
    ["samples/s", "样本/秒"],
  ],
  async run(progress) {
    const directory = await mkdtemp(join(tmpdir(), "sluice-bench-"));
    const wanted = process.env["ROWS"]?.split(",");
    try {
      const bench = openBench(directory, progress);
      const rows: Row[] = [];
      for (const [name, group] of Object.entries(GROUPS)) {
        if (wanted !== undefined && !wanted.includes(name)) continue;
        progress(name);
        rows.push(...(await group(bench)));
      }
      return rows;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};
