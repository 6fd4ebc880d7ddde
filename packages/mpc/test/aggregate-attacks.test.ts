/** Aggregation against a relay that lies, drops and colludes, and parties that do not keep to it: what is sent says nothing, and what
 *  does not belong is refused. @module */
import {
  AGGREGATE_FIELDS,
  aggregateThreshold,
  canonicalBytes,
  decodeAggregate,
  encodeAggregate,
  sha256,
  type AggregatePlan,
  type Bytes,
} from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { agree, agreementKey, agreementSecret } from "../src/aggregate/agreement.ts";
import { centred, decodeElements } from "../src/aggregate/field.ts";
import { addOwnMask, addPairMask } from "../src/aggregate/masking.ts";
import { nextTranscript, readRound } from "../src/aggregate/messages.ts";
import { elementBytes, randomElement } from "../src/aggregate/shamir.ts";
import {
  identityOf,
  joinParties,
  partyAt,
  planOf,
  randomOf,
  signedAgain,
  speak,
  speakUpTo,
  verifyEd25519,
} from "./aggregate-parties.ts";
import { AggregateRelay } from "../src/aggregate/relay.ts";

const COUNT = { kind: "count" } as const;
const code = (name: string) => expect.objectContaining({ code: name });
const ones = (parties: number): bigint[][] => Array.from({ length: parties }, () => [1n]);

describe("a forged drop-out", () => {
  test("in an aggregation of three domains gets no share from anyone, whoever is said to have dropped out", async () => {
    for (const victim of [0, 1, 2]) {
      const plan = planOf(3, COUNT);
      const parties = await joinParties(plan, ones(3));
      const masked = await speakUpTo("masked", parties);
      const others = [0, 1, 2].filter((i) => i !== victim);
      // The others hear that the victim is gone; the victim, that all are there.
      for (const i of others) {
        const lie = partyAt(parties, i).survivors(masked.filter((_, party) => party !== victim));
        await expect(lie).rejects.toThrow(code("ERR_AGGREGATE_TOO_FEW"));
      }
      const signed = await partyAt(parties, victim).survivors(masked);
      await expect(partyAt(parties, victim).unmask([signed])).rejects.toThrow(code("ERR_AGGREGATE_TOO_FEW"));
    }
  });

  test("among five, with one of them on the relay's side, gets shares for one survivor set at most", async () => {
    const plan = planOf(5, COUNT, { colluding: 1 });
    const victim = 1;
    for (const told of [[2], [2, 3], [2, 3, 4], []]) {
      const parties = await joinParties(plan, ones(5));
      const masked = await speakUpTo("masked", parties);
      const without = masked.filter((_, party) => party !== victim);
      // Party 0 signs whatever helps; the others sign what they are told, once.
      const honest = [1, 2, 3, 4].map(
        async (i) => await partyAt(parties, i).survivors(told.includes(i) ? without : masked),
      );
      const signatures = await Promise.all(honest);
      const full = await partyAt(parties, 0).survivors(masked);
      const forged = await forgedSurvivors(signatures[told.length > 0 ? 1 : 0] ?? full, full);
      const sets = [
        { released: "seed", frames: [full, ...signatures.filter((_, i) => !told.includes(i + 1))] },
        { released: "key", frames: [forged, ...signatures.filter((_, i) => told.includes(i + 1))] },
      ];
      const outcomes = await Promise.all(
        [1, 2, 3, 4].map(async (i) => {
          const set = sets[told.includes(i) ? 1 : 0];
          const frames = set?.frames ?? [];
          return await partyAt(parties, i)
            .unmask(frames)
            .then(
              () => set?.released,
              () => null,
            );
        }),
      );
      const released = new Set(outcomes.filter((outcome) => outcome !== null));
      expect(released.size).toBeLessThanOrEqual(1);
    }
  });

  test("is not asked of a party twice: it gives the share of a seed or of a key, never both", async () => {
    const plan = planOf(4, COUNT, { threshold: 3 });
    const parties = await joinParties(plan, ones(4));
    const masked = await speakUpTo("masked", parties);
    const first = partyAt(parties, 0);
    await first.survivors(masked);
    await expect(first.survivors(masked.slice(0, 3))).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
    const again = await joinParties({ ...plan, id: "0".repeat(32) }, ones(4));
    const signed = await speakUpTo("survivors", again);
    await partyAt(again, 0).unmask(signed);
    await expect(partyAt(again, 0).unmask(signed)).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
    // Two calls at once are no way around it.
    const twice = await joinParties({ ...plan, id: "1".repeat(32) }, ones(4));
    const frames = await speakUpTo("survivors", twice);
    const both = await Promise.allSettled([partyAt(twice, 1).unmask(frames), partyAt(twice, 1).unmask(frames)]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  });

  test("would work with a lower threshold, which no plan can have", async () => {
    for (const parties of [3, 4, 5, 7, 10, 32]) {
      for (let colluding = 0; aggregateThreshold(parties, colluding) <= parties; colluding++) {
        const threshold = aggregateThreshold(parties, colluding);
        // Honest signers of two survivor sets: each signs one, and each set needs its threshold with the colluding ones' help.
        expect(2 * (threshold - colluding)).toBeGreaterThan(parties - colluding);
        expect(threshold).toBeGreaterThan(parties / 2);
      }
    }
    for (const [parties, colluding, threshold] of [
      [5, 1, 3],
      [3, 0, 2],
      [4, 2, 3],
      [3, 2, 3],
    ] as const) {
      const plan = planOf(parties, COUNT, { colluding, threshold });
      await expect(joinParties(plan, ones(parties))).rejects.toThrow(code("ERR_AGGREGATE_PLAN"));
    }
  });
});

test("a relay that tells parties different things in any round is found before a share is given", async () => {
  for (const round of ["shares", "masked", "survivors"] as const) {
    const plan = planOf(4, COUNT, { threshold: 3 });
    const parties = await joinParties(plan, ones(4));
    const before = { shares: "advert", masked: "shares", survivors: "masked" } as const;
    const frames = await speakUpTo(before[round], parties);
    const told = await Promise.all(
      [0, 1, 2].map(async (i) => await speak(round, partyAt(parties, i), i === 0 ? frames : frames.slice(0, 3))),
    );
    const next = { shares: "masked", masked: "survivors", survivors: "unmask" } as const;
    for (const i of [0, 1, 2]) {
      await expect(speak(next[round], partyAt(parties, i), told)).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
    }
  }
});

test("a party that has heard the same and signs another survivor set gets no share", async () => {
  const plan = planOf(4, COUNT, { threshold: 3 });
  const parties = await joinParties(plan, ones(4));
  const signed = await speakUpTo("survivors", parties);
  const { head } = decodeAggregate(signed[1] ?? new Uint8Array(0), "survivors");
  const other = encodeAggregate({ ...head, round: "survivors" }, { survivors: [0, 1, 2] });
  signed[1] = await signedAgain(Uint8Array.of(...other, ...new Uint8Array(64)), 1, () => undefined);
  await expect(partyAt(parties, 0).unmask(signed)).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
});

test("masked vectors of the others are uniform to two parties and the relay, and say no more than their sum", async () => {
  const length = 4_096;
  const columns = Array.from({ length }, (_, i) => String(i));
  const plan = planOf(5, { kind: "categories", column: "code", values: columns.slice(1) }, { colluding: 2 });
  const vectors = Array.from({ length: 5 }, (_, p) => columns.map((_c, i) => BigInt((i % 3) * p)));
  const parties = await joinParties(plan, vectors, { seed: 9 });
  const adverts = await Promise.all(parties.map(async (party) => await party.advert()));
  const shares = await Promise.all(parties.map(async (party) => await party.shares(adverts)));
  const masked = await Promise.all(parties.map(async (party) => await party.masked(shares)));
  const left = await leftOf(plan, adverts, masked);
  const field = AGGREGATE_FIELDS[plan.field];
  for (const vector of left) {
    // Chi-squared of the highest four bits: 15 degrees of freedom, above 60 once in three million.
    const buckets = Array.from({ length: 16 }, () => 0);
    for (const value of vector) {
      const element = ((value % field.modulus) + field.modulus) % field.modulus;
      const bucket = Number(element >> 57n);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    const expected = length / 16;
    expect(buckets.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(60);
  }
  const sum = columns.map((_, i) =>
    centred(
      field,
      left.reduce((total, vector) => total + (vector[i] ?? 0n), 0n),
    ),
  );
  expect(sum).toEqual(columns.map((_, i) => BigInt((i % 3) * (2 + 3 + 4))));
});

describe("messages that do not belong are refused", () => {
  test("cut short, of another type or version, unsigned, or of a stranger", async () => {
    const plan = planOf(3, COUNT);
    const parties = await joinParties(plan, ones(3));
    const [one = new Uint8Array(0), ...others] = await speakUpTo("advert", parties);
    const changed: [string, (frame: Bytes) => Promise<Bytes> | Bytes][] = [
      ["ERR_FRAME_MALFORMED", (frame) => frame.slice(0, 100)],
      ["ERR_FRAME_MALFORMED", () => new Uint8Array(0)],
      ["ERR_FRAME_MALFORMED", async (frame) => await signedAgain(frame, 0, (bytes) => void (bytes[1] = 2))],
      ["ERR_FRAME_MALFORMED", async (frame) => await signedAgain(frame, 0, (bytes) => void (bytes[2] = 2))],
      ["ERR_FRAME_TOO_LARGE", () => new Uint8Array(1_048_577)],
      ["ERR_AGGREGATE_ROUND", async (frame) => await signedAgain(frame, 0, (bytes) => void (bytes[5] = 1))],
      ["ERR_AGGREGATE_ROUND", async (frame) => await signedAgain(frame, 0, (bytes) => void (bytes[35] = 3))],
      ["ERR_AGGREGATE_ROUND", async (frame) => await signedAgain(frame, 0, (bytes) => void (bytes[40] = 1))],
      ["ERR_SIGNATURE", async (frame) => await signedAgain(frame, 1, () => undefined)],
      ["ERR_SIGNATURE", (frame) => frame.map((byte, i) => (i === 70 ? byte ^ 1 : byte))],
      // Another key, well signed, but not the one that was said.
      ["ERR_AGGREGATE_ROUND", async (frame) => await signedAgain(frame, 0, (bytes) => void (bytes[70] = 1))],
      ["ERR_AGGREGATE_ROUND", () => others[0] ?? one],
    ];
    for (const [expected, change] of changed) {
      const [party] = await joinParties(plan, ones(3));
      if (party === undefined) throw new RangeError("a party");
      await party.advert();
      await expect(party.shares([await change(one.slice()), ...others])).rejects.toThrow(code(expected));
    }
  });

  test("keys that are no keys, or another party's", async () => {
    for (const key of [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31))]) {
      const plan = planOf(3, COUNT);
      const parties = await joinParties(plan, ones(3));
      const adverts = await speakUpTo("advert", parties);
      adverts[1] = await signedAgain(adverts[1] ?? key, 1, (bytes) => bytes.set(key, 68));
      await expect(partyAt(parties, 0).shares(adverts)).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
    }
    const plan = planOf(3, COUNT);
    const parties = await joinParties(plan, ones(3));
    const adverts = await speakUpTo("advert", parties);
    const stolen = adverts[2]?.slice(68, 100) ?? new Uint8Array(32);
    adverts[1] = await signedAgain(adverts[1] ?? stolen, 1, (bytes) => bytes.set(stolen, 68));
    await expect(partyAt(parties, 0).shares(adverts)).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
  });

  test("of another plan of the same parties, and of a round before", async () => {
    const [plan, other] = [planOf(3, COUNT), planOf(3, COUNT, { seed: 1 })];
    const foreign = await speakUpTo("shares", await joinParties(other, ones(3)));
    const parties = await joinParties(plan, ones(3));
    const own = await speakUpTo("shares", parties);
    const mixed = [own[0] ?? new Uint8Array(0), own[1] ?? new Uint8Array(0), foreign[2] ?? new Uint8Array(0)];
    await expect(partyAt(parties, 0).masked(mixed)).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
    // Even signed again for this plan it does not open: the keys are of the other one.
    const replayed = await signedAgain(mixed[2] ?? new Uint8Array(0), 2, (bytes) => {
      bytes.set(own[2]?.subarray(0, 68) ?? []);
    });
    await expect(partyAt(parties, 1).masked([...mixed.slice(0, 2), replayed])).rejects.toThrow(
      code("ERR_AGGREGATE_ROUND"),
    );
    await expect(partyAt(parties, 2).survivors(own)).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
  });

  test("a vector with an element that is none, or of another length, before the survivors are signed", async () => {
    const changes: ((frame: Bytes) => Bytes)[] = [
      (frame) => frame.map((byte, i) => (i >= frame.length - 72 && i < frame.length - 64 ? 0xff : byte)),
      (frame) => Uint8Array.of(...frame.slice(0, 70), 0, ...frame.slice(-64)),
    ];
    for (const change of changes) {
      const parties = await joinParties(planOf(3, COUNT), ones(3));
      const masked = await speakUpTo("masked", parties);
      masked[1] = await signedAgain(change(masked[1] ?? new Uint8Array(0)), 1, () => undefined);
      const heard = partyAt(parties, 0).survivors(masked);
      await expect(heard).rejects.toThrow(code("ERR_FRAME_MALFORMED"));
    }
  });
});

test.each([
  ["shares of a seed that is not the one that its party committed to", "ERR_AGGREGATE_SHARE", 1],
  ["a sum that no rows could give", "ERR_AGGREGATE_VALUE", 0],
])("%s end the aggregation without a result", async (_, expected, flipped) => {
  const plan = planOf(4, COUNT, { threshold: 3 });
  const parties = await joinParties(plan, ones(4));
  const shares = await speakUpTo("shares", parties);
  shares[1] = await signedAgain(
    shares[1] ?? new Uint8Array(0),
    1,
    (bytes) => void (bytes[68] = (bytes[68] ?? 0) ^ flipped),
  );
  const stay = [0, 2, 3];
  const masked = await Promise.all(stay.map(async (i) => await partyAt(parties, i).masked(shares)));
  // Party 1 makes its vector up, and is heard no more.
  masked.push(await signedAgain(masked[0] ?? new Uint8Array(0), 1, (bytes) => void (bytes[35] = 1)));
  const signed = await Promise.all(stay.map(async (i) => await partyAt(parties, i).survivors(masked)));
  const unmasked = await Promise.all(stay.map(async (i) => await partyAt(parties, i).unmask(signed)));
  for (const i of stay) await expect(partyAt(parties, i).open(unmasked)).rejects.toThrow(code(expected));
});

test("a relay takes one message of each party and round, and closes without those that have not spoken", async () => {
  const plan = planOf(4, COUNT, { threshold: 3 });
  const parties = await joinParties(plan, ones(4));
  const relay = await AggregateRelay.open(plan, verifyEd25519);
  const adverts = await speakUpTo("advert", parties);
  const [first = new Uint8Array(0), second = first, third = first, fourth = first] = adverts;
  await relay.accept(first);
  await expect(relay.accept(first)).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
  await expect(relay.accept(new Uint8Array(10))).rejects.toThrow(code("ERR_FRAME_MALFORMED"));
  expect(() => relay.close()).toThrow(code("ERR_AGGREGATE_TOO_FEW"));
  await relay.accept(third);
  await relay.accept(second);
  expect(relay.awaited).toEqual([3]);
  expect(relay.close()).toEqual({ round: "advert", to: [0, 1, 2], frames: [first, second, third] });
  await expect(relay.accept(fourth)).rejects.toThrow(code("ERR_FRAME_MALFORMED"));
  const late = await partyAt(parties, 3).shares(adverts);
  await expect(relay.accept(late)).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
  expect(relay.round).toBe("shares");
});

test("secrets are not printed", async () => {
  const [party] = await joinParties(planOf(3, COUNT), ones(3));
  await party?.advert();
  expect(JSON.stringify(party)).toBe("{}");
});

/** What is left of honest parties' vectors when parties 0 and 1, and everyone's own mask, are known. */
async function leftOf(plan: AggregatePlan, adverts: readonly Bytes[], masked: readonly Bytes[]): Promise<bigint[][]> {
  const hash = await sha256(canonicalBytes(plan));
  const context = { plan, hash, verify: verifyEd25519 };
  const about = { round: "advert", allowed: new Set(plan.parties.keys()), transcript: hash } as const;
  const heard = await readRound(context, about, adverts);
  const field = AGGREGATE_FIELDS[plan.field];
  const binding = { field, plan: hash, adverts: await nextTranscript(hash, "advert", heard) };
  return await Promise.all(
    [2, 3, 4].map(async (owner) => {
      const bytes = decodeAggregate(masked[owner] ?? new Uint8Array(0), "masked").body.vector;
      const vector = decodeElements(field, bytes, bytes.length / field.bytes);
      const [, , seed] = secretsOf(owner);
      await addOwnMask(binding, vector, { owner, seed: elementBytes(seed ?? 0n), taken: true });
      for (const other of [0, 1]) {
        const key = await agreementSecret(elementBytes(secretsOf(other)[1] ?? 0n));
        const theirs = heard.get(owner)?.body.maskingKey ?? new Uint8Array(0);
        expect(await agreementKey(key)).toEqual(heard.get(other)?.body.maskingKey);
        await addPairMask(binding, vector, { owner, other, secret: await agree(key, theirs, ""), taken: true });
      }
      return vector;
    }),
  );
}

/** The secrets that party `i` draws first: of sealing, of masking, and its seed. */
function secretsOf(i: number): bigint[] {
  const random = randomOf(i, 9);
  return Array.from({ length: 3 }, () => randomElement(random));
}

/** Party 0's signature under the survivor set that another frame names. */
async function forgedSurvivors(like: Bytes, own: Bytes): Promise<Bytes> {
  const signed = like.slice(0, -64);
  signed[35] = 0;
  const signature = await identityOf(0).sign(Buffer.concat([Buffer.from("sluice/aggregate/v1"), signed]));
  return own.length === 0 ? own : new Uint8Array(Buffer.concat([signed, signature]));
}
