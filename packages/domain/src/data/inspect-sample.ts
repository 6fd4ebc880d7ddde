/** Draws the sample of a policy and measures it: the work behind both what a job is given and what an officer is shown.
 *  @module */
import {
  assessRisk,
  checkPolicy,
  classesOf,
  countedName,
  isPseudonym,
  largestK,
  madeKinds,
  MAX_POPULATION_TUPLES,
  ownCounted,
  personsOf,
  populationSql,
  quasiIdentifiers,
  reportSalt,
  scanColumns,
  sampleSql,
  SUBJECT_NUMBER,
  SUBJECT_TAG,
  TUPLE_PERSONS,
  type Counted,
  type CountedColumn,
  type Population,
  type RiskFacts,
} from "@sluice/desensitize";
import { canonicalText, documentHash, SluiceError } from "@sluice/protocol";
import type { Bytes, ColumnBatch, Policy, ResourceDescription, RiskReport } from "@sluice/protocol";
import { readBatch } from "./batch.ts";
import { quoteIdentifier } from "./engine.ts";
import { keepModel, type KeptSample } from "./keep-model.ts";
import { KnownReports, sampleDigest } from "./known-reports.ts";
import type { OpenTable, ViewRequest } from "./sample.ts";
import { compareWithTable } from "./table-utility.ts";
import { countFailures } from "./transform-failures.ts";
import { sampleVersions } from "./versions.ts";
import { bindBytes, countRows, openView, ROW_NUMBER } from "./view.ts";

/** What is asked for: a view, and the secret that decides which rows. */
export type SampleRequest = ViewRequest & {
  readonly seed: Bytes;
  /** What rows are counted by, where samples of the table were shown before; else what the policy shows. */
  readonly counted?: Counted | undefined;
};

/** A sample with the report on it. It may have failed: only `CertifiedSample.certify` tells whether it may be used. */
export interface InspectedSample {
  readonly batch: ColumnBatch;
  /** The person of each row. */
  readonly subjects: Int32Array;
  /** Tag of each person, by that number: a whole number below 2^52. */
  readonly tags: Float64Array;
  readonly report: RiskReport;
}

/** Draws and measures, unless `known` has the report on this very sample.
 *  @throws ERR_POLICY, ERR_POLICY_COLUMN, ERR_SAMPLE_SIZE, ERR_CANCELLED, EngineFault */
export async function inspectSampleFrom(
  open: OpenTable,
  request: SampleRequest,
  known = new KnownReports(),
): Promise<InspectedSample> {
  const { session, entry, path } = open;
  const { policy, fields, tokenKey, seed, signal, key } = request;
  const { description } = entry;
  checkPolicy(policy, description, key);
  const table = await openView(session, description, { path, consent: request.consent });
  const rows = request.consent === undefined ? entry.rows : await countRows(session, table);
  if (rows < policy.sample.rows) throw new SluiceError("ERR_SAMPLE_SIZE", { needed: policy.sample.rows });
  const counting = countingOf(request, description);
  const source = { table, rowId: ROW_NUMBER, fields, tokenKey, seed, subject: key, counted: counting.unseen };
  const view = sampleSql(policy, description, source);
  const read = await readBatch(await session.stream(view.sql, bindBytes(view.parameters)), view.columns, signal);
  const { counted: batchCounted, drawn, persons, tags } = shownOf(read, counting.unseen.length);
  const quasi = quasiIdentifiers(policy, fields);
  const classes = classesOf(drawn, quasi);
  const drawnPersons = personsOf(classes, persons);
  const whole = (): ReturnType<typeof readPopulation> => readPopulation(open, request, { table, quasi });
  const early = policy.model?.delta === undefined ? undefined : await whole();
  const counted = early?.counted;
  const sample = {
    policy,
    resource: description,
    fields,
    drawn: batchCounted,
    quasi: counting.names,
    alone: counting.unseen.length === 0 && counting.k === policy.k,
    k: counting.k,
    persons,
    population: counted,
    signal,
  };
  const kept = await keepModel(sample);
  const { subjects, loss, recoded, model } = kept;
  const batch = withoutCounted(kept.batch, counting.unseen.length);
  const policyHash = await documentHash(policy);
  const about = {
    policyHash,
    sourceSnapshot: description.snapshot,
    versions: sampleVersions(),
    salt: await reportSalt(seed, policyHash),
  };
  const drawnFacts = {
    rows: drawn.rowCount,
    persons: drawnPersons.reduce((sum, n) => sum + n, 0),
    alone: drawnPersons.filter((n) => n === 1).length,
    ...(model === undefined
      ? { bestK: largestK(classesOf(batchCounted, counting.names), persons, policy.suppressionLimit) }
      : {}),
  };
  const digest = await sampleDigest(batch, subjects, {
    ...about,
    rows,
    drawnFacts,
    key,
    fields,
    consent: request.consent ?? null,
  });
  const measured = known.get(digest);
  if (measured !== undefined) return { batch, subjects, tags, report: measured };
  const population = early ?? (await whole());
  const report = assessRisk({
    policy,
    ...about,
    source: { rows, persons: population.total },
    drawn: drawnFacts,
    batch,
    subjects,
    quasi,
    shown: withoutPseudonyms(policy, fields),
    population: population.counted,
    recoded: recodedBy(recoded, population.counted),
    loss,
    model,
    residual: scanColumns(batch, madeKinds(policy)),
    transformFailures: await countFailures(open, request, table),
    utility: await compareWithTable(open, request, { table, sample: batch }),
  });
  known.put(digest, report);
  return { batch, subjects, tags, report };
}

function recodedBy(recoded: KeptSample["recoded"], population: Population | undefined): RiskFacts["recoded"] {
  if (recoded === undefined || population === undefined) return undefined;
  return { ofRow: recoded.ofRow, ofTuple: recoded.ofTuples(population.tuples) };
}

async function readPopulation(
  { session, entry: { description } }: OpenTable,
  { policy, tokenKey, key, signal }: SampleRequest,
  { table, quasi }: { readonly table: string; readonly quasi: readonly string[] },
): Promise<{ total: number; counted: Population | undefined }> {
  const [[distinct] = []] = await session.rows(
    `SELECT count(DISTINCT ${quoteIdentifier(key)}) FROM ${quoteIdentifier(table)}`,
  );
  const total = Number(distinct);
  const view = populationSql(policy, description, { table, rowId: ROW_NUMBER, fields: quasi, tokenKey, subject: key });
  const read = await readBatch(await session.stream(view.sql, bindBytes(view.parameters)), view.columns, signal);
  const { [TUPLE_PERSONS]: persons, ...tuples } = read.columns;
  if (persons?.type !== "i32") throw new TypeError("each tuple has a number of persons");
  if (read.rowCount > MAX_POPULATION_TUPLES) return { total, counted: undefined };
  const batch = { rowCount: read.rowCount, columns: tuples };
  return { total, counted: { tuples: batch, persons: persons.values, total } };
}

/** Columns in which combinations may single somebody out. Pseudonyms do by design: one for each person. */
function withoutPseudonyms({ columns }: Policy, fields: readonly string[]): string[] {
  return fields.filter((name) => !isPseudonym(columns[name]));
}

/** What the rows are counted by: columns that the sample has, and those that it does not show. */
function countingOf(
  { policy, fields, counted = ownCounted(policy, fields) }: SampleRequest,
  { fields: stored }: ResourceDescription,
): { readonly names: string[]; readonly unseen: CountedColumn[]; readonly k: number } {
  const names: string[] = [];
  const unseen: CountedColumn[] = [];
  for (const column of counted.columns) {
    // What the table lost cannot be counted: who has it has it of rows of another table.
    if (!stored.some(({ name }) => name === column.name)) continue;
    const rule = policy.columns[column.name];
    const seen = fields.includes(column.name) && canonicalText(rule?.transform) === canonicalText(column.transform);
    if (!seen) unseen.push(column);
    names.push(seen ? column.name : countedName(unseen.length - 1));
  }
  return { names, unseen, k: counted.k };
}

/** The sample as jobs see it; the same with what it is counted by; beside it the person of each
 *  row, and the tag of each person. */
function shownOf(
  { rowCount, columns }: ColumnBatch,
  unseen: number,
): { drawn: ColumnBatch; counted: ColumnBatch; persons: Int32Array; tags: Float64Array } {
  const { [SUBJECT_NUMBER]: numbers, [SUBJECT_TAG]: tagged, ...rest } = columns;
  if (numbers?.type !== "i32" || tagged?.type !== "f64") {
    throw new TypeError("a sample has number and tag of each row's person");
  }
  const tags = new Float64Array(rowCount);
  for (const [row, person] of numbers.values.entries()) tags[person] = tagged.values[row] ?? 0;
  const counted = { rowCount, columns: rest };
  return { drawn: withoutCounted(counted, unseen), counted, persons: numbers.values, tags };
}

function withoutCounted({ rowCount, columns }: ColumnBatch, unseen: number): ColumnBatch {
  const names = new Set(Array.from({ length: unseen }, (_, i) => countedName(i)));
  return { rowCount, columns: Object.fromEntries(Object.entries(columns).filter(([name]) => !names.has(name))) };
}
