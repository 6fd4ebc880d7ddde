/** What a server that keeps every frame can tell of the keys: nothing, by the statistics of `transcript-statistics.ts`, and the same
 *  statistics tell at once when errors are left out or a secret is used twice. Times are not looked at: they say how busy the
 *  caller was, and which steps it takes does not depend on the key (`pir-query.ts`). @module */
import { fromHex, wordsOfBytes, type Bytes, type Random } from "@sluice/protocol";
import { expect, test } from "vitest";
import { LookupClient, systemRandom } from "../src/lookup/client.ts";
import { LweMatrix } from "../src/lookup/matrix.ts";
import { buildProduct, evaluateFrame } from "./lookup-product.ts";
import { seededRandom } from "./seeded-random.ts";
import {
  bitBalance,
  byteValues,
  kernelParities,
  leftKernel,
  positionMeans,
  sameByteValues,
  selectedRows,
  shortDifferences,
} from "./transcript-statistics.ts";

const slow = process.env["SLOW"] === "1";
/** Queries of each kind. */
const RECORDED = slow ? 500 : 16;
const SPOILED = slow ? 100 : 16;
/** Bytes of a secret: 1,024 words. */
const SECRET_BYTES = 4_096;

// One bucket of more than 1,024 rows, so that a query without errors would be overdetermined.
const table = new Map(Array.from({ length: 950 }, (_, i) => [`person-${i}`, new Uint8Array(100).fill(i & 255)]));
const product = await buildProduct(table, seededRandom(31));
const client = await LookupClient.open(product);
const { rowsPerBucket, matrixSeed } = product.snapshot.parameters;

type Transcript = { evaluations: Bytes[]; queries: Bytes[]; words: Uint32Array[] };

/** The frames of `count` lookups of one key, as a server keeps them. */
async function record(key: string, count: number, random: Random = systemRandom): Promise<Transcript> {
  const kept: Transcript = { evaluations: [], queries: [], words: [] };
  for (let i = 0; i < count; i++) {
    // Every other query is made ahead, before the key is known.
    if (i % 2 === 1) await client.prepare(1, random);
    const evaluation = client.start(key, random);
    const query = await evaluation.evaluated(await evaluateFrame(product, evaluation.frame));
    kept.evaluations.push(evaluation.frame);
    kept.queries.push(query.frame);
    // The words are what the frame ends with; what stands before them is the same in all.
    kept.words.push(wordsOfBytes(query.frame.subarray(query.frame.length - 4 * rowsPerBucket)));
    query.discard();
  }
  return kept;
}

/** Randomness that spoils what is drawn for a query: its secret is the only draw of 4,096 bytes, its errors are the longer ones. */
function spoiled(change: { secret?: "zero" | "same"; errors?: "none" }): Random {
  const same = systemRandom.bytes(SECRET_BYTES);
  return {
    bytes(length) {
      const drawn = systemRandom.bytes(length);
      if (length === SECRET_BYTES && change.secret === "zero") return drawn.fill(0);
      if (length === SECRET_BYTES && change.secret === "same") return same.slice();
      // The middle of the range is drawn where an error is 0.
      if (length > SECRET_BYTES && change.errors === "none") return drawn.map((_, i) => (i % 8 === 0 ? 0x80 : 0));
      return drawn;
    },
  };
}

/** Rows that a key selects: what is left of its query without secret and errors. */
async function rowsOf(key: string): Promise<number[]> {
  const { words } = await record(key, 1, spoiled({ secret: "zero", errors: "none" }));
  return [...(words[0] ?? []).entries()].filter(([, word]) => word !== 0).map(([row]) => row);
}

const bytesOf = (words: readonly Uint32Array[]): Bytes[] =>
  words.map(({ buffer }) => new Uint8Array(buffer as ArrayBuffer));

const matrix = await LweMatrix.open(fromHex(matrixSeed));
const rows = await matrix.rows(0, rowsPerBucket);
const kernel = leftKernel(Array.from({ length: rowsPerBucket }, (_, i) => rows.subarray(i * 1_024, (i + 1) * 1_024)));

const one = await record("person-1", RECORDED);
const other = await record("person-2", RECORDED);
const nobody = await record("nobody at all", RECORDED);
const pairs = [
  ["two keys that are there", one, other],
  ["one that is there and one that is not", one, nobody],
] as const;

test("the instance lets an attacker count on more equations than unknowns", () => {
  expect(rowsPerBucket).toBeGreaterThan(1_024 + 32);
  expect(kernel.length).toBeGreaterThanOrEqual(rowsPerBucket - 1_024);
});

test.each(pairs)("%s: the same number of frames, of the same lengths, in the same order", (_name, a, b) => {
  const lengths = ({ evaluations, queries }: Transcript) =>
    [evaluations, queries].map((all) => all.map((f) => f.length));
  expect(lengths(a)).toEqual(lengths(b));
  const fixed = (frames: readonly Bytes[]) =>
    frames.map((frame) => frame.subarray(0, frame.length - 4 * rowsPerBucket));
  expect(new Set([...fixed(a.queries), ...fixed(b.queries)].map(String)).size).toBe(1);
});

test.each(pairs)("%s: neither values nor positions of bytes tell them apart", (_name, a, b) => {
  expect(sameByteValues(a.evaluations, b.evaluations)).toBeLessThan(1);
  expect(positionMeans(a.evaluations, b.evaluations)).toBeLessThan(1);
  expect(sameByteValues(a.queries, b.queries)).toBeLessThan(1);
  expect(positionMeans(a.queries, b.queries)).toBeLessThan(1);
});

test.each([["person-1", one] as const, ["nobody at all", nobody] as const])(
  "queries for %s look uniform, bit by bit, and where the key lies as elsewhere",
  async (key, { words }) => {
    expect(byteValues(bytesOf(words))).toBeLessThan(1);
    expect(bitBalance(bytesOf(words))).toBeLessThan(1);
    const selected = await rowsOf(key);
    expect(selected).toHaveLength(3);
    expect(selectedRows(words, selected)).toBeLessThan(1);
  },
);

test("no two queries share a secret, and none is without errors", () => {
  const words = [one, other, nobody].flatMap((transcript) => transcript.words);
  expect(shortDifferences(words)).toBe(0);
  expect(kernelParities(words, kernel)).toBeLessThan(1);
});

test("left-out errors are noticed", async () => {
  const { words } = await record("person-1", SPOILED, spoiled({ errors: "none" }));
  expect(kernelParities(words, kernel)).toBeGreaterThan(2);
  expect(byteValues(bytesOf(words))).toBeLessThan(1);
});

test("a secret that is used again is noticed, also between two keys", async () => {
  const random = spoiled({ secret: "same" });
  const words = [await record("person-1", 2, random), await record("nobody", 1, random)].flatMap((each) => each.words);
  expect(shortDifferences(words)).toBe(3);
});

test("a secret that hides nothing is noticed, and so is what it selects", async () => {
  const { words } = await record("person-1", SPOILED, spoiled({ secret: "zero" }));
  expect(byteValues(bytesOf(words))).toBeGreaterThan(2);
  // A threshold for every bit of a frame is passed by no few frames.
  if (slow) expect(bitBalance(bytesOf(words))).toBeGreaterThan(1);
  expect(selectedRows(words, await rowsOf("person-1"))).toBeGreaterThan(1);
});
