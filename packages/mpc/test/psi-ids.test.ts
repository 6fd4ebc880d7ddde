/** Private set intersection, variant ids, against a plain Set; and what a peer or the network can spoil. @module */
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import {
  concatBytes,
  decodePsiIdsAnswer,
  decodePsiQuery,
  decodePsiSet,
  documentHash,
  ELEMENT_BYTES,
  encodePsiIdsAnswer,
  encodePsiQuery,
  fromHex,
  MAX_PSI_LIST_ITEMS,
  padPsiItems,
  PSI_TAG_BYTES,
  sha256Hex,
  toHex,
  utf8,
  type Bytes,
} from "@sluice/protocol";
import fc from "fast-check";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { blindEvaluate, deriveKeyPair } from "../src/oprf/server.ts";
import { psiContext } from "../src/psi/identity.ts";
import { PsiCardinalityReceiver, PsiIdsReceiver } from "../src/psi/receiver.ts";
import { answerIds, derivePsiKey, prepareCardinalitySet, prepareIdsSet, psiEntry } from "../src/psi/sender.ts";
import { answerPsi, HASH, intersect, preparePsi, snapshotOf } from "./psi-product.ts";
import { seededRandom } from "./seeded-random.ts";

const insured = Array.from({ length: 40 }, (_, i) => `person-${i}`);
const product = await preparePsi("psi-ids", insured);
const receiver = await PsiIdsReceiver.open(product);

/** Encodings that no role may accept (RFC 9496, Appendix A.2), and the identity. */
const REFUSED = {
  "not canonical": "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  negative: "0100000000000000000000000000000000000000000000000000000000000000",
  "not a square": "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
  "the identity": "00".repeat(32),
};

function elementAt(elements: Bytes, index: number): Bytes {
  return elements.subarray(index * ELEMENT_BYTES, (index + 1) * ELEMENT_BYTES);
}

function replaced(elements: Bytes, index: number, element: Bytes): Bytes {
  const changed = elements.slice();
  changed.set(element, index * ELEMENT_BYTES);
  return changed;
}

test("every list and set intersect as plain sets do, whatever repeats", async () => {
  const entries = fc.array(fc.string({ unit: "binary", minLength: 1, maxLength: 3, size: "max" }), { maxLength: 20 });
  const lists = fc.tuple(entries, entries, fc.array(fc.nat(), { maxLength: 6 }));
  await fc.assert(
    fc.asyncProperty(lists, async ([set, others, picks]) => {
      const shared = picks.flatMap((pick) => set[pick % Math.max(set.length, 1)] ?? []);
      const list = [...others, ...shared, ...others.slice(0, 2)];
      const { found } = await intersect(await preparePsi("psi-ids", set), list);
      expect(found).toEqual([...new Set(list)].filter((entry) => new Set(set).has(entry)));
    }),
    { numRuns: 12 },
  );
});

test("entries are compared exactly: normal forms, case and a leading byte order mark make a difference", async () => {
  const set = ["11010119900101001X", "caf\u00e9", "\ufeffa", "张三"];
  const { found } = await intersect(await preparePsi("psi-ids", set), [
    ...set,
    "11010119900101001x",
    "cafe\u0301",
    "a",
  ]);
  expect(found).toEqual(set);
});

test("an empty list and an empty set give nothing, and show the least size", async () => {
  const empty = await preparePsi("psi-ids", []);
  expect((await intersect(product, [])).found).toEqual([]);
  const { found, frames } = await intersect(empty, ["a"]);
  expect(found).toEqual([]);
  expect(decodePsiSet(empty.set).tags).toHaveLength(16 * PSI_TAG_BYTES);
  expect(frames.map((frame) => frame.length)).toEqual([39 + 16 * 32, 7 + 16 * 32]);
});

test("matches and misses, few entries and some more, make frames of the same lengths", async () => {
  const lists = [["person-1"], ["nobody"], insured.slice(0, 16), ["nobody", "nobody"]];
  for (const list of lists) {
    const { frames } = await intersect(product, list);
    expect(frames.map((frame) => frame.length)).toEqual([39 + 16 * 32, 7 + 16 * 32]);
  }
  const { frames } = await intersect(product, insured.slice(0, 17));
  expect(decodePsiQuery(frames[0] ?? new Uint8Array()).elements).toHaveLength(padPsiItems(17) * ELEMENT_BYTES);
});

test("no element of one query occurs in another of the same list", async () => {
  const [first, second] = [await receiver.start(["a", "b"]), await receiver.start(["a", "b"])];
  const elements = [first, second].flatMap(({ frame }) =>
    Array.from({ length: 16 }, (_, i) => toHex(elementAt(decodePsiQuery(frame).elements, i))),
  );
  expect(new Set(elements).size).toBe(32);
});

test("every entry is blinded by a scalar of its own", async () => {
  const { frame } = await receiver.start(["a", "b"], { random: seededRandom(5) });
  const { elements } = decodePsiQuery(frame);
  const random = seededRandom(5);
  const { Fn } = ristretto255.Point;
  const hashed = (entry: string) =>
    ristretto255_hasher.hashToCurve(psiEntry(entry), {
      DST: concatBytes(utf8("HashToGroup-"), psiContext(product.identity)),
    });
  const little = (bytes: Bytes) => BigInt(`0x${toHex(bytes.toReversed())}`);
  for (const [i, entry] of ["a", "b"].entries()) {
    const scalar = Fn.create(little(random.bytes(64)));
    expect(elementAt(elements, i)).toEqual(hashed(entry).multiply(scalar).toBytes());
  }
});

test("tags are what noble computes from key and entry", async () => {
  const one = await preparePsi("psi-ids", ["person-1"]);
  const context = psiContext(one.identity);
  const point = ristretto255_hasher.hashToCurve(utf8("person-1"), {
    DST: concatBytes(utf8("HashToGroup-"), context),
  });
  const scalar = BigInt(`0x${toHex(one.key.secret.reveal().toReversed())}`);
  const digest = await sha256Hex(concatBytes(utf8("sluice/psi/tag/v1"), context, point.multiply(scalar).toBytes()));
  expect(toHex(decodePsiSet(one.set).tags)).toContain(digest.slice(0, 2 * PSI_TAG_BYTES));
});

test("a change of any member of the identity changes context and key", async () => {
  const seed = new Uint8Array(32).fill(4);
  const other = {
    kind: "psi-cardinality" as const,
    domain: "hrss",
    product: "other",
    version: 2,
    grant: "cd".repeat(32),
    purpose: "pricing",
    epoch: 2,
  };
  const identities = [
    product.identity,
    ...Object.entries(other).map(([member, value]) => ({ ...product.identity, [member]: value })),
  ];
  expect(new Set(identities.map((identity) => toHex(psiContext(identity)))).size).toBe(8);
  const keys = await Promise.all(identities.map((identity) => derivePsiKey(seed, identity)));
  expect(new Set(keys.map((key) => toHex(key.secret.reveal()))).size).toBe(8);
});

test("members beside the identity change nothing", () => {
  const extended = { ...product.identity, bundle: HASH };
  expect(psiContext(extended)).toEqual(psiContext(product.identity));
});

test("a PSI key is no lookup key: the lookup server refuses it, and the same seed gives another", async () => {
  await expect(blindEvaluate(product.key, [product.key.publicKey])).rejects.toMatchObject({ code: "ERR_STATE" });
  const seed = new Uint8Array(32).fill(4);
  const lookup = await deriveKeyPair(seed, utf8("sluice/lookup/v1|health|insured-list|medical-aid|1"));
  expect(lookup.secret.reveal()).not.toEqual(product.key.secret.reveal());
});

test("a set, a snapshot or a variant other than the pinned one is refused", async () => {
  const { snapshot, snapshotHash, set } = product;
  const open = (source: Partial<Parameters<typeof PsiIdsReceiver.open>[0]>) =>
    PsiIdsReceiver.open({ snapshot, snapshotHash, set, ...source });
  const last = set.length - 1;
  await expect(open({ set: set.with(last, (set[last] ?? 0) ^ 1) })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  await expect(open({ set: set.subarray(1) })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  await expect(open({ snapshotHash: HASH })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  await expect(open({ snapshot: { ...snapshot, version: 2 } })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  await expect(PsiCardinalityReceiver.open(product)).rejects.toMatchObject({ code: "ERR_STATE" });
  const resized = snapshotOf("psi-ids", 64, snapshot.parameters.set);
  await expect(open({ snapshot: resized, snapshotHash: await documentHash(resized) })).rejects.toMatchObject({
    code: "ERR_RECEIPT",
  });
  const junk = Uint8Array.of(0, 1, 1);
  const junkSnapshot = snapshotOf("psi-ids", 64, await sha256Hex(junk));
  const junkSource = { snapshot: junkSnapshot, snapshotHash: await documentHash(junkSnapshot), set: junk };
  await expect(open(junkSource)).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
});

test.each(Object.entries(REFUSED))("an element that is %s is refused by both roles, with its index", async (_, hex) => {
  const query = await receiver.start(["person-1"]);
  const sent = decodePsiQuery(query.frame);
  const spoilt = encodePsiQuery({ ...sent, elements: replaced(sent.elements, 3, fromHex(hex)) });
  await expect(answerPsi(product, spoilt)).rejects.toMatchObject({ code: "ERR_OPRF_ELEMENT", details: { index: 3 } });
  const { elements } = decodePsiIdsAnswer(await answerPsi(product, query.frame));
  // The last one stands where padding was.
  const answer = encodePsiIdsAnswer({ elements: replaced(elements, 15, fromHex(hex)) });
  await expect(query.finish(answer)).rejects.toMatchObject({ code: "ERR_OPRF_ELEMENT", details: { index: 15 } });
});

test("a query for another snapshot or of another variant is refused, and malformed ones are", async () => {
  const { frame } = await receiver.start(["a"]);
  const { elements } = decodePsiQuery(frame);
  const elsewhere = encodePsiQuery({ snapshot: fromHex(HASH), elements });
  await expect(answerPsi(product, elsewhere)).rejects.toMatchObject({ code: "ERR_SNAPSHOT" });
  await expect(answerPsi(product, frame.with(2, 2))).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  await expect(answerPsi(product, frame.subarray(1))).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
});

test("an answer with another number of elements, of another query or cut is not a result", async () => {
  const longer = await receiver.start(insured.slice(0, 17));
  const answer = await answerPsi(product, longer.frame);
  await expect((await receiver.start(["a"])).finish(answer)).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  await expect((await receiver.start(["a"])).finish(answer.subarray(1))).rejects.toMatchObject({
    code: "ERR_FRAME_MALFORMED",
  });
  const other = await receiver.start(["person-1"]);
  const foreign = await answerPsi(product, (await receiver.start(["person-1"])).frame);
  expect(await other.finish(foreign)).toEqual([]);
});

test("an answer under another key finds nothing", async () => {
  const query = await receiver.start(["person-1"]);
  const key = await derivePsiKey(new Uint8Array(32).fill(5), product.identity);
  const { identity, snapshotHash } = product;
  expect(await query.finish(await answerIds({ identity, key, snapshot: snapshotHash, frame: query.frame }))).toEqual(
    [],
  );
});

test("a query is finished once, and not after it was dropped", async () => {
  const query = await receiver.start(["person-1"]);
  const answer = await answerPsi(product, query.frame);
  expect(await query.finish(answer)).toEqual(["person-1"]);
  await expect(query.finish(answer)).rejects.toMatchObject({ code: "ERR_STATE" });
  const dropped = await receiver.start(["person-1"]);
  dropped.discard();
  await expect(dropped.finish(answer)).rejects.toMatchObject({ code: "ERR_STATE" });
});

test("a list or a set above its limit is refused before anything is computed", async () => {
  const list = Array.from({ length: MAX_PSI_LIST_ITEMS + 1 }, (_, i) => String(i));
  await expect(receiver.start(list)).rejects.toMatchObject({
    code: "ERR_PSI_SET_TOO_LARGE",
    details: { maxItems: MAX_PSI_LIST_ITEMS },
  });
  const counting = await preparePsi("psi-cardinality", []);
  const entries = Array.from({ length: 131_073 }, (_, i) => utf8(String(i)));
  await expect(prepareCardinalitySet({ ...counting, entries })).rejects.toMatchObject({
    code: "ERR_PSI_SET_TOO_LARGE",
    details: { maxItems: 131_072 },
  });
});

test("an entry that is empty, too long or not Unicode is refused by both roles", async () => {
  for (const entry of ["", "x".repeat(1_025), "\ud800"]) {
    await expect(receiver.start([entry])).rejects.toMatchObject({ code: "ERR_OPRF_INPUT" });
    expect(() => psiEntry(entry)).toThrow(expect.objectContaining({ code: "ERR_OPRF_INPUT" }));
  }
});

test("both roles stop when they are told to", async () => {
  const signal = AbortSignal.abort();
  await expect(receiver.start(["a"], { signal })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  const query = await receiver.start(["a"]);
  const answer = await answerPsi(product, query.frame);
  await expect(query.finish(answer, { signal })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  const { identity, key, snapshotHash: snapshot } = product;
  const { frame } = await receiver.start(["a"]);
  await expect(answerIds({ identity, key, snapshot, frame, signal })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  await expect(prepareIdsSet({ identity, key, entries: [utf8("a")], signal })).rejects.toMatchObject({
    code: "ERR_CANCELLED",
  });
});

test("neither receiver, query nor key shows a secret when printed", async () => {
  const query = await receiver.start(["person-secret"]);
  const printed = inspect({ receiver, query, key: product.key }, { depth: 9, showHidden: true });
  expect(printed).not.toContain("person-secret");
  expect(printed).toContain("OprfSecret(…)");
});
