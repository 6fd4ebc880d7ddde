/** The data engine of domains, and the database of a gateway.
 *  @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { DataDirectory } from "./data-directory.ts";
import { failure, well, type Finding } from "./finding.ts";

const SQLITE_BUSY = 5;

/** Opens a data engine in a directory of its own. */
export async function checkDataEngine(): Promise<Finding> {
  const { probeDataEngine } = await import("@sluice/domain");
  const reinstall = ["install the dependencies again: `npm start`", "重新安装依赖：`npm start`"] as const;
  try {
    const { open } = await probeDataEngine();
    if (!open) return well("duckdb", "works, without network and without extensions");
    return failure("duckdb", "reads files from outside", ...reinstall);
  } catch {
    return failure("duckdb", "does not open", ...reinstall);
  }
}

/** Opens a copy of each gateway's database, unless a process has it. */
export async function checkDatabases(data: DataDirectory): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { kind, directory } of data.homes) {
    if (isInUse(directory)) findings.push(well("directory", `${kind} in ${directory} is running`));
    else if (kind === "gateway") findings.push(await checkDatabase(directory));
  }
  return findings;
}

async function checkDatabase(directory: string): Promise<Finding> {
  if (!existsSync(join(directory, "state"))) return well("database", "none yet; the first start makes it");
  const { probeState } = await import("@sluice/gateway");
  try {
    const { receipts } = await probeState(directory);
    return well("database", `opens; ${receipts} receipts`);
  } catch {
    return failure(
      "database",
      `${join(directory, "state")} does not open`,
      "restore the gateway's directory from the backup; the evidence log is in `log`, and is not touched by this",
      "从备份恢复网关目录；存证日志在 `log` 中，不受影响",
    );
  }
}

/** Whether a process holds the directory's lock: looked at, never taken. */
function isInUse(directory: string): boolean {
  const file = join(directory, "lock");
  if (!existsSync(file)) return false;
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 0 });
    try {
      database.prepare("SELECT count(*) FROM sqlite_master").get();
      return false;
    } finally {
      database.close();
    }
  } catch (error) {
    return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
  }
}
