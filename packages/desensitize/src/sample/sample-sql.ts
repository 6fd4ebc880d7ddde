/** The sample a developer's job runs on, as SQL for DuckDB: exact, stratified, proportional, and in an order
 *  that only the seed explains.
 *
 *  Strata are the combinations of transformed strata columns. Each gets rows / total of its size; what rounding
 *  leaves goes to the largest remainders. Within a stratum the rows with the smallest SHA-256(seed ‖ row number)
 *  are taken, so that nobody without the seed can tell who is in, and one seed per table gives one sample.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import type { Bytes, Policy, ResourceDescription } from "@sluice/protocol";
import { shownColumn } from "../policy/columns.ts";
import { quoteIdentifier } from "../transform/sql-text.ts";
import { columnExpression, keyParameters, selectList, type ViewSource, type ViewSql } from "../view-sql.ts";

/** Bytes of a sampling seed. It never leaves the domain. */
export const SAMPLE_SEED_BYTES = 32;

/** Where a sample is drawn from. */
export interface SampleSource extends ViewSource {
  /** Column that numbers the table's rows: `rowid` of a DuckDB table, `file_row_number` of a Parquet scan. */
  readonly rowId: string;
  /** Secret, 32 bytes, one per table. */
  readonly seed: Bytes;
  /** Its values do not leave: only which rows are about the same person does, as numbers in a column SUBJECT_NUMBER. */
  readonly subject?: string;
}

/** Column of a sample that numbers its persons. Not a field name, so that no field can hide it. */
export const SUBJECT_NUMBER = "subject number";

/** The SELECT of min(policy.sample.rows, rows of the table) rows, transformed, in the order of their hashes.
 *  @throws ERR_POLICY when a field is not shown; RangeError when seed or token key has a wrong length. */
export function stratifiedSampleSql(policy: Policy, resource: ResourceDescription, source: SampleSource): ViewSql {
  if (source.seed.length !== SAMPLE_SEED_BYTES) throw new RangeError(`a sampling seed has ${SAMPLE_SEED_BYTES} bytes`);
  if (source.fields.length === 0) {
    throw new SluiceError("ERR_POLICY", { pointer: "/columns", reason: "expected at least one column to sample" });
  }
  const columns = source.fields.map((name) => shownColumn(policy, resource, name));
  const strata = policy.sample.strata.map((name) => shownColumn(policy, resource, name));
  // At most 10^6, so that its product with the rows of any table fits 64 bits. A quota may exceed its stratum.
  const { rows } = policy.sample;
  const table = quoteIdentifier(source.table);
  const rowId = quoteIdentifier(source.rowId);
  const names = ["_s", ...strata.map((_, i) => `_s${i}`)];
  const stratum = names.join(", ");
  const keys = ["0 AS _s", ...strata.map((column, i) => `${columnExpression(column, source)} AS _s${i}`)].join(", ");
  const subject = subjectNumber(source.subject);
  const same = names.map((name) => `_ranked.${name} IS NOT DISTINCT FROM _quotas.${name}`).join(" AND ");

  // Names of fields begin with a letter, so that names of this statement that begin with `_` never meet them.
  // Only row numbers, hashes and strata are sorted; the columns are read for the chosen rows alone.
  const sql = `WITH
_keyed AS (SELECT ${rowId} AS _r, sha256($sampleSeed || encode(CAST(${rowId} AS VARCHAR))) AS _h, ${keys} FROM ${table}),
_sizes AS (SELECT ${stratum}, count(*) AS _size, min(_h) AS _tie FROM _keyed GROUP BY ${stratum}),
_shares AS (SELECT *, ${rows} * _size AS _share, CAST(sum(_size) OVER () AS BIGINT) AS _total FROM _sizes),
_bases AS (SELECT *, _share // _total AS _base, _share % _total AS _rest FROM _shares),
_quotas AS (SELECT *, _base + CASE WHEN row_number() OVER (ORDER BY _rest DESC, _tie) <= ${rows} - sum(_base) OVER () THEN 1 ELSE 0 END AS _quota FROM _bases),
_ranked AS (SELECT _r, _h, ${stratum}, row_number() OVER (PARTITION BY ${stratum} ORDER BY _h, _r) AS _place FROM _keyed),
_chosen AS (SELECT _ranked._r, _ranked._h FROM _ranked JOIN _quotas ON ${same} WHERE _place <= _quota)
SELECT ${selectList(columns, source)}${subject.expression} FROM ${table} JOIN _chosen ON _r = ${rowId} ORDER BY _h, _r`;

  return {
    sql,
    columns: [...columns.map(({ name, type }) => ({ name, type })), ...subject.columns],
    parameters: { ...keyParameters(columns.concat(strata), source.tokenKey), sampleSeed: source.seed },
  };
}

function subjectNumber(subject: string | undefined): { expression: string; columns: ViewSql["columns"] } {
  if (subject === undefined) return { expression: "", columns: [] };
  const rank = `CAST(dense_rank() OVER (ORDER BY ${quoteIdentifier(subject)}) - 1 AS INTEGER)`;
  return {
    expression: `, ${rank} AS ${quoteIdentifier(SUBJECT_NUMBER)}`,
    columns: [{ name: SUBJECT_NUMBER, type: "i32" }],
  };
}
