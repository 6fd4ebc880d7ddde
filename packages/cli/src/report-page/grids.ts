/** A table cut into grids of rows and columns, which text, charts and HTML tables all print: a table of one dimension is
 *  one column, of two one grid, of three a grid for each level of the first dimension.
 *  @module */
import type { TableCell } from "@sluice/protocol";

/** What a grid is cut from: a table under disclosure control, or the numbers of one under differential privacy. */
export interface GridTable {
  readonly dimensions: readonly { readonly name: string; readonly levels: readonly string[] }[];
  readonly measures: readonly string[];
  readonly cells: readonly TableCell[];
}

/** What a cell shows: a number; a mean that is withheld; or a cell that is not listed, because it covers fewer than the
 *  minimum, or nobody. */
export type Shown =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "withheld" }
  | { readonly kind: "unlisted" };

/** One way to read the cells: rows, or the mean of a measure. */
export interface Figure {
  /** Null for the number of rows. */
  readonly measure: string | null;
}

/** Rows and columns of one picture. */
export interface Grid {
  /** What the grid is of, where there is one for each level of the first dimension. */
  readonly level: { readonly dimension: string; readonly level: string } | null;
  readonly rowName: string;
  /** Null in a table of one dimension. */
  readonly columnName: string | null;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly cells: readonly (readonly Shown[])[];
}

/** Figures of a table: rows first, then each measure. */
export function figuresOf({ measures }: GridTable): Figure[] {
  return [{ measure: null }, ...measures.map((measure) => ({ measure }))];
}

/** The grids of one figure. Of two dimensions the one with more levels runs downwards. */
export function gridsOf(table: GridTable, figure: Figure): Grid[] {
  const { dimensions } = table;
  const listed = new Map(table.cells.map((cell) => [cell.at.join(), cell]));
  const shown = (at: readonly number[]): Shown => {
    const cell = listed.get(at.join());
    if (cell === undefined) return { kind: "unlisted" };
    if (figure.measure === null) return { kind: "number", value: cell.rows };
    const value = Object.hasOwn(cell.means, figure.measure) ? cell.means[figure.measure] : undefined;
    return value === undefined ? { kind: "withheld" } : { kind: "number", value };
  };
  const grid = (level: Grid["level"], fixed: readonly number[]): Grid => {
    const [first, second] = dimensions.slice(fixed.length);
    if (first === undefined) throw new RangeError("a table has a dimension");
    if (second === undefined) {
      const cells = first.levels.map((_, i) => [shown([...fixed, i])]);
      return { level, rowName: first.name, columnName: null, rows: first.levels, columns: [""], cells };
    }
    const downwards = first.levels.length >= second.levels.length;
    const [down, across] = downwards ? [first, second] : [second, first];
    return {
      level,
      rowName: down.name,
      columnName: across.name,
      rows: down.levels,
      columns: across.levels,
      cells: down.levels.map((_, row) =>
        across.levels.map((__, column) => shown([...fixed, ...(downwards ? [row, column] : [column, row])])),
      ),
    };
  };
  const [outer] = dimensions;
  if (dimensions.length < 3 || outer === undefined) return [grid(null, [])];
  return outer.levels.map((level, i) => grid({ dimension: outer.name, level }, [i]));
}

/** A number as it is printed: exact, with groups of three digits. */
export function formatNumber(value: number): string {
  const [whole = "", fraction] = String(value).split(".");
  // Exponents do not occur between 1e-6 and 1e21; such text is left as it is.
  const grouped = whole.includes("e") ? whole : whole.replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Least and largest number of some grids; null when there is none. */
export function rangeOf(grids: readonly Grid[]): { readonly least: number; readonly most: number } | null {
  const values = grids.flatMap(({ cells }) =>
    cells.flat().flatMap((cell) => (cell.kind === "number" ? [cell.value] : [])),
  );
  if (values.length === 0) return null;
  return {
    least: values.reduce((least, value) => Math.min(least, value)),
    most: values.reduce((most, value) => Math.max(most, value)),
  };
}
