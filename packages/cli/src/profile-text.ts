/** A safe profile as lines of text. Its values are from a table that others wrote.
 *  @module */
import type { ColumnProfile, ResourceProfile } from "@sluice/protocol";
import { visibleText } from "./officer/visible-text.ts";
import { formatTable } from "./table.ts";

/** Values or bands of a column that are shown; further ones are counted. */
const MAX_SHOWN_FIGURES = 6;

/** What was counted, and one line for each column. */
export function formatProfile(profile: ResourceProfile): string {
  const { persons, minimum, base, subject, columns, pairs = [] } = profile;
  const whose = subject === undefined ? "each row is about another" : `told apart by ${subject}`;
  const rows = columns.map((column) => [column.field, ...figuresOf(column)]);
  return [
    `about ${persons} persons, ${whose}; each figure stands for ${minimum} at least and is rounded to ${base}`,
    formatTable([["COLUMN", "VALUES", "NONE", "PERSONS"], ...rows]),
    ...pairs.map(({ x, y, cells }) => `${x} with ${y}: ${cells.length} cells`),
  ].join("\n");
}

function figuresOf(column: ColumnProfile): string[] {
  if (column.kind === "shape") {
    const { length } = column;
    if (length === undefined) return ["", "", "not shown"];
    const characters = length.from === length.to ? `${length.from}` : `${length.from} to ${length.to}`;
    return ["", "", `not shown; texts of ${characters} characters`];
  }
  const missing = column.missing === undefined ? "" : String(column.missing);
  return [`≤ ${column.distinct}`, missing, listed(figures(column))];
}

function figures(column: Exclude<ColumnProfile, { kind: "shape" }>): string[] {
  if (column.kind === "values") {
    const other = column.other === undefined ? [] : [`others ${column.other}`];
    return [...column.values.map(({ value, persons }) => `${visibleText(value)} ${persons}`), ...other];
  }
  const common = column.kind === "numbers" ? column.common.map(({ value, persons }) => `${value} ${persons}`) : [];
  const last = column.persons.length - 1;
  const bands = column.persons.map((persons, i) =>
    i === last ? `from ${column.edges[i] ?? ""} ${persons}` : `below ${column.edges[i + 1] ?? ""} ${persons}`,
  );
  return [...common, ...bands];
}

function listed(figures: readonly string[]): string {
  const more = figures.length - MAX_SHOWN_FIGURES;
  return `${figures.slice(0, MAX_SHOWN_FIGURES).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}
