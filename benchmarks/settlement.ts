/** Suite `settlement`: a monthly statement from ten million usage records of 2,000 callers and 50 products (one million without
 *  `SLOW=1`), beside the bare aggregation of the same records in the same run. Each side is a process of its own, and processor time
 *  of all its threads is compared.
 *  @module */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareCpu, rounded, runMeasured } from "./desensitize/measured.ts";
import { writeUses } from "./settlement/uses.ts";
import type { Row, Suite } from "./suite.ts";

const SLOW = process.env["SLOW"] === "1";
const RECORDS = SLOW ? 10_000_000 : 1_000_000;
const LABEL = SLOW ? "10M" : "1M";
const MAIN = "../settlement/statement-main.ts";

/** The suite. */
export const suite: Suite = {
  name: "settlement",
  note:
    "Usage records are generated: 2,000 callers × 50 products in one month, one in a hundred repeated. `statement` takes each call once, " +
    "aggregates in DuckDB, then reads 100,000 licences, charges each line by quota, discount and tiers, and hashes the statement; " +
    "`statement-unique` is the same where the table's key lets no call stand twice. `× CPU` is the processor time as a multiple of the " +
    "aggregation alone, whose rows are read into the process too.",
  chinese: [
    ["the same aggregation alone", "仅做同样的聚合"],
    ["× CPU", "× 处理器时间"],
    ["MB peak", "MB 峰值"],
  ],
  async run(progress) {
    const directory = await mkdtemp(join(tmpdir(), "sluice-bench-"));
    try {
      const rows: Row[] = [];
      for (const { name, unique } of [
        { name: `statement-${LABEL}`, unique: false },
        { name: `statement-unique-${LABEL}`, unique: true },
      ]) {
        progress(name);
        const file = join(directory, `${name}.parquet`);
        await writeUses(file, { records: RECORDS, repeated: !unique });
        const run = (what: string) => runMeasured(MAIN, [what, file, unique ? "unique" : "repeated"]);
        const { row, ours, peer } = await compareCpu(
          { name, n: RECORDS, peer: "the same aggregation alone" },
          () => run("statement"),
          () => run("aggregate"),
        );
        rows.push(row);
        for (const [figure, value, peerValue, unit] of [
          ["seconds", ours.wallSeconds, peer.wallSeconds, "s"],
          ["memory", ours.peakBytes / 1e6, peer.peakBytes / 1e6, "MB peak"],
        ] as const) {
          rows.push({
            name: `${name}-${figure}`,
            n: RECORDS,
            value: rounded(value),
            unit,
            peer: "the same aggregation alone",
            peerValue: rounded(peerValue),
          });
        }
      }
      return rows;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};
