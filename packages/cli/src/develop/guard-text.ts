/** How the guard's findings read on a terminal.
 *  @module */
import { verdictOf, type GuardFinding } from "@sluice/protocol";
import { formatTable } from "../table.ts";

/** The verdict, and how many rules passed and did not; what waits for a person is named when there is something. */
export function findingCounts(findings: readonly Pick<GuardFinding, "result">[]): string {
  const count = (result: GuardFinding["result"]): number => findings.filter((one) => one.result === result).length;
  const review = count("review");
  const counts = [
    `${count("passed")} passed`,
    `${count("changed")} changed`,
    ...(review === 0 ? [] : [`${review} for review`]),
    `${count("refused")} refused`,
  ];
  return `${verdictOf(findings)}, ${counts.join(", ")}`;
}

/** The guard's findings: how many passed, and each one that changes or refuses something. */
export function formatFindings(findings: readonly GuardFinding[]): string {
  const told = findings.filter(({ result }) => result !== "passed");
  const summary = `  guard: ${findingCounts(findings)}`;
  const rows = told.map(({ result, output, rule, note }) => [`    ${result}`, output, rule, note]);
  return rows.length === 0 ? summary : `${summary}\n${formatTable(rows)}`;
}
