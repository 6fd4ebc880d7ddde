/** Whether the groups of a released model are large enough, and whether all of one have the same to hide.
 *  @see SACRO-ML, structural attack: k-anonymity of leaves, class disclosure, small groups
 *  @module */
import type { ColumnBatch, DomainFacts, ModelEvidence, ReleasedModel } from "@sluice/protocol";
import { MAX_GROUPS_SHOWN } from "@sluice/protocol";
import { byValue, distinctSeen } from "../row-columns.ts";
import { MIN_CELL_SUBJECTS } from "../subjects.ts";
import { partitionsOf, PersonCounter, type Partition } from "./groups.ts";

/** Values of a column of which a group can have one by more than chance: of more, hardly any group of ten has. */
const MAX_WATCHED_VALUES = 50;
/** Share of a group that has one value, above which the group says it of each. Ours. */
const NEARLY_ALL = 0.95;

/** What the groups of a model tell. */
export interface DisclosedGroups {
  /** Whether every leaf, bin and cluster has enough persons. */
  readonly large: boolean;
  /** Whether between two thresholds of several trees there are enough persons, or nobody. */
  readonly apart: boolean;
  /** Columns of which nearly all of some group have one value, and fewer than MIN_CELL_SUBJECTS another. */
  readonly pure: ReadonlySet<string>;
  /** Columns of which in some group fewer than MIN_CELL_SUBJECTS have another value than most, though not nearly all have one. */
  readonly few: ReadonlySet<string>;
  readonly evidence: Pick<ModelEvidence, "groups" | "groupCount">;
}

type Group = ModelEvidence["groups"][number];

/** Counts the groups of `model`, as it leaves, over `table`; `watched` are columns that no group may give away. */
export function discloseGroups(
  model: ReleasedModel,
  table: ColumnBatch,
  { facts, watched }: { readonly facts: DomainFacts; readonly watched: readonly string[] },
): DisclosedGroups {
  const counter = new PersonCounter(facts);
  const columns = watchedColumns(table, watched, counter);
  const found: Group[] = [];
  const [pure, few] = [new Set<string>(), new Set<string>()];
  let [large, apart, groupCount] = [true, true, 0];
  for (const partition of partitionsOf(model, table)) {
    const { groups, codes, kind, mayBeEmpty } = partition;
    const size = Math.max(...groups.keys()) + 1;
    const counts = counter.count(codes, size);
    const hidden = kind === "interval" ? [] : columns;
    const told = hidden.map((column) => ({ name: column.name, of: toldByGroup(partition, column, counter) }));
    for (const [group, name] of groups) {
      const persons = counts[group] ?? 0;
      if (persons === 0 && mayBeEmpty(group)) continue;
      groupCount++;
      if (persons < MIN_CELL_SUBJECTS) {
        if (kind === "interval") apart = false;
        else large = large && mayBeEmpty(group);
      }
      const column = told.find(({ of }) => of.get(group) === 2)?.name;
      for (const { name: other, of } of told) {
        if (of.has(group)) (of.get(group) === 2 ? pure : few).add(other);
      }
      found.push({ name, persons, ...(column === undefined ? {} : { pure: column }) });
    }
  }
  found.sort((a, b) => a.persons - b.persons);
  return { large, apart, pure, few, evidence: { groups: found.slice(0, MAX_GROUPS_SHOWN), groupCount } };
}

interface Watched {
  readonly name: string;
  /** Number of each row's value; one more than all where it has none. */
  readonly values: Uint16Array;
  /** By value: a row that has it, and how many persons have. */
  readonly examples: readonly { readonly row: number; readonly persons: number }[];
}

/** Columns with few values, of which enough persons have another than most. */
function watchedColumns(table: ColumnBatch, names: readonly string[], counter: PersonCounter): Watched[] {
  return [...new Set(names)].flatMap((name): Watched[] => {
    const column = Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;
    if (column === undefined || distinctSeen(column).size > MAX_WATCHED_VALUES) return [];
    const { codes, levels } = byValue(column);
    const places = new Map<number, number>();
    const rows: number[] = [];
    for (let row = 0; row < table.rowCount; row++) {
      const code = codes[row] ?? levels;
      if (code >= levels || places.has(code)) continue;
      places.set(code, rows.length);
      rows.push(row);
    }
    const missing = rows.length;
    const values = Uint16Array.from(codes, (code) => places.get(code) ?? missing);
    const persons = counter.count(values, missing + 1);
    const examples = rows.map((row, value) => ({ row, persons: persons[value] ?? 0 }));
    return othersOf(examples.map((example) => example.persons)) < MIN_CELL_SUBJECTS ? [] : [{ name, values, examples }];
  });
}

/** What each group tells of a column: 2 where nearly all have one value, 1 where fewer than MIN_CELL_SUBJECTS have another, 0
 *  where enough have, or no more have one than by what the group asks of the column itself. Who has no value is not counted. */
function toldByGroup(
  { codesWithout, groups, admits }: Partition,
  { name, values, examples }: Watched,
  counter: PersonCounter,
): Map<number, 1 | 2> {
  const told = new Map<number, 1 | 2>();
  const codes = codesWithout(name);
  if (codes === null) return told;
  const width = examples.length + 1;
  const size = Math.max(...groups.keys()) + 1;
  const counts = counter.count(
    codes.map((group, row) => group * width + (values[row] ?? 0)),
    size * width,
  );
  for (const group of groups.keys()) {
    const own = Array.from(examples, (_, value) => counts[group * width + value] ?? 0);
    const most = Math.max(...own);
    const others = othersOf(own);
    if (most === 0 || others >= MIN_CELL_SUBJECTS) continue;
    const value = own.indexOf(most);
    const possible = examples.filter(({ row }, other) => other !== value && admits(group, name, row));
    if (possible.reduce((sum, { persons }) => sum + persons, 0) < MIN_CELL_SUBJECTS) continue;
    told.set(group, most > NEARLY_ALL * (most + others) ? 2 : 1);
  }
  return told;
}

/** How many have another value than most. */
function othersOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0) - Math.max(0, ...counts);
}
