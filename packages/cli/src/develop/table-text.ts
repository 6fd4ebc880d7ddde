/** A guarded table as lines of text.
 *  @module */
import { tableCells, type Table } from "@sluice/protocol";
import { formatTable } from "../table.ts";

/** Cells that are shown; further ones are counted. */
const MAX_SHOWN_CELLS = 48;
/** Stands for what is not listed. */
const NOT_LISTED = "–";

/** One line for each cell, also those that are not listed, and the total. */
export function formatGuardedTable({ dimensions, measures, cells, total, minimum }: Table): string {
  const all = tableCells(dimensions);
  const listed = new Map(cells.map((cell) => [cell.at.join(), cell]));
  const lines = Array.from({ length: Math.min(all, MAX_SHOWN_CELLS) }, (_, index) => {
    const at = levelsAt(index, dimensions);
    const cell = listed.get(at.join());
    const names = at.map((level, i) => dimensions[i]?.levels[level] ?? "");
    const means = measures.map((name) => String(cell?.means[name] ?? NOT_LISTED));
    return [...names, String(cell?.rows ?? NOT_LISTED), ...means];
  });
  const head = [
    ...dimensions.map(({ name }) => name.toUpperCase()),
    "ROWS",
    ...measures.map((name) => `MEAN OF ${name}`),
  ];
  const sums = ["total", ...dimensions.slice(1).map(() => ""), String(total)];
  const parts = [
    `${cells.length} of ${all} cells are listed, each of ${minimum} persons or things at least`,
    formatTable([head, ...lines, sums]),
  ];
  if (all > MAX_SHOWN_CELLS) parts.push(`and ${all - MAX_SHOWN_CELLS} cells more`);
  return parts.join("\n");
}

/** Levels of the cell in place `index`: the last dimension counts first. */
function levelsAt(index: number, dimensions: Table["dimensions"]): number[] {
  let rest = index;
  const at = dimensions.toReversed().map(({ levels }) => {
    const level = rest % levels.length;
    rest = Math.floor(rest / levels.length);
    return level;
  });
  return at.toReversed();
}
