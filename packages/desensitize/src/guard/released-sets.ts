/** On whom metrics and a model were computed, so that later ones of the same kind can be held against it: their difference
 *  would be about those few who are in one sample alone, or of whom one has other values. A set as tables have them, of every
 *  row that the job read with what it read of it; where tables count persons, it has a mark of the kind.
 *
 *  // struct { uint32 mean : 1 = 0, released : 1 = 1, shape : 30; uint32 people[256]; uint32 contents[256]; } ReleasedSet
 *  @module */
import { isValid, type Column, type DomainFacts, type ModelKind } from "@sluice/protocol";
import { BUCKETS, mixed, OF_RELEASED, SET_WORDS } from "./shown-sets.ts";
import { subjectsOf } from "./subjects.ts";

/** What is told: by names of metrics or features of their own choice, the same is told under another. */
export type ReleasedKind = "metrics" | ModelKind | "square-network";

/** Mark of a kind, as the first word of a set has it. */
export function kindWord(kind: ReleasedKind): number {
  return (OF_RELEASED | (textHash(kind) & (OF_RELEASED - 1))) >>> 0;
}

/** The set of every row, under that mark. @throws ERR_BODY_INVALID when there is not one person for each row */
export function releasedSet(facts: DomainFacts, tags: Uint32Array, kind: ReleasedKind): Uint32Array {
  const set = new Uint32Array(SET_WORDS);
  set[0] = kindWord(kind);
  const columns = Object.entries(facts.table?.columns ?? {})
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, column]) => ({ mark: textHash(name), wordsOf: wordsOf(column) }));
  const seen = new Set<number>();
  for (const [row, person] of subjectsOf(facts).entries()) {
    const [first = 0, second = 0] = [tags[2 * person], tags[2 * person + 1]];
    const bucket = first % BUCKETS;
    if (!seen.has(person)) set[1 + bucket] = (set[1 + bucket] ?? 0) ^ second;
    seen.add(person);
    let content = mixed(second, first);
    for (const { mark, wordsOf } of columns) for (const word of [mark, ...wordsOf(row)]) content = mixed(content, word);
    // Added, so that two rows alike do not cancel out.
    set[1 + BUCKETS + bucket] = (set[1 + BUCKETS + bucket] ?? 0) + content;
  }
  return set;
}

/** Words of a row's value; none where it has none. */
function wordsOf(column: Column): (row: number) => readonly number[] {
  const texts = column.type === "dict" ? column.dictionary.map((text) => [textHash(text)]) : null;
  const double = new Float64Array(1);
  const words = new Uint32Array(double.buffer);
  return (row) => {
    if (!isValid(column, row)) return [];
    const value = column.values[row] ?? 0;
    if (texts !== null) return texts[value] ?? [];
    double[0] = value + 0;
    return [words[0] ?? 0, words[1] ?? 0];
  };
}

/** A word of a text, the same wherever it is computed. */
export function textHash(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = mixed(hash, text.charCodeAt(i));
  return hash;
}
