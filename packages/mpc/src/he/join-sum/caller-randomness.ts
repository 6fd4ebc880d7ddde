/** The caller's randomness from one seed, so that a role that is made again from it, and given the same frames, says the same. What
 *  hides its places is drawn after all frames of the domain, and from them too: a role that was taken back to an earlier state, and is
 *  then told something else, has nothing in common with what it said before.
 *  @module */
import { JOIN_SUM_BLOCK_ITEMS, padPsiItems, type Bytes, type Random } from "@sluice/protocol";
import { binRandomness } from "../../psi/ot/bin-randomness.ts";
import { limbsFor } from "./limbs.ts";

/** Of a blind of the list, and of each element of padding. */
const UNIFORM_BYTES = 64;
/** Of one part of a sum: u, of which 1 byte in 256 is drawn again, four times as many as are needed; errors; blind and flood. */
const PART_BYTES = 12 * JOIN_SUM_BLOCK_ITEMS + 64;

/** All that one caller's role draws. */
export interface JoinSumRandomness {
  /** Of the list. */
  readonly random: Random;
  /** Of the masked sums, given a digest of all that the domain has said. */
  readonly maskRandomness: (heard: Bytes) => Promise<Random>;
}

/** Follows from 32 bytes that are of one session alone. @param entries Of the list */
export async function joinSumRandomness(seed: Bytes, entries: number, bound: number): Promise<JoinSumRandomness> {
  const elements = 1 + padPsiItems(entries) - entries;
  const drawn = (transcript: Bytes, length: number): Promise<Random> =>
    binRandomness({ secret: seed, transcript, bin: 0 }, "join-sum", length);
  return {
    random: await drawn(new Uint8Array(0), elements * UNIFORM_BYTES),
    maskRandomness: (heard) => drawn(heard, limbsFor(bound) * PART_BYTES),
  };
}
