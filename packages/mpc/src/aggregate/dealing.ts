/** Shares of one party's two secrets, dealt to every party: each is sealed for its holder and hashed for all, so that whoever gives a
 *  wrong one later, or was dealt a wrong one now, knows whose fault it is. A share is uniform, so its hash says nothing of it.
 *  Hashes do not say that shares are of one secret: a dealer whose shares all fit their hashes and give another secret than it
 *  committed to is found when they are put together.
 *  @module */
import {
  AGGREGATE_SHARE_HASH_BYTES,
  concatBytes,
  equalBytes,
  sha256,
  SluiceError,
  utf8,
  type AggregateShares,
  type Bytes,
  type Random,
  type SealedFor,
} from "@sluice/protocol";
import { seedCommitment } from "./masking.ts";
import { misplaced, type PlanContext } from "./messages.ts";
import type { PairSealing } from "./pair-sealing.ts";
import { elementBytes, elementOf, splitSecret, type Share } from "./shamir.ts";

/** The shares that one party gave this one. */
export type HeldShares = { readonly seed: Share; readonly key: Share };
type Secret = keyof HeldShares;

/** Who deals, or is dealt to. */
export interface Dealing {
  readonly context: PlanContext;
  readonly own: number;
  readonly sealing: PairSealing;
  /** All parties that sent an advert, ascending. */
  readonly holders: readonly number[];
  /** The transcript after the adverts. */
  readonly transcript: Bytes;
}

/** What party `own` says in the round of shares, and the shares that it keeps. */
export async function dealShares(
  { context, own, sealing, holders, transcript }: Dealing,
  { seed, key, random }: { readonly seed: Bytes; readonly key: Bytes; readonly random: Random },
): Promise<{ body: AggregateShares; kept: HeldShares }> {
  const { plan, hash } = context;
  const sharing = { xs: holders.map(placeOf), threshold: plan.threshold, random };
  const seeds = splitSecret(wholeOf(seed), sharing);
  const keys = splitSecret(wholeOf(key), sharing);
  const hashes: Bytes[] = [];
  const shares: SealedFor[] = [];
  let kept: HeldShares | undefined;
  for (const [i, holder] of holders.entries()) {
    const [ofSeed, ofKey] = [seeds[i], keys[i]];
    if (ofSeed === undefined || ofKey === undefined) throw new RangeError("a share for each party");
    hashes.push(await hashOf(hash, { owner: own, holder, secret: "seed" }, ofSeed));
    hashes.push(await hashOf(hash, { owner: own, holder, secret: "key" }, ofKey));
    if (holder === own) kept = { seed: ofSeed, key: ofKey };
    else shares.push(await sealing.seal({ round: "shares", transcript }, holder, [ofSeed, ofKey]));
  }
  if (kept === undefined) throw new RangeError("a party holds a share of its own secrets");
  const body = { commitment: await seedCommitment(hash, own, seed), hashes: concatBytes(...hashes), shares };
  return { body, kept };
}

/** The shares that party `from` dealt this one. @throws ERR_AGGREGATE_ROUND, ERR_AGGREGATE_SHARE */
export async function dealtShares(
  { context, own, sealing, holders, transcript }: Dealing,
  from: number,
  body: AggregateShares,
): Promise<HeldShares> {
  const { plan } = context;
  const receivers = holders.filter((holder) => holder !== from);
  if (body.shares.map(({ to }) => to).join() !== receivers.join()) {
    throw misplaced(plan, from, "it has not shared with everyone");
  }
  if (body.hashes.length !== holders.length * AGGREGATE_SHARE_HASH_BYTES) {
    throw misplaced(plan, from, "it has not hashed every share");
  }
  const [ofSeed = 0n, ofKey = 0n] = await sealing.open({ round: "shares", transcript }, from, body.shares, 2);
  const x = placeOf(own);
  const held = { seed: { x, value: ofSeed }, key: { x, value: ofKey } };
  for (const secret of ["seed", "key"] as const) {
    const at = { owner: from, holder: own, secret };
    if (!(await fitsHash(context, holders, body, at, held[secret]))) throw wrongShares(context, [from]);
  }
  return held;
}

/** Whether `share` is the one that its owner dealt, whose message was `body`. */
export async function fitsHash(
  { hash }: PlanContext,
  holders: readonly number[],
  { hashes }: AggregateShares,
  at: { readonly owner: number; readonly holder: number; readonly secret: Secret },
  share: Share,
): Promise<boolean> {
  const place = holders.indexOf(at.holder) * AGGREGATE_SHARE_HASH_BYTES + (at.secret === "seed" ? 0 : 32);
  return equalBytes(hashes.subarray(place, place + 32), await hashOf(hash, at, share));
}

/** The refusal of shares that parties gave. */
export function wrongShares({ plan }: PlanContext, parties: Iterable<number>): SluiceError {
  const names = [...parties].map((party) => plan.parties[party]?.party ?? String(party));
  return new SluiceError("ERR_AGGREGATE_SHARE", { party: names.join(", ") });
}

/** Where a party's shares are: no one's are at 0. */
export function placeOf(party: number): bigint {
  return BigInt(party + 1);
}

async function hashOf(
  plan: Bytes,
  { owner, holder, secret }: { owner: number; holder: number; secret: Secret },
  { value }: Share,
): Promise<Bytes> {
  const head = utf8(`sluice/aggregate/share/${secret}/v1`);
  return await sha256(concatBytes(head, plan, Uint8Array.of(owner, holder), elementBytes(value)));
}

function wholeOf(bytes: Bytes): bigint {
  const element = elementOf(bytes);
  if (element === null) throw new RangeError("a secret is an element");
  return element;
}
