/** Findings on columns as text for an officer: one table, then the reasons in both languages.
 *  @module */
import type { ClassifiedColumn } from "@sluice/domain";
import { formatTable } from "./table.ts";

/** One column to show. */
export type ShownColumn = ClassifiedColumn;

type Words = (reason: ShownColumn["finding"]["reasons"][number]) => { readonly en: string; readonly zh: string };

/** `columns` as text, ending in a line end. */
export function classificationText(columns: readonly ShownColumn[], words: Words): string {
  const head = ["COLUMN", "STORED", "FOUND", "CONFIDENCE", "ROLE", "GRADE", "NOTE"];
  const rows = columns.map(({ finding, field, decision }) => [
    field.name,
    field.type,
    finding.kind,
    finding.confidence.toFixed(2),
    field.role,
    field.grade,
    notesOf({ finding, field, decision }),
  ]);
  const reasons = columns.flatMap(({ finding }) =>
    finding.reasons.map((reason) => {
      const { en, zh } = words(reason);
      return `${finding.name}: ${en}；${zh}`;
    }),
  );
  return `${formatTable([head, ...rows])}\n\n${reasons.join("\n")}\n`;
}

function notesOf({ finding, field, decision }: ShownColumn): string {
  return [
    ...(finding.mixed ? ["mixed 须人工判定"] : []),
    ...(field.excluded === undefined ? [] : [`excluded 已排除 (${field.excluded})`]),
    ...(decision === null ? [] : [`decided by 改判 ${decision.officer}`]),
  ].join(", ");
}
