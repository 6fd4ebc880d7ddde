/** Join-and-sum: the session of `packages/protocol/vectors/wire-v1.json`, made again with the rules of `docs/wire-join-sum.md`; our domain
 *  against a caller that has these rules alone; and our roles, which refuse what the vectors say.
 *  @module */
import { JoinSumCaller } from "@sluice/mpc/he/join-sum/caller";
import { JoinSumDomain, prepareSumSet } from "@sluice/mpc/he/join-sum/domain";
import { fromHex, sumPartBounds, utf8, type Bytes } from "@sluice/protocol";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { drain } from "../packages/mpc/test/psi-ot-sessions.ts";
import { ROOT } from "./source-files.ts";
import { drawTernary } from "./wire-coin-rules.ts";
import { hashEntry, invert, multiply, multiplyBase, scalarOf, tagOf, uniformElement } from "./wire-form-rules.ts";
import {
  blinded,
  combined,
  joinSumContext,
  maskOf,
  PLAIN_MODULUS,
  readFresh,
  SUM_PRIMES,
  sumFrame,
  sumRings,
  weighted,
} from "./wire-join-sum-rules.ts";
import { runJoinSum, type makeJoinSumVectors } from "./wire-join-sum-vectors.ts";
import { sha256 } from "./wire-rules.ts";
import { seeded } from "./wire-seeded.ts";
import { WIRE_VECTORS_PATH } from "./wire-vectors-file.ts";

type Vectors = Awaited<ReturnType<typeof makeJoinSumVectors>>;
const { joinSum: vector } = JSON.parse(readFileSync(join(ROOT, WIRE_VECTORS_PATH), "utf8")) as { joinSum: Vectors };
const { terms, identity, snapshot } = vector;
const session = fromHex(vector.session);
const context = joinSumContext(identity);
const shown = (i: number): Buffer => {
  const frame = vector.frames[i];
  return Buffer.from(frame !== undefined && "hex" in frame ? frame.hex : "", "hex");
};
const { frames: made } = await runJoinSum();
const zeroOf = (frame: Bytes) => readFresh(frame.subarray(19));
const frameAt = (i: number): Bytes => made[i]?.frame ?? new Uint8Array(0);
const items = (frame: Uint8Array, width: number): Buffer[] =>
  Array.from({ length: (frame.length - 25) / width }, (_, i) =>
    Buffer.from(frame.subarray(25 + width * i, 25 + width * (i + 1))),
  );

/** What a caller draws first: its blind, and elements that pad the list. */
function openingOf(stream: ReturnType<typeof seeded>, list: readonly string[]) {
  const wide = (): Buffer => Buffer.from(stream.bytes(64));
  const blind = scalarOf(wide());
  const elements = Array.from({ length: 16 }, (_, i) => {
    const entry = list[i];
    return entry === undefined ? uniformElement(wide()) : multiply(hashEntry(entry, context).toBytes(), blind);
  });
  return { blind, base: multiplyBase(blind), elements };
}

/** Places of tags whose elements came back. */
function matchesOf(tags: Uint8Array, listed: Uint8Array, blind: bigint): number[] {
  const own = new Set(items(listed, 32).map((element) => tagOf(multiply(element, invert(blind)), context)));
  return items(tags, 12).flatMap((tag, place) => (own.has(tag.toString("hex")) ? [place] : []));
}

test("the frames are those of the file, and the lists give the entries of the list that the set has", () => {
  expect(made.map(({ from, frame }) => [from, sha256(frame).toString("hex")])).toEqual(
    vector.frames.map(({ from, hash }) => [from, hash]),
  );
  const { blind, base, elements } = openingOf(seeded(vector.randomness.caller), vector.list);
  expect(shown(0)).toEqual(sumFrame(1, session, fromHex(snapshot), base, [16, 4]));
  expect(shown(1)).toEqual(sumFrame(2, session, [0, 4], [16, 2], ...elements));
  const matches = matchesOf(shown(2), shown(3), blind);
  const inBoth = vector.list.filter((entry) => vector.rows.some(([row]) => row === entry));
  expect(matches).toHaveLength(inBoth.length + vector.dummyMatches);
  expect(vector.result).toMatchObject({
    kind: "sum",
    count: { count: matches.length - terms.noise.shift, maxError: terms.noise.shift },
  });
});

test("what the caller sends of each part follows from its stream, and the answer gives the noisy sum", () => {
  const stream = seeded(vector.randomness.caller);
  const { blind } = openingOf(stream, vector.list);
  const matches = matchesOf(shown(2), shown(3), blind);
  const zero = zeroOf(frameAt(4));
  const mask = maskOf(matches);
  const answer = shown(9);
  const sums = [0, 1].map((limb) => {
    const values = readFresh(frameAt(5 + limb).subarray(22));
    const zeroFactor = drawTernary(stream, 8_192);
    const part = blinded(
      weighted([
        [mask, values],
        [zeroFactor, zero],
      ]),
      stream,
    );
    const frame = sumFrame(7, session, [matches.length, 4], [limb, 1], part.sent);
    expect(sha256(frame).toString("hex")).toBe(vector.frames[7 + limb]?.hash);
    return answer.readBigUInt64BE(20 + 8 * limb) - part.blind;
  });
  const plain = vector.rows.reduce(
    (sum, [entry, value]) => sum + (vector.list.includes(entry) ? BigInt(value) : 0n),
    0n,
  );
  expect(combined(sums)).toBe(plain + BigInt(vector.noise));
  expect(vector.result).toMatchObject({ sum: String(plain + BigInt(vector.noise)) });
});

/** Our domain, for the set of the vectors. */
async function openDomain(): Promise<JoinSumDomain> {
  const rows = vector.rows.map(([entry, value]) => ({ entry: utf8(entry), value }));
  const set = await prepareSumSet({ identity, bound: terms.bound, rows });
  const dummies = { shift: terms.noise.shift, matches: vector.dummyMatches };
  const noise = sumPartBounds(terms.bound).map((_, part) => (part === 0 ? 7n : 0n));
  return JoinSumDomain.create({ session, snapshot, identity, terms, set, dummies, noise });
}

test("our domain answers a caller that has the rules of the page alone", async () => {
  const domain = await openDomain();
  const stream = seeded("a caller by the rules");
  const { blind, base, elements } = openingOf(stream, vector.list);
  await drain(domain, sumFrame(1, session, fromHex(snapshot), base, [16, 4]));
  const said = (await drain(domain, sumFrame(2, session, [0, 4], [16, 2], ...elements))).frames;
  expect(said.map((frame) => [frame[2], frame.length])).toEqual(
    vector.frames.slice(2, 7).map(({ bytes }, i) => [[3, 4, 5, 6, 6][i], bytes]),
  );
  const [tags = session, listed = session, z = session, ...parts] = said;
  const zero = zeroOf(z);
  const matches = matchesOf(tags, listed, blind);
  const mask = maskOf(matches);
  const blinds: bigint[] = [];
  let answer: Bytes = session;
  for (const [limb, values] of parts.entries()) {
    const sum = weighted([
      [mask, readFresh(values.subarray(22))],
      [drawTernary(stream, 8_192), zero],
    ]);
    const part = blinded(sum, stream);
    blinds.push(part.blind);
    const { frames } = await drain(domain, sumFrame(7, session, [matches.length, 4], [limb, 1], part.sent));
    answer = frames[0] ?? answer;
  }
  const sums = blinds.map((each, limb) => Buffer.from(answer).readBigUInt64BE(20 + 8 * limb) - each);
  expect(combined(sums)).toBe(2n ** 40n - 7_000_000_001n + 7n);
});

test("our roles refuse what the vectors say by its code", async () => {
  const caller = () =>
    JoinSumCaller.create({
      session,
      snapshot,
      identity,
      terms,
      list: vector.list,
      random: seeded(vector.randomness.caller),
    });
  for (const { name, frame: place, at, code, ...change } of vector.refused) {
    const whole = Uint8Array.from(frameAt(place));
    const frame = "end" in change ? whole.subarray(0, at) : whole;
    if ("hex" in change) frame.set(fromHex(change.hex), at);
    const from = made[place]?.from;
    const role = from === "caller" ? await openDomain() : caller();
    if (from === "domain") await drain(role);
    // What the role was sent before.
    for (const before of made.slice(0, place)) if (before.from === from) await drain(role, before.frame);
    // `Z` is looked at when the sum is made.
    const goOn = async (): Promise<void> => {
      await drain(role, frame);
      for (const after of made.slice(place + 1)) if (after.from === from) await drain(role, after.frame);
    };
    await expect(goOn(), name).rejects.toMatchObject({ code });
  }
});

test("the page says the primes, roots, modulus and labels that are in force", () => {
  const page = readFileSync(join(ROOT, "docs/wire-join-sum.md"), "utf8");
  for (const number of [...SUM_PRIMES, ...sumRings().map(({ root }) => root), PLAIN_MODULUS]) {
    expect(page).toContain(` ${number}`);
  }
  expect(vector.plainModulus).toBe(String(PLAIN_MODULUS));
  for (const label of ["SluiceJoinSumV1-ristretto255-SHA512-", ...Object.keys(vector.randomness)]) {
    expect(page).toContain(label);
  }
  for (const { code } of vector.refused) expect(page).toContain(code);
});
