/** Base oblivious transfers: each role against a second one made with noble's group, malformed peers, fresh secrets. @module */
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { concatBytes, fromHex, isSluiceError, toHex, utf8, type Bytes } from "@sluice/protocol";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { answerPairs, bitAt, choosePairs, openChosen } from "../src/psi/ot/base-ot.ts";
import { BAD_ELEMENTS } from "./bad-elements.ts";
import { seededRandom } from "./seeded-random.ts";

const { Point } = ristretto255;
const DST = "SluicePSIOTV1-HashToGroup-ristretto255_XMD:SHA-512_R255MAP_RO_";
const session = new Uint8Array(32).fill(9);
const pause = async () => {};
const COUNT = 16;
const choices = Uint8Array.of(0b1010_0110, 0b0001_1101);

const part = (bytes: Bytes, index: number, size: number) => bytes.subarray(index * size, (index + 1) * size);
const place = (index: number, half: number) => concatBytes(session, Uint8Array.of(0, index, half));
const hashPoint = (index: number, half: number, element: Bytes) =>
  ristretto255_hasher.hashToCurve(concatBytes(place(index, half), element), { DST });
const keyOf = (index: number, half: number, ...said: Bytes[]) =>
  toHex(
    createHash("sha256")
      .update(concatBytes(utf8("sluice/psi/ot/key/v1"), place(index, half), ...said))
      .digest()
      .subarray(0, 16),
  );

/** A holder of noble's group, after the comment of base-ot.ts, with scalar 1000 + index. */
function otherHolder(pairs: Bytes) {
  const keys: [string, string][] = [];
  const answers: Bytes[] = [];
  for (let index = 0; index < COUNT; index++) {
    const scalar = BigInt(1000 + index);
    const answer = Point.BASE.multiply(scalar).toBytes();
    const pair = part(pairs, index, 64);
    const [zero, one] = [pair.subarray(0, 32), pair.subarray(32)];
    const shared = (half: number, own: Bytes, other: Bytes) =>
      Point.fromBytes(own)
        .add(hashPoint(index, half, other))
        .multiply(scalar)
        .toBytes();
    keys.push([
      keyOf(index, 0, pair, answer, shared(0, zero, one)),
      keyOf(index, 1, pair, answer, shared(1, one, zero)),
    ]);
    answers.push(answer);
  }
  return { answers: concatBytes(...answers), keys };
}

test("the chooser gets the key it chose from a holder of another make", async () => {
  const chosen = await choosePairs(choices, { session, random: seededRandom(1), pause });
  const holder = otherHolder(chosen.pairs);
  const keys = await openChosen({ choices, ...chosen }, holder.answers, { session, pause });
  for (let index = 0; index < COUNT; index++) {
    const choice = bitAt(choices, index);
    expect(toHex(part(keys, index, 16))).toBe(holder.keys[index]?.[choice]);
    expect(toHex(part(keys, index, 16))).not.toBe(holder.keys[index]?.[1 - choice]);
  }
});

test("the holder's keys are those that a chooser of another make can open, and no pair tells the choice", async () => {
  const random = seededRandom(2);
  const scalars = Array.from({ length: COUNT }, (_, i) => BigInt(77 + i));
  const pairs = scalars.map((scalar, index) => {
    const half = bitAt(choices, index);
    const other = Point.BASE.multiply(BigInt(5000 + index)).toBytes();
    const own = Point.BASE.multiply(scalar)
      .subtract(hashPoint(index, half, other))
      .toBytes();
    return half === 0 ? concatBytes(own, other) : concatBytes(other, own);
  });
  const { answers, keys } = await answerPairs(concatBytes(...pairs), COUNT, { session, random, pause });
  for (const [index, scalar] of scalars.entries()) {
    const half = bitAt(choices, index);
    const answer = part(answers, index, 32);
    const shared = Point.fromBytes(answer).multiply(scalar).toBytes();
    const opened = keyOf(index, half, pairs[index] ?? new Uint8Array(0), answer, shared);
    expect(opened).toBe(toHex(part(keys[half], index, 16)));
    expect(opened).not.toBe(toHex(part(keys[half === 0 ? 1 : 0], index, 16)));
  }
});

test("every scalar is drawn for its transfer alone, and another session gives other keys", async () => {
  const chosen = await choosePairs(choices, { session, random: seededRandom(3), pause });
  const here = await answerPairs(chosen.pairs, COUNT, { session, random: seededRandom(4), pause });
  const elsewhere = { session: session.with(0, 1), random: seededRandom(4), pause };
  const there = await answerPairs(chosen.pairs, COUNT, elsewhere);
  const seen = [chosen.pairs, chosen.scalars, here.answers].map((bytes) =>
    Array.from({ length: bytes.length / 32 }, (_, i) => toHex(part(bytes, i, 32))),
  );
  for (const each of seen) expect(new Set(each).size).toBe(each.length);
  const keys = [...here.keys, ...there.keys].flatMap((list) =>
    Array.from({ length: COUNT }, (_, i) => toHex(part(list, i, 16))),
  );
  expect(new Set(keys).size).toBe(4 * COUNT);
  expect(toHex(here.answers)).toBe(toHex(there.answers));
});

const bad = Object.entries(BAD_ELEMENTS)
  .filter(([what]) => what !== "of another length")
  .flatMap(([what, list]) => list.map((hex) => [what, hex] as const));

test("an element that is not canonical, or is the identity, is refused by both roles, with its index", async () => {
  const random = seededRandom(5);
  const chosen = await choosePairs(choices, { session, random, pause });
  const { answers } = await answerPairs(chosen.pairs, COUNT, { session, random, pause });
  for (const [what, hex] of bad) {
    const pairs = chosen.pairs.slice();
    pairs.set(fromHex(hex), 32);
    await expect(answerPairs(pairs, COUNT, { session, random, pause }), what).rejects.toSatisfy(
      (error) => isSluiceError(error, "ERR_OPRF_ELEMENT") && error.message.includes("1"),
    );
    const others = answers.slice();
    others.set(fromHex(hex), 0);
    await expect(openChosen({ choices, ...chosen }, others, { session, pause }), what).rejects.toSatisfy(
      (error) => isSluiceError(error, "ERR_OPRF_ELEMENT") && error.message.includes("0"),
    );
  }
});

test("a pair whose half adds up to the identity is refused: its key would be no secret", async () => {
  const random = seededRandom(6);
  const { pairs } = await choosePairs(choices, { session, random, pause });
  const other = part(pairs, 1, 32);
  pairs.set(Point.ZERO.subtract(hashPoint(0, 0, other)).toBytes(), 0);
  await expect(answerPairs(pairs, COUNT, { session, random, pause })).rejects.toSatisfy((error) =>
    isSluiceError(error, "ERR_OPRF_ELEMENT"),
  );
});

test("messages of another length are malformed, and a cancelled batch stops", async () => {
  const random = seededRandom(7);
  const chosen = await choosePairs(choices, { session, random, pause });
  const { answers } = await answerPairs(chosen.pairs, COUNT, { session, random, pause });
  for (const pairs of [chosen.pairs.subarray(1), new Uint8Array(0), concatBytes(chosen.pairs, new Uint8Array(64))]) {
    await expect(answerPairs(pairs, COUNT, { session, random, pause })).rejects.toSatisfy((error) =>
      isSluiceError(error, "ERR_FRAME_MALFORMED"),
    );
  }
  await expect(openChosen({ choices, ...chosen }, answers.subarray(32), { session, pause })).rejects.toSatisfy(
    (error) => isSluiceError(error, "ERR_FRAME_MALFORMED"),
  );
  const stop = () => Promise.reject(new Error("stopped"));
  await expect(choosePairs(choices, { session, random, pause: stop })).rejects.toThrow("stopped");
});

test("no scalar is above the group's order, and none is 0", async () => {
  const { scalars } = await choosePairs(choices, { session, random: seededRandom(8), pause });
  for (let i = 0; i < COUNT; i++) {
    const value = bytesToNumberLE(part(scalars, i, 32));
    expect(value > 0n && value < Point.Fn.ORDER).toBe(true);
  }
});
