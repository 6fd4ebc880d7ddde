/** What the caller of a count can learn of who matched: nothing from what it holds, as long as it follows the protocol; and
 *  what one gains that does not.
 *  @module */
import {
  decodePsiCardinalityAnswer,
  decodePsiCardinalityQuery,
  ELEMENT_BYTES,
  encodePsiCardinalityQuery,
  fromHex,
  PSI_TAG_BYTES,
  toHex,
  utf8,
  type Bytes,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { callerGroup } from "../src/psi/caller-group.ts";
import { psiContext } from "../src/psi/identity.ts";
import { nobleGroup } from "../src/psi/noble-group.ts";
import { PsiCardinalityReceiver } from "../src/psi/receiver.ts";
import { tagOf } from "../src/psi/tags.ts";
import { answerPsi, NOISE, preparePsi } from "./psi-product.ts";
import { seededRandom } from "./seeded-random.ts";
import { bitBalance, chiSquareThreshold, positionMeans } from "./transcript-statistics.ts";

const SLOW = process.env["SLOW"] === "1";
const RUNS = SLOW ? 1_600 : 96;
const SET = Array.from({ length: 16 }, (_, i) => `person-${i}`);
const ABSENT = Array.from({ length: 15 }, (_, i) => `nobody-${i}`);
const DUMMIES = 2 * NOISE.shift;
const group = await callerGroup();
const product = await preparePsi("psi-cardinality", SET, seededRandom(1));
const context = psiContext(product.identity);
const receiver = await PsiCardinalityReceiver.open(product);

function elementsOf(bytes: Bytes): Bytes[] {
  return Array.from({ length: bytes.length / ELEMENT_BYTES }, (_, i) =>
    bytes.subarray(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES),
  );
}

function must(bytes: Bytes | null): Bytes {
  if (bytes === null) throw new Error("no element");
  return bytes;
}

const scalarFrom = (seed: number): Bytes => group.reduce(seededRandom(seed).bytes(64));

/** Everything that an honest caller holds in the end: answered elements, what they unblind to, and which are among the tags. */
async function held(list: readonly string[], seed: number, matches: number) {
  const random = seededRandom(2 * seed);
  const { frame } = await receiver.start(list, { random });
  const domain = seededRandom(2 * seed + 1);
  const answer = decodePsiCardinalityAnswer(await answerPsi(product, frame, domain, matches));
  const inverse = group.invert(scalarFrom(2 * seed));
  const tags = new Set(Array.from({ length: answer.tags.length / PSI_TAG_BYTES }, (_, i) => tagHex(answer.tags, i)));
  const elements = elementsOf(answer.elements);
  const unblinded = elements.map((element) => must(group.multiply(inverse, element)));
  const matched = unblinded.flatMap((element, at) => (tags.has(toHex(tagOf(element, context))) ? [at] : []));
  return { elements, unblinded, matched, key: scalarFrom(2 * seed + 1), tags: answer.tags };
}

function tagHex(tags: Bytes, i: number): string {
  return toHex(tags.subarray(i * PSI_TAG_BYTES, (i + 1) * PSI_TAG_BYTES));
}

test(
  "where an entry stood in the list, and where its match stands in the answer, are independent",
  { timeout: 120_000 },
  async () => {
    const [rows, columns] = [4, 4];
    const table = Array.from({ length: rows }, () => Array.from({ length: columns }, () => 0));
    const first: Bytes[][] = [[], []];
    for (let run = 0; run < RUNS; run++) {
      const planted = run % rows;
      const list = ABSENT.toSpliced(planted * 4, 0, "person-3");
      const { elements, unblinded, matched, key } = await held(list, run, NOISE.shift);
      expect(matched).toHaveLength(1 + NOISE.shift);
      // Only this test knows the domain's key of the call, and so which match is no dummy.
      const element = must(group.multiply(key, group.hash(utf8("person-3"), context)));
      const at = unblinded.findIndex((other) => toHex(other) === toHex(element));
      expect(matched).toContain(at);
      const column = Math.floor((at * columns) / elements.length);
      const counts = table[planted];
      if (counts !== undefined) counts[column] = (counts[column] ?? 0) + 1;
      first[run % 2]?.push(element);
    }
    const columnSums =
      table[0]?.map((_, column) => table.reduce((sum, counts) => sum + (counts[column] ?? 0), 0)) ?? [];
    let statistic = 0;
    for (const counts of table) {
      for (const [column, count] of counts.entries()) {
        const expected = (columnSums[column] ?? 0) / rows;
        statistic += (count - expected) ** 2 / expected;
      }
    }
    expect(statistic).toBeLessThan(chiSquareThreshold((rows - 1) * (columns - 1)));
    // The value under which one entry matches is another in each call, with no bit that stays (the top one is always 0).
    const values = first.flat().map((element) => element.subarray(0, 31));
    expect(new Set(values.map(toHex)).size).toBe(RUNS);
    expect(
      bitBalance(values.map((value) => Uint8Array.from(value, (byte, i) => (i === 0 ? byte >> 1 : byte)).subarray(1))),
    ).toBeLessThan(1);
  },
);

test("dummy matches look like matches: same bytes, same places", { timeout: 120_000 }, async () => {
  const [real, dummies]: [Bytes[], Bytes[]] = [[], []];
  for (let run = 0; run < RUNS / 4; run++) {
    const { unblinded, matched, key } = await held(SET.slice(0, 4), 10_000 + run, NOISE.shift);
    const own = new Set(
      SET.slice(0, 4).map((entry) => toHex(must(group.multiply(key, group.hash(utf8(entry), context))))),
    );
    for (const at of matched) {
      const element = unblinded[at] ?? utf8("");
      // Beside the value itself, its place among the matches.
      const place = Uint8Array.of(Math.floor((255 * matched.indexOf(at)) / matched.length));
      (own.has(toHex(element)) ? real : dummies).push(Uint8Array.of(...element, ...place));
    }
  }
  expect([real.length, dummies.length]).toEqual([RUNS, RUNS]);
  expect(positionMeans(real, dummies)).toBeLessThan(1);
});

test("a caller that repeats one element is refused, so that no element counts twice", async () => {
  const { frame } = await receiver.start(["person-1"]);
  const { snapshot, base, elements } = decodePsiCardinalityQuery(frame);
  const twice = elements.slice();
  twice.set(twice.subarray(0, ELEMENT_BYTES), 5 * ELEMENT_BYTES);
  const refused = answerPsi(product, encodePsiCardinalityQuery({ snapshot, base, elements: twice }));
  await expect(refused).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED", details: { field: "elements" } });
});

/** What a caller that knows `scalars[i]` of `guesses[i]` finds out of an answer to such elements. */
async function cheat(guesses: readonly string[], scalars: readonly Bytes[], base: Bytes, matches: number) {
  const { frame } = await receiver.start([], { random: seededRandom(77) });
  const { snapshot, elements: padding } = decodePsiCardinalityQuery(frame);
  const elements = padding.slice();
  for (const [i, guess] of guesses.entries()) {
    elements.set(must(group.multiply(scalars[i] ?? utf8(""), group.hash(utf8(guess), context))), i * ELEMENT_BYTES);
  }
  const query = encodePsiCardinalityQuery({ snapshot, base, elements });
  const answer = decodePsiCardinalityAnswer(await answerPsi(product, query, seededRandom(78), matches));
  const tags = new Set(Array.from({ length: answer.tags.length / PSI_TAG_BYTES }, (_, i) => tagHex(answer.tags, i)));
  return guesses.filter((_, i) => {
    const inverse = group.invert(scalars[i] ?? utf8(""));
    return elementsOf(answer.elements).some((element) =>
      tags.has(toHex(tagOf(must(group.multiply(inverse, element)), context))),
    );
  });
}

const GUESSES = ["person-3", "nobody", "person-7", "no one"];

test("a stated limit: a caller with a scalar for each entry learns which ones matched, whatever the noise", async () => {
  const scalars = GUESSES.map((_, i) => scalarFrom(900 + i));
  for (const matches of [0, NOISE.shift, DUMMIES]) {
    const base = group.multiplyBase(scalarFrom(990));
    expect(await cheat(GUESSES, scalars, base, matches)).toEqual(["person-3", "person-7"]);
  }
});

test("a stated limit: related elements, known multiples of one scalar, tell as much", async () => {
  const scalars = GUESSES.map((_, i) =>
    nobleGroup.reduce(Uint8Array.from({ length: 64 }, (_, at) => (at === 0 ? i + 2 : 0))),
  );
  const base = fromHex(toHex(group.multiplyBase(scalarFrom(991))));
  expect(await cheat(GUESSES, scalars, base, 3)).toEqual(["person-3", "person-7"]);
});

test("a caller that guesses at one multiple alone learns nothing but a count with noise", async () => {
  const scalar = scalarFrom(992);
  // Each dummy that matches makes every guess look right, as it unblinds by the one scalar.
  const found = await cheat(
    GUESSES,
    GUESSES.map(() => scalar),
    group.multiplyBase(scalar),
    1,
  );
  expect(found).toEqual(GUESSES);
});

test("both engines of a caller give the same bytes", () => {
  expect(group.engine).toBe("libsodium");
  for (let seed = 0; seed < 4; seed++) {
    const wide = seededRandom(seed).bytes(64);
    const entry = utf8(`条目 ${seed} ${"x".repeat(seed * 90)}`);
    const results = [group, nobleGroup].map((engine) => {
      const scalar = engine.reduce(wide);
      const element = engine.map(wide);
      const made = [
        scalar,
        element,
        engine.hash(entry, context),
        engine.invert(scalar),
        engine.multiplyBase(scalar),
        must(engine.multiply(scalar, element)),
      ];
      return made.map(toHex);
    });
    expect(results[0]).toEqual(results[1]);
  }
  for (const bad of ["00".repeat(32), `01${"00".repeat(31)}`, `ed${"ff".repeat(30)}7f`, "ff".repeat(32)]) {
    for (const engine of [group, nobleGroup]) {
      expect(engine.multiply(group.reduce(seededRandom(1).bytes(64)), fromHex(bad))).toBe(null);
    }
  }
});
