/** From rows with level codes to columns in the order of cells. What belongs to a cell then lies together, so that a
 *  million rows are read and written in order instead of one here and one there.
 *  @module */
import { NO_LEVEL, tableCells, type TableRows, type TableSpec } from "@sluice/protocol";

/** Which cell each row is in, and where the entries of each cell are in a column that `inCellOrder` made: those of cell
 *  `c` from `starts[c]` up to `starts[c + 1]`. */
export interface CellOrder {
  /** The number of cells stands for no cell: MAX_TABLE_CELLS is far below 2^16. */
  readonly cellOf: Uint16Array;
  /** One more than there are cells. */
  readonly starts: Uint32Array;
}

/** The order of the rows that are in a group of every dimension. Cells count through the levels of the last dimension
 *  first. Codes must be levels or NO_LEVEL, one for each of `rowCount` rows. */
export function cellOrder({ dimensions }: TableRows, spec: Pick<TableSpec, "dimensions">, rowCount: number): CellOrder {
  const cells = tableCells(spec.dimensions);
  const cellOf = new Uint16Array(rowCount);
  for (const { name, levels } of spec.dimensions) {
    const codes = dimensions[name] ?? new Uint8Array(0);
    for (let row = 0; row < rowCount; row++) {
      const [cell = cells, code = NO_LEVEL] = [cellOf[row], codes[row]];
      cellOf[row] = cell === cells || code === NO_LEVEL ? cells : cell * levels.length + code;
    }
  }
  const starts = new Uint32Array(cells + 1);
  for (let row = 0; row < rowCount; row++) {
    const cell = cellOf[row] ?? cells;
    if (cell < cells) starts[cell + 1] = (starts[cell + 1] ?? 0) + 1;
  }
  for (let cell = 1; cell <= cells; cell++) starts[cell] = (starts[cell] ?? 0) + (starts[cell - 1] ?? 0);
  return { cellOf, starts };
}

/** Writes the entries of `column` that are in a cell into `ordered`, cell by cell; rows of a cell keep their order. */
export function inCellOrder(
  { cellOf, starts }: CellOrder,
  column: ArrayLike<number>,
  ordered: Float64Array | Uint32Array,
): void {
  const next = starts.slice();
  const cells = starts.length - 1;
  for (let row = 0; row < cellOf.length; row++) {
    const cell = cellOf[row] ?? cells;
    if (cell === cells) continue;
    const place = next[cell] ?? 0;
    next[cell] = place + 1;
    ordered[place] = column[row] ?? 0;
  }
}

/** Index of a cell's level in each dimension. */
export function levelsOfCell(cell: number, { dimensions }: Pick<TableSpec, "dimensions">): number[] {
  const at: number[] = [];
  let rest = cell;
  for (const { levels } of dimensions.toReversed()) {
    at.unshift(rest % levels.length);
    rest = Math.floor(rest / levels.length);
  }
  return at;
}
