/** Private set intersection, variant cardinality: the count against plain sets, what the caller's transcript holds, and
 *  what a caller gains that does not follow the protocol.
 *  @module */
import { ristretto255 } from "@noble/curves/ed25519.js";
import {
  decodePsiCardinalityAnswer,
  decodePsiQuery,
  ELEMENT_BYTES,
  encodePsiCardinalityAnswer,
  encodePsiQuery,
  fromHex,
  padPsiItems,
  PSI_TAG_BYTES,
  toHex,
  utf8,
  type Bytes,
} from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { blindEntry } from "../src/psi/blinding.ts";
import { psiContext } from "../src/psi/identity.ts";
import { PsiCardinalityReceiver, PsiIdsReceiver } from "../src/psi/receiver.ts";
import { answerCardinality, prepareIdsSet } from "../src/psi/sender.ts";
import { tagOf } from "../src/psi/tags.ts";
import { answerPsi, countMatches, HASH, preparePsi, type PsiProduct } from "./psi-product.ts";
import { seededRandom } from "./seeded-random.ts";

const insured = Array.from({ length: 20 }, (_, i) => `person-${i}`);
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

function queryOf(elements: readonly string[], to: PsiProduct = product): Bytes {
  return encodePsiQuery({
    kind: "psi-cardinality",
    snapshot: fromHex(to.snapshotHash),
    elements: fromHex(elements.join("")),
  });
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
  const lengths = [39 + 16 * 32, 11 + 16 * 32 + padPsiItems(20) * PSI_TAG_BYTES];
  for (const list of [insured.slice(0, 16), ["nobody"], []]) {
    const { frames } = await countMatches(product, list);
    expect(frames.map((frame) => frame.length)).toEqual(lengths);
  }
});

test("the answer is the same in every order of the query: nothing in it depends on a position", async () => {
  const { frame } = await receiver.start(insured.slice(0, 10));
  const elements = items(decodePsiQuery(frame).elements, ELEMENT_BYTES);
  const answer = await answered(frame, 1);
  for (const order of [elements.toReversed(), elements.toSorted(), [...elements.slice(5), ...elements.slice(0, 5)]]) {
    expect(await answered(queryOf(order), 1)).toEqual(answer);
  }
});

test("which entry matches changes nothing but tags that only the domain can make", async () => {
  const { frame } = await receiver.start(["a", "b", "c"]);
  const answers = await Promise.all(
    ["a", "b"].map(async (match) => {
      const other = await preparePsi("psi-cardinality", [match], seededRandom(2));
      const elements = items(decodePsiQuery(frame).elements, ELEMENT_BYTES);
      return await answered(queryOf(elements, other), 3, other);
    }),
  );
  expect(answers[0]?.elements).toEqual(answers[1]?.elements);
  expect(answers[0]?.tags).toHaveLength(16);
  expect(new Set(answers.flatMap(({ tags }) => tags)).size).toBe(15 + 2);
});

test("two answers to one query have no element and no tag in common: answers cannot be intersected", async () => {
  const { frame } = await receiver.start(insured.slice(0, 10));
  const [first, second] = [await answered(frame, 1), await answered(frame, 2)];
  for (const part of ["elements", "tags"] as const) {
    expect(common(first[part], second[part])).toBe(0);
  }
});

test("unblinded, matches of an entry in two calls are unlinkable: the same entry has another element in each", async () => {
  const { Fn } = ristretto255.Point;
  const scalar = 12_345n;
  const context = psiContext(product.identity);
  const { elements: padding } = decodePsiQuery((await receiver.start([])).frame);
  const blinded = toHex(blindEntry(utf8("person-1"), scalar, context));
  const frame = queryOf([blinded, ...items(padding, ELEMENT_BYTES).slice(1)]);
  const matches = await Promise.all(
    [1, 2].map(async (seed) => {
      const { elements, tags } = await answered(frame, seed);
      const unblinded = elements.map((hex) =>
        ristretto255.Point.fromBytes(fromHex(hex)).multiply(Fn.inv(scalar)).toBytes(),
      );
      return unblinded.filter((element) => tags.includes(toHex(tagOf(element, context)))).map(toHex);
    }),
  );
  expect(matches.map((found) => found.length)).toEqual([1, 1]);
  expect(matches[0]).not.toEqual(matches[1]);
});

test("a cheating caller that blinds each entry by another scalar learns which ones matched: a stated limit", async () => {
  const { Fn } = ristretto255.Point;
  const context = psiContext(product.identity);
  const guesses = ["person-3", "nobody", "person-7", "no one"].map((entry, i) => ({ entry, scalar: BigInt(i + 2) }));
  const blinded = guesses.map(({ entry, scalar }) => toHex(blindEntry(utf8(entry), scalar, context)));
  const { elements: padding } = decodePsiQuery((await receiver.start([])).frame);
  const { elements, tags } = await answered(queryOf([...blinded, ...items(padding, ELEMENT_BYTES).slice(4)]), 4);
  const learned = guesses.filter(({ scalar }) =>
    elements.some((hex) => {
      const element = ristretto255.Point.fromBytes(fromHex(hex)).multiply(Fn.inv(scalar)).toBytes();
      return tags.includes(toHex(tagOf(element, context)));
    }),
  );
  expect(learned.map(({ entry }) => entry)).toEqual(["person-3", "person-7"]);
});

test("all entries of a list are blinded by one scalar, another in each query", async () => {
  const random = seededRandom(6);
  const { frame } = await receiver.start(["a", "b"], { random });
  const again = await receiver.start(["a", "b"], { random });
  const replay = seededRandom(6).bytes(64);
  const scalar = ristretto255.Point.Fn.create(BigInt(`0x${toHex(replay.toReversed())}`));
  const context = psiContext(product.identity);
  const { elements } = decodePsiQuery(frame);
  expect(items(elements, ELEMENT_BYTES).slice(0, 2)).toEqual(
    ["a", "b"].map((entry) => toHex(blindEntry(utf8(entry), scalar, context))),
  );
  const other = items(decodePsiQuery(again.frame).elements, ELEMENT_BYTES);
  expect(common(items(elements, ELEMENT_BYTES), other)).toBe(0);
});

test("the elements that a domain keeps are sorted, padded and the same set for every order of its rows", async () => {
  const forward = await preparePsi("psi-cardinality", insured, seededRandom(7));
  const backward = await preparePsi("psi-cardinality", insured.toReversed(), seededRandom(7));
  expect(forward.set).toEqual(backward.set);
  expect(forward.set).toHaveLength(padPsiItems(20) * ELEMENT_BYTES);
});

test("an element that is malformed, the identity, or repeated is refused", async () => {
  const { frame } = await receiver.start(["a"]);
  const elements = items(decodePsiQuery(frame).elements, ELEMENT_BYTES);
  for (const bad of ["00".repeat(32), `01${"00".repeat(31)}`, `ed${"ff".repeat(30)}7f`]) {
    await expect(answered(queryOf(elements.with(4, bad)), 1)).rejects.toMatchObject({
      code: "ERR_OPRF_ELEMENT",
      details: { index: 4 },
    });
  }
  await expect(answered(queryOf(elements.with(4, elements[0] ?? "")), 1)).rejects.toMatchObject({
    code: "ERR_FRAME_MALFORMED",
  });
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
  const fewerTags = tags.subarray(0, 16 * PSI_TAG_BYTES);
  await expect(finish({ elements, tags: fewerTags })).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  const longer = (await countMatches(product, insured)).frames[1] ?? utf8("");
  await expect((await receiver.start(["a"])).finish(longer)).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  await expect((await receiver.start(["a"])).finish(longer.subarray(2))).rejects.toMatchObject({
    code: "ERR_FRAME_MALFORMED",
  });
});

test("an answer to another query counts nothing", async () => {
  const foreign = (await countMatches(product, ["person-1"])).frames[1] ?? utf8("");
  expect(await (await receiver.start(["person-1"])).finish(foreign)).toBe(0);
});

test("a snapshot that is not the pinned one, or of the other variant, is refused", async () => {
  await expect(PsiCardinalityReceiver.open({ ...product, snapshotHash: HASH })).rejects.toMatchObject({
    code: "ERR_RECEIPT",
  });
  await expect(PsiIdsReceiver.open(product)).rejects.toMatchObject({ code: "ERR_STATE" });
  const { identity, key } = product;
  await expect(prepareIdsSet({ identity, key, entries: [] })).rejects.toMatchObject({ code: "ERR_STATE" });
  const { frame } = await receiver.start([]);
  const call = { ...product, snapshot: HASH, frame };
  await expect(answerCardinality(call)).rejects.toMatchObject({ code: "ERR_SNAPSHOT" });
});

test("a query is finished once, not after it was dropped, and stops when it is told to", async () => {
  const query = await receiver.start(["person-1"]);
  const answer = await answerPsi(product, query.frame);
  expect(await query.finish(answer)).toBe(1);
  await expect(query.finish(answer)).rejects.toMatchObject({ code: "ERR_STATE" });
  const dropped = await receiver.start(["person-1"]);
  dropped.discard();
  await expect(dropped.finish(answer)).rejects.toMatchObject({ code: "ERR_STATE" });
  const signal = AbortSignal.abort();
  await expect(receiver.start(["a"], { signal })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  const call = { ...product, snapshot: product.snapshotHash, frame: query.frame, signal };
  await expect(answerCardinality(call)).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});
