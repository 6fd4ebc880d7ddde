/** The sample a developer's job runs on, as SQL for DuckDB: of rows that only the seed explains, in an order that is a secret
 *  of its own (`row-order.ts`).
 *
 *  Rows are ranked by SHA-256(seed ‖ person): the persons of one table's sample are those of another's, so that a scene's
 *  tables can be joined, and the person's rows stay together. `exact` takes that many rows, from each stratum in proportion:
 *  the row at place p of a stratum of n rows comes at (2p - 1) / n (the divisor method of Sainte-Laguë), so that the smaller of
 *  two samples with the same strata is part of the larger one. `hash` takes the rows whose hash is below the share that is
 *  wanted, about that many and never more.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import type { Bytes, Policy, ResourceDescription } from "@sluice/protocol";
import { countedColumn, shownColumn } from "../policy/columns.ts";
import type { CountedColumn } from "../policy/counted.ts";
import { HASH_NUMBERS, hashNumberSql } from "../transform/keyed-hash.ts";
import { originSql } from "../transform/origin.ts";
import { quoteIdentifier } from "../transform/sql-text.ts";
import { orderSecret, orderSql } from "./row-order.ts";
import { columnExpression, keyParameters, selectList, type ViewSource, type ViewSql } from "../view-sql.ts";

/** Bytes of a sampling seed. It never leaves the domain. */
export const SAMPLE_SEED_BYTES = 32;

/** Where a sample is drawn from. */
export interface SampleSource extends ViewSource {
  /** Column that numbers the table's rows: `rowid` of a DuckDB table, `file_row_number` of a Parquet scan. */
  readonly rowId: string;
  /** Secret, 32 bytes: one for all tables that are to show the same persons. */
  readonly seed: Bytes;
  /** Its values do not leave: only which rows are about the same person does, as numbers in a column SUBJECT_NUMBER. */
  readonly subject?: string;
  /** What the rows are counted by beside `fields`, in columns COUNTED and their place. It does not leave. */
  readonly counted?: readonly CountedColumn[];
  /** Instead of the sample, so many rows of persons of whom it has none. */
  readonly outside?: number;
}

/** Column of a sample that numbers its persons. Not a field name, so that no field can hide it. */
export const SUBJECT_NUMBER = "subject number";

/** Column of a sample with a tag of each row's person, a whole number below 2^52 that the person has in every sample under the
 *  seed. It does not leave. */
export const SUBJECT_TAG = "subject tag";

/** Column of a sample by which it is counted and which it does not show, by its place. No field name either. */
export const countedName = (place: number): string => `counted ${place}`;

/** The SELECT of the sample, transformed: min(policy.sample.rows, rows of the table) rows by the method `exact`, at most that
 *  many by `hash`. @throws ERR_POLICY when a field is not shown; RangeError when seed or token key has a wrong length. */
export function sampleSql(policy: Policy, resource: ResourceDescription, source: SampleSource): ViewSql {
  if (source.seed.length !== SAMPLE_SEED_BYTES) throw new RangeError(`a sampling seed has ${SAMPLE_SEED_BYTES} bytes`);
  if (source.fields.length === 0) {
    throw new SluiceError("ERR_POLICY", { pointer: "/columns", reason: "expected at least one column to sample" });
  }
  const columns = source.fields.map((name) => shownColumn(policy, resource, name));
  const strata = policy.sample.strata.map((name) => shownColumn(policy, resource, name));
  const table = quoteIdentifier(source.table);
  const rowId = quoteIdentifier(source.rowId);
  const subject = subjectNumber(source, `sha256($sampleSeed || encode(${originSql(source)}))`);
  const counted = (source.counted ?? []).map((column) => countedColumn(column, resource));
  const countedList = counted.map(
    (column, i) => `, ${columnExpression(column, source)} AS ${quoteIdentifier(countedName(i))}`,
  );
  const stratum = strata.map((column, i) => `, ${columnExpression(column, source)} AS _s${i}`).join("");
  const partition = strata.length === 0 ? "" : `PARTITION BY ${strata.map((_, i) => `_s${i}`).join(", ")}`;
  const { rows, method } = policy.sample;
  const chosen =
    method === "hash"
      ? `SELECT _r FROM _keyed WHERE ${hashNumberSql("_h", 0)} < CAST(${rows} AS DOUBLE) / (SELECT count(*) FROM ${table}) * ${HASH_NUMBERS}
ORDER BY _h, _r LIMIT ${rows}`
      : `SELECT _r FROM (SELECT _r, _h, (2 * row_number() OVER (${partition} ORDER BY _h, _r) - 1) / count(*) OVER (${partition}) AS _place FROM _keyed)
ORDER BY _place, _h, _r LIMIT ${rows}`;

  const others =
    source.outside === undefined
      ? ""
      : `,
_others AS (SELECT _r FROM _keyed WHERE _h NOT IN (SELECT _h FROM _keyed SEMI JOIN _chosen USING (_r)) ORDER BY _h, _r LIMIT ${source.outside})`;

  // Names of fields begin with a letter, so that names of this statement that begin with `_` never meet them.
  // Only row numbers, hashes and strata are sorted; the columns are read for the chosen rows alone. Their order is that of
  // another hash: by the first, the rows of one person would lie together, and those of two samples side by side.
  const sql = `WITH
_keyed AS (SELECT ${rowId} AS _r, ${subject.hash} AS _h${stratum} FROM ${table}),
_chosen AS (${chosen})${others}
SELECT ${selectList(columns, source)}${countedList.join("")}${subject.expression} FROM ${table} JOIN ${others === "" ? "_chosen" : "_others"} ON _r = ${rowId}
ORDER BY ${orderSql("_r")}, _r`;

  return {
    sql,
    columns: [
      ...columns.map(({ name, type }) => ({ name, type })),
      ...counted.map(({ type }, i) => ({ name: countedName(i), type })),
      ...subject.columns,
    ],
    parameters: {
      ...keyParameters([...columns, ...strata, ...counted], source.tokenKey),
      sampleSeed: source.seed,
      sampleOrder: orderSecret(policy, resource, source),
    },
  };
}

/** @param hash Of the person, by which rows are ranked: the tag has other bits of it. */
function subjectNumber(
  { subject }: SampleSource,
  hash: string,
): { hash: string; expression: string; columns: ViewSql["columns"] } {
  if (subject === undefined) return { hash, expression: "", columns: [] };
  const rank = `CAST(dense_rank() OVER (ORDER BY ${quoteIdentifier(subject)}) - 1 AS INTEGER)`;
  const tag = `CAST(${hashNumberSql(hash, 1)} AS DOUBLE)`;
  return {
    hash,
    expression: `, ${rank} AS ${quoteIdentifier(SUBJECT_NUMBER)}, ${tag} AS ${quoteIdentifier(SUBJECT_TAG)}`,
    columns: [
      { name: SUBJECT_NUMBER, type: "i32" },
      { name: SUBJECT_TAG, type: "f64" },
    ],
  };
}
