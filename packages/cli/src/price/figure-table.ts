/** Tables of figures, on a page and as a sheet: words that name a row, its figures, and words about it. A column that no row fills is
 *  left out.
 *  @module */
import { leastPlaces, valueText } from "@sluice/settlement";
import type { WorkbookCell, WorkbookSheet } from "../explain-page/workbook.ts";
import { html, type Markup } from "../officer/markup.ts";
import type { FigureColumn } from "./pricing-figures.ts";

/** A column of words. */
export interface WordColumn<T> {
  readonly heading: string;
  readonly of: (row: T) => string;
  /** Written as numbers are: at the right, on one line. */
  readonly isNumber?: true;
}

/** The columns of a table. */
export interface TableColumns<T> {
  readonly before: readonly WordColumn<T>[];
  readonly figures: readonly FigureColumn<T>[];
  readonly after?: readonly WordColumn<T>[];
}

/** The table of a page. */
export function figureTable<T>(rows: readonly T[], columns: TableColumns<T>): Markup {
  const { before, figures, after } = filled(rows, columns);
  return html`<table class="figures">
    <thead>
      <tr>
        ${before.map(({ heading }) => html`<th>${heading}</th>`)}
        ${figures.map(({ heading }) => html`<th class="number">${heading.zh}</th>`)}
        ${after.map(({ heading, isNumber }) => html`<th class="${wordClass(isNumber)}">${heading}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${before.map(({ of }) => html`<td>${of(row)}</td>`)}
            ${figures.map(({ of }) => html`<td class="number">${text(of(row))}</td>`)}
            ${after.map(({ of, isNumber }) => html`<td class="${wordClass(isNumber)}">${of(row)}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** The sheet of a workbook. */
export function figureSheet<T>(name: string, rows: readonly T[], columns: TableColumns<T>): WorkbookSheet {
  const { before, figures, after } = filled(rows, columns);
  return {
    name,
    headings: headings({ before, figures, after }),
    widths: [...before.map(() => 24), ...figures.map(() => 18), ...after.map(() => 30)],
    rows: rows.map((row): WorkbookCell[] => [
      ...before.map(({ of }) => of(row)),
      ...figures.map(({ of }): WorkbookCell => {
        const figure = of(row);
        return figure === undefined ? "" : { value: figure.value, places: leastPlaces(figure.unit) };
      }),
      ...after.map(({ of }) => of(row)),
    ]),
  };
}

function filled<T>(rows: readonly T[], { before, figures, after = [] }: TableColumns<T>): Required<TableColumns<T>> {
  return { before, figures: figures.filter(({ of }) => rows.some((row) => of(row) !== undefined)), after };
}

function wordClass(isNumber: true | undefined): string {
  return isNumber === true ? "number" : "";
}

function headings<T>({ before, figures, after }: Required<TableColumns<T>>): string[] {
  return [...before, ...figures.map(({ heading }) => ({ heading: heading.zh })), ...after].map(
    ({ heading }) => heading,
  );
}

function text(figure: Parameters<typeof valueText>[0] | undefined): string {
  return figure === undefined ? "" : valueText(figure);
}
