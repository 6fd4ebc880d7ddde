/** Renders `docs/errors.md` from the error catalogue.
 *  @module */
import { ERROR_CATALOGUE, type ErrorCode } from "@sluice/protocol";
import { REMEDIES_ZH } from "./errors-zh.ts";

const INTRODUCTION = `# Errors

Every refusal has one of these codes, wherever it comes from: an HTTP answer (RFC 9457 problem details, member \`code\`),
an exception, or the last line that \`sluice\` prints. A code never changes its meaning. A message names declared facts
(a grant, a field, a limit) in place of the \`{names}\` below; it never contains a value of data. \`refusedBy\` in the
problem document says which process refused.

This page is written by \`npm run docs\` from \`packages/protocol/src/errors.ts\`; a test compares both.

| Code | Status | Message | What to do | 处理办法 |
|---|---:|---|---|---|
`;

/** The page, as it must stand in `docs/errors.md`. */
export function renderErrorsPage(): string {
  const rows = Object.entries(ERROR_CATALOGUE).map(([code, { status, message, remedy }]) => {
    const cells = [`\`${code}\``, String(status), message, remedy, REMEDIES_ZH[code as ErrorCode]];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return `${INTRODUCTION}${rows.join("\n")}\n`;
}

/** Names in braces in `template`, sorted. */
export function placeholders(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").toSorted();
}
