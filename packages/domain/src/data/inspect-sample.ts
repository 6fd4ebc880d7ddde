/** Draws the sample of a policy and measures it: the work behind both what a job is given and what an officer is shown.
 *  @module */
import {
  assessRisk,
  checkPolicy,
  classesOf,
  isPseudonym,
  largestK,
  madeKinds,
  MAX_POPULATION_TUPLES,
  personsOf,
  populationSql,
  quasiIdentifiers,
  reportSalt,
  scanColumns,
  sampleSql,
  SUBJECT_NUMBER,
  TUPLE_PERSONS,
  type Population,
  type RiskFacts,
} from "@sluice/desensitize";
import { documentHash, SluiceError } from "@sluice/protocol";
import type { Bytes, ColumnBatch, Policy, RiskReport } from "@sluice/protocol";
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
export type SampleRequest = ViewRequest & { readonly seed: Bytes };

/** A sample with the report on it. It may have failed: only `CertifiedSample.certify` tells whether it may be used. */
export interface InspectedSample {
  readonly batch: ColumnBatch;
  /** The person of each row. */
  readonly subjects: Int32Array;
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
  const source = { table, rowId: ROW_NUMBER, fields, tokenKey, seed, subject: key };
  const view = sampleSql(policy, description, source);
  const read = await readBatch(await session.stream(view.sql, bindBytes(view.parameters)), view.columns, signal);
  const { drawn, persons } = withoutSubjects(read);
  const quasi = quasiIdentifiers(policy, fields);
  const classes = classesOf(drawn, quasi);
  const drawnPersons = personsOf(classes, persons);
  const whole = (): ReturnType<typeof readPopulation> => readPopulation(open, request, { table, quasi });
  const early = policy.model?.delta === undefined ? undefined : await whole();
  const counted = early?.counted;
  const sample = { policy, resource: description, fields, drawn, quasi, persons, population: counted, signal };
  const { batch, subjects, loss, recoded, model } = await keepModel(sample);
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
    ...(model === undefined ? { bestK: largestK(classes, persons, policy.suppressionLimit) } : {}),
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
  if (measured !== undefined) return { batch, subjects, report: measured };
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
  return { batch, subjects, report };
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

/** The sample as jobs see it, and beside it the person of each row. */
function withoutSubjects({ rowCount, columns }: ColumnBatch): { drawn: ColumnBatch; persons: Int32Array } {
  const { [SUBJECT_NUMBER]: numbers, ...shown } = columns;
  if (numbers?.type !== "i32") throw new TypeError("a sample has the number of each row's person");
  return { drawn: { rowCount, columns: shown }, persons: numbers.values };
}
