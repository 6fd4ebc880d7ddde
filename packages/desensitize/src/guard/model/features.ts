/** Features of released models over the domain's own columns: closed names, who differs in them, their numbers.
 *  @module */
import { isValid, type ColumnBatch, type DomainFacts, type JobManifest } from "@sluice/protocol";
import { identifierKinds } from "../../detect/identifier-kinds.ts";
import { MIN_CELL_SUBJECTS, subjectsOf } from "../subjects.ts";

/** Longest level in a feature name (DataSHIELD's `nfilter.stringShort`). */
const MAX_LEVEL_CHARACTERS = 20;

/** Column and, of an indicator, level of a feature. */
function partsOf(feature: string): { column: string; level: string | null } {
  const at = feature.indexOf("=");
  return at < 0 ? { column: feature, level: null } : { column: feature.slice(0, at), level: feature.slice(at + 1) };
}

/** Column of a feature. */
export function columnOfFeature(feature: string): string {
  return partsOf(feature).column;
}

/** `column`, or `column=level` of a dictionary column. With the domain's list of levels, the level must be on it;
 *  without, it must be a short code or word that is no identifier. */
export function isClosedFeature(feature: string, manifest: JobManifest, facts: DomainFacts): boolean {
  const { column, level } = partsOf(feature);
  if (!Object.hasOwn(manifest.input, column)) return false;
  // The number of a text in its dictionary says where it came first.
  if ((level === null) === (manifest.input[column] === "dict")) return false;
  if (level === null) return true;
  if (facts.levels === undefined) return isShortWord(level) && identifierKinds(level).size === 0;
  return Object.hasOwn(facts.levels, column) && (facts.levels[column]?.includes(level) ?? false);
}

/** Whether MIN_CELL_SUBJECTS persons or things differ in the feature from what most have: the weight of one that few have
 *  is what is known of them. */
export function isSupported(feature: string, facts: DomainFacts): boolean {
  if (facts.table === undefined || !Object.hasOwn(facts.table.columns, columnOfFeature(feature))) return false;
  const subjects = subjectsOf(facts);
  // As a model reads it: a missing value is a 0 as every other.
  const values = featureValues(feature, facts.table);
  const holders = new Map<number, Set<number>>();
  for (let row = 0; row < facts.rowCount; row++) {
    const value = (values[row] ?? 0) + 0;
    let own = holders.get(value);
    if (own === undefined) holders.set(value, (own = new Set()));
    own.add(subjects[row] ?? row);
  }
  const most = [...holders.values()].reduce((best, own) => (own.size > best.size ? own : best), new Set<number>());
  const others = new Set<number>();
  for (const own of holders.values()) if (own !== most) for (const subject of own) others.add(subject);
  return others.size >= MIN_CELL_SUBJECTS;
}

/** The numbers of a feature as a model reads them: 0 where a number is missing, 1 where a text is the level. Zeros for a column
 *  that is not there. */
export function featureValues(feature: string, { rowCount, columns }: ColumnBatch): Float64Array {
  const numbers = new Float64Array(rowCount);
  const { column: name, level } = partsOf(feature);
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (column === undefined) return numbers;
  const code = level === null || column.type !== "dict" ? null : column.dictionary.indexOf(level);
  for (let row = 0; row < rowCount; row++) {
    if (!isValid(column, row)) continue;
    const value = column.values[row] ?? 0;
    numbers[row] = code === null ? value : value === code ? 1 : 0;
  }
  return numbers;
}

function isShortWord(level: string): boolean {
  const characters = Array.from(level);
  return characters.length <= MAX_LEVEL_CHARACTERS && /^[\p{L}\p{N}][\p{L}\p{N} _.<>+-]*$/u.test(level);
}
