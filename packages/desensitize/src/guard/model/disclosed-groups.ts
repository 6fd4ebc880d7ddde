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

/** What the groups of a model tell. */
export interface DisclosedGroups {
  /** Whether every leaf, bin and cluster has enough persons. */
  readonly large: boolean;
  /** Whether between two thresholds of several trees there are enough persons, or nobody. */
  readonly apart: boolean;
  /** Columns of which some group has one value alone, where the sample has several. */
  readonly pure: ReadonlySet<string>;
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
  const columns = watchedColumns(table, watched);
  const found: Group[] = [];
  const pure = new Set<string>();
  let [large, apart, groupCount] = [true, true, 0];
  for (const partition of partitionsOf(model, table)) {
    const { groups, codes, kind, reads, mayBeEmpty } = partition;
    const size = Math.max(...groups.keys()) + 1;
    const counts = counter.count(codes, size);
    // By a column that it reads a group says of itself who is in it, and of nobody what he has.
    const hidden = kind === "interval" ? [] : columns.filter(({ name }) => !reads.has(name));
    const told = hidden.map(({ name, values }) => ({ name, flags: pureGroups(partition, values, size) }));
    for (const [group, name] of groups) {
      const persons = counts[group] ?? 0;
      if (persons === 0 && mayBeEmpty(group)) continue;
      groupCount++;
      if (persons < MIN_CELL_SUBJECTS) {
        if (kind === "interval") apart = false;
        else large = large && mayBeEmpty(group);
      }
      const column = persons === 0 ? undefined : told.find(({ flags }) => flags[group] === 1)?.name;
      for (const { name: other, flags } of told) if (persons > 0 && flags[group] === 1) pure.add(other);
      found.push({ name, persons, ...(column === undefined ? {} : { pure: column }) });
    }
  }
  found.sort((a, b) => a.persons - b.persons);
  return { large, apart, pure, evidence: { groups: found.slice(0, MAX_GROUPS_SHOWN), groupCount } };
}

interface Watched {
  readonly name: string;
  /** A number for each row, the same for the same value, and for all that have none. */
  readonly values: ArrayLike<number>;
}

function watchedColumns(table: ColumnBatch, names: readonly string[]): Watched[] {
  return [...new Set(names)].flatMap((name): Watched[] => {
    const column = Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;
    if (column === undefined || distinctSeen(column).size > MAX_WATCHED_VALUES) return [];
    const { codes } = byValue(column);
    return new Set(Array.from(codes)).size < 2 ? [] : [{ name, values: codes }];
  });
}

/** 1 for each group of which all rows have the same. */
function pureGroups({ codes }: Partition, values: ArrayLike<number>, size: number): Uint8Array {
  const first = new Int32Array(size).fill(-1);
  const flags = new Uint8Array(size).fill(1);
  for (const [row, group] of codes.entries()) {
    const value = values[row] ?? 0;
    if (first[group] === -1) first[group] = value;
    else if (first[group] !== value) flags[group] = 0;
  }
  return flags;
}
