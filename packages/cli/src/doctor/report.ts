/** Findings as lines for a terminal, and as a document for programs.
 *  @module */
import { formatTable } from "../table.ts";
import { CHECK_LABELS, type Finding, type Verdict } from "./finding.ts";

const MARKS: Readonly<Record<Verdict, string>> = { ok: "✓", warning: "!", failure: "✗" };

/** The findings as aligned lines, each with what to do below it, and a last line that sums up. */
export function formatFindings(findings: readonly Finding[]): string {
  const rows = findings.map(({ check, verdict, fact }) => {
    const label = Object.entries(CHECK_LABELS).find(([name]) => name === check)?.[1] ?? { en: check, zh: "" };
    return [MARKS[verdict], label.en, label.zh, fact];
  });
  const table = formatTable(rows).split("\n");
  const lines = findings.flatMap(({ remedy }, i) => [
    table[i] ?? "",
    ...(remedy === undefined ? [] : [`    → ${remedy.en}`, `    → ${remedy.zh}`]),
  ]);
  const failures = count(findings, "failure");
  const warnings = count(findings, "warning");
  const verdict =
    failures === 0
      ? `Sluice can run here; ${warnings} to know. 可以运行；${warnings} 项需留意。`
      : `${failures} to repair, ${warnings} to know. ${failures} 项需修复，${warnings} 项需留意。`;
  return `${[...lines, "", verdict].join("\n")}\n`;
}

/** The document of `--json`. */
export function findingsDocument(findings: readonly Finding[]): Record<string, unknown> {
  return { ok: count(findings, "failure") === 0, findings };
}

function count(findings: readonly Finding[], verdict: Verdict): number {
  return findings.filter((finding) => finding.verdict === verdict).length;
}
