/** A report as text for a terminal.
 *  @module */
import type { Report, Table } from "@sluice/protocol";
import { visibleText } from "../officer/visible-text.ts";
import { displayWidth } from "../table.ts";
import { figuresOf, formatNumber, gridsOf, type Figure, type Grid, type Shown } from "./grids.ts";
import { noiseWords, noisyGrid, noisyTitle } from "./noisy-words.ts";

/** The whole text, with a line end. */
export function reportText(report: Report): string {
  const { table } = report;
  const noisy = table.kind === "noisy-table";
  const source = noisy ? noisyGrid(table) : table;
  const parts = figuresOf(source).flatMap((figure) => {
    const title = noisy ? visibleText(noisyTitle(figure)[1].toLowerCase()) : plainTitle(figure);
    return gridsOf(source, figure).map((grid) => {
      const of = grid.level === null ? "" : `, ${visibleText(`${grid.level.dimension} ${grid.level.level}`)}`;
      return `${title}${of}\n${gridText(grid)}\n`;
    });
  });
  const head = visibleText(`${report.product} version ${report.version} · ${report.domain} · ${report.at}`);
  return [
    `${head}\n`,
    ...parts,
    noisy
      ? noiseWords(table)
          .map(([, en]) => `${visibleText(en)}\n`)
          .join("")
      : plainNotes(table),
  ].join("\n");
}

function plainTitle({ measure }: Figure): string {
  return measure === null ? "rows" : `mean of ${visibleText(measure)}`;
}

function plainNotes({ total, minimum, base }: Table): string {
  return [
    `total of the cells shown: ${formatNumber(total)}`,
    `-  fewer than ${minimum}, or none    *  mean withheld: a few would dominate it`,
    `rows are rounded to multiples of ${base}\n`,
  ].join("\n");
}

function gridText({ rowName, columnName, rows, columns, cells }: Grid): string {
  const head =
    columnName === null
      ? [visibleText(rowName), ""]
      : [visibleText(`${rowName} \\ ${columnName}`), ...columns.map(visibleText)];
  const lines = [head, ...rows.map((row, i) => [visibleText(row), ...(cells[i] ?? []).map(cellText)])];
  const widths = head.map((_, column) =>
    lines.reduce((widest, line) => Math.max(widest, displayWidth(line[column] ?? "")), 0),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => {
          const space = " ".repeat((widths[column] ?? 0) - displayWidth(cell));
          return column === 0 ? cell + space : space + cell;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cellText(cell: Shown): string {
  if (cell.kind === "number") return formatNumber(cell.value);
  return cell.kind === "withheld" ? "*" : "-";
}
