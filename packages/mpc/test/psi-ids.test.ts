/** Private set intersection, variant ids, against a plain Set; and what a peer or the network can spoil. @module */
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import {
  isPsiFilter,
  concatBytes,
  decodePsiIdsAnswer,
  decodePsiQuery,
  documentHash,
  ELEMENT_BYTES,
  encodePsiIdsAnswer,
  encodePsiQuery,
  fromHex,
  MAX_OPRF_ELEMENTS,
  MAX_PSI_LIST_ITEMS,
  padPsiItems,
  sha256Hex,
  toHex,
  utf8,
  type Bytes,
  type PsiParameters,
} from "@sluice/protocol";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { expect, test, vi } from "vitest";
import { deriveKeyPair } from "../src/oprf/server.ts";
import { FILTER_KEY_BYTES } from "../src/psi/filter/shape.ts";
import { psiContext } from "../src/psi/identity.ts";
import { PsiCardinalityReceiver, PsiIdsReceiver, type PsiIdsQuery } from "../src/psi/receiver.ts";
import { answerIds, derivePsiKey, evaluateEntries, prepareCardinalitySet, psiEntry } from "../src/psi/sender.ts";
import { SecretBytes } from "../src/secret.ts";
import { answerPsi, HASH, intersect, preparePsi, withDelta } from "./psi-product.ts";
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

const little = (bytes: Bytes): bigint => BigInt(`0x${toHex(bytes.toReversed())}`);

/** HashToGroup of RFC 9497, mode VOPRF, by @noble/curves. */
function hashed(entry: string) {
  const DST = concatBytes(utf8("HashToGroup-OPRFV1-"), Uint8Array.of(1), utf8("-ristretto255-SHA512"));
  return ristretto255_hasher.hashToCurve(psiEntry(entry), { DST });
}

function replaced(elements: Bytes, index: number, element: Bytes): Bytes {
  const changed = elements.slice();
  changed.set(element, index * ELEMENT_BYTES);
  return changed;
}

const isBlinds = (secret: unknown): secret is SecretBytes =>
  secret instanceof SecretBytes && String(secret) === "Blinds(…)";

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
    { numRuns: 8 },
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
  expect(empty.snapshot.parameters).toMatchObject({ paddedItems: 16, base: { items: 16 } });
  expect(frames.map((frame) => frame.length)).toEqual([39 + 16 * 32, 7 + 16 * 32 + 2 + 64]);
});

test("matches and misses, few entries and some more, make frames of the same lengths", async () => {
  const lists = [["person-1"], ["nobody"], insured.slice(0, 16), ["nobody", "nobody"]];
  for (const list of lists) {
    const { frames } = await intersect(product, list);
    expect(frames.map((frame) => frame.length)).toEqual([39 + 16 * 32, 7 + 16 * 32 + 2 + 64]);
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

test("every entry is blinded by a scalar of its own, which is added", async () => {
  const { frame } = await receiver.start(["a", "b"], { random: seededRandom(5) });
  const { elements } = decodePsiQuery(frame);
  const random = seededRandom(5);
  const { BASE, Fn } = ristretto255.Point;
  for (const [i, entry] of ["a", "b"].entries()) {
    const scalar = Fn.create(little(random.bytes(64)));
    expect(elementAt(elements, i)).toEqual(hashed(entry).add(BASE.multiply(scalar)).toBytes());
  }
});

test("what a filter is fitted to are outputs of RFC 9497, mode VOPRF, as @noble/curves computes them", async () => {
  const { identity, key } = product;
  const entries = ["person-1", "张三"];
  const keys = await evaluateEntries({ identity, key, entries: entries.map(psiEntry) });
  for (const [i, entry] of entries.entries()) {
    const element = hashed(entry).multiply(little(key.secret.reveal())).toBytes();
    const prefixed = (bytes: Bytes) => concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
    const finalized = concatBytes(prefixed(psiEntry(entry)), prefixed(element), utf8("Finalize"));
    const output = createHash("sha512").update(finalized).digest("hex");
    const kept = keys.subarray(i * FILTER_KEY_BYTES, (i + 1) * FILTER_KEY_BYTES);
    expect(toHex(kept)).toBe(output.slice(0, 2 * FILTER_KEY_BYTES));
  }
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

test("a PSI key is no lookup key: the same seed gives another", async () => {
  const seed = new Uint8Array(32).fill(4);
  const lookup = await deriveKeyPair(seed, utf8("sluice/lookup/v2|health|insured-list|medical-aid|1"));
  expect(lookup.secret.reveal()).not.toEqual(product.key.secret.reveal());
});

test("a filter, a snapshot or a variant other than the pinned one is refused", async () => {
  const { snapshot, snapshotHash, set } = product;
  const open = (source: Partial<Parameters<typeof PsiIdsReceiver.open>[0]>) =>
    PsiIdsReceiver.open({ snapshot, snapshotHash, set, ...source });
  const pinned = async (parameters: PsiParameters, source: { set?: Bytes; delta?: Bytes } = {}) => {
    const other = { ...snapshot, parameters };
    return open({ snapshot: other, snapshotHash: await documentHash(other), ...source });
  };
  const last = set.length - 1;
  await expect(open({ set: set.with(last, (set[last] ?? 0) ^ 1) })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  await expect(open({ set: set.subarray(1) })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  await expect(open({ snapshotHash: HASH })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  await expect(open({ snapshot: { ...snapshot, version: 2 } })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  await expect(PsiCardinalityReceiver.open(product)).rejects.toMatchObject({ code: "ERR_STATE" });
  const { parameters } = snapshot;
  if (!isPsiFilter(parameters)) throw new Error("of ids");
  const { base } = parameters;
  const resized = { ...parameters, base: { ...base, slots: base.slots + base.segmentLength } };
  await expect(pinned(resized)).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  const junk = Uint8Array.of(0, 1, 1);
  const named = { ...parameters, base: { ...base, hash: await sha256Hex(junk) } };
  await expect(pinned(named, { set: junk })).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  const changed = await withDelta(product, { added: ["new"], removed: [] });
  const half = changed.delta.subarray(0, changed.delta.length / 2);
  await expect(PsiIdsReceiver.open({ ...changed, delta: undefined })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  await expect(PsiIdsReceiver.open({ ...changed, delta: half })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  const turned = concatBytes(half, half);
  await expect(PsiIdsReceiver.open({ ...changed, delta: turned })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  const elsewhere = await preparePsi("psi-ids", ["a"]);
  await expect(receiver.reopen(elsewhere)).rejects.toMatchObject({ code: "ERR_RECEIPT" });
});

test("a delta adds and removes members over the same base, which is not fetched again", async () => {
  const changed = await withDelta(product, { added: ["new", "person-1"], removed: ["person-2", "absent"] });
  const list = ["person-0", "person-1", "person-2", "new", "absent", "nobody"];
  const asked = await receiver.reopen(changed);
  const query = await asked.start(list);
  expect(await query.finish(await answerPsi(changed, query.frame))).toEqual(["person-0", "person-1", "new"]);
  const fresh = await PsiIdsReceiver.open(changed);
  const again = await fresh.start(list);
  expect(await again.finish(await answerPsi(changed, again.frame))).toEqual(["person-0", "person-1", "new"]);
  // The filters of a delta show a step, however many changes there are and of whichever kind.
  const few = await withDelta(product, { added: [], removed: [] });
  expect(few.delta).toHaveLength(changed.delta.length);
});

test.each(Object.entries(REFUSED))("an element that is %s is refused by both roles, with its index", async (_, hex) => {
  const query = await receiver.start(["person-1"]);
  const sent = decodePsiQuery(query.frame);
  const spoilt = encodePsiQuery({ ...sent, elements: replaced(sent.elements, 3, fromHex(hex)) });
  await expect(answerPsi(product, spoilt)).rejects.toMatchObject({ code: "ERR_OPRF_ELEMENT", details: { index: 3 } });
  const { elements, proofs } = decodePsiIdsAnswer(await answerPsi(product, query.frame));
  // The last one stands where padding was.
  const answer = encodePsiIdsAnswer({ elements: replaced(elements, 15, fromHex(hex)), proofs });
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
  await expect(other.finish(foreign)).rejects.toMatchObject({ code: "ERR_OPRF_PROOF" });
});

test("a domain that answers under another key, for the whole list or at one chosen position, is caught", async () => {
  const key = await derivePsiKey(new Uint8Array(32).fill(5), product.identity);
  const answers = async (frame: Bytes) => ({
    right: decodePsiIdsAnswer(await answerPsi(product, frame)),
    wrong: decodePsiIdsAnswer(await answerPsi({ ...product, key }, frame)),
  });
  // Two batches: the second has one element that is answered under another key.
  const list = Array.from({ length: MAX_OPRF_ELEMENTS + 1 }, (_, i) =>
    i === MAX_OPRF_ELEMENTS ? "person-1" : `n${i}`,
  );
  for (const [asked, position] of [
    [["person-1"], 0],
    [["a"], 15],
    [list, MAX_OPRF_ELEMENTS],
  ] as const) {
    const query = await receiver.start(asked);
    const { right, wrong } = await answers(query.frame);
    const elements = replaced(right.elements, position, elementAt(wrong.elements, position));
    const answer = encodePsiIdsAnswer({ elements, proofs: right.proofs });
    await expect(query.finish(answer)).rejects.toMatchObject({ code: "ERR_OPRF_PROOF" });
  }
  const query = await receiver.start(["person-1"]);
  const { wrong } = await answers(query.frame);
  await expect(query.finish(encodePsiIdsAnswer(wrong))).rejects.toMatchObject({ code: "ERR_OPRF_PROOF" });
});

test("proofs of two batches that change places, or with a response that is not reduced, are refused", async () => {
  const query = await receiver.start(Array.from({ length: 1_025 }, (_, i) => `n${i}`));
  const { elements, proofs } = decodePsiIdsAnswer(await answerPsi(product, query.frame));
  const swapped = concatBytes(proofs.subarray(64), proofs.subarray(0, 64));
  await expect(query.finish(encodePsiIdsAnswer({ elements, proofs: swapped }))).rejects.toMatchObject({
    code: "ERR_OPRF_PROOF",
  });
  const one = await receiver.start(["a"]);
  const answer = decodePsiIdsAnswer(await answerPsi(product, one.frame));
  const response = little(answer.proofs.subarray(32)) + ristretto255.Point.Fn.ORDER;
  const raised = fromHex(response.toString(16).padStart(64, "0")).toReversed();
  const again = encodePsiIdsAnswer({ ...answer, proofs: concatBytes(answer.proofs.subarray(0, 32), raised) });
  await expect(one.finish(again)).rejects.toMatchObject({ code: "ERR_OPRF_PROOF" });
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
  const list = Array.from({ length: MAX_PSI_LIST_ITEMS["psi-ids"] + 1 }, (_, i) => String(i));
  await expect(receiver.start(list)).rejects.toMatchObject({
    code: "ERR_PSI_SET_TOO_LARGE",
    details: { maxItems: 131_072 },
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
  await expect(evaluateEntries({ identity, key, entries: [utf8("a")], signal })).rejects.toMatchObject({
    code: "ERR_CANCELLED",
  });
});

test("blinds are zero once a list is finished, however that ends", async () => {
  const wipe = vi.spyOn(SecretBytes.prototype, "wipe");
  const wiped = () => wipe.mock.contexts.filter(isBlinds);
  try {
    const short = encodePsiIdsAnswer({ elements: new Uint8Array(20 * ELEMENT_BYTES), proofs: new Uint8Array(64) });
    const ends: ((answer: Bytes, query: PsiIdsQuery) => Promise<unknown>)[] = [
      (answer, query) => query.finish(answer),
      (answer, query) => query.finish(answer.subarray(1)),
      (_, query) => query.finish(short),
      (answer, query) => query.finish(answer.with(answer.length - 1, (answer.at(-1) ?? 0) ^ 1)),
      (answer, query) => query.finish(answer, { signal: AbortSignal.abort() }),
    ];
    for (const [i, end] of ends.entries()) {
      const query = await receiver.start(["person-1"]);
      const ended = await Promise.allSettled([end(await answerPsi(product, query.frame), query)]);
      expect([ended[0].status, wiped().length]).toEqual([i === 0 ? "fulfilled" : "rejected", i + 1]);
    }
    for (const blinds of wiped()) expect(blinds.reveal().every((byte) => byte === 0)).toBe(true);
  } finally {
    wipe.mockRestore();
  }
});

test("neither receiver, query nor key shows a secret when printed", async () => {
  const query = await receiver.start(["person-secret"]);
  const printed = inspect({ receiver, query, key: product.key }, { depth: 9, showHidden: true });
  expect(printed).not.toContain("person-secret");
  expect(printed).toContain("OprfSecret(…)");
});
