/** Lookups of a product with a delta table over its base: upserts, deletions, and every way to spoil a part. @module */
import {
  decodePirAnswer,
  decodePirQuery,
  documentHash,
  encodePirAnswer,
  encodePirQuery,
  fromHex,
  utf8,
  type Bytes,
  type LookupSnapshot,
  type Random,
} from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LookupClient } from "../src/lookup/client.ts";
import { maxDeltaChanges, padDelta } from "../src/lookup/server.ts";
import { deriveKeyPair } from "../src/oprf/server.ts";
import { answerFrame, buildProduct, evaluateFrame, lookUp, updateProduct, type Product } from "./lookup-product.ts";
import { seededRandom } from "./seeded-random.ts";

const value = (i: number): Bytes => Uint8Array.of(i & 255, i >> 8, 7);
const people = new Map(Array.from({ length: 300 }, (_, i) => [`person-${i}`, value(i)]));
const changes = new Map<string, Bytes | null>([
  ["person-1", value(900)],
  ["person-2", null],
  ["newcomer", value(901)],
  ["never there", null],
]);
const base = await buildProduct(people, seededRandom(1));
const product = await updateProduct(base, changes);
const client = await LookupClient.open(product);
/** What each key gives now, and how. */
const ASKED: [string, Bytes | null][] = [
  ["person-0", value(0)],
  ["person-1", value(900)],
  ["person-2", null],
  ["newcomer", value(901)],
  ["never there", null],
  ["nobody", null],
];

async function queryFor(key: string, of: Product = product, asking: LookupClient = client, random?: Random) {
  const evaluation = asking.start(key, random);
  return await evaluation.evaluated(await evaluateFrame(of, evaluation.frame));
}

test("the delta decides before the base: its value, its deletion, and what it does not hold", async () => {
  for (const [key, expected] of ASKED) expect((await lookUp(product, client, key)).record, key).toEqual(expected);
});

test("a cheating caller reads what the base still has of a deleted or changed key, for the price of a lookup", async () => {
  const before = await LookupClient.open(base);
  for (const key of ["person-1", "person-2"]) {
    const query = await queryFor(key, product, before);
    const [part = new Uint32Array()] = decodePirQuery(query.frame).parts;
    const rows = product.snapshot.delta?.parameters.rowsPerBucket ?? 0;
    const asked = { snapshot: fromHex(product.snapshotHash), parts: [part, new Uint32Array(rows)] };
    const [answer = new Uint32Array()] = decodePirAnswer(answerFrame(product, encodePirQuery(asked)));
    expect(await query.finish(encodePirAnswer([answer]))).toEqual(people.get(key));
  }
});

test("hit, miss, upsert and deletion send frames of the same lengths", async () => {
  const lengths = new Set<string>();
  for (const [key] of ASKED) {
    lengths.add(String((await lookUp(product, client, key)).frames.map((frame) => frame.length)));
  }
  expect(lengths.size).toBe(1);
});

test("any changes over any table answer as the changed Map does", async () => {
  const keys = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(keys, fc.array(fc.option(fc.nat(60_000)), { minLength: 12, maxLength: 12 }), async (keys, to) => {
      const half = Math.ceil(keys.length / 2);
      const table = new Map(keys.slice(0, half).map((key, i) => [key, value(i)]));
      const over = new Map(
        keys.slice(half >> 1).map((key, i) => [key, typeof to[i] === "number" ? value(to[i]) : null]),
      );
      const updated = await updateProduct(await buildProduct(table), over);
      const asking = await LookupClient.open(updated);
      for (const key of keys.slice(0, 5)) {
        const expected = over.has(key) ? over.get(key) : table.get(key);
        expect((await lookUp(updated, asking, key)).record).toEqual(expected ?? null);
      }
    }),
    { numRuns: 4 },
  );
});

test("an answer with noise in any part is refused, whichever part holds the key", async () => {
  for (const [key] of ASKED) {
    for (const part of [0, 1]) {
      const query = await queryFor(key);
      const parts = decodePirAnswer(answerFrame(product, query.frame));
      const words = parts[part] ?? new Uint32Array();
      words[3] = (words[3] ?? 0) + 2 ** 23;
      await expect(query.finish(encodePirAnswer(parts))).rejects.toMatchObject({ code: "ERR_LOOKUP_CORRUPT" });
    }
  }
});

test("an answer that leaves the delta out, sends it twice or in the place of the base is refused", async () => {
  const parts = decodePirAnswer(answerFrame(product, (await queryFor("person-2")).frame));
  const [first = new Uint32Array(), second = new Uint32Array()] = parts;
  for (const bad of [[first], [first, first], [second, first]]) {
    const query = await queryFor("person-2");
    await expect(query.finish(encodePirAnswer(bad))).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(FRAME_MALFORMED|LOOKUP_CORRUPT)$/),
    });
  }
});

test("an answer with a part too many is refused", async () => {
  const asking = await LookupClient.open(base);
  const query = await queryFor("person-2", base, asking);
  const [only = new Uint32Array()] = decodePirAnswer(answerFrame(base, query.frame));
  await expect(query.finish(encodePirAnswer([only, only]))).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
});

test("a hint of the delta that was altered, left out or exchanged with the base's is refused", async () => {
  const [hint = new Uint8Array(), delta = new Uint8Array()] = product.hints;
  for (const hints of [[hint, delta.with(5, (delta[5] ?? 0) ^ 1)], [hint], [hint, null], [delta, hint]]) {
    await expect(LookupClient.open({ ...product, hints })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  }
});

test("a snapshot from which the delta was taken, or whose delta was changed, is not the named one", async () => {
  const { delta, ...without } = product.snapshot;
  if (delta === undefined) throw new RangeError("the product has a delta");
  const changed: LookupSnapshot[] = [
    without,
    { ...without, delta: { ...delta, parameters: { ...delta.parameters, filterSeed: "00".repeat(32) } } },
    { ...without, delta: { ...delta, parameters: { ...delta.parameters, matrixSeed: "00".repeat(32) } } },
    { ...product.snapshot, oprfPublicKey: "00".repeat(32) },
  ];
  for (const snapshot of changed) {
    await expect(LookupClient.open({ ...product, snapshot })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  }
});

test("another filter of the delta, correctly named, opens nothing that the delta does not hold there", async () => {
  const { delta } = product.snapshot;
  if (delta === undefined) throw new RangeError("the product has a delta");
  const parameters = { ...delta.parameters, filterSeed: "11".repeat(32) };
  const snapshot = { ...product.snapshot, delta: { ...delta, parameters } };
  const asking = await LookupClient.open({ ...product, snapshot, snapshotHash: await documentHash(snapshot) });
  expect((await lookUp(product, asking, "newcomer")).record).toBeNull();
  expect((await lookUp(product, asking, "person-2")).record).toEqual(value(2));
});

test("a delta with weaker parameters is refused, though it is hashed correctly", async () => {
  const { delta } = product.snapshot;
  if (delta === undefined) throw new RangeError("the product has a delta");
  const weak = { ...delta, parameters: { ...delta.parameters, errorDeviation: 0.1 } };
  const snapshot = { ...product.snapshot, delta: weak };
  const opened = LookupClient.open({ ...product, snapshot, snapshotHash: await documentHash(snapshot) });
  await expect(opened).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
});

test("base and delta have secrets and errors of their own, all gone before the query leaves", async () => {
  const source = seededRandom(7);
  const drawn: { copy: Bytes; bytes: Bytes }[] = [];
  const random: Random = {
    bytes(length) {
      const bytes = source.bytes(length);
      drawn.push({ bytes, copy: bytes.slice() });
      return bytes;
    },
  };
  const query = await queryFor("person-2", product, client, random);
  const secrets = drawn.map(({ copy }) => copy).filter(({ length }) => length === 4_096);
  expect(secrets.length).toBe(2);
  expect(secrets[0]).not.toEqual(secrets[1]);
  for (const { bytes } of drawn) expect(bytes.every((byte) => byte === 0)).toBe(true);
  const { parts, snapshot } = decodePirQuery(query.frame);
  expect(snapshot).toEqual(fromHex(product.snapshotHash));
  expect(parts.map(({ length }) => length)).toEqual(product.databases.map((d) => d.parameters.rowsPerBucket));
  expect(await query.finish(answerFrame(product, query.frame))).toBeNull();
});

test("a client of the base goes over to the delta with the delta's hint alone", async () => {
  const before = await LookupClient.open(base);
  const [, delta = null] = product.hints;
  const { snapshot } = product;
  expect(before.holds(snapshot)).toBe(false);
  const { parameters, hint, hintBytes } = snapshot;
  expect(before.holds({ parameters, hint, hintBytes })).toBe(true);
  const after = await before.reopen({ ...product, hints: [null, delta] });
  expect(after.snapshotHash).toBe(product.snapshotHash);
  for (const [key, expected] of ASKED) expect((await lookUp(product, after, key)).record).toEqual(expected);
  // What it does not hold it does not take on trust.
  await expect(before.reopen({ ...product, hints: [null, null] })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
});

test("outputs of another epoch's key open nothing, in base and delta", async () => {
  const keyPair = await deriveKeyPair(new Uint8Array(32).fill(3), utf8("credit-band/2"));
  const snapshot = { ...product.snapshot, oprfPublicKey: Buffer.from(keyPair.publicKey).toString("hex") };
  const asking = await LookupClient.open({ ...product, snapshot, snapshotHash: await documentHash(snapshot) });
  for (const [key] of ASKED) expect((await lookUp({ ...product, keyPair }, asking, key)).record).toBeNull();
});

test("deltas of any number of changes within a step show the same size, whatever they are", async () => {
  const upserts = await updateProduct(base, new Map([["a", value(1)]]));
  const { matrixSeed, filterSeed, ...shape } = upserts.snapshot.delta?.parameters ?? product.snapshot.parameters;
  const deletions = new Map(Array.from({ length: 200 }, (_, i) => [`person-${i}`, null]));
  const updated = await updateProduct(base, deletions);
  expect(updated.snapshot.delta?.parameters).toMatchObject(shape);
  expect(updated.snapshot.delta?.parameters.matrixSeed).not.toBe(product.snapshot.parameters.matrixSeed);
  expect([matrixSeed, filterSeed]).not.toContain(updated.snapshot.delta?.parameters.filterSeed);
});

test("steps are a 64th of the padded base and at least 256; an eighth is the most", () => {
  expect([0, 1, 256, 257, 512].map((changes) => padDelta(changes, 300))).toEqual([256, 256, 256, 512, 512]);
  expect([1, 16_384, 16_385].map((changes) => padDelta(changes, 1_000_000))).toEqual([16_384, 16_384, 32_768]);
  expect([300, 2_048, 1_000_000].map(maxDeltaChanges)).toEqual([256, 256, 125_000]);
});

test("a query with one part for a snapshot of two does not decode as one of two", () => {
  const frame = encodePirQuery({ snapshot: fromHex(product.snapshotHash), parts: [new Uint32Array(4)] });
  for (const bad of [frame.with(34, 2), frame.with(34, 0), frame.with(34, 3), frame.with(38, 5), frame.subarray(1)]) {
    expect(() => decodePirQuery(bad)).toThrow(expect.objectContaining({ code: "ERR_FRAME_MALFORMED" }));
  }
});
