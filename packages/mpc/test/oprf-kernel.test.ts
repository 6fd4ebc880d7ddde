/** The kernel of the oblivious PRF against libsodium, noble and Node's hashes: elements of uniform bytes, multiples by secret scalars
 *  from tables, what is left of answers, and hashing. @module */
import { expand_message_xmd } from "@noble/curves/abstract/hash-to-curve.js";
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import { concatBytes, fromHex, utf8, type Bytes } from "@sluice/protocol";
import { createHash } from "node:crypto";
import sodium from "libsodium-wrappers-sumo";
import { beforeAll, expect, test } from "vitest";
import { CONSTANTS, FREE, openGroupKernel, ROUNDS, SCRATCH, SHA_WORK, STATES } from "../src/oprf/group-kernel.ts";
import { finalizeHash, GroupHash } from "../src/oprf/transcript.ts";
import { seededRandom } from "./seeded-random.ts";

const COUNT = process.env["SLOW"] === "1" ? 20_000 : 1_000;
const ORDER = ristretto255.Point.Fn.ORDER;
const WORK = FREE + 51 * 16 * 128;
const UNIFORM = WORK + 8_192;
const SCALARS = UNIFORM + 64 * COUNT;
const OUT = SCALARS + 32 * COUNT;
const TERMS = OUT + 32 * COUNT;
const opened = openGroupKernel(TERMS + 120 * COUNT);
if (opened === null) throw new Error("no kernel");
const kernel = opened;

beforeAll(() => sodium.ready);

const littleEndian = (value: bigint): Bytes =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const numberOf = (scalar: Bytes): bigint => scalar.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const reduced = (wide: Bytes): Bytes => sodium.crypto_core_ristretto255_scalar_reduce(wide);
const itemOf = (at: number, i: number): Bytes => kernel.bytes.slice(at + 32 * i, at + 32 * (i + 1));

/** 0, 1 and the order's neighbours; digits of five bits that are 0, full, half and one beside half. */
const EDGES = [
  0n,
  1n,
  2n,
  15n,
  16n,
  17n,
  31n,
  32n,
  ORDER - 1n,
  ORDER - 2n,
  ORDER >> 1n,
  (ORDER >> 1n) + 1n,
  ...[16n, 15n, 17n, 31n, 1n].map((digit) =>
    Array.from({ length: 50 }, () => digit).reduce((sum, d) => (sum << 5n) | d, 0n),
  ),
  ...Array.from({ length: 252 }, (_, bit) => 1n << BigInt(bit)),
  ...Array.from({ length: 252 }, (_, bit) => (1n << BigInt(bit + 1)) - 1n).filter((value) => value < ORDER),
].map(littleEndian);

/** Index of the first item that is not as expected, or -1: to print thousands of elements would take minutes. */
const firstOther = (items: readonly Bytes[], expected: readonly (Bytes | undefined)[]): number =>
  items.findIndex((item, i) => Buffer.compare(item, expected[i] ?? new Uint8Array()) !== 0);

function table(element: Bytes): void {
  kernel.bytes.set(element, OUT);
  kernel.oprfTable(FREE, OUT, WORK, CONSTANTS, SCRATCH);
}

/** Element of each 64 bytes, plus its scalar times the table's. */
function blind(uniform: readonly Bytes[], scalars?: readonly Bytes[]): Bytes[] {
  kernel.bytes.set(concatBytes(...uniform), UNIFORM);
  if (scalars !== undefined) kernel.bytes.set(concatBytes(...scalars), SCALARS);
  const at = scalars === undefined ? 0 : SCALARS;
  kernel.oprfBlind(OUT, UNIFORM, at, uniform.length, FREE, WORK, CONSTANTS, SCRATCH);
  return uniform.map((_, i) => itemOf(OUT, i));
}

/** Each element less its scalar times the table's. */
function unblind(elements: readonly Bytes[], scalars: readonly Bytes[]): Bytes[] {
  kernel.bytes.set(concatBytes(...elements), UNIFORM);
  expect(kernel.sumDecode(TERMS, UNIFORM, elements.length, CONSTANTS, SCRATCH)).toBe(-1);
  kernel.bytes.set(concatBytes(...scalars), SCALARS);
  kernel.oprfUnblind(OUT, TERMS, SCALARS, elements.length, FREE, WORK, CONSTANTS, SCRATCH);
  return elements.map((_, i) => itemOf(OUT, i));
}

test("uniform bytes map to the element that libsodium and noble map them to", () => {
  const random = seededRandom(1);
  const halves = [0n, 1n, 2n ** 255n - 19n, 2n ** 255n - 18n, 2n ** 255n - 1n, 2n ** 256n - 1n].map(littleEndian);
  const edges = halves.flatMap((a) => halves.map((b) => concatBytes(a, b)));
  const uniform = [...edges, ...Array.from({ length: COUNT - edges.length }, () => random.bytes(64))];
  const mapped = blind(uniform);
  expect(
    firstOther(
      mapped,
      uniform.map((bytes) => sodium.crypto_core_ristretto255_from_hash(bytes)),
    ),
  ).toBe(-1);
  const some = uniform.slice(0, 60);
  expect(
    firstOther(
      mapped.slice(0, 60),
      some.map((bytes) => ristretto255_hasher.deriveToCurve?.(bytes).toBytes()),
    ),
  ).toBe(-1);
});

test("multiples by scalars at the edges of digits are noble's, added and taken away", () => {
  const element = sodium.crypto_core_ristretto255_from_hash(seededRandom(2).bytes(64));
  const point = ristretto255.Point.fromBytes(element);
  const random = seededRandom(3);
  table(element);
  const uniform = EDGES.map(() => random.bytes(64));
  const mapped = uniform.map((bytes) => sodium.crypto_core_ristretto255_from_hash(bytes));
  const multiples = EDGES.map((scalar) =>
    numberOf(scalar) === 0n ? ristretto255.Point.ZERO : point.multiply(numberOf(scalar)),
  );
  const sum = (i: number) => ristretto255.Point.fromBytes(mapped[i] ?? new Uint8Array()).add(multiples[i] ?? point);
  const sums = EDGES.map((_, i) => sum(i).toBytes());
  expect(firstOther(blind(uniform, EDGES), sums)).toBe(-1);
  expect(firstOther(unblind(sums, EDGES), mapped)).toBe(-1);
  const own = multiples.map((multiple) => multiple.toBytes());
  expect(
    firstOther(
      unblind(own, EDGES),
      EDGES.map(() => new Uint8Array(32)),
    ),
  ).toBe(-1);
});

test.each(["the generator", "another element"])("multiples of %s by random scalars are libsodium's", (which) => {
  const random = seededRandom(which.length);
  const one = Uint8Array.of(1, ...new Uint8Array(31));
  const element =
    which === "the generator"
      ? sodium.crypto_scalarmult_ristretto255_base(one)
      : sodium.crypto_core_ristretto255_from_hash(random.bytes(64));
  table(element);
  const uniform = Array.from({ length: COUNT }, () => random.bytes(64));
  const scalars = uniform.map(() => reduced(random.bytes(64)));
  const mapped = uniform.map((bytes) => sodium.crypto_core_ristretto255_from_hash(bytes));
  const blinded = blind(uniform, scalars);
  const multiple = (i: number): Bytes => sodium.crypto_scalarmult_ristretto255(scalars[i] ?? one, element);
  const sums = mapped.map((from, i) => sodium.crypto_core_ristretto255_add(from, multiple(i)));
  expect(firstOther(blinded, sums)).toBe(-1);
  expect(firstOther(unblind(blinded, scalars), mapped)).toBe(-1);
});

test("messages of every length on both sides of a block hash as they do elsewhere", () => {
  const context = utf8("OPRFV1-\u0001-ristretto255-SHA512");
  const hash = new GroupHash(context);
  const separation = concatBytes(utf8("HashToGroup-"), context);
  for (let length = 1; length <= 280; length++) {
    const message = seededRandom(length).bytes(length);
    kernel.bytes.set(message, UNIFORM);
    kernel.oprfHash(OUT, UNIFORM, length, STATES, ROUNDS, SHA_WORK);
    expect(kernel.bytes.slice(OUT, OUT + 64)).toEqual(new Uint8Array(createHash("sha512").update(message).digest()));
    expect(hash.uniform(message)).toEqual(expand_message_xmd(message, separation, 64, nobleSha512));
  }
});

test.each([1, 20, 900, 1_000, 1_100, 65_535])("an input of %i bytes gives the hashes of RFC 9497", (length) => {
  const input = seededRandom(length).bytes(length);
  const element = seededRandom(7).bytes(32);
  const prefix = (bytes: Bytes): Bytes => concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
  const expected = createHash("sha512")
    .update(concatBytes(prefix(input), prefix(element), utf8("Finalize")))
    .digest();
  expect(finalizeHash(input, element)).toEqual(new Uint8Array(expected));
  const context = utf8("context");
  const separation = utf8("HashToGroup-context");
  expect(new GroupHash(context).uniform(input)).toEqual(expand_message_xmd(input, separation, 64, nobleSha512));
});

test("an input of no byte, or of more than RFC 9497 has, is refused", () => {
  for (const length of [0, 65_536]) {
    expect(() => new GroupHash(utf8("context")).uniform(new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: "ERR_OPRF_INPUT" }),
    );
  }
});

test("the encoding of RFC 9496's generator and its multiples", () => {
  const one = fromHex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76");
  table(one);
  const scalars = [1n, 2n, 3n].map((n) => littleEndian(ORDER - n));
  const zero = new Uint8Array(32);
  // RFC 9496, A.1.
  expect(unblind([zero, zero, zero], scalars)).toEqual(
    [
      "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
      "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
      "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
    ].map(fromHex),
  );
});
