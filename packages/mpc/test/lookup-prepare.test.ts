/** Queries that are made ahead: answered as others, bounded, each used once. @module */
import { lookupTables, type Bytes, type Random } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { hasKernels } from "../src/kernel/kernels.ts";
import { LookupClient, MAX_PREPARED_QUERIES, systemRandom } from "../src/lookup/client.ts";
import { innerProducts, plainInnerProducts } from "../src/lookup/inner-products.ts";
import { MaskedQuery } from "../src/lookup/masked-query.ts";
import { openTable } from "../src/lookup/opened-table.ts";
import { buildProduct, evaluateFrame, lookUp, updateProduct } from "./lookup-product.ts";
import { seededRandom } from "./seeded-random.ts";

const people = new Map(Array.from({ length: 300 }, (_, i) => [`person-${i}`, Uint8Array.of(i & 255, i >> 8)]));
const base = await buildProduct(people, seededRandom(41));
const product = await updateProduct(base, new Map([["person-1", Uint8Array.of(9, 9)]]));
const TABLES = 2;
const SECRET_BYTES = 4_096;

/** Randomness that keeps what it handed out. */
function watchedRandom(): Random & { handedOut: Bytes[]; secrets(): number } {
  const handedOut: Bytes[] = [];
  return {
    handedOut,
    secrets: () => handedOut.filter(({ length }) => length === SECRET_BYTES).length,
    bytes(length) {
      const bytes = systemRandom.bytes(length);
      handedOut.push(bytes);
      return bytes;
    },
  };
}

test("the kernel computes what the plain computation does, for any number of rows", () => {
  expect(hasKernels()).toBe(true);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 600 }), fc.integer(), (rows, seed) => {
      const random = seededRandom(seed);
      const words = new Int32Array(random.bytes(rows * SECRET_BYTES).buffer);
      const secret = new Int32Array(random.bytes(SECRET_BYTES).buffer);
      expect(innerProducts(words, secret)).toEqual(plainInnerProducts(words, secret));
    }),
    {
      numRuns: 12,
      examples: [
        [256, 1],
        [257, 2],
        [3, 3],
      ],
    },
  );
});

test("the plain computation is the sum of products modulo 2^32", () => {
  const words = new Int32Array(seededRandom(1).bytes(2 * SECRET_BYTES).buffer);
  const secret = new Int32Array(seededRandom(2).bytes(SECRET_BYTES).buffer);
  const sums = [0, 1].map((row) =>
    secret.reduce((sum, s, j) => sum + BigInt(s) * BigInt(words[row * 1_024 + j] ?? 0), 0n),
  );
  expect([...plainInnerProducts(words, secret)]).toEqual(sums.map((sum) => Number(BigInt.asIntN(32, sum))));
});

test("lookups with queries made ahead are answered as others, and draw no secret of their own", async () => {
  const client = await LookupClient.open(product);
  await client.prepare(3);
  const random = watchedRandom();
  for (const [key, expected] of [
    ["person-1", Uint8Array.of(9, 9)],
    ["person-2", people.get("person-2")],
    ["nobody", null],
  ] as const) {
    expect((await lookUp(product, client, key, random)).record).toEqual(expected);
  }
  expect(random.secrets()).toBe(0);
  expect((await lookUp(product, client, "person-3", random)).record).toEqual(people.get("person-3"));
  expect(random.secrets()).toBe(TABLES);
});

test("who prepares twice, or more than is held, gets no more", async () => {
  const client = await LookupClient.open(product);
  const random = watchedRandom();
  await Promise.all([client.prepare(2, random), client.prepare(2, random), client.prepare(1, random)]);
  expect(random.secrets()).toBe(2 * TABLES);
  await client.prepare(1_000, random);
  expect(random.secrets()).toBe(MAX_PREPARED_QUERIES * TABLES);
  for (const bytes of random.handedOut) expect(bytes.every((byte) => byte === 0)).toBe(true);
});

test("discarded queries are not used, and a later lookup makes its own", async () => {
  const client = await LookupClient.open(product);
  await client.prepare(2);
  client.discardPrepared();
  const random = watchedRandom();
  expect((await lookUp(product, client, "person-4", random)).record).toEqual(people.get("person-4"));
  expect(random.secrets()).toBe(TABLES);
});

test("randomness that fails while queries are made ahead fails no later lookup", async () => {
  const client = await LookupClient.open(product);
  const failing: Random = {
    bytes: () => {
      throw new Error("no entropy");
    },
  };
  await client.prepare(1, failing);
  expect((await lookUp(product, client, "person-5")).record).toEqual(people.get("person-5"));
});

test("two lookups at once, with one query made ahead, do not share it", async () => {
  const client = await LookupClient.open(product);
  await client.prepare(1);
  const started = [client.start("person-6"), client.start("person-7")];
  const queries = await Promise.all(
    started.map(async (each) => await each.evaluated(await evaluateFrame(product, each.frame))),
  );
  const [one = new Uint8Array(), other = new Uint8Array()] = queries.map(({ frame }) => frame);
  const equal = one.filter((byte, i) => byte === other[i]).length;
  // The head of both, and one byte in 256 by chance.
  expect(equal).toBeLessThan(64 + (one.length / 256) * 2);
});

test("a masked query is given away once, and a discarded one never", async () => {
  const table = await openTable({ ...product.snapshot }, product.hints[0] ?? new Uint8Array());
  const masked = await MaskedQuery.create(table, systemRandom);
  const { query, masks } = masked.take();
  expect(query.some((word) => word !== 0) && masks.some((word) => word !== 0)).toBe(true);
  expect(() => masked.take()).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
  const discarded = await MaskedQuery.create(table, systemRandom);
  discarded.discard();
  expect(() => discarded.take()).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
});

test("a closed client has wiped what was made ahead, holds no table, and neither starts, prepares nor asks", async () => {
  const client = await LookupClient.open(product);
  const create = vi.spyOn(MaskedQuery, "create");
  await client.prepare(2);
  const masked = await Promise.all(create.mock.results.map(({ value }) => value as Promise<MaskedQuery>));
  expect(masked).toHaveLength(2 * TABLES);
  const started = client.start("person-8");
  const evaluated = await evaluateFrame(product, started.frame);
  const onItsWay = client.start("person-9");
  const made = onItsWay.evaluated(await evaluateFrame(product, onItsWay.frame));
  client.close();
  client.close();
  create.mockRestore();
  const closed = { code: "ERR_STATE", details: { state: "closed" } };
  const refused = await Promise.allSettled([made, started.evaluated(evaluated), client.prepare(1)]);
  expect(refused).toMatchObject(refused.map(() => ({ status: "rejected", reason: closed })));
  expect(() => client.start("person-8")).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
  for (const each of masked) expect(() => each.take()).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
  expect(lookupTables(product.snapshot).filter((table) => client.holds(table))).toEqual([]);
});

test("a lookup that was discarded is not evaluated", async () => {
  const client = await LookupClient.open(product);
  const started = client.start("person-8");
  const evaluated = await evaluateFrame(product, started.frame);
  started.discard();
  await expect(started.evaluated(evaluated)).rejects.toMatchObject({ code: "ERR_STATE" });
});
