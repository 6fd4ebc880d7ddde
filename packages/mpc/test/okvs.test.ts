/** The oblivious key-value store: what is encoded is read, for every size; what cannot be is refused. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { openPlainPsi, openPsiKernel } from "../src/kernel/psi-kernel.ts";
import { PURPOSE } from "../src/kernel/siphash.ts";
import { decodeOkvs } from "../src/psi/okvs/decode.ts";
import { encodeOkvs } from "../src/psi/okvs/encode.ts";
import { MAX_OKVS_ITEMS, okvsShape, type OkvsShape } from "../src/psi/okvs/shape.ts";
import { seededRandom } from "./seeded-random.ts";

interface Case {
  readonly seed: Uint8Array;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly valueBytes: number;
}

function caseOf(number: number, count: number, valueBytes: number): Case {
  const random = seededRandom(number);
  return {
    seed: random.bytes(16),
    keys: random.bytes(16 * count),
    values: random.bytes(valueBytes * count),
    valueBytes,
  };
}

/** In the kernel, and in plain TypeScript with the same rows. */
function readBack(shape: OkvsShape, { seed, keys, values, valueBytes }: Case): void {
  const input = { shape, seed, keys, values, valueBytes };
  const rows = encodeOkvs({ ...input, random: seededRandom(5) });
  const plain = encodeOkvs({ ...input, random: seededRandom(5) }, openPlainPsi);
  expect(rows.length).toBe(shape.rows * valueBytes);
  expect(Buffer.compare(rows, plain)).toBe(0);
  for (const open of [openPsiKernel, openPlainPsi]) {
    expect(Buffer.compare(decodeOkvs({ shape, seed, rows, rowBytes: valueBytes, keys }, open), values)).toBe(0);
  }
}

/** Hashes of keys, four words each, and their places. */
function placesOf(
  seed: Uint8Array,
  keys: Uint8Array,
  { purpose = 0, sparse = 0 }: { purpose?: number; sparse?: number },
  open = openPsiKernel,
): Uint32Array {
  const kernel = open(keys.length * 2 + 64);
  kernel.bytes.set(keys, keys.length);
  kernel.bytes.set(seed, 2 * keys.length);
  kernel.hashKeys(0, 2 * keys.length, keys.length, keys.length / 16, purpose);
  if (sparse > 0) kernel.place(0, keys.length / 16, sparse, -1);
  return new Uint32Array(kernel.bytes.slice(0, keys.length).buffer);
}

test("hashes are those of SipHash-2-4 with 128 bits, as OpenSSL computes them", () => {
  // openssl mac -macopt hexkey:SEED -macopt size:16 -in KEY-AND-PURPOSE SIPHASH (OpenSSL 3.0)
  const up = Uint8Array.from({ length: 16 }, (_, i) => i);
  const down = up.map((i) => 0xff - i);
  const seed = Buffer.from("f0e1d2c3b4a5968778695a4b3c2d1e0f", "hex");
  const hex = (words: Uint32Array): string => Buffer.from(words.buffer).toString("hex");
  for (const open of [openPsiKernel, openPlainPsi]) {
    const hash = (keys: Uint8Array, purpose: number): string => hex(placesOf(seed, keys, { purpose }, open));
    expect(hash(down, PURPOSE.bins)).toBe("a75e853ebe7a939e70ea8aad16147423");
    expect(hash(down, PURPOSE.rows)).toBe("c37da983d8ad862a79176a3d71497c6e");
    expect(hash(Buffer.concat([up, down]), PURPOSE.rows).slice(32)).toBe("c37da983d8ad862a79176a3d71497c6e");
  }
});

test("every key reads its value: sizes 0, 1, 2 and others, values of 1 to 90 bytes", () => {
  for (const count of [0, 1, 2, 3, 4, 7, 100, 1_000]) {
    for (const valueBytes of [17, 20]) readBack(okvsShape(count), caseOf(count, count, valueBytes));
  }
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), fc.integer({ min: 1, max: 90 }), (count, spare, valueBytes) => {
      readBack(okvsShape(count + spare), caseOf(count, count, valueBytes));
    }),
    { numRuns: 25 },
  );
});

test("keys that do not peel are solved: with too few sparse rows to peel every key reads its value", () => {
  for (const [count, sparse] of [
    [40, 40],
    [300, 300],
    [600, 610],
  ] as const) {
    readBack({ items: count, rows: sparse + 32, sparse, dense: 32 }, caseOf(count, count, 20));
  }
});

test("reading is linear in the rows", () => {
  const { seed, keys, values } = caseOf(3, 500, 80);
  const shape = okvsShape(500);
  const rows = encodeOkvs({ shape, seed, keys, values, valueBytes: 80, random: seededRandom(1) });
  const mask = seededRandom(2).bytes(rows.length);
  const read = (all: Uint8Array): Uint8Array => decodeOkvs({ shape, seed, rows: all, rowBytes: 80, keys });
  const masked = read(mask);
  expect(read(rows.map((byte, i) => byte ^ (mask[i] ?? 0)))).toEqual(values.map((byte, i) => byte ^ (masked[i] ?? 0)));
});

test("three sparse rows of a key are distinct, every row is read alike, and half of the dense ones", () => {
  const { sparse } = okvsShape(30);
  const keys = seededRandom(9).bytes(16 * 10_000);
  const places = placesOf(new Uint8Array(16), keys, { sparse });
  expect(placesOf(new Uint8Array(16), keys, { sparse }, openPlainPsi)).toEqual(places);
  const reads = new Uint32Array(sparse);
  let bits = 0;
  for (let at = 0; at < places.length; at += 4) {
    const rows = places.subarray(at, at + 3);
    if (new Set(rows).size !== 3) throw new Error("a row twice");
    for (const row of rows) reads[row] = (reads[row] ?? 0) + 1;
    for (let word = places[at + 3] ?? 0; word !== 0; word = (word & (word - 1)) >>> 0) bits++;
  }
  const mean = 30_000 / sparse;
  // Six standard deviations.
  for (const count of reads) expect(Math.abs(count - mean)).toBeLessThan(6 * Math.sqrt(mean));
  expect(Math.abs(bits / 160_000 - 1)).toBeLessThan(6 / Math.sqrt(320_000));
});

test("rows that values leave open are random: two stores of the same values agree nowhere", () => {
  const { seed, keys, values } = caseOf(4, 200, 16);
  const shape = okvsShape(200);
  const [one, other] = [1, 2].map((number) =>
    Buffer.from(encodeOkvs({ shape, seed, keys, values, valueBytes: 16, random: seededRandom(number) })),
  );
  for (let at = 0; at < shape.rows * 16; at += 16) {
    expect(one?.subarray(at, at + 16).equals(other?.subarray(at, at + 16) ?? new Uint8Array())).toBe(false);
  }
});

test("a key that is given twice, with two values, is an error with a code, whether keys peel or not", () => {
  for (const count of [2, 40, 400]) {
    const { seed, keys, values } = caseOf(count, count, 20);
    keys.copyWithin(16, 0, 16);
    const input = { shape: okvsShape(count), seed, keys, values, valueBytes: 20, random: seededRandom(1) };
    expect(() => encodeOkvs(input)).toThrow(expect.objectContaining({ code: "ERR_PSI_ENCODING" }));
  }
});

test("lengths that do not fit are refused", () => {
  const { seed, keys, values } = caseOf(1, 3, 20);
  const shape = okvsShape(3);
  const encode = { shape, seed, keys, values, valueBytes: 20, random: seededRandom(1) };
  const rows = encodeOkvs(encode);
  const decode = { shape, seed, rows, rowBytes: 20, keys };
  for (const change of [
    { shape: okvsShape(2) },
    { seed: seed.subarray(1) },
    { keys: keys.subarray(1) },
    { values: values.subarray(1) },
    { valueBytes: 19 },
  ]) {
    expect(() => encodeOkvs({ ...encode, ...change })).toThrow(RangeError);
  }
  for (const change of [{ rows: rows.subarray(20) }, { rowBytes: 21 }, { seed: keys }, { keys: keys.subarray(1) }]) {
    expect(() => decodeOkvs({ ...decode, ...change })).toThrow(RangeError);
  }
  for (const items of [-1, 0.5, MAX_OKVS_ITEMS + 1, Number.NaN]) expect(() => okvsShape(items)).toThrow(RangeError);
});
