/** Grouped tables (分组统计表): what a job declares and returns for one, and the table that disclosure control leaves.
 *  @module */
import { z } from "zod";
import { MemberName } from "./identifiers.ts";

/** Dimensions of one table. */
export const MAX_TABLE_DIMENSIONS = 3;
/** Cells of one table: the product of the numbers of levels. */
export const MAX_TABLE_CELLS = 4_096;
/** Code of a row that is in no group of a dimension, and so in no cell. */
export const NO_LEVEL = 255;

/** Name of a group, as the job declares it: a few words of any script. */
export const TableLevel = z.string().regex(/^[\p{L}\p{N}<>≤≥][\p{L}\p{N} _.,:<>≤≥+/()（）、·–~-]{0,39}$/u);
export type TableLevel = z.infer<typeof TableLevel>;

/** One way in which rows are grouped. */
export const TableDimension = z.strictObject({ name: MemberName, levels: z.array(TableLevel).min(2).max(64) });
export type TableDimension = z.infer<typeof TableDimension>;

/** A table as a job declares it: its groups, and the numbers of which each cell shows the mean. */
export const TableSpec = z.strictObject({
  kind: z.literal("table"),
  dimensions: z
    .array(TableDimension)
    .min(1)
    .max(MAX_TABLE_DIMENSIONS)
    .refine((dimensions) => distinct(dimensions.map(({ name }) => name)), "each dimension once")
    .refine((dimensions) => dimensions.every(({ levels }) => distinct(levels)), "each level once")
    .refine((dimensions) => tableCells(dimensions) <= MAX_TABLE_CELLS, `at most ${MAX_TABLE_CELLS} cells`),
  measures: z.array(MemberName).max(8).refine(distinct, "each measure once"),
});
export type TableSpec = z.infer<typeof TableSpec>;

/** Cells of a table, shown or not. */
export function tableCells(dimensions: readonly TableDimension[]): number {
  return dimensions.reduce((cells, { levels }) => cells * levels.length, 1);
}

/** What a job returns for a table, before the guard: for each row its level in each dimension, and its measures. */
export type TableRows = {
  kind: "table-rows";
  /** By dimension: `codes[i]` indexes its levels, or is NO_LEVEL. */
  dimensions: Record<string, Uint8Array>;
  /** By measure: NaN where a row has none. */
  measures: Record<string, Float64Array>;
};

/** One cell that is shown. */
export const TableCell = z.strictObject({
  /** Index of its level in each dimension, in their order. */
  at: z.array(z.int().min(0).max(63)).min(1).max(MAX_TABLE_DIMENSIONS),
  /** Rows, rounded. */
  rows: z.int().nonnegative(),
  /** Means by measure, rounded; a mean that a few would dominate is absent. */
  means: z.record(MemberName, z.number()),
});
export type TableCell = z.infer<typeof TableCell>;

/** A table as it may leave. Cells that are not listed are empty or too small: which of both is not told. Totals are sums
 *  of the listed cells, so that nothing can be taken from them. */
export const Table = z.strictObject({
  kind: z.literal("table"),
  dimensions: TableSpec.shape.dimensions,
  measures: TableSpec.shape.measures,
  /** Ascending by `at`. */
  cells: z.array(TableCell).max(MAX_TABLE_CELLS),
  /** By dimension and level: rows of the listed cells. */
  totals: z.array(z.array(z.int().nonnegative())),
  /** Rows of all listed cells. */
  total: z.int().nonnegative(),
  /** Persons or things that a listed cell covers at least. */
  minimum: z.int().positive(),
  /** Rows are rounded to multiples of it. */
  base: z.int().positive(),
});
export type Table = z.infer<typeof Table>;

function distinct(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
