/** The whole lookup against a plain Map, and every way a peer or the network can spoil it. @module */
import {
  concatBytes,
  decodeEvaluateResponse,
  decodePirAnswer,
  documentHash,
  encodeEvaluateResponse,
  encodePirAnswer,
  sha256Hex,
  toHex,
  utf8,
  type Bytes,
  type LookupSnapshot,
  type Random,
} from "@sluice/protocol";
import fc from "fast-check";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { LookupClient } from "../src/lookup/client.ts";
import { buildIndex, lookupContext } from "../src/lookup/server.ts";
import { deriveKeyPair } from "../src/oprf/server.ts";
import { answerFrame, buildProduct, evaluateFrame, IDENTITY, lookUp, type Product } from "./lookup-product.ts";
import { seededRandom } from "./seeded-random.ts";

const people = new Map(Array.from({ length: 300 }, (_, i) => [`person-${i}`, Uint8Array.of(i & 255, i >> 8, 7)]));
const product = await buildProduct(people, seededRandom(1));
const client = await LookupClient.open(product);

/** Randomness that remembers what it handed out. */
function watchedRandom(seed: number): Random & { handedOut: Bytes[] } {
  const random = seededRandom(seed);
  const handedOut: Bytes[] = [];
  return {
    handedOut,
    bytes(length) {
      const bytes = random.bytes(length);
      handedOut.push(bytes);
      return bytes;
    },
  };
}

async function queryFor(key: string, of: Product = product, asking: LookupClient = client) {
  const evaluation = asking.start(key);
  return await evaluation.evaluated(await evaluateFrame(of, evaluation.frame));
}

test("every table answers hits and misses as a plain Map does", async () => {
  const keys = fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 20 }), {
    minLength: 1,
    maxLength: 40,
  });
  const tables = fc.tuple(keys, fc.integer({ min: 1, max: 24 }), fc.integer());
  await fc.assert(
    fc.asyncProperty(
      tables,
      fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
      async ([keys, payloadBytes, seed], other) => {
        const random = seededRandom(seed);
        const table = new Map(keys.map((key) => [key, random.bytes(payloadBytes)]));
        const built = await buildProduct(table);
        const asking = await LookupClient.open(built);
        for (const key of [...keys.slice(0, 3), other, `${keys[0]}x`]) {
          expect((await lookUp(built, asking, key)).record).toEqual(table.get(key) ?? null);
        }
      },
    ),
    { numRuns: 6 },
  );
});

test("every key of a table in several buckets is found", async () => {
  expect(product.snapshot.parameters.buckets).toBeGreaterThan(1);
  for (const [key, record] of [...people].slice(0, 30)) {
    expect((await lookUp(product, client, key)).record).toEqual(record);
  }
});

test("a hit and a miss send the same number of frames of the same lengths", async () => {
  const hit = await lookUp(product, client, "person-1");
  const miss = await lookUp(product, client, "nobody at all, with a much longer key");
  expect(hit.record).not.toBeNull();
  expect(miss.record).toBeNull();
  expect(miss.frames.map((frame) => frame.length)).toEqual(hit.frames.map((frame) => frame.length));
});

test("two queries for one key have nothing in common", async () => {
  const random = seededRandom(5);
  const first = await lookUp(product, client, "person-1", random);
  const second = await lookUp(product, client, "person-1", random);
  expect(first.frames[0]).not.toEqual(second.frames[0]);
  const [a = new Uint8Array(), b = new Uint8Array()] = [first.frames[2], second.frames[2]];
  const equal = a.filter((byte, i) => byte === b[i]).length - 39;
  // 1 byte in 256 agrees by chance.
  expect(equal).toBeLessThan((a.length / 256) * 2);
});

test("a query looks uniform: neither its rows nor their neighbours stand out", async () => {
  const { frames } = await lookUp(product, client, "person-2", seededRandom(6));
  const bytes = frames[2]?.subarray(39) ?? new Uint8Array();
  const mean = bytes.reduce((sum, byte) => sum + byte, 0) / bytes.length;
  expect(Math.abs(mean - 127.5)).toBeLessThan((5 * 73.9) / Math.sqrt(bytes.length));
});

test("everything drawn for a query is zeroed once the answer is read", async () => {
  const random = watchedRandom(7);
  expect((await lookUp(product, client, "person-3", random)).record).not.toBeNull();
  expect(random.handedOut.length).toBeGreaterThanOrEqual(3);
  for (const bytes of random.handedOut) expect(bytes.every((byte) => byte === 0)).toBe(true);
});

test("the same randomness replays the same frames", async () => {
  const first = await lookUp(product, client, "person-4", seededRandom(8));
  const second = await lookUp(product, client, "person-4", seededRandom(8));
  expect(first.frames[0]).toEqual(second.frames[0]);
  expect(first.frames[2]).toEqual(second.frames[2]);
});

test("an answer with noise in any one column is refused, whichever bucket was asked", async () => {
  const { buckets, recordBytes } = product.snapshot.parameters;
  for (const column of [0, recordBytes, buckets * recordBytes - 1]) {
    const query = await queryFor("person-5");
    const [answer = new Uint32Array()] = decodePirAnswer(answerFrame(product, query.frame));
    answer[column] = (answer[column] ?? 0) + 2 ** 23;
    await expect(query.finish(encodePirAnswer([answer]))).rejects.toMatchObject({ code: "ERR_LOOKUP_CORRUPT" });
  }
});

test("an answer of random words is refused for a hit and for a miss alike", async () => {
  const { buckets, recordBytes } = product.snapshot.parameters;
  for (const key of ["person-6", "nobody"]) {
    const query = await queryFor(key);
    const noise = seededRandom(9).bytes(4 * buckets * recordBytes);
    const words = new Uint32Array(noise.buffer, noise.byteOffset, buckets * recordBytes);
    await expect(query.finish(encodePirAnswer([words]))).rejects.toMatchObject({ code: "ERR_LOOKUP_CORRUPT" });
  }
});

test("an answer whose bytes were replaced does not open: nothing but the stored record ever comes out", async () => {
  const { buckets, recordBytes } = product.snapshot.parameters;
  const query = await queryFor("person-7");
  const [answer = new Uint32Array()] = decodePirAnswer(answerFrame(product, query.frame));
  for (let c = 0; c < buckets * recordBytes; c += recordBytes) answer[c] = (answer[c] ?? 0) + 2 ** 24;
  expect(await query.finish(encodePirAnswer([answer]))).toBeNull();
});

test("an answer to another query is refused", async () => {
  const [query, other] = [await queryFor("person-8"), await queryFor("person-8")];
  await expect(query.finish(answerFrame(product, other.frame))).rejects.toMatchObject({ code: "ERR_LOOKUP_CORRUPT" });
});

test("malformed frames are refused at both steps", async () => {
  const response = await evaluateFrame(product, client.start("person-9").frame);
  const malformed = (frame: Bytes) => [
    new Uint8Array(),
    frame.subarray(1),
    concatBytes(frame, Uint8Array.of(0)),
    frame.with(1, 9),
    frame.with(1, 1),
  ];
  for (const frame of malformed(response)) {
    await expect(client.start("person-9").evaluated(frame)).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  }
  const answer = answerFrame(product, (await queryFor("person-9")).frame);
  for (const frame of [...malformed(answer), answer.subarray(0, answer.length - 4)]) {
    const query = await queryFor("person-9");
    await expect(query.finish(frame)).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  }
});

test("an evaluation with two elements where one was asked is refused", async () => {
  const evaluation = client.start("person-10");
  const { elements, proof } = decodeEvaluateResponse(await evaluateFrame(product, evaluation.frame));
  const doubled = encodeEvaluateResponse({ elements: [...elements, ...elements], proof });
  await expect(evaluation.evaluated(doubled)).rejects.toMatchObject({ code: "ERR_OPRF_PROOF" });
});

test("an evaluation under a key that the snapshot does not name is refused", async () => {
  const evaluation = client.start("person-11");
  const keyPair = await deriveKeyPair(new Uint8Array(32).fill(4), utf8("credit-band/1"));
  const response = await evaluateFrame({ ...product, keyPair }, evaluation.frame);
  await expect(evaluation.evaluated(response)).rejects.toMatchObject({ code: "ERR_OPRF_PROOF" });
});

test("each step works once, also after it failed", async () => {
  const evaluation = client.start("person-12");
  const response = await evaluateFrame(product, evaluation.frame);
  const query = await evaluation.evaluated(response);
  await expect(evaluation.evaluated(response)).rejects.toMatchObject({ code: "ERR_STATE" });
  const answer = answerFrame(product, query.frame);
  await expect(query.finish(new Uint8Array(3))).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  await expect(query.finish(answer)).rejects.toMatchObject({ code: "ERR_STATE" });
  const discarded = await queryFor("person-12");
  discarded.discard();
  await expect(discarded.finish(answer)).rejects.toMatchObject({ code: "ERR_STATE" });
});

test("a hint with one bit changed is refused, and so is one of another size, or none", async () => {
  const [hint = new Uint8Array()] = product.hints;
  for (const hints of [[hint.with(hint.length - 1, (hint.at(-1) ?? 0) ^ 1)], [hint.subarray(4)], [null], []]) {
    await expect(LookupClient.open({ ...product, hints })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
  }
});

test("a snapshot whose hint does not have the size its parameters give is refused, though both are hashed correctly", async () => {
  const hint = (product.hints[0] ?? new Uint8Array()).subarray(4_096);
  const snapshot = { ...product.snapshot, hint: await sha256Hex(hint), hintBytes: hint.length };
  const opened = LookupClient.open({ hints: [hint], snapshot, snapshotHash: await documentHash(snapshot) });
  await expect(opened).rejects.toMatchObject({ code: "ERR_RECEIPT" });
});

test("a snapshot that is not the named one is refused", async () => {
  const snapshot = { ...product.snapshot, version: 2 };
  await expect(LookupClient.open({ ...product, snapshot })).rejects.toMatchObject({ code: "ERR_RECEIPT" });
});

test("a snapshot with weaker parameters is refused, though it is hashed correctly", async () => {
  const snapshot: LookupSnapshot = {
    ...product.snapshot,
    parameters: { ...product.snapshot.parameters, errorDeviation: 0.1 },
  };
  const opened = LookupClient.open({ ...product, snapshot, snapshotHash: await documentHash(snapshot) });
  await expect(opened).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
});

test("keys that are empty, too long or not well-formed are refused before anything is sent", () => {
  for (const key of ["", "x".repeat(1_025), "\ud800"]) {
    expect(() => client.start(key)).toThrow(expect.objectContaining({ code: "ERR_OPRF_INPUT" }));
  }
});

test("keys are exact: case, spaces and Unicode forms differ", async () => {
  const table = new Map([
    ["\u00e9", Uint8Array.of(1)],
    ["e\u0301", Uint8Array.of(2)],
    ["k", Uint8Array.of(3)],
  ]);
  const built = await buildProduct(table);
  const asking = await LookupClient.open(built);
  for (const key of ["\u00e9", "e\u0301", "k", "K", " k"]) {
    expect((await lookUp(built, asking, key)).record).toEqual(table.get(key) ?? null);
  }
});

test("a product of another identity does not open the same records", async () => {
  const snapshot = { ...product.snapshot, product: "another" };
  const asking = await LookupClient.open({ ...product, snapshot, snapshotHash: await documentHash(snapshot) });
  expect((await lookUp(product, asking, "person-1")).record).toBeNull();
});

test("building twice from the same rows shares no byte pattern: seeds, keys and free slots are fresh", async () => {
  const again = await buildProduct(people);
  expect(again.snapshot.parameters.matrixSeed).not.toBe(product.snapshot.parameters.matrixSeed);
  expect(again.hints).not.toEqual(product.hints);
  const { matrixSeed, filterSeed, ...shape } = again.snapshot.parameters;
  expect(product.snapshot.parameters).toMatchObject(shape);
  expect(matrixSeed).not.toBe(filterSeed);
});

test("an index looks random whatever its rows hold", async () => {
  const keyPair = await deriveKeyPair(new Uint8Array(32), utf8("zeros"));
  const keys = Array.from({ length: 256 }, (_, i) => `k${i}`);
  const records = keys.map(() => new Uint8Array(100));
  const { database } = await buildIndex({ keys, records, keyPair, context: lookupContext(IDENTITY) });
  const counts = new Uint32Array(256);
  for (const byte of database) counts[byte] = (counts[byte] ?? 0) + 1;
  const expected = database.length / 256;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 255 degrees of freedom: deviation 22.6; eight deviations fail once in 10^11 runs or more.
  expect(chiSquare).toBeLessThan(255 + 8 * 22.6);
});

test.each([
  ["a repeated key", "more than once", ["a", "b", "a"], [1, 1, 1]],
  ["no rows", "1 to 4000000 records", [], []],
  ["records of different lengths", "differ in length", ["a", "b"], [1, 2]],
  ["fewer records than keys", "differ in number", ["a", "b"], [1]],
  ["empty records", "1 to 4080 bytes", ["a"], [0]],
  ["records above the limit", "1 to 4080 bytes", ["a"], [4_081]],
])("a table with %s is refused and told why", async (_what, reason, keys, lengths) => {
  const records = lengths.map((length) => new Uint8Array(length));
  const built = buildIndex({ keys, records, keyPair: product.keyPair, context: lookupContext(IDENTITY) });
  await expect(built).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE", message: expect.stringContaining(reason) });
});

test("a refusal of a table does not repeat its keys", async () => {
  const keys = ["11010119900101001X", "11010119900101001X"];
  const records = keys.map(() => Uint8Array.of(1));
  const built = buildIndex({ keys, records, keyPair: product.keyPair, context: lookupContext(IDENTITY) });
  await expect(built).rejects.toSatisfy(
    (error: Error) => !`${error.stack}${JSON.stringify(error)}`.includes("1101011990"),
  );
});

test("a build stops when it is aborted, before and during", async () => {
  const source = {
    keys: [...people.keys()],
    records: [...people.values()],
    keyPair: product.keyPair,
    context: utf8("c"),
  };
  await expect(buildIndex({ ...source, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  const controller = new AbortController();
  const running = buildIndex({ ...source, signal: controller.signal });
  await nextTurn();
  controller.abort();
  await expect(running).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});

/** Building 20,000 rows takes seconds on a quiet core, and many on a busy one. */
const SLOW_TIMEOUT_MS = 300_000;

test.runIf(process.env["SLOW"] === "1")(
  "20,000 rows: hits and misses, and the frames stay small",
  async () => {
    const table = new Map(
      Array.from({ length: 20_000 }, (_, i) => [`${11_0101_1990 + i}`, Uint8Array.of(i & 255, i >> 8)]),
    );
    const large = await buildProduct(table);
    const asking = await LookupClient.open(large);
    expect(large.snapshot.hintBytes).toBeLessThan(2_000_000);
    const random = seededRandom(10);
    for (let i = 0; i < 200; i++) {
      const [a = 0, b = 0] = random.bytes(2);
      const key = `${11_0101_1990 + ((a * 256 + b) % 25_000)}`;
      const { record, frames } = await lookUp(large, asking, key);
      expect(record === null ? null : toHex(record)).toBe(table.has(key) ? toHex(table.get(key) ?? utf8("")) : null);
      expect(frames.reduce((sum, frame) => sum + frame.length, 0)).toBeLessThan(16_384);
    }
  },
  SLOW_TIMEOUT_MS,
);
