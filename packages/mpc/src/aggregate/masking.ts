/** The two masks of a vector: one that its party shares with every other, which fall out of the sum, and one of its own, without
 *  which a late message of a party that was thought lost would open its vector.
 *  @see Bonawitz et al., Practical Secure Aggregation for Privacy-Preserving Machine Learning (CCS 2017), §4
 *  @module */
import { concatBytes, sha256, utf8, type Bytes } from "@sluice/protocol";
import type { AggregateField } from "./field.ts";
import { addMask } from "./mask.ts";

/** What masks of one aggregation are bound to. */
export interface MaskBinding {
  readonly field: AggregateField;
  readonly plan: Bytes;
  /** The transcript after the adverts. */
  readonly adverts: Bytes;
}

/** Adds what parties `owner` and `other` have in common as `owner` does, or takes it away. */
export async function addPairMask(
  { field, plan, adverts }: MaskBinding,
  onto: bigint[],
  { owner, other, secret, taken = false }: { owner: number; other: number; secret: Bytes; taken?: boolean },
): Promise<void> {
  const pair = Uint8Array.of(Math.min(owner, other), Math.max(owner, other));
  const sign = owner < other !== taken ? 1 : -1;
  await addMask(field, onto, { secret, context: concatBytes(utf8("pair"), plan, adverts, pair), sign });
}

/** Adds a party's own mask, or takes it away. */
export async function addOwnMask(
  { field, plan, adverts }: MaskBinding,
  onto: bigint[],
  { owner, seed, taken = false }: { owner: number; seed: Bytes; taken?: boolean },
): Promise<void> {
  const context = concatBytes(utf8("own"), plan, adverts, Uint8Array.of(owner));
  await addMask(field, onto, { secret: seed, context, sign: taken ? -1 : 1 });
}

/** What a party says its seed hashes to, before anyone needs it. */
export async function seedCommitment(plan: Bytes, owner: number, seed: Bytes): Promise<Bytes> {
  return await sha256(concatBytes(utf8("sluice/aggregate/seed/v1"), plan, Uint8Array.of(owner), seed));
}
