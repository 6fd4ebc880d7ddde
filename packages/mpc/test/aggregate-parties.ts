/** Parties of an aggregation and the relay between them, in one process, with places for a fault at each step.
 *  @module */
import {
  aggregateThreshold,
  type AggregatePlan,
  type AggregateRound,
  type AggregateStatistic,
  type Bytes,
  type KeyId,
} from "@sluice/protocol";
import { createHash, createPrivateKey, createPublicKey, sign, verify, type JsonWebKey } from "node:crypto";
import {
  AggregateParty,
  memoryAggregateRegister,
  type AggregateIdentity,
  type AggregateNoise,
  type AggregateRegister,
  type AggregateSum,
  type VerifySignature,
} from "../src/aggregate/party.ts";
import { AggregateRelay } from "../src/aggregate/relay.ts";
import { seededRandom } from "./seeded-random.ts";

const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** An Ed25519 key by its number. */
export function identityOf(number: number): AggregateIdentity {
  const seed = createHash("sha256").update(`party ${number}`).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
  const { x = "" }: JsonWebKey = createPublicKey(key).export({ format: "jwk" });
  return { keyId: `ed25519:${x}`, sign: (bytes) => Promise.resolve(new Uint8Array(sign(null, bytes, key))) };
}

/** Verifies as a domain does. */
export const verifyEd25519: VerifySignature = (keyId: KeyId, bytes: Bytes, signature: Bytes) => {
  const raw = Buffer.from(keyId.slice("ed25519:".length), "base64url");
  const key = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: "der", type: "spki" });
  return Promise.resolve(verify(null, bytes, key, signature));
};

/** A plan of `count` parties. */
export function planOf(
  count: number,
  statistic: AggregateStatistic,
  more: Partial<AggregatePlan> & { seed?: number } = {},
): AggregatePlan {
  const { seed = 0, ...rest } = more;
  const colluding = rest.colluding ?? 0;
  return {
    type: "aggregate-plan",
    version: 1,
    id: createHash("sha256").update(`plan ${seed}`).digest("hex").slice(0, 32),
    population: "all rows of 2026-01-31",
    statistic,
    rowsAtMost: 1_000,
    field: "2^61-1",
    parties: Array.from({ length: count }, (_, i) => ({ party: `domain-${i}`, key: identityOf(i).keyId })),
    threshold: aggregateThreshold(count, colluding),
    colluding,
    ...rest,
  };
}

/** Options of `joinParties`. */
export interface Joining {
  readonly registers?: readonly AggregateRegister[];
  readonly noise?: AggregateNoise;
  readonly seed?: number;
}

/** All parties of `plan`, one for each vector, with randomness that replays. */
export async function joinParties(
  plan: AggregatePlan,
  vectors: readonly (readonly bigint[])[],
  { registers, noise, seed = 0 }: Joining = {},
): Promise<AggregateParty[]> {
  return await Promise.all(
    vectors.map(
      async (vector, i) =>
        await AggregateParty.join({
          plan,
          vector,
          identity: identityOf(i),
          verify: verifyEd25519,
          register: registers?.[i] ?? memoryAggregateRegister(),
          random: randomOf(i, seed),
          ...(noise === undefined ? {} : { noise }),
        }),
    ),
  );
}

/** The randomness of party `i`. */
export const randomOf = (i: number, seed = 0) => seededRandom(1_000 * seed + i);

const FRAMES: Record<AggregateRound, (party: AggregateParty, frames: readonly Bytes[]) => Promise<Bytes>> = {
  advert: async (party) => await party.advert(),
  shares: async (party, frames) => await party.shares(frames),
  masked: async (party, frames) => await party.masked(frames),
  survivors: async (party, frames) => await party.survivors(frames),
  unmask: async (party, frames) => await party.unmask(frames),
};

/** One party's message of a round. */
export async function speak(round: AggregateRound, party: AggregateParty, frames: readonly Bytes[]): Promise<Bytes> {
  return await FRAMES[round](party, frames);
}

/** Who is lost before its message of a round. */
export type Losses = { readonly [R in AggregateRound]?: readonly number[] };

/** Runs all rounds; the sums of those that stay, by their numbers. */
export async function runAggregation(
  plan: AggregatePlan,
  parties: readonly AggregateParty[],
  losses: Losses = {},
): Promise<Map<number, AggregateSum>> {
  const relay = await AggregateRelay.open(plan, verifyEd25519);
  let present = [...parties.keys()];
  let frames: readonly Bytes[] = [];
  for (let { round } = relay; round !== null; round = relay.round) {
    const now = round;
    present = present.filter((i) => losses[now]?.includes(i) !== true);
    for (const i of present) await relay.accept(await speak(now, partyAt(parties, i), frames));
    const closed = relay.close();
    frames = closed.frames;
    present = [...closed.to];
  }
  const sums = new Map<number, AggregateSum>();
  for (const i of present) sums.set(i, await partyAt(parties, i).open(frames));
  return sums;
}

/** The party of a number. */
export function partyAt(parties: readonly AggregateParty[], i: number): AggregateParty {
  const party = parties[i];
  if (party === undefined) throw new RangeError(`no party ${i}`);
  return party;
}

/** Messages of all parties, round by round up to `last`, all heard by all. */
export async function speakUpTo(last: AggregateRound, parties: readonly AggregateParty[]): Promise<Bytes[]> {
  let frames: Bytes[] = [];
  for (const round of ["advert", "shares", "masked", "survivors", "unmask"] as const) {
    const heard = frames;
    frames = await Promise.all(parties.map(async (party) => await speak(round, party, heard)));
    if (round === last) break;
  }
  return frames;
}

/** `frame` with other content, signed again by party `i`. */
export async function signedAgain(frame: Bytes, i: number, change: (signed: Bytes) => void): Promise<Bytes> {
  const signed = frame.slice(0, -64);
  change(signed);
  const signature = await identityOf(i).sign(Buffer.concat([Buffer.from("sluice/aggregate/v1"), signed]));
  return new Uint8Array(Buffer.concat([signed, signature]));
}
