/** Sums over several domains: the messages of `packages/protocol/vectors/wire-v1.json`, opened with the rules of `docs/wire-aggregate.md`
 *  and node:crypto alone, up to the sum.
 *  @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeAggregate, fromHex } from "@sluice/protocol";
import { createCipheriv, createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from "node:crypto";
import { expect, test } from "vitest";
import { ROOT } from "./source-files.ts";
import { documentHash, openGcm, sha256, verifyEd25519 } from "./wire-rules.ts";
import type { makeAggregateVectors } from "./wire-aggregate-vectors.ts";
import { WIRE_VECTORS_PATH } from "./wire-vectors-file.ts";

type Vectors = Awaited<ReturnType<typeof makeAggregateVectors>>;
const { aggregate } = JSON.parse(readFileSync(join(ROOT, WIRE_VECTORS_PATH), "utf8")) as { aggregate: Vectors };
const { plan, parties } = aggregate;
const hash = Buffer.from(aggregate.planHash, "hex");
const HEAD = 68;
/** Two hashes for each of four parties. */
const HASHES = 4 * 64;
const P61 = 2n ** 61n - 1n;
const P25519 = 2n ** 255n - 19n;
const PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");
const SPKI = Buffer.from("302a300506032b656e032100", "hex");

type Round = Vectors["messages"][number]["round"];
const ROUNDS: readonly Round[] = ["advert", "shares", "masked", "survivors", "unmask"];
/** Messages of a round by their senders, without signatures. */
const said = (round: Round): Map<number, Buffer> =>
  new Map(
    aggregate.messages
      .filter((message) => message.round === round)
      .map(({ from, hex }) => [from, Buffer.from(hex, "hex").subarray(0, -64)]),
  );
const bytesAt = (message: Buffer | undefined, from: number, length: number): Buffer =>
  (message ?? Buffer.alloc(0)).subarray(from, from + length);
const little = (bytes: Buffer): bigint => BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`);

function transcript(before: Buffer, round: Round): Buffer {
  const messages = [...said(round).values()];
  const head = Buffer.of(ROUNDS.indexOf(round) + 1, messages.length);
  return sha256("sluice/aggregate/transcript/v1", head, before, ...messages.map((message) => sha256(message)));
}
const adverts = transcript(hash, "advert");
const shared = transcript(adverts, "shares");
const masked = transcript(shared, "masked");

/** What a party drew, the highest bit dropped. */
function secretOf(party: number, which: 0 | 1 | 2): Buffer {
  const secret = Buffer.from(parties[party]?.drawn[which] ?? "", "hex");
  secret[31] = (secret[31] ?? 0) & 0x7f;
  return secret;
}

function agreed(secret: Buffer, theirs: Buffer): Buffer {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI, theirs]), format: "der", type: "spki" });
  return diffieHellman({ privateKey, publicKey });
}
const derived = (secret: Buffer, info: Buffer): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), info, 32));

/** Values sealed by one party for another. */
function unsealed(round: "shares" | "unmask", from: number, to: number): bigint[] {
  const message = said(round).get(from);
  let at = HEAD + (round === "shares" ? 32 + 2 + HASHES : 0);
  const count = bytesAt(message, at, 1)[0] ?? 0;
  at += 1;
  for (let i = 0; i < count; i++) {
    const [receiver, high = 0, low = 0] = bytesAt(message, at, 3);
    const sealed = bytesAt(message, at + 3, 256 * high + low);
    at += 3 + sealed.length;
    if (receiver !== to) continue;
    const info = Buffer.concat([Buffer.from(`sluice/aggregate/${round}/v1`), hash, Buffer.of(from, to)]);
    const key = derived(agreed(secretOf(to, 0), bytesAt(said("advert").get(from), HEAD, 32)), info);
    const opened =
      openGcm(key, Buffer.alloc(12), Buffer.from(sealed), Buffer.from(bytesAt(message, 36, 32))) ?? Buffer.alloc(0);
    return Array.from({ length: opened.length / 32 }, (_, place) =>
      little(opened.subarray(32 * place, 32 * place + 32)),
    );
  }
  return [];
}

function stream(secret: Buffer, label: string, ...context: Buffer[]): bigint[] {
  const info = Buffer.concat([Buffer.from("sluice/aggregate/mask/v1"), Buffer.from(label), hash, adverts, ...context]);
  const cipher = createCipheriv("aes-256-ctr", derived(secret, info), Buffer.alloc(16));
  const bytes = cipher.update(Buffer.alloc(8 * (plan.statistic.kind === "histogram" ? 3 : 0)));
  return Array.from({ length: bytes.length / 8 }, (_, i) => little(bytes.subarray(8 * i, 8 * i + 8)) & P61);
}

function inverse(value: bigint): bigint {
  let [result, base, rest] = [1n, ((value % P25519) + P25519) % P25519, P25519 - 2n];
  for (; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * base) % P25519;
    base = (base * base) % P25519;
  }
  return result;
}

/** The polynomial through `points`, at 0. */
function combined(points: readonly (readonly [number, bigint])[]): bigint {
  const sum = points.reduce((total, [x, value]) => {
    const others = points.filter(([other]) => other !== x).map(([other]) => BigInt(other));
    return total + others.reduce((part, other) => (part * other * inverse(other - BigInt(x))) % P25519, value);
  }, 0n);
  return ((sum % P25519) + P25519) % P25519;
}

test("each message names its plan, sender and transcript, and is signed", () => {
  expect(documentHash(plan)).toBe(aggregate.planHash);
  const heard = { advert: hash, shares: adverts, masked: shared, survivors: masked, unmask: masked };
  for (const { round, from, hex } of aggregate.messages) {
    const frame = Buffer.from(hex, "hex");
    const type = ROUNDS.indexOf(round) + 1;
    expect(frame.subarray(0, HEAD)).toEqual(
      Buffer.concat([Buffer.of(0, 1, type), hash, Buffer.of(from), heard[round]]),
    );
    const signed = Buffer.concat([Buffer.from("sluice/aggregate/v1"), frame.subarray(0, -64)]);
    expect(verifyEd25519(plan.parties[from]?.key ?? "", signed, frame.subarray(-64))).toBe(true);
  }
  expect([...said("masked").keys()]).toEqual([0, 1, 2]);
  for (const message of said("survivors").values()) expect(message.subarray(HEAD)).toEqual(Buffer.of(3, 0, 1, 2));
});

test("shares give the seeds that were committed to, and the key of the party that is lost", () => {
  for (const owner of [0, 1, 2, 3]) {
    const which = owner === 3 ? 1 : 2;
    const points = [0, 1, 2].map((holder) => {
      const [seed = 0n, key = 0n] = holder === owner ? [] : unsealed("shares", owner, holder);
      return [holder + 1, which === 2 ? seed : key] as const;
    });
    // A party keeps its own share; of the others', each gives the same again to unmask.
    if (owner === 3) expect(combined(points)).toBe(little(secretOf(3, 1)));
    for (const holder of [0, 1, 2].filter((one) => one !== owner)) {
      const to = [0, 1, 2].find((one) => one !== holder) ?? 0;
      expect(unsealed("unmask", holder, to)[owner]).toBe(points[holder]?.[1]);
    }
    const given = [0, 1, 2].map(
      (holder) => [holder + 1, unsealed("unmask", holder, holder === 0 ? 1 : 0)[owner] ?? 0n] as const,
    );
    expect(combined(given)).toBe(little(secretOf(owner, which)));
    const commitment = sha256("sluice/aggregate/seed/v1", hash, Buffer.of(owner), secretOf(owner, 2));
    expect(bytesAt(said("shares").get(owner), HEAD, 32)).toEqual(commitment);
  }
});

test("every share fits the hash that its owner sent, also when it is given again", () => {
  const hashOf = (kind: string, owner: number, holder: number, share: bigint): Buffer => {
    const value = Buffer.from(share.toString(16).padStart(64, "0"), "hex").toReversed();
    return sha256(`sluice/aggregate/share/${kind}/v1`, hash, Buffer.of(owner, holder), value);
  };
  for (const owner of [0, 1, 2, 3]) {
    const message = said("shares").get(owner);
    expect(bytesAt(message, HEAD + 32, 2)).toEqual(Buffer.of(HASHES >> 8, HASHES & 0xff));
    for (const holder of [0, 1, 2, 3]) {
      const hashes = bytesAt(message, HEAD + 34 + 64 * holder, 64);
      const given = holder < 3 ? (unsealed("unmask", holder, holder === 0 ? 1 : 0)[owner] ?? 0n) : undefined;
      if (given !== undefined) {
        const [kind, at] = owner === 3 ? (["key", 32] as const) : (["seed", 0] as const);
        expect(hashes.subarray(at, at + 32)).toEqual(hashOf(kind, owner, holder, given));
      }
      if (holder === owner) continue;
      const [seed = 0n, key = 0n] = unsealed("shares", owner, holder);
      expect(hashes).toEqual(Buffer.concat([hashOf("seed", owner, holder, seed), hashOf("key", owner, holder, key)]));
    }
  }
});

test("vectors are masked as the page says, and their sum is that of the survivors", () => {
  const total = [0n, 0n, 0n];
  for (const owner of [0, 1, 2]) {
    const own = stream(secretOf(owner, 2), "own", Buffer.of(owner));
    const pairs = [0, 1, 2, 3].filter((other) => other !== owner);
    const length = bytesAt(said("masked").get(owner), HEAD, 3);
    expect(length).toEqual(Buffer.of(0, 0, 24));
    for (const i of [0, 1, 2]) {
      let expected = BigInt(parties[owner]?.vector[i] ?? "0") + (own[i] ?? 0n);
      for (const other of pairs) {
        const secret = agreed(secretOf(owner, 1), bytesAt(said("advert").get(other), HEAD + 32, 32));
        const pair = Buffer.of(Math.min(owner, other), Math.max(owner, other));
        const mask = stream(secret, "pair", pair)[i] ?? 0n;
        expected += other > owner ? mask : -mask;
      }
      const element = little(bytesAt(said("masked").get(owner), HEAD + 3 + 8 * i, 8));
      expect(element).toBe(((expected % P61) + P61) % P61);
      total[i] = (total[i] ?? 0n) + BigInt(parties[owner]?.vector[i] ?? "0");
    }
  }
  expect(aggregate.sum).toEqual(total.map(String));
});

test("messages that are malformed are refused by their codes", () => {
  for (const { name, round, hex, code } of aggregate.malformed) {
    expect(() => decodeAggregate(fromHex(hex), round), name).toThrow(expect.objectContaining({ code }));
  }
});
