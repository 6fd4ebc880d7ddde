/** A report as text for a terminal.
 *  @module */
import type { NoisyTable, Report, Table } from "@sluice/protocol";
import { visibleText } from "../officer/visible-text.ts";
import { displayWidth } from "../table.ts";
import { figuresOf, formatNumber, gridsOf, type Figure, type Grid, type GridTable, type Shown } from "./grids.ts";
import { noiseWords, noisyGrid, noisyTitle } from "./noisy-words.ts";

/** The whole text, with a line end. */
export function reportText(report: Report): string {
  const { table } = report;
  const head = visibleText(`${report.product} version ${report.version} · ${report.domain} · ${report.at}`);
  const text =
    table.kind === "noisy-table"
      ? noisyTableText(table)
      : [...gridTexts(table, plainTitle), plainNotes(table)].join("\n");
  return `${head}\n\n${text}`;
}

/** A noisy table as text, with what noise there is and a line end. */
export function noisyTableText(table: NoisyTable): string {
  const notes = noiseWords(table).map(([, en]) => `${visibleText(en)}\n`);
  return [...gridTexts(noisyGrid(table), (figure) => noisyTitle(figure)[1].toLowerCase()), notes.join("")].join("\n");
}

function gridTexts(source: GridTable, titleOf: (figure: Figure) => string): string[] {
  return figuresOf(source).flatMap((figure) =>
    gridsOf(source, figure).map((grid) => {
      const of = grid.level === null ? "" : `, ${visibleText(`${grid.level.dimension} ${grid.level.level}`)}`;
      return `${visibleText(titleOf(figure))}${of}\n${gridText(grid)}\n`;
    }),
  );
}

function plainTitle({ measure }: Figure): string {
  return measure === null ? "rows" : `mean of ${measure}`;
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
