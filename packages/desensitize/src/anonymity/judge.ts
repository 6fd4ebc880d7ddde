/** Whether classes keep a model: k persons, and of each sensitive column l values, enough entropy, a distribution near that of
 *  the whole table; and that the sample shows no more, and no less, of the persons of the whole table than it may.
 *
 *  Joining classes never breaks k or distinct l: a union has the persons and the values of its parts. It can break entropy,
 *  distance and presence, when a large class that fails swallows one that passes.
 *  @module */
import type { AnonymityModel } from "@sluice/protocol";
import type { Whole } from "./histogram.ts";
import type { Incidence } from "./incidence.ts";
import type { Population } from "./population.ts";
import { forEachFigures, wholeDistribution, type ClassFigures, type SensitiveTable } from "./sensitive.ts";

/** What every class must keep. */
export interface ClassDemands extends Pick<AnonymityModel, "l" | "entropyL" | "t" | "delta"> {
  readonly k: number;
}

/** Classes of the tuples of a table. */
export interface TupleClasses {
  /** The class of each tuple. */
  readonly classOf: Uint32Array;
  readonly count: number;
}

/** Fails by k or distinct l: so does every class that is part of this one. */
export const FAILS_COUNTS = 1;
/** Fails by entropy, distance or presence. */
export const FAILS_SHARES = 2;

/** What was found in the classes that pass: the least or the greatest of them. */
export interface ModelFigures {
  k: number;
  l?: number;
  entropyL?: number;
  t?: number;
  delta?: { min: number; max: number };
}

/** Rounding of a sum of shares. */
const TOLERANCE = 1e-9;

/** Judges the classes of one table. */
export class ClassJudge {
  readonly demands: ClassDemands;
  readonly sensitive: readonly (readonly [SensitiveTable, Whole])[];
  readonly population: Population | undefined;

  constructor(demands: ClassDemands, sensitive: readonly SensitiveTable[], population?: Population) {
    const { l, entropyL, t } = demands;
    this.demands = demands;
    const asked = l !== undefined || entropyL !== undefined || t !== undefined;
    this.sensitive = asked ? sensitive.map((table) => [table, wholeDistribution(table)] as const) : [];
    this.population = demands.delta === undefined ? undefined : population;
  }

  /** Whether k alone decides, and whether union can break what a class keeps. */
  get countsOnly(): boolean {
    return this.sensitive.length === 0 && this.population === undefined;
  }

  /** Marks of each class. `persons` are the persons of each; `levels` those of the classes, for the population. */
  judge(classes: TupleClasses, persons: Float64Array, levels: readonly number[] | undefined): Uint8Array {
    const fails = new Uint8Array(classes.count);
    for (const [number, count] of persons.entries()) if (count < this.demands.k) fails[number] = FAILS_COUNTS;
    for (const [table, whole] of this.sensitive) {
      forEachFigures(table, whole, classes, (number, figures) => {
        fails[number] = (fails[number] ?? 0) | this.marks(figures);
      });
    }
    for (const [number, share] of this.#shown(classes, persons, levels).entries()) {
      if (this.presence(share) !== "fits") fails[number] = (fails[number] ?? 0) | FAILS_SHARES;
    }
    return fails;
  }

  /** Marks of a class with these figures of one sensitive column. */
  marks({ distinct, entropyL, distance }: ClassFigures): number {
    const { l, entropyL: least, t } = this.demands;
    return (
      (l !== undefined && distinct < l ? FAILS_COUNTS : 0) |
      (least !== undefined && entropyL < least - TOLERANCE ? FAILS_SHARES : 0) |
      (t !== undefined && distance > t + TOLERANCE ? FAILS_SHARES : 0)
    );
  }

  /** Figures of the classes without a mark. */
  measure(
    classes: TupleClasses,
    persons: Float64Array,
    levels: readonly number[] | undefined,
    fails: Uint8Array,
  ): ModelFigures {
    const found: ModelFigures = { k: least(persons.filter((_, number) => fails[number] === 0)) };
    for (const [table, whole] of this.sensitive) {
      forEachFigures(table, whole, classes, (number, { distinct, entropyL, distance }) => {
        if (fails[number] !== 0) return;
        found.l = Math.min(found.l ?? Infinity, distinct);
        found.entropyL = Math.min(found.entropyL ?? Infinity, entropyL);
        found.t = Math.max(found.t ?? 0, distance);
      });
    }
    for (const [number, share] of this.#shown(classes, persons, levels).entries()) {
      if (fails[number] !== 0) continue;
      const { min, max } = found.delta ?? { min: Infinity, max: 0 };
      found.delta = { min: Math.min(min, share), max: Math.max(max, share) };
    }
    return found;
  }

  /** Share of the persons of each class in the whole table that the sample shows; empty when nobody asks. */
  #shown(classes: TupleClasses, persons: Float64Array, levels: readonly number[] | undefined): Float64Array {
    if (this.population === undefined || levels === undefined) return new Float64Array(0);
    const all = this.population.personsOf(classes, levels);
    return persons.map((count, number) => count / Math.max(all[number] ?? 0, count));
  }

  /** Whether a class may show this share of its persons in the whole table, or it is less or more than that. */
  presence(share: number): "less" | "fits" | "more" {
    const { min = 0, max = 1 } = this.demands.delta ?? {};
    if (share < min - TOLERANCE) return "less";
    return share > max + TOLERANCE ? "more" : "fits";
  }
}

/** Persons of each class. */
export function personsOf({ tuple, weight, several }: Incidence, { classOf, count }: TupleClasses): Float64Array {
  const persons = new Float64Array(count);
  for (let entry = 0; entry < tuple.length; entry++) {
    const number = classOf[tuple[entry] ?? 0] ?? 0;
    persons[number] = (persons[number] ?? 0) + (weight[entry] ?? 0);
  }
  addSeveral(persons, several, classOf);
  return persons;
}

/** Adds the persons with several tuples to `persons`, each once for a class. */
export function addSeveral(persons: Float64Array, several: Incidence["several"], classOf: Uint32Array): void {
  const last = new Float64Array(persons.length).fill(-1);
  for (const [entry, at] of several.tuple.entries()) {
    const number = classOf[at] ?? 0;
    const person = several.person[entry] ?? 0;
    if (last[number] === person) continue;
    last[number] = person;
    persons[number] = (persons[number] ?? 0) + 1;
  }
}

function least(counts: Float64Array): number {
  return counts.length === 0 ? 0 : counts.reduce((a, b) => Math.min(a, b), Infinity);
}
