/** Whether a domain may work: its status lease, its witnesses, and whether it was restored from something older.
 *  @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SignedStatus } from "@sluice/protocol";
import type { DataDirectory, Home } from "./data-directory.ts";
import { readState } from "./domain-state.ts";
import { failure, warning, well, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

/** A lease that is not renewed in this part of it is about to end. */
const SOON = 1 / 3;

const RENEW = {
  en: "have the agency renew it: `sluice status keep`, or `sluice status issue` from a timer",
  zh: "由实施机构续期：`sluice status keep`，或由定时任务执行 `sluice status issue`",
} as const;

/** Checks every domain. */
export function checkStanding({ homes }: DataDirectory, machine: Machine): Finding[] {
  return homes.flatMap((home) => (home.kind === "domain" && home.config !== null ? checkDomain(home, machine) : []));
}

function checkDomain(home: Home & { kind: "domain" }, machine: Machine): Finding[] {
  const name = `domain ${home.config?.domain}`;
  const reason = readState(home.directory, (state) => state.prepare("SELECT reason FROM rollback").get()?.["reason"]);
  const findings = [checkLease(home, name, machine)];
  if (typeof reason === "string") {
    findings.push(
      failure(
        "standing",
        `${name} refuses all work: ${reason}`,
        "bring back its newest state and log, or decide: docs/stopping.md",
        "恢复最新的状态与日志，或按 docs/stopping.md 的恢复步骤作出决定",
      ),
    );
  }
  if (!existsSync(join(home.directory, "witnesses.policy"))) {
    findings.push(
      warning(
        "standing",
        `${name} has no witnesses: a backup of its whole directory can be restored unnoticed`,
        "name witnesses in witnesses.policy: docs/log.md",
        "在 witnesses.policy 中指定见证人，见 docs/log.md",
      ),
    );
  }
  return findings;
}

function checkLease({ directory, config }: Home & { kind: "domain" }, name: string, machine: Machine): Finding {
  if (config?.maxLeaseMs === undefined) {
    return warning(
      "lease",
      `${name} needs no lease: a stolen gateway can keep a suspension from it`,
      "create domains with `--lease-minutes`, and have the agency run `sluice status keep`",
      "创建数据域时使用 `--lease-minutes`，并由实施机构运行 `sluice status keep`",
    );
  }
  const status = readState(directory, (state) => state.prepare("SELECT document FROM status").get()?.["document"]);
  const parsed = typeof status === "string" ? SignedStatus.safeParse(JSON.parse(status)) : undefined;
  if (parsed?.success !== true) return warning("lease", `${name} has had no status yet`, RENEW.en, RENEW.zh);
  const { issuedAt, validUntil } = parsed.data.body;
  const leftMs = Date.parse(validUntil) - machine.now().getTime();
  if (!(leftMs > 0)) return failure("lease", `of ${name} ended at ${validUntil}`, RENEW.en, RENEW.zh);
  const isSoon = leftMs < (Date.parse(validUntil) - Date.parse(issuedAt)) * SOON;
  const fact = `of ${name} ends at ${validUntil}`;
  return isSoon ? warning("lease", fact, RENEW.en, RENEW.zh) : well("lease", fact);
}
