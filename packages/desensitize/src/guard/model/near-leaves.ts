/** Leaves of different trees that a few persons tell apart: the difference of what both say is about those few. Each leaf has a set
 *  of its rows as a sum of random words, in buckets by person, so that most pairs are told apart by their first words.
 *  @module */
import type { ColumnBatch, DomainFacts, TreeModel } from "@sluice/protocol";
import { mixed } from "../shown-sets.ts";
import { MIN_CELL_SUBJECTS, subjectsOf } from "../subjects.ts";
import { partitionsOf } from "./groups.ts";

const BUCKETS = 64;

interface Leaf {
  readonly tree: number;
  readonly node: number;
  readonly words: Uint32Array;
}

/** Whether one to nine persons tell two leaves of different trees apart. Leaves of the same rows tell nothing of anybody. */
export function hasNearLeaves(model: TreeModel, table: ColumnBatch, facts: DomainFacts): boolean {
  if (model.trees.length < 2) return false;
  const subjects = subjectsOf(facts);
  const marks = Uint32Array.from(subjects, (subject, row) => mixed(subject + 1, row + 1));
  const buckets = Uint8Array.from(subjects, (subject) => mixed(subject + 1, 0x51ce) % BUCKETS);
  const codes = partitionsOf(model, table).flatMap(({ kind, codes: own }) => (kind === "leaf" ? [own] : []));
  const leaves = codes.flatMap((own, tree) => leavesOf(own, { tree, marks, buckets }));
  for (const [i, leaf] of leaves.entries()) {
    for (const other of leaves.slice(0, i)) {
      if (other.tree === leaf.tree || !mayBeNear(leaf.words, other.words)) continue;
      const persons = apart([codes[leaf.tree], codes[other.tree]], [leaf.node, other.node], subjects);
      if (persons > 0 && persons < MIN_CELL_SUBJECTS) return true;
    }
  }
  return false;
}

function leavesOf(
  codes: Uint16Array,
  { tree, marks, buckets }: { readonly tree: number; readonly marks: Uint32Array; readonly buckets: Uint8Array },
): Leaf[] {
  const found = new Map<number, Uint32Array>();
  for (const [row, node] of codes.entries()) {
    let own = found.get(node);
    if (own === undefined) found.set(node, (own = new Uint32Array(BUCKETS)));
    const bucket = buckets[row] ?? 0;
    own[bucket] = (own[bucket] ?? 0) + (marks[row] ?? 0);
  }
  return [...found].map(([node, words]) => ({ tree, node, words }));
}

/** Fewer persons than MIN_CELL_SUBJECTS are in as few buckets. Equal sets are near none. */
function mayBeNear(one: Uint32Array, other: Uint32Array): boolean {
  let different = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    if (one[bucket] !== other[bucket] && ++different >= MIN_CELL_SUBJECTS) return false;
  }
  return different > 0;
}

/** How many persons have a row in one leaf alone. */
function apart(
  [one, other]: readonly [Uint16Array | undefined, Uint16Array | undefined],
  [first, second]: readonly [number, number],
  subjects: Uint32Array,
): number {
  const persons = new Set<number>();
  for (const [row, subject] of subjects.entries()) {
    if ((one?.[row] === first) !== (other?.[row] === second)) persons.add(subject);
    if (persons.size >= MIN_CELL_SUBJECTS) break;
  }
  return persons.size;
}
