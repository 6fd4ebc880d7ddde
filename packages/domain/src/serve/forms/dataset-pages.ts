/** The pages of a data set: some columns of a sample in pieces of canonical JSON, none larger than an answer may be.
 *  @module */
import {
  canonicalBytes,
  isValid,
  MAX_DATASET_PAGE_BYTES,
  MAX_DATASET_PAGE_ROWS,
  MAX_DATASET_PAGES,
  SluiceError,
  type Bytes,
  type Column,
  type ColumnBatch,
  type DatasetPage,
  type DatasetSnapshot,
  type DatasetValue,
} from "@sluice/protocol";

/** What a data set shows. */
export interface ShownPages extends Pick<DatasetSnapshot, "fields" | "pageRows"> {
  readonly pages: readonly Bytes[];
}

/** Cuts the columns `fields` of `table` into pages of equally many rows: as many as fit.
 *  @throws ERR_FRAME_TOO_LARGE when not one row fits, or there are too many pages; ERR_CANCELLED */
export function datasetPages(table: ColumnBatch, fields: readonly string[], signal: AbortSignal): ShownPages {
  const columns = fields.map((name) => {
    const column = table.columns[name];
    if (column === undefined) throw new SluiceError("ERR_POLICY_COLUMN", { column: name });
    return { name, column };
  });
  const shown = columns.map(({ name, column: { type } }) => ({ name, type }));
  for (let pageRows = MAX_DATASET_PAGE_ROWS; pageRows >= 1; pageRows = Math.floor(pageRows / 2)) {
    if (Math.ceil(table.rowCount / pageRows) > MAX_DATASET_PAGES) break;
    const pages = cut(columns, table.rowCount, pageRows, signal);
    if (pages !== null) return { fields: shown, pageRows, pages };
  }
  throw new SluiceError("ERR_FRAME_TOO_LARGE", {
    sizeBytes: MAX_DATASET_PAGE_BYTES + 1,
    maxBytes: MAX_DATASET_PAGE_BYTES,
  });
}

/** Null when a page is too large. */
function cut(
  columns: readonly { readonly column: Column }[],
  rowCount: number,
  pageRows: number,
  signal: AbortSignal,
): Bytes[] | null {
  const pages: Bytes[] = [];
  for (let start = 0; start < rowCount; start += pageRows) {
    if (signal.aborted) throw new SluiceError("ERR_CANCELLED");
    const end = Math.min(rowCount, start + pageRows);
    const page: DatasetPage = {
      type: "dataset-page",
      page: pages.length,
      columns: columns.map(({ column }) => Array.from({ length: end - start }, (_, i) => valueAt(column, start + i))),
    };
    const bytes = canonicalBytes(page);
    if (bytes.length > MAX_DATASET_PAGE_BYTES) return null;
    pages.push(bytes);
  }
  return pages;
}

/** A number that JSON has no word for is no value. */
function valueAt(column: Column, row: number): DatasetValue {
  if (!isValid(column, row)) return null;
  const value = column.values[row] ?? 0;
  switch (column.type) {
    case "dict":
      return column.dictionary[value] ?? null;
    case "bool":
      return value === 1;
    case "f64":
    case "i32":
      return Number.isFinite(value) ? value : null;
  }
}
