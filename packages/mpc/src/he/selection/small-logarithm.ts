/** Finds x from xB for |x| ≤ bound, by Shanks' baby steps and giant steps: 2 · √(2 · bound) additions and as many entries of a
 *  table at most. Time depends on x; nobody but the caller sees it. No `node:` import: runs in Node and in browsers.
 *  @module */
import { equalBytes, MAX_SELECTION_BOUND, SluiceError, type Bytes } from "@sluice/protocol";
import { isZero, scalarOf, type SelectionGroup } from "./group.ts";

const STEPS_BETWEEN_TURNS = 2_048;

/** A table for one bound. */
export class SmallLogarithm {
  readonly #group: SelectionGroup;
  readonly #bound: number;
  readonly #steps: number;
  /** First six bytes of jB, to j. */
  readonly #table = new Map<number, number>();

  /** @throws RangeError unless the bound is a whole number up to MAX_SELECTION_BOUND */
  constructor(group: SelectionGroup, bound: number) {
    if (!Number.isInteger(bound) || bound < 1 || bound > MAX_SELECTION_BOUND) throw new RangeError("a bound of sums");
    this.#group = group;
    this.#bound = bound;
    this.#steps = Math.ceil(Math.sqrt(2 * bound + 1));
  }

  /** x, or null when there is none within the bound. @throws ERR_CANCELLED */
  async find(element: Bytes, signal?: AbortSignal): Promise<number | null> {
    await this.#fill(signal);
    const group = this.#group;
    const start = group.add(element, group.multiplyBase(scalarOf(BigInt(this.#bound))));
    const giant = group.multiplyBase(scalarOf(BigInt(this.#steps)));
    let left = start;
    for (let i = 0; i <= this.#steps; i++) {
      if (i % STEPS_BETWEEN_TURNS === 0) await turn(signal);
      const baby = this.#table.get(short(left));
      const shifted = i * this.#steps + (baby ?? 0);
      if (baby !== undefined && shifted <= 2 * this.#bound && this.#is(start, shifted)) return shifted - this.#bound;
      left = group.subtract(left, giant);
    }
    return null;
  }

  #is(element: Bytes, value: number): boolean {
    return value === 0 ? isZero(element) : equalBytes(this.#group.multiplyBase(scalarOf(BigInt(value))), element);
  }

  async #fill(signal: AbortSignal | undefined): Promise<void> {
    if (this.#table.size > 0) return;
    const base = this.#group.multiplyBase(scalarOf(1n));
    const entries: [number, number][] = [];
    let multiple: Bytes = new Uint8Array(32);
    for (let j = 0; j < this.#steps; j++) {
      if (j % STEPS_BETWEEN_TURNS === 0) await turn(signal);
      entries.push([short(multiple), j]);
      multiple = this.#group.add(multiple, base);
    }
    for (const [key, j] of entries) this.#table.set(key, j);
  }
}

/** Lets others run, then looks. */
async function turn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
}

function short(bytes: Bytes): number {
  let key = 0;
  for (let i = 0; i < 6; i++) key = key * 256 + (bytes[i] ?? 0);
  return key;
}
