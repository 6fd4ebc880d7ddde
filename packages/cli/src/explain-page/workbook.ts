/** Explained figures as a workbook (XLSX) with Chinese headings. Values are numbers where a spreadsheet keeps all their digits, and texts
 *  where it would not; no cell is a formula.
 *  @module */
import { exactText, explain, leastPlaces, valueText, type Exact, type Figure } from "@sluice/settlement";
import { COLUMNS, explanationCells } from "./explanation-table.ts";

/** A cell: a text, or an exact value with the places that are shown at least. */
export type WorkbookCell = string | { readonly value: Exact; readonly places: number };

/** One sheet: headings and rows. */
export interface WorkbookSheet {
  readonly name: string;
  readonly headings: readonly string[];
  /** Widths of the columns in characters. */
  readonly widths: readonly number[];
  readonly rows: readonly (readonly WorkbookCell[])[];
}

/** Digits that a spreadsheet's number keeps. */
const MAX_NUMBER_DIGITS = 15;
const HEADING = { fontWeight: "bold", backgroundColor: "#dce6f0", wrap: true } as const;

/** The sheet that explains the figures. */
export function explanationSheet(figures: readonly Figure[]): WorkbookSheet {
  const rows = explain(figures).rows.map((row): WorkbookCell[] => {
    const cell = explanationCells(row);
    const { value, unit } = row.figure;
    return [
      cell.number,
      `${"　".repeat(Math.min(cell.depth, 8))}${cell.name}`,
      unit === "year" ? valueText(row.figure) : { value, places: leastPlaces(unit) },
      cell.unit,
      cell.formula,
      cell.rule,
      cell.rounding,
      cell.from,
      cell.evidence,
    ];
  });
  return {
    name: "计算过程",
    headings: COLUMNS.map(({ zh }) => zh),
    widths: [10, 34, 20, 12, 30, 44, 36, 28, 22],
    rows,
  };
}

/** The bytes of a workbook. */
export async function workbook(sheets: readonly WorkbookSheet[]): Promise<Uint8Array> {
  const { default: writeWorkbook } = await import("write-excel-file/node");
  const written = writeWorkbook(
    sheets.map(({ name, headings, widths, rows }) => ({
      sheet: name,
      stickyRowsCount: 1,
      columns: widths.map((width) => ({ width })),
      data: [headings.map((value) => ({ value, type: String, ...HEADING })), ...rows.map((row) => row.map(cellOf))],
    })),
  );
  return await written.toBuffer();
}

function cellOf(cell: WorkbookCell): object | null {
  if (typeof cell === "string")
    return cell === "" ? null : { value: cell, type: String, wrap: true, alignVertical: "top" };
  const text = exactText(cell.value);
  const digits = text.replaceAll(/[^0-9]/g, "").replace(/^0+/, "").length;
  if (digits > MAX_NUMBER_DIGITS) return { value: text, type: String, align: "right", alignVertical: "top" };
  const places = Math.max(cell.places, cell.value.decimalPlaces() ?? 0);
  const format = places === 0 ? "#,##0" : `#,##0.${"0".repeat(places)}`;
  return { value: Number(text), type: Number, format, alignVertical: "top" };
}
