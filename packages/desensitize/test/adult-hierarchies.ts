/** The Adult table with nine quasi-identifiers and the hierarchies that ARX publishes with it (aacd487, Apache-2.0).
 *  @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Hierarchy, type Column, type ColumnBatch } from "@sluice/protocol";

/** In the order in which the levels of a node are written. */
export const ADULT_COLUMNS = [
  "sex",
  "age",
  "race",
  "marital-status",
  "education",
  "native-country",
  "workclass",
  "occupation",
  "salary-class",
] as const;

/** Lines of a file of ARX: cells between semicolons. */
export function arxLines(directory: string, name: string): string[][] {
  const text = readFileSync(join(directory, "adult", name), "utf8");
  return text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.split(";"));
}

/** The published hierarchy of `column` as a tree: its lines go from the value to `*`. Undefined when nothing stands between. */
export function adultTree(directory: string, column: string): Hierarchy | undefined {
  const lines = arxLines(directory, `adult_hierarchy_${column}.csv`);
  const steps = (lines[0] ?? []).length - 2;
  if (steps === 0) return undefined;
  const levels = Array.from({ length: steps }, (_, i) =>
    Object.fromEntries(lines.map((cells): [string, string] => [cells[i] ?? "", cells[i + 1] ?? ""])),
  );
  return Hierarchy.parse({ kind: "tree", levels });
}

/** The table as text columns, or some of its rows. */
export function adultBatch(directory: string, takes: (row: number) => boolean = () => true): ColumnBatch {
  const [header = [], ...all] = arxLines(directory, "adult_arx_30162.csv");
  const rows = all.filter((_, row) => takes(row));
  const columns = ADULT_COLUMNS.map((name): [string, Column] => {
    const at = header.indexOf(name);
    const codes = new Map<string, number>();
    const values = Uint32Array.from(rows, (row) => {
      const text = row[at] ?? "";
      if (!codes.has(text)) codes.set(text, codes.size);
      return codes.get(text) ?? 0;
    });
    return [name, { type: "dict", dictionary: [...codes.keys()], values }];
  });
  return { rowCount: rows.length, columns: Object.fromEntries(columns) };
}
