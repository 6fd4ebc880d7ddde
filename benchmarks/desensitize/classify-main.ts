/** Classifies the Parquet file of the first argument as `sluice domain classify FILE` does: staged in memory files, looked at.
 *  @module */
import { classifyFile } from "@sluice/domain";
import { reportUsage } from "./measured.ts";

const [file = ""] = process.argv.slice(2);

await reportUsage(async () => {
  const { findings } = await classifyFile({ file });
  return { columns: findings.length, direct: findings.filter(({ role }) => role === "direct").length };
});
