/** The last step: from masked vectors and shares to the sum. Every share is the one that its owner dealt; an owner whose shares do not
 *  give what it said in the beginning is found.
 *  @module */
import { AGGREGATE_FIELDS, aggregateSumBound, equalBytes, SluiceError, type Bytes } from "@sluice/protocol";
import { agree, agreementKey, agreementSecret } from "./agreement.ts";
import { wrongShares } from "./dealing.ts";
import { centred, decodeElements } from "./field.ts";
import { addOwnMask, addPairMask, seedCommitment, type MaskBinding } from "./masking.ts";
import { misplaced, type PlanContext, type RoundMessages } from "./messages.ts";
import { combineShares, elementBytes, type Share } from "./shamir.ts";

/** All that a survivor has received. */
export interface Received {
  readonly adverts: RoundMessages<"advert">;
  readonly shares: RoundMessages<"shares">;
  readonly masked: RoundMessages<"masked">;
}

/** The sum. @param given For each party that dealt, the shares of its secret that it dealt, `threshold` at least
 *  @throws ERR_AGGREGATE_SHARE, ERR_AGGREGATE_ROUND, ERR_FRAME_MALFORMED */
export async function openSum(
  context: PlanContext,
  binding: MaskBinding,
  received: Received,
  given: ReadonlyMap<number, readonly Share[]>,
): Promise<bigint[]> {
  const { plan } = context;
  const field = AGGREGATE_FIELDS[plan.field];
  let sum: bigint[] | undefined;
  for (const [, { body }] of received.masked) {
    const vector = decodeElements(field, body.vector, body.vector.length / field.bytes);
    sum = sum === undefined ? vector : sum.map((value, i) => value + (vector[i] ?? 0n));
  }
  if (sum === undefined) throw new RangeError("a sum has vectors");
  for (const [party, shares] of given) {
    const secret = elementBytes(combineShares(shares.slice(0, plan.threshold)));
    if (received.masked.has(party)) await removeOwn(context, binding, received, sum, party, secret);
    else await removePairs(context, binding, received, sum, party, secret);
    secret.fill(0);
  }
  const bound = aggregateSumBound(plan);
  return sum.map((value) => {
    const whole = centred(field, value);
    if (whole <= bound && -whole <= bound) return whole;
    throw new SluiceError("ERR_AGGREGATE_VALUE", { column: "sum", expected: "at most what the plan allows" });
  });
}

async function removeOwn(
  context: PlanContext,
  binding: MaskBinding,
  { shares }: Received,
  sum: bigint[],
  owner: number,
  seed: Bytes,
): Promise<void> {
  const promised = shares.get(owner)?.body.commitment;
  if (promised === undefined || !equalBytes(promised, await seedCommitment(context.hash, owner, seed))) {
    throw wrongShares(context, [owner]);
  }
  await addOwnMask(binding, sum, { owner, seed, taken: true });
}

/** What survivors added for a party that sent no vector. */
async function removePairs(
  context: PlanContext,
  binding: MaskBinding,
  { adverts, masked }: Received,
  sum: bigint[],
  lost: number,
  key: Bytes,
): Promise<void> {
  const { plan } = context;
  const promised = adverts.get(lost)?.body.maskingKey;
  const own = await agreementSecret(key);
  const name = (party: number): string => plan.parties[party]?.party ?? String(party);
  if (promised === undefined || !equalBytes(promised, await agreementKey(own))) {
    throw wrongShares(context, [lost]);
  }
  for (const owner of masked.keys()) {
    const theirs = adverts.get(owner)?.body.maskingKey;
    if (theirs === undefined) throw misplaced(plan, owner, "it has no key");
    const secret = await agree(own, theirs, name(owner));
    await addPairMask(binding, sum, { owner, other: lost, secret, taken: true });
    secret.fill(0);
  }
}
