/** The safe profile of a table, counted by the engine that holds it. Only sums of persons come out of the engine.
 *  @module */
import {
  MAX_PROFILE_VALUES,
  MIN_PROFILE_PERSONS,
  ResourceProfile,
  SluiceError,
  type ColumnProfile,
  type ResourceDescription,
} from "@sluice/protocol";
import { bandBinExpression, bandsProfile, countBands } from "./band-counts.ts";
import { readColumnFacts, type ColumnFacts } from "./column-facts.ts";
import { countPairs, type BinnedColumn } from "./pair-counts.ts";
import { personRows, type ProfileSource, type RunSql } from "./person-rows.ts";
import { planProfile, type PlannedColumn } from "./plan.ts";
import { PROFILE_BASE, roundPersons } from "./threshold.ts";
import { countValues, valuesProfile } from "./value-counts.ts";

/** Values listed of all columns together. */
const MAX_LISTED_VALUES = 4_096;
/** Lengths of texts are rounded outwards to multiples of it, where they differ. */
const LENGTH_GRID = 5;

/** What is counted, and how carefully. */
export interface ProfileOptions {
  /** Column that says whom a row is about; undefined when each row is about another person. */
  readonly subject?: string | undefined;
  /** Persons that a figure stands for at least (default MIN_PROFILE_PERSONS). */
  readonly minimum?: number | undefined;
  /** Whether pairs of columns are counted, too. */
  readonly pairs?: boolean | undefined;
}

/** Profiles `resource`, whose rows `run` reads in `source`. The same rows in the same order give the same profile.
 *  @throws ERR_POLICY_COLUMN when the resource lacks the subject; ERR_SAMPLE_SIZE when there are fewer persons than the
 *    minimum; whatever `run` throws */
export async function profileTable(
  run: RunSql,
  resource: ResourceDescription,
  source: ProfileSource,
  { subject, minimum = MIN_PROFILE_PERSONS, pairs = false }: ProfileOptions = {},
): Promise<ResourceProfile> {
  if (!Number.isSafeInteger(minimum) || minimum < MIN_PROFILE_PERSONS) {
    throw new RangeError(`a profile's minimum is at least ${MIN_PROFILE_PERSONS}`);
  }
  if (subject !== undefined && !resource.fields.some(({ name }) => name === subject)) {
    throw new SluiceError("ERR_POLICY_COLUMN", { column: subject });
  }
  const { from, persons } = await personRows(run, source, subject);
  if (persons < minimum) throw new SluiceError("ERR_SAMPLE_SIZE", { needed: minimum });
  const planned = planProfile(resource, subject);
  const facts = await readColumnFacts(run, from, planned, minimum);
  const columns: ColumnProfile[] = [];
  const binned: BinnedColumn[] = [];
  const limit = Math.min(MAX_PROFILE_VALUES, Math.floor(MAX_LISTED_VALUES / planned.length));
  for (const [i, column] of planned.entries()) {
    const own = facts[i];
    if (own === undefined) continue;
    const counted = await profileColumn(run, from, { column, facts: own, index: i, limit }, { persons, minimum });
    if (counted !== null) binned.push(counted);
    columns.push(counted?.profile ?? shapeOf(column, own, minimum));
  }
  return ResourceProfile.parse({
    version: 1,
    kind: "threshold",
    domain: resource.domain,
    resource: resource.resource,
    snapshot: resource.snapshot,
    ...(subject === undefined ? {} : { subject }),
    minimum,
    base: PROFILE_BASE,
    persons: roundPersons(persons),
    columns,
    ...(pairs ? { pairs: await countPairs(run, from, binned, minimum) } : {}),
  });
}

/** Null where only a shape may be shown. */
async function profileColumn(
  run: RunSql,
  from: string,
  { column, facts, index, limit }: { column: PlannedColumn; facts: ColumnFacts; index: number; limit: number },
  counts: { readonly persons: number; readonly minimum: number },
): Promise<BinnedColumn | null> {
  const { minimum } = counts;
  if (column.look === "shape") return null;
  if (column.look === "number" || column.look === "date") {
    const banded = await countBands(run, from, column, facts, minimum);
    if (banded === null) return null;
    return {
      profile: bandsProfile(column, banded, facts, counts),
      binning: { sql: bandBinExpression(column, banded) },
    };
  }
  const { name } = column.field;
  const table = `profile values ${index}`;
  const counted = await countValues(run, from, { name, table, minimum, limit });
  const profile = valuesProfile(name, counted, facts, counts);
  if (profile === null) return null;
  const listed = profile.values.map(({ value }) => value);
  return { profile, binning: { table, places: counted.map(({ value }) => listed.indexOf(value)) } };
}

/** The length of texts that all persons but a few have, or where it differs about from where to where. */
function shapeOf({ field }: PlannedColumn, { low, high, filled }: ColumnFacts, minimum: number): ColumnProfile {
  const shape = { kind: "shape", field: field.name } as const;
  if (field.type !== "text" || low === null || high === null) return shape;
  if (low === high && filled >= 3 * minimum) return { ...shape, length: { from: low, to: high } };
  const from = Math.floor(low / LENGTH_GRID) * LENGTH_GRID;
  return { ...shape, length: { from, to: Math.ceil(Math.max(high, 1) / LENGTH_GRID) * LENGTH_GRID } };
}
