/** Parties that give or deal wrong shares: the others have the sum as long as enough right shares are there, and nobody else is named.
 *  @module */
import {
  canonicalBytes,
  concatBytes,
  decodeAggregate,
  encodeAggregate,
  sha256,
  type AggregateBodies,
  type AggregatePlan,
  type AggregateRound,
  type Bytes,
} from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { dealShares } from "../src/aggregate/dealing.ts";
import { nextTranscript, readRound, type PlanContext, type RoundMessages } from "../src/aggregate/messages.ts";
import { PairSealing } from "../src/aggregate/pair-sealing.ts";
import type { AggregateParty } from "../src/aggregate/party.ts";
import { elementBytes, randomElement, SECRET_FIELD, type Share } from "../src/aggregate/shamir.ts";
import { joinParties, partyAt, planOf, randomOf, signedAgain, verifyEd25519 } from "./aggregate-parties.ts";

const COUNT = { kind: "count" } as const;
const SEED = 5;
const NONE: Bytes = new Uint8Array(0);
const refusal = (code: string, party?: string) =>
  expect.objectContaining({
    code,
    ...(party === undefined ? {} : { details: expect.objectContaining({ party }) as unknown }),
  });
const counts = (parties: number): bigint[][] => Array.from({ length: parties }, (_, i) => [10n ** BigInt(i)]);

/** What a party that cheats knows: all that was said, and its own keys. */
interface Cheat {
  readonly context: PlanContext;
  readonly own: number;
  readonly sealing: PairSealing;
  readonly adverts: RoundMessages<"advert">;
  readonly transcript: Bytes;
}

async function cheatOf(plan: AggregatePlan, own: number, adverts: readonly Bytes[]): Promise<Cheat> {
  const hash = await sha256(canonicalBytes(plan));
  const context = { plan, hash, verify: verifyEd25519 };
  const about = { round: "advert", allowed: new Set(plan.parties.keys()), transcript: hash } as const;
  const heard = await readRound(context, about, adverts);
  const secret = elementBytes(randomElement(randomOf(own, SEED)));
  const sealing = await PairSealing.agree(context, own, secret, heard);
  return { context, own, sealing, adverts: heard, transcript: await nextTranscript(hash, "advert", heard) };
}

/** The cheat's `frame` with another body, signed. */
async function saidAgain<R extends AggregateRound>(
  { own }: Cheat,
  round: R,
  frame: Bytes | undefined,
  change: (body: AggregateBodies[R]) => AggregateBodies[R] | Promise<AggregateBodies[R]>,
): Promise<Bytes> {
  const { head, body } = decodeAggregate(frame ?? NONE, round);
  const signed = encodeAggregate({ ...head, round }, await change(body));
  return await signedAgain(concatBytes(signed, new Uint8Array(64)), own, () => undefined);
}

/** The same shares, each one more than it was. */
async function shifted(
  { own, sealing }: Cheat,
  { round, transcript }: { round: "shares" | "unmask"; transcript: Bytes },
  body: { shares: AggregateBodies["unmask"]["shares"] },
  opened: readonly (readonly bigint[])[],
) {
  const shares = body.shares.map(async ({ to }, i) => {
    const wrong: Share[] = (opened[i] ?? []).map((value) => ({
      x: BigInt(own + 1),
      value: SECRET_FIELD.add(value, 1n),
    }));
    return await sealing.seal({ round, transcript }, to, wrong);
  });
  return await Promise.all(shares);
}

/** All messages of an aggregation up to the last, with what each cheat needs. */
async function unmaskedBy(count: number, cheats: readonly number[]) {
  const plan = planOf(count, COUNT, { threshold: 3, rowsAtMost: 100_000 });
  const parties = await joinParties(plan, counts(count), { seed: SEED });
  const adverts = await Promise.all(parties.map(async (party) => await party.advert()));
  const shares = await Promise.all(parties.map(async (party) => await party.shares(adverts)));
  const masked = await Promise.all(parties.map(async (party) => await party.masked(shares)));
  const signed = await Promise.all(parties.map(async (party) => await party.survivors(masked)));
  const frames = await Promise.all(parties.map(async (party) => await party.unmask(signed)));
  const liars = await Promise.all(cheats.map(async (own) => await cheatOf(plan, own, adverts)));
  return { parties, frames, liars };
}

/** Wrong shares that open. */
async function wrongOnes(liar: Cheat, frame: Bytes | undefined): Promise<Bytes> {
  const { transcript } = decodeAggregate(frame ?? NONE, "unmask").head;
  return await saidAgain(liar, "unmask", frame, async (body) => {
    const values = body.shares.map(() => liar.context.plan.parties.map((_, i) => BigInt(i)));
    return { shares: await shifted(liar, { round: "unmask", transcript }, body, values) };
  });
}

const WAYS: [string, (liar: Cheat, frame: Bytes | undefined) => Promise<Bytes>][] = [
  ["wrong shares", wrongOnes],
  [
    "shares that do not open",
    async (liar, frame) =>
      await saidAgain(liar, "unmask", frame, ({ shares }) => ({
        shares: shares.map(({ to, sealed }) => ({ to, sealed: sealed.map((byte) => byte ^ 1) })),
      })),
  ],
  ["no shares", async (liar, frame) => await saidAgain(liar, "unmask", frame, () => ({ shares: [] }))],
  [
    "shares of other messages",
    async ({ own }, frame) => await signedAgain(frame ?? NONE, own, (bytes) => void (bytes[40] = (bytes[40] ?? 0) ^ 1)),
  ],
];

describe("in the end, a party that signs", () => {
  test.each(WAYS)("%s is named, and all others have the sum", async (_, wrong) => {
    const { parties, frames, liars } = await unmaskedBy(4, [1]);
    const [liar] = liars;
    if (liar === undefined) throw new RangeError("a liar");
    frames[1] = await wrong(liar, frames[1]);
    for (const i of [0, 2, 3]) {
      const { sum, survivors, wrongShares } = await partyAt(parties, i).open(frames);
      expect(sum).toEqual([1_111n]);
      expect(survivors).toHaveLength(4);
      expect(wrongShares).toEqual(["domain-1"]);
    }
  });

  test.each(WAYS)(
    "%s with another is named with it, and nobody else, when too few right shares are left",
    async (_, wrong) => {
      const { parties, frames, liars } = await unmaskedBy(4, [1, 2]);
      for (const liar of liars) frames[liar.own] = await wrong(liar, frames[liar.own]);
      for (const i of [0, 3]) {
        const opened = partyAt(parties, i).open(frames);
        await expect(opened).rejects.toThrow(refusal("ERR_AGGREGATE_SHARE", "domain-1, domain-2"));
      }
    },
  );
});

test("what a relay makes up in the end is as if it had not come, and names nobody", async () => {
  const { parties, frames } = await unmaskedBy(4, []);
  const made = [
    frames[0],
    (frames[1] ?? NONE).map((byte, i) => (i === 90 ? byte ^ 1 : byte)),
    frames[2],
    new Uint8Array(9),
  ];
  expect(
    await partyAt(parties, 0)
      .open(made.map((frame) => frame ?? NONE))
      .catch((error: unknown) => error),
  ).toEqual(refusal("ERR_AGGREGATE_TOO_FEW"));
  const [, , , last = NONE] = frames;
  const { sum, wrongShares } = await partyAt(parties, 2).open(
    [...made.slice(0, 3), last].map((frame) => frame ?? NONE),
  );
  expect({ sum, wrongShares }).toEqual({ sum: [1_111n], wrongShares: [] });
  await expect(partyAt(parties, 3).open([...frames, last])).rejects.toThrow(refusal("ERR_FRAME_MALFORMED"));
});

/** Shares of all, those of party 3 changed. */
async function sharedWith(
  change: (liar: Cheat, body: AggregateBodies["shares"]) => Promise<AggregateBodies["shares"]>,
): Promise<{ parties: AggregateParty[]; shares: Bytes[] }> {
  const plan = planOf(5, COUNT, { threshold: 3, rowsAtMost: 100_000 });
  const parties = await joinParties(plan, counts(5), { seed: SEED });
  const adverts = await Promise.all(parties.map(async (party) => await party.advert()));
  const shares = await Promise.all(parties.map(async (party) => await party.shares(adverts)));
  const liar = await cheatOf(plan, 3, adverts);
  shares[3] = await saidAgain(liar, "shares", shares[3], async (body) => await change(liar, body));
  return { parties, shares };
}

describe("in the beginning, a party that deals", () => {
  test("a wrong share to one is known to that one before its vector is sent; the others go on", async () => {
    const { parties, shares } = await sharedWith(async (liar, body) => {
      const { transcript } = liar;
      const wrong = await shifted(
        liar,
        { round: "shares", transcript },
        body,
        body.shares.map(() => [1n, 2n]),
      );
      return { ...body, shares: body.shares.map((part, i) => (i === 2 ? (wrong[i] ?? part) : part)) };
    });
    await expect(partyAt(parties, 2).masked(shares)).rejects.toThrow(refusal("ERR_AGGREGATE_SHARE", "domain-3"));
    const stay = [0, 1, 4];
    const masked = await Promise.all(stay.map(async (i) => await partyAt(parties, i).masked(shares)));
    const signed = await Promise.all(stay.map(async (i) => await partyAt(parties, i).survivors(masked)));
    const unmasked = await Promise.all(stay.map(async (i) => await partyAt(parties, i).unmask(signed)));
    // Two are lost; the key of the one that dealt is opened from its right shares.
    for (const i of stay) expect((await partyAt(parties, i).open(unmasked)).sum).toEqual([10_011n]);
  });

  test.each([
    ["fewer hashes", "ERR_AGGREGATE_ROUND", (hashes: Bytes) => hashes.slice(0, -64)],
    ["more hashes", "ERR_AGGREGATE_ROUND", (hashes: Bytes) => concatBytes(hashes, hashes.slice(0, 64))],
    ["other hashes", "ERR_AGGREGATE_SHARE", (hashes: Bytes) => hashes.map((byte) => byte ^ 1)],
  ])("%s than shares is named at once", async (_, code, change) => {
    const { parties, shares } = await sharedWith((_liar, body) =>
      Promise.resolve({ ...body, hashes: change(body.hashes) }),
    );
    for (const i of [0, 1, 2, 4]) {
      await expect(partyAt(parties, i).masked(shares)).rejects.toThrow(refusal(code, "domain-3"));
    }
  });

  test.each([
    ["its seed", true],
    ["its key", false],
  ])(
    "shares that fit their hashes and are not of one secret, and then needs %s opened, is named by all",
    async (_, speaks) => {
      const { parties, shares } = await sharedWith(async ({ context, own, sealing, adverts, transcript }) => {
        // Shares of polynomials of a higher degree than others expect.
        const higher = { ...context, plan: { ...context.plan, threshold: 5 } };
        const random = randomOf(own, SEED);
        const [, key = NONE, seed = NONE] = [0, 1, 2].map(() => elementBytes(randomElement(random)));
        const dealing = { context: higher, own, sealing, holders: [...adverts.keys()], transcript };
        return (await dealShares(dealing, { seed, key, random })).body;
      });
      const stay = [0, 1, 2, 4];
      const masked = await Promise.all(stay.map(async (i) => await partyAt(parties, i).masked(shares)));
      if (speaks) masked.push(await signedAgain(masked[0] ?? NONE, 3, (bytes) => void (bytes[35] = 3)));
      const signed = await Promise.all(stay.map(async (i) => await partyAt(parties, i).survivors(masked)));
      const unmasked = await Promise.all(stay.map(async (i) => await partyAt(parties, i).unmask(signed)));
      for (const i of stay) {
        await expect(partyAt(parties, i).open(unmasked)).rejects.toThrow(refusal("ERR_AGGREGATE_SHARE", "domain-3"));
      }
    },
  );
});

test("a party that a relay does not let be heard in the end is not missed while enough are", async () => {
  const { parties, frames } = await unmaskedBy(4, []);
  const { sum } = await partyAt(parties, 0).open(frames.slice(0, 3));
  expect(sum).toEqual([1_111n]);
  await expect(partyAt(parties, 1).open(frames.slice(0, 2))).rejects.toThrow(refusal("ERR_AGGREGATE_TOO_FEW"));
});
