/** What a domain remembers of hidden selections: which were registered, by whom, and what answers have cost. A caller has as many
 *  selections as its grant allows, because the difference of two is a sum over fewer groups than either.
 *  @module */
import type { Sha256Hex } from "@sluice/protocol";

/** A selection of a caller. */
export interface SelectionEntry {
  readonly product: string;
  readonly caller: string;
  readonly commitment: Sha256Hex;
}

/** An answer that is about to be given. */
export interface SelectionCharge extends SelectionEntry {
  readonly epoch: string;
  /** Each costs ε = subjectBound / noiseScale, also when it is asked again. */
  readonly measures: readonly { readonly name: string; readonly subjectBound: number; readonly noiseScale: number }[];
}

/** Whether it may: null, or why not. */
export type SelectionRefusal = string | null;

/** A domain keeps one; what it answers with null is durable before it answers, and survives a restart. */
export interface SelectionRegister {
  /** Before any request, under the caller's grant. Registering the same again changes nothing. */
  register(entry: SelectionEntry): Promise<SelectionRefusal>;
  /** Whether it is registered. */
  holds(entry: SelectionEntry): Promise<boolean>;
  /** Before an answer is computed. */
  charge(charge: SelectionCharge): Promise<SelectionRefusal>;
}

/** A register that lasts as long as the process. @param limits of each caller and product */
export function memorySelectionRegister(limits: {
  readonly maxSelections: number;
  readonly maxEpsilon: number;
}): SelectionRegister {
  const selections = new Map<string, Set<Sha256Hex>>();
  const spent = new Map<string, number>();
  const keyOf = ({ product, caller }: SelectionEntry): string => JSON.stringify([product, caller]);
  return {
    register(entry) {
      const held = selections.get(keyOf(entry)) ?? new Set();
      if (!held.has(entry.commitment) && held.size >= limits.maxSelections) {
        return Promise.resolve("the grant allows no further selection");
      }
      selections.set(keyOf(entry), held.add(entry.commitment));
      return Promise.resolve(null);
    },
    holds: (entry) => Promise.resolve(selections.get(keyOf(entry))?.has(entry.commitment) === true),
    charge(charge) {
      const cost = charge.measures.reduce((sum, { subjectBound, noiseScale }) => sum + subjectBound / noiseScale, 0);
      const after = (spent.get(keyOf(charge)) ?? 0) + cost;
      if (after > limits.maxEpsilon) return Promise.resolve("the privacy budget is used up");
      spent.set(keyOf(charge), after);
      return Promise.resolve(null);
    },
  };
}
