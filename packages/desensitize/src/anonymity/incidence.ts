/** Which persons stand behind which tuples, with or without a value: counted so that the union of any tuples can be counted
 *  again. Persons with one tuple add up; the others are kept one by one, because a union has them once.
 *  @module */
import { groupCodes, type CodeColumn } from "./group.ts";

/** Persons by tuple and value. */
export interface Incidence {
  /** Persons that have no other tuple: `weight[i]` of them have `value[i]` in `tuple[i]`. */
  readonly tuple: Uint32Array;
  readonly value: Uint32Array;
  readonly weight: Float64Array;
  /** Persons that have several tuples, one entry for each of their tuples and values, ordered by person. */
  readonly several: { readonly person: Uint32Array; readonly tuple: Uint32Array; readonly value: Uint32Array };
}

/** The person of each row; rows without it are each another person. */
export type Subjects = Int32Array | Uint32Array;

const NOBODY: Incidence["several"] = {
  person: new Uint32Array(0),
  tuple: new Uint32Array(0),
  value: new Uint32Array(0),
};

/** Counts the persons behind `tuples` (a class of each row) and `values` (a code of each row). */
export function countIncidence(
  tuples: CodeColumn,
  values: CodeColumn,
  subjects: Subjects | undefined,
  weights?: Float64Array,
): Incidence {
  const length = tuples.codes.length;
  if (subjects === undefined) return summed(tuples, values, weights);
  const persons = groupCodes([{ codes: new Uint32Array(subjects), size: 2 ** 32 }], length);
  const pairs = groupCodes([{ codes: persons.ids, size: persons.count }, tuples], length);
  const several = withSeveral(persons.ids, persons.count, pairs.ids, pairs.count);
  const triples = groupCodes([{ codes: pairs.ids, size: pairs.count }, values], length);
  const seen = new Uint8Array(triples.count);
  const single: number[] = [];
  const multiple: number[] = [];
  for (let row = 0; row < length; row++) {
    const triple = triples.ids[row] ?? 0;
    if (seen[triple] === 1) continue;
    seen[triple] = 1;
    if (several[persons.ids[row] ?? 0] === 1) multiple.push(row);
    else single.push(row);
  }
  multiple.sort((a, b) => (persons.ids[a] ?? 0) - (persons.ids[b] ?? 0));
  const at = (codes: Uint32Array): Uint32Array => Uint32Array.from(multiple, (row) => codes[row] ?? 0);
  const only = Uint32Array.from(single);
  const pick = ({ codes, size }: CodeColumn): CodeColumn => ({ codes: only.map((row) => codes[row] ?? 0), size });
  return {
    ...summed(pick(tuples), pick(values), undefined),
    several:
      multiple.length === 0 ? NOBODY : { person: at(persons.ids), tuple: at(tuples.codes), value: at(values.codes) },
  };
}

/** 1 for each person that has more than one pair. */
function withSeveral(persons: Uint32Array, count: number, pairs: Uint32Array, pairCount: number): Uint8Array {
  const first = new Uint32Array(count); // pair + 1
  const several = new Uint8Array(count);
  if (pairCount === count) return several;
  for (const [row, person] of persons.entries()) {
    const pair = (pairs[row] ?? 0) + 1;
    if (first[person] === 0) first[person] = pair;
    else if (first[person] !== pair) several[person] = 1;
  }
  return several;
}

/** Rows as persons of their own, summed by tuple and value. */
function summed(tuples: CodeColumn, values: CodeColumn, weights: Float64Array | undefined): Incidence {
  const { ids, count } = groupCodes([tuples, values], tuples.codes.length);
  const [tuple, value, weight] = [new Uint32Array(count), new Uint32Array(count), new Float64Array(count)];
  for (let row = 0; row < ids.length; row++) {
    const entry = ids[row] ?? 0;
    tuple[entry] = tuples.codes[row] ?? 0;
    value[entry] = values.codes[row] ?? 0;
    weight[entry] = (weight[entry] ?? 0) + (weights?.[row] ?? 1);
  }
  return { tuple, value, weight, several: NOBODY };
}
