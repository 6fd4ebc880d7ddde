/** The caller's side of the shuffled double blinding: its list under one blind, and where among the domain's tags the elements are
 *  that come back. These are in the order of their bytes under a key of the session, so a place tells of no entry of the list.
 *  @module */
import {
  ELEMENT_BYTES,
  MAX_JOIN_SUM_LIST_ITEMS,
  padPsiItems,
  PSI_TAG_BYTES,
  SluiceError,
  type Bytes,
  type Random,
} from "@sluice/protocol";
import { callerGroup, UNIFORM_BYTES, type CallerGroup } from "../../psi/caller-group.ts";
import { psiEntry } from "../../psi/entry.ts";
import { eachInBatches, type PsiPassOptions } from "../../psi/pass.ts";
import { placeOfTag, tagOf } from "../../psi/tags.ts";
import { malformed } from "./context.ts";

/** Items between two looks at the signal: some 20 ms with libsodium. */
const BATCH_ITEMS = { libsodium: 128, noble: 16 } as const;

/** A list that is asked about. Wipe it. */
export interface BlindedList {
  /** Distinct entries. */
  readonly entries: number;
  /** The blind times the group's base. */
  readonly base: Bytes;
  /** A padded number of elements. */
  readonly elements: Bytes;
  readonly group: CallerGroup;
  /** The blind's inverse. */
  readonly inverse: Bytes;
}

/** @throws ERR_PSI_SET_TOO_LARGE */
export function entriesOf(list: Iterable<string>): Bytes[] {
  const distinct = new Set<string>();
  for (const entry of list) {
    distinct.add(entry);
    if (distinct.size > MAX_JOIN_SUM_LIST_ITEMS) {
      throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: MAX_JOIN_SUM_LIST_ITEMS });
    }
  }
  return [...distinct].map(psiEntry);
}

/** Blinds the entries by a fresh scalar. @throws ERR_OPRF_INPUT, ERR_CANCELLED */
export async function blindList(
  entries: readonly Bytes[],
  context: Bytes,
  random: Random,
  options: PsiPassOptions,
): Promise<BlindedList> {
  const group = await callerGroup();
  const wide = random.bytes(UNIFORM_BYTES);
  const scalar = group.reduce(wide);
  wide.fill(0);
  const padded = padPsiItems(entries.length);
  const elements = new Uint8Array(padded * ELEMENT_BYTES);
  const put = (i: number): void => {
    const entry = entries[i];
    const element =
      entry === undefined ? group.map(random.bytes(UNIFORM_BYTES)) : group.multiply(scalar, group.hash(entry, context));
    // No one can bring either about: a blind of zero, an entry that hashes to the identity.
    if (element === null) throw new SluiceError("ERR_OPRF_INPUT", { reason: "it does not map to a group element" });
    elements.set(element, i * ELEMENT_BYTES);
  };
  try {
    await eachInBatches(padded, options, put, BATCH_ITEMS[group.engine]);
    const base = group.multiplyBase(scalar);
    return { entries: entries.length, base, elements, group, inverse: group.invert(scalar) };
  } finally {
    scalar.fill(0);
  }
}

/** The domain's tags as they come, and which of them match. */
export class TagMatches {
  readonly #tags: Bytes;
  readonly #matched: Bytes;
  #received = 0;

  constructor(tags: number) {
    this.#tags = new Uint8Array(tags * PSI_TAG_BYTES);
    this.#matched = new Uint8Array(tags);
  }

  /** Tags that have come. */
  get received(): number {
    return this.#received;
  }

  /** Number of tags in all. */
  get total(): number {
    return this.#matched.length;
  }

  /** Number of those that match. */
  get matches(): number {
    return this.#matched.reduce((sum, each) => sum + each, 0);
  }

  /** Takes the next tags. @throws ERR_FRAME_MALFORMED when there are too many, or one is not above the one before */
  take(tags: Bytes): void {
    const from = this.#received * PSI_TAG_BYTES;
    if (from + tags.length > this.#tags.length) throw malformed("tags", `${this.total} of them`);
    this.#tags.set(tags, from);
    for (let at = Math.max(from, PSI_TAG_BYTES); at < from + tags.length; at += PSI_TAG_BYTES) {
      let i = 0;
      while (i < PSI_TAG_BYTES && this.#tags[at + i] === this.#tags[at - PSI_TAG_BYTES + i]) i++;
      const above = i < PSI_TAG_BYTES && (this.#tags[at + i] ?? 0) > (this.#tags[at - PSI_TAG_BYTES + i] ?? 0);
      if (!above) throw malformed("tags", "strictly ascending");
    }
    this.#received += tags.length / PSI_TAG_BYTES;
  }

  /** Marks the tags of elements that came back. @throws ERR_OPRF_ELEMENT, ERR_CANCELLED */
  async mark(
    { group, inverse }: Pick<BlindedList, "group" | "inverse">,
    elements: Bytes,
    context: Bytes,
    options: PsiPassOptions,
  ): Promise<void> {
    const look = (index: number): void => {
      const element = group.multiply(inverse, elements.subarray(index * ELEMENT_BYTES, (index + 1) * ELEMENT_BYTES));
      if (element === null) throw new SluiceError("ERR_OPRF_ELEMENT", { index });
      const place = placeOfTag(this.#tags, tagOf(element, context));
      if (place !== null) this.#matched[place] = 1;
    };
    await eachInBatches(elements.length / ELEMENT_BYTES, options, look, BATCH_ITEMS[group.engine]);
  }

  /** Places of matching tags from `from` on, below `from + length`; counted from `from`. */
  placesIn(from: number, length: number): number[] {
    const places: number[] = [];
    for (let i = 0; i < length; i++) if (this.#matched[from + i] === 1) places.push(i);
    return places;
  }

  wipe(): void {
    this.#matched.fill(0);
  }
}
