/** Private set intersection, variant cardinality: the count against plain sets, its noise, what the caller's transcript holds,
 *  and refusals. What a caller gains that does not follow the protocol stands in `psi-cardinality-cheating.test.ts`.
 *  @module */
import {
  decodePsiCardinalityAnswer,
  decodePsiCardinalityQuery,
  ELEMENT_BYTES,
  encodePsiCardinalityAnswer,
  encodePsiCardinalityQuery,
  fromHex,
  likelyCountError,
  padPsiItems,
  PSI_TAG_BYTES,
  toHex,
  utf8,
  type Bytes,
} from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { psiContext } from "../src/psi/identity.ts";
import { nobleGroup } from "../src/psi/noble-group.ts";
import { PsiCardinalityReceiver, PsiIdsReceiver } from "../src/psi/receiver.ts";
import { answerCardinality, evaluateEntries } from "../src/psi/sender.ts";
import { answerPsi, countMatches, HASH, NOISE, preparePsi, type PsiProduct } from "./psi-product.ts";
import { seededRandom } from "./seeded-random.ts";

const DUMMIES = 2 * NOISE.shift;
const insured = Array.from({ length: 20 }, (_, i) => `person-${i}`);
/** The identity, an odd number that is none, and the field's prime. */
const BAD = ["00".repeat(32), `01${"00".repeat(31)}`, `ed${"ff".repeat(30)}7f`];
const product = await preparePsi("psi-cardinality", insured);
const receiver = await PsiCardinalityReceiver.open(product);

function items(bytes: Bytes, itemBytes: number): string[] {
  return Array.from({ length: bytes.length / itemBytes }, (_, i) =>
    toHex(bytes.subarray(i * itemBytes, (i + 1) * itemBytes)),
  );
}

/** How many distinct items are in both lists. */
function common(a: readonly string[], b: readonly string[]): number {
  const other = new Set(b);
  return [...new Set(a)].filter((item) => other.has(item)).length;
}

/** The query of `frame` with other elements, or to another product. */
function queryOf(frame: Bytes, elements: readonly string[], to: PsiProduct = product): Bytes {
  const { base } = decodePsiCardinalityQuery(frame);
  return encodePsiCardinalityQuery({ snapshot: fromHex(to.snapshotHash), base, elements: fromHex(elements.join("")) });
}

function sentBy(frame: Bytes): string[] {
  return items(decodePsiCardinalityQuery(frame).elements, ELEMENT_BYTES);
}

async function answered(frame: Bytes, seed: number, of: PsiProduct = product) {
  const { elements, tags } = decodePsiCardinalityAnswer(await answerPsi(of, frame, seededRandom(seed)));
  return { elements: items(elements, ELEMENT_BYTES), tags: items(tags, PSI_TAG_BYTES) };
}

test("the count is that of plain sets, whatever repeats", async () => {
  const entries = fc.array(fc.string({ unit: "binary", minLength: 1, maxLength: 3 }), { maxLength: 18 });
  const lists = fc.tuple(entries, entries, fc.array(fc.nat(), { maxLength: 6 }));
  await fc.assert(
    fc.asyncProperty(lists, async ([set, others, picks]) => {
      const shared = picks.flatMap((pick) => set[pick % Math.max(set.length, 1)] ?? []);
      const list = [...shared, ...others, ...shared];
      const { count } = await countMatches(await preparePsi("psi-cardinality", set), list);
      expect(count).toBe(common(list, set));
    }),
    { numRuns: 10 },
  );
});

test("an empty list and an empty set count nothing", async () => {
  expect((await countMatches(product, [])).count).toBe(0);
  expect((await countMatches(await preparePsi("psi-cardinality", []), insured.slice(0, 3))).count).toBe(0);
});

test("frames show padded sizes only: all match, none matches, the list is empty", async () => {
  const lengths = [71 + 16 * 32, 11 + (16 + DUMMIES) * 32 + (padPsiItems(20) + DUMMIES) * PSI_TAG_BYTES];
  for (const list of [insured.slice(0, 16), ["nobody"], []]) {
    const { frames } = await countMatches(product, list);
    expect(frames.map((frame) => frame.length)).toEqual(lengths);
  }
});

test("the answer is the same in every order of the query: nothing in it depends on a position", async () => {
  const { frame } = await receiver.start(insured.slice(0, 10));
  const elements = sentBy(frame);
  const answer = await answered(frame, 1);
  for (const order of [elements.toReversed(), elements.toSorted(), [...elements.slice(5), ...elements.slice(0, 5)]]) {
    expect(await answered(queryOf(frame, order), 1)).toEqual(answer);
  }
});

test("which entry matches changes nothing but tags that only the domain can make", async () => {
  const { frame } = await receiver.start(["a", "b", "c"]);
  const answers = await Promise.all(
    ["a", "b"].map(async (match) => {
      const other = await preparePsi("psi-cardinality", [match], seededRandom(2));
      return await answered(queryOf(frame, sentBy(frame), other), 3, other);
    }),
  );
  expect(answers[0]?.elements).toEqual(answers[1]?.elements);
  expect(answers[0]?.tags).toHaveLength(16 + DUMMIES);
  expect(new Set(answers.flatMap(({ tags }) => tags)).size).toBe(15 + 2 + DUMMIES);
});

test("two answers to one query have no element and no tag in common: answers cannot be intersected", async () => {
  const { frame } = await receiver.start(insured.slice(0, 10));
  const [first, second] = [await answered(frame, 1), await answered(frame, 2)];
  for (const part of ["elements", "tags"] as const) {
    expect(common(first[part], second[part])).toBe(0);
  }
});

test("a count is off by what the noise is from its middle, and says how far that can be", async () => {
  const list = [...insured.slice(0, 12), "nobody"];
  for (const matches of [0, 3, NOISE.shift, DUMMIES]) {
    const query = await receiver.start(list);
    const counted = await query.finish(await answerPsi(product, query.frame, undefined, matches));
    const count = Math.min(12 + matches - NOISE.shift, list.length);
    expect(counted).toEqual({ count, maxError: NOISE.shift, likelyError: likelyCountError(NOISE), epsilon: "2" });
  }
});

test("a count is never below nothing, and never above the list", async () => {
  const none = await receiver.start(["nobody"]);
  expect((await none.finish(await answerPsi(product, none.frame, undefined, 0))).count).toBe(0);
  const all = await receiver.start(insured.slice(0, 2));
  expect((await all.finish(await answerPsi(product, all.frame, undefined, DUMMIES))).count).toBe(2);
});

test("sizes of an answer do not tell the noise", async () => {
  const { frame } = await receiver.start(insured.slice(0, 3));
  const answers = await Promise.all([0, 1, DUMMIES].map((matches) => answerPsi(product, frame, undefined, matches)));
  expect(new Set(answers.map((answer) => answer.length)).size).toBe(1);
  for (const matches of [-1, 0.5, DUMMIES + 1]) {
    await expect(answerPsi(product, frame, undefined, matches)).rejects.toThrow(RangeError);
  }
});

test("all entries of a list and its base are blinded by one scalar, another in each query", async () => {
  const random = seededRandom(6);
  const { frame } = await receiver.start(["a", "b"], { random });
  const again = await receiver.start(["a", "b"], { random });
  const scalar = nobleGroup.reduce(seededRandom(6).bytes(64));
  const context = psiContext(product.identity);
  const blinded = ["a", "b"].map((entry) =>
    toHex(nobleGroup.multiply(scalar, nobleGroup.hash(utf8(entry), context)) ?? utf8("")),
  );
  expect(sentBy(frame).slice(0, 2)).toEqual(blinded);
  expect(toHex(decodePsiCardinalityQuery(frame).base)).toBe(toHex(nobleGroup.multiplyBase(scalar)));
  expect(common(sentBy(frame), sentBy(again.frame))).toBe(0);
});

test("the elements that a domain keeps are sorted, padded and the same set for every order of its rows", async () => {
  const forward = await preparePsi("psi-cardinality", insured, seededRandom(7));
  const backward = await preparePsi("psi-cardinality", insured.toReversed(), seededRandom(7));
  expect(forward.set).toEqual(backward.set);
  expect(forward.set).toHaveLength(padPsiItems(20) * ELEMENT_BYTES);
});

test("an element that is malformed, the identity, or repeated is refused", async () => {
  const { frame } = await receiver.start(["a"]);
  const elements = sentBy(frame);
  for (const bad of BAD) {
    await expect(answered(queryOf(frame, elements.with(4, bad)), 1)).rejects.toMatchObject({
      code: "ERR_OPRF_ELEMENT",
      details: { index: 4 },
    });
  }
  await expect(answered(queryOf(frame, elements.with(4, elements[0] ?? "")), 1)).rejects.toMatchObject({
    code: "ERR_FRAME_MALFORMED",
  });
});

test("a base that is malformed or the identity is refused: there would be no noise", async () => {
  const { frame } = await receiver.start(["a"]);
  for (const bad of BAD) {
    const withBase = frame.slice();
    withBase.set(fromHex(bad), 35);
    await expect(answered(withBase, 1)).rejects.toMatchObject({
      code: "ERR_FRAME_MALFORMED",
      details: { field: "base" },
    });
  }
});

test("an answer with the identity, of another size or not sorted is not a count", async () => {
  const { elements, tags } = decodePsiCardinalityAnswer((await countMatches(product, ["a"])).frames[1] ?? utf8(""));
  const finish = async (answer: { elements: Bytes; tags: Bytes }) =>
    (await receiver.start(["a"])).finish(encodePsiCardinalityAnswer(answer));
  const identityFirst = elements.slice().fill(0, 0, 32);
  await expect(finish({ elements: identityFirst, tags })).rejects.toMatchObject({
    code: "ERR_OPRF_ELEMENT",
    details: { index: 0 },
  });
  const fewerTags = tags.subarray(PSI_TAG_BYTES);
  await expect(finish({ elements, tags: fewerTags })).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  const longer = (await countMatches(product, insured)).frames[1] ?? utf8("");
  await expect((await receiver.start(["a"])).finish(longer)).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  await expect((await receiver.start(["a"])).finish(longer.subarray(2))).rejects.toMatchObject({
    code: "ERR_FRAME_MALFORMED",
  });
});

test("an answer to another query counts nothing", async () => {
  const foreign = (await countMatches(product, ["person-1"])).frames[1] ?? utf8("");
  expect((await (await receiver.start(["person-1"])).finish(foreign)).count).toBe(0);
});

test("a snapshot that is not the pinned one, or of the other variant, is refused", async () => {
  await expect(PsiCardinalityReceiver.open({ ...product, snapshotHash: HASH })).rejects.toMatchObject({
    code: "ERR_RECEIPT",
  });
  await expect(PsiIdsReceiver.open(product)).rejects.toMatchObject({ code: "ERR_STATE" });
  const { identity, key } = product;
  await expect(evaluateEntries({ identity, key, entries: [] })).rejects.toMatchObject({ code: "ERR_STATE" });
  const { frame } = await receiver.start([]);
  const dummies = { shift: NOISE.shift, matches: 0 };
  const call = { ...product, snapshot: HASH, frame, dummies };
  await expect(answerCardinality(call)).rejects.toMatchObject({ code: "ERR_SNAPSHOT" });
});

test("a query is finished once, not after it was dropped, and stops when it is told to", async () => {
  const query = await receiver.start(["person-1"]);
  const answer = await answerPsi(product, query.frame);
  expect((await query.finish(answer)).count).toBe(1);
  await expect(query.finish(answer)).rejects.toMatchObject({ code: "ERR_STATE" });
  const dropped = await receiver.start(["person-1"]);
  dropped.discard();
  await expect(dropped.finish(answer)).rejects.toMatchObject({ code: "ERR_STATE" });
  const signal = AbortSignal.abort();
  await expect(receiver.start(["a"], { signal })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  const dummies = { shift: NOISE.shift, matches: 0 };
  const call = { ...product, snapshot: product.snapshotHash, frame: query.frame, dummies, signal };
  await expect(answerCardinality(call)).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});
