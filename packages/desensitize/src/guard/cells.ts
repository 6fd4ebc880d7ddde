/** From rows with level codes to the rows of each cell.
 *  @module */
import { NO_LEVEL, tableCells, type TableRows, type TableSpec } from "@sluice/protocol";

/** Rows by cell: those of cell `c` are `rows.subarray(starts[c], starts[c + 1])`, ascending. */
export interface RowsByCell {
  readonly rows: Uint32Array;
  /** One more than there are cells. */
  readonly starts: Uint32Array;
}

/** Sorts the rows that are in a group of every dimension by their cell. Cells count through the levels of the last
 *  dimension first. Codes must be levels or NO_LEVEL, one for each of `rowCount` rows. Takes 6 bytes per row. */
export function rowsByCell(
  { dimensions }: TableRows,
  spec: Pick<TableSpec, "dimensions">,
  rowCount: number,
): RowsByCell {
  const cells = tableCells(spec.dimensions);
  const columns = spec.dimensions.map(({ name, levels }) => ({ codes: dimensions[name], size: levels.length }));
  // `cells` stands for none: MAX_TABLE_CELLS is far below 2^16.
  const cellOf = new Uint16Array(rowCount);
  const starts = new Uint32Array(cells + 2);
  for (const { codes, size } of columns) {
    for (let row = 0; row < rowCount; row++) {
      const [cell = cells, code = NO_LEVEL] = [cellOf[row], codes?.[row]];
      cellOf[row] = cell === cells || code === NO_LEVEL ? cells : cell * size + code;
    }
  }
  for (let row = 0; row < rowCount; row++) {
    const next = (cellOf[row] ?? cells) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let cell = 1; cell < starts.length; cell++) starts[cell] = (starts[cell] ?? 0) + (starts[cell - 1] ?? 0);
  const rows = new Uint32Array(starts[cells] ?? 0);
  const free = starts.slice();
  for (let row = 0; row < rowCount; row++) {
    const cell = cellOf[row] ?? cells;
    if (cell === cells) continue;
    const place = free[cell] ?? 0;
    rows[place] = row;
    free[cell] = place + 1;
  }
  return { rows, starts: starts.subarray(0, cells + 1) };
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
