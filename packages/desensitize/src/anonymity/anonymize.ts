/** From a batch of rows to one in which every class of equal quasi-identifiers keeps a model: by leaving rows out, by one level
 *  for each column (full-domain), or by boxes (Mondrian). What is returned was counted again on what is shown.
 *  @module */
import { ANY_VALUE, topLevel, type ColumnBatch } from "@sluice/protocol";
import { generalizeValue } from "../hierarchy/generalize.ts";
import { takeRows } from "../sample/suppress.ts";
import { encodeColumn } from "./dimension.ts";
import { byBoxes, byLevels, type ClassesLeft } from "./found-classes.ts";
import { countIncidence } from "./incidence.ts";
import { ClassJudge, personsOf, type ModelFigures } from "./judge.ts";
import { ownHierarchy } from "./mondrian.ts";
import { Population } from "./population.ts";
import { sharesShown } from "./presence.ts";
import { shownColumn, type Recoding } from "./recoding.ts";
import { checkRequest, refusal, type AnonymityRequest } from "./request.ts";
import type { SensitiveTable } from "./sensitive.ts";
import { columnOf, createTuples, type TupleTable } from "./tuples.ts";

/** A batch that keeps the model. Figures that were not asked for are absent. */
export interface AnonymizedBatch extends ModelFigures {
  readonly batch: ColumnBatch;
  /** The person of each row that is left; present when it was given. */
  readonly subjects?: Int32Array;
  readonly suppressedRows: number;
  /** The class of each row that is left. */
  readonly classes: Int32Array;
  /** Mean normalised loss over rows and quasi-identifiers; a row left out counts 1. */
  readonly loss: number;
  readonly recoding: Recoding;
  /** Combinations of levels, and how many were counted: under `full-domain`. */
  readonly search?: { readonly nodes: number; readonly checks: number };
  /** By column: rows whose value its hierarchy does not know, and shows as `*`. */
  readonly outside: Readonly<Record<string, number>>;
}

/** @throws ERR_SAMPLE_K or ERR_SAMPLE_MODEL when the model cannot be kept within the suppression limit; ERR_POLICY when it
 *  asks for what cannot be judged or searched; ERR_POLICY_COLUMN; ERR_CANCELLED */
export async function anonymize(batch: ColumnBatch, request: AnonymityRequest): Promise<AnonymizedBatch> {
  const { quasi, hierarchies, model, k, suppressionLimit, subjects } = request;
  checkRequest(request);
  const fixed = model.algorithm !== "full-domain";
  const table = createTuples({ batch, quasi, hierarchies, subjects, fixed });
  const judge = new ClassJudge(
    { ...model, k },
    sensitiveTables(batch, table, request),
    populationOf(table, request, fixed),
  );
  const found =
    model.algorithm === "mondrian" ? await byBoxes(table, judge, request) : await byLevels(table, judge, request);
  if (found === null) throw refusal(request);
  const { classes, levels, recode, loss, search } = found;
  const persons = personsOf(table.persons, classes);
  const fails = judge.judge(classes, persons, levels);
  const left = numberLeft(fails);
  const kept: number[] = [];
  for (let row = 0; row < batch.rowCount; row++) {
    if ((left.numbers[classes.classOf[table.tupleOf[row] ?? 0] ?? 0] ?? -1) >= 0) kept.push(row);
  }
  const suppressedRows = batch.rowCount - kept.length;
  if (kept.length === 0 || suppressedRows > suppressionLimit * batch.rowCount) throw refusal(request);
  const classOfRow = Int32Array.from(kept, (row) => left.numbers[classes.classOf[table.tupleOf[row] ?? 0] ?? 0] ?? -1);
  const recoding = recode(left);
  const delta = levels === undefined ? boxPresence(recoding, persons, left, judge, request) : undefined;
  return {
    ...judge.measure(classes, persons, levels, fails),
    ...(delta === undefined ? {} : { delta }),
    batch: showClasses(takeRows(batch, kept), table, recoding, classOfRow),
    ...(subjects === undefined ? {} : { subjects: Int32Array.from(kept, (row) => subjects[row] ?? 0) }),
    suppressedRows,
    classes: classOfRow,
    loss,
    recoding,
    ...(search === undefined ? {} : { search }),
    outside: outsideRows(table, hierarchies),
  };
}

/** What boxes show of the whole table, counted once more on what is shown of them; undefined when nobody asks.
 *  @throws ERR_SAMPLE_MODEL when one shows less or more than it may */
function boxPresence(
  recoding: Recoding,
  persons: Float64Array,
  { numbers }: ClassesLeft,
  judge: ClassJudge,
  request: AnonymityRequest,
): ModelFigures["delta"] {
  const { model, population } = request;
  if (model.delta === undefined || population === undefined) return undefined;
  const shares = sharesShown(
    recoding,
    [...persons].filter((_, number) => (numbers[number] ?? -1) >= 0),
    population,
  );
  if (shares.some((share) => judge.presence(share) !== "fits")) throw refusal(request);
  return { min: Math.min(...shares), max: Math.max(...shares) };
}

function showClasses(
  batch: ColumnBatch,
  { dimensions }: TupleTable,
  { shown }: Recoding,
  classes: Int32Array,
): ColumnBatch {
  const recoded = dimensions.map(({ name, type }, d) => [name, shownColumn(type, shown[d] ?? [], classes)] as const);
  return { rowCount: batch.rowCount, columns: { ...batch.columns, ...Object.fromEntries(recoded) } };
}

function numberLeft(fails: Uint8Array): ClassesLeft {
  let count = 0;
  const numbers = Int32Array.from(fails, (mark) => (mark === 0 ? count++ : -1));
  return { numbers, count };
}

function sensitiveTables(batch: ColumnBatch, table: TupleTable, request: AnonymityRequest): SensitiveTable[] {
  const { l, entropyL, t } = request.model;
  if (l === undefined && entropyL === undefined && t === undefined) return [];
  return (request.sensitive ?? []).map(({ name, ordered }) => {
    const { values, codes } = encodeColumn(columnOf(batch, name), batch.rowCount);
    const size = Math.max(1, values.length);
    const tuples = { codes: table.tupleOf, size: Math.max(1, table.count) };
    return { name, size, ordered, incidence: countIncidence(tuples, { codes, size }, request.subjects) };
  });
}

function populationOf(table: TupleTable, request: AnonymityRequest, fixed: boolean): Population | undefined {
  const { population, quasi, hierarchies, model } = request;
  if (population === undefined || model.delta === undefined) return undefined;
  return new Population(table, createTuples({ ...population, quasi, hierarchies, fixed }));
}

/** Rows whose value is there and becomes `*` at the first level above, though that is not the highest. */
function outsideRows(
  { dimensions, codes, rows }: TupleTable,
  hierarchies: AnonymityRequest["hierarchies"],
): Record<string, number> {
  const counts = dimensions.flatMap(({ name, values }, d): [string, number][] => {
    const declared = ownHierarchy(hierarchies, name);
    if (declared === undefined) return [];
    const { hierarchy, from } = declared;
    const known = values.map((value) => {
      if (value === null || from + 1 >= topLevel(hierarchy)) return true;
      return generalizeValue(hierarchy, from + 1, value, from) !== ANY_VALUE;
    });
    let count = 0;
    for (const [tuple, code] of (codes[d] ?? []).entries()) if (known[code] === false) count += rows[tuple] ?? 0;
    return count === 0 ? [] : [[name, count]];
  });
  return Object.fromEntries(counts);
}
