/** Suite `restore`: what a loss costs, by the drill of docs/backup.md.
 *  @module */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drill, type Loss } from "./restore-drill.ts";
import type { Row, Suite } from "./suite.ts";

const PERSONS = process.env["SLOW"] === "1" ? 200_000 : 20_000;
const CALLERS = 3;
const LOOKUPS_BETWEEN = 30;
const BACKUPS = 3;

/** The suite. */
export const suite: Suite = {
  name: "restore",
  note:
    "After kill -9 the directory is removed; its last backup is restored, the operator's decision, a new grant, development\n" +
    "run, release and build follow at once, without the days that people take for them.",
  chinese: [
    ["restore-rpo", "恢复点（RPO）"],
    ["restore-rto", "恢复时间（RTO）"],
    ["receipts that the restored state lacks", "恢复后状态中缺少的凭证"],
    ["age of the last backup", "最近一次备份的时距"],
    ["loss to restored files", "从丢失到文件恢复"],
    ["loss to the first right answer", "从丢失到首个正确答案"],
    ["gateway", "网关"],
    ["domain", "数据域"],
    [" s ", " 秒 "],
  ],
  async run(progress) {
    const directory = await mkdtemp(join(tmpdir(), "sluice-drill-"));
    try {
      const options = { directory: join(directory, "city"), persons: PERSONS, callers: CALLERS, progress };
      const losses = await drill({ ...options, lookupsBetween: LOOKUPS_BETWEEN, backups: BACKUPS });
      return [...rowsOf("domain", losses.domain), ...rowsOf("gateway", losses.gateway)];
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

function rowsOf(what: string, loss: Loss): Row[] {
  const row = (name: string, value: number, unit: string): Row => ({
    name: `${name}, ${what}`,
    n: loss.acknowledged,
    value: Number(value.toPrecision(3)),
    unit,
  });
  return [
    row("restore-rpo: receipts that the restored state lacks", loss.lacking, "receipts"),
    row("restore-rpo: age of the last backup", loss.backupAgeSeconds, "s"),
    row("restore-rto: loss to restored files", loss.restoredSeconds, "s"),
    row("restore-rto: loss to the first right answer", loss.answeredSeconds, "s"),
  ];
}
