/** How the guard's findings read on a terminal.
 *  @module */
import type { GuardFinding } from "@sluice/protocol";
import { formatTable } from "../table.ts";

/** The guard's findings: how many passed, and each one that changes or refuses something. */
export function formatFindings(findings: readonly GuardFinding[]): string {
  const count = (result: GuardFinding["result"]): number => findings.filter((one) => one.result === result).length;
  const told = findings.filter(({ result }) => result !== "passed");
  const summary = `  guard: ${count("passed")} passed, ${count("changed")} changed, ${count("refused")} refused`;
  const rows = told.map(({ result, output, rule, note }) => [`    ${result}`, output, rule, note]);
  return rows.length === 0 ? summary : `${summary}\n${formatTable(rows)}`;
}
