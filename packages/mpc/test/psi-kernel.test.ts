/** Kernels of set intersection: each against an oracle of its own, and in plain TypeScript byte for byte the same. @module */
import fc from "fast-check";
import { createHash } from "node:crypto";
import { expect, test, vi } from "vitest";
import { openPlainPsi, openPsiKernel, reusedPsiKernel, type PsiKernel } from "../src/kernel/psi-kernel.ts";
import { hashMessages, shaBlockState } from "../src/kernel/sha-messages.ts";
import { hashMany } from "../src/psi/okvs/bulk.ts";
import { seededRandom } from "./seeded-random.ts";

const OPEN = [openPsiKernel, openPlainPsi];

/** What both make of the same memory, `length` bytes from `at`. */
function both(
  memory: Uint8Array,
  run: (kernel: PsiKernel) => void,
  at: number,
  length: number,
): [Uint8Array, Uint8Array] {
  const [kernel, plain] = OPEN.map((open) => {
    const opened = open(memory.length);
    opened.bytes.set(memory);
    run(opened);
    return opened.bytes.slice(at, at + length);
  });
  return [kernel ?? new Uint8Array(), plain ?? new Uint8Array()];
}

test("this engine runs the compiled kernels", () => {
  expect(openPsiKernel(1).plain).toBe(false);
});

test("an engine without WebAssembly runs plain TypeScript", () => {
  vi.stubGlobal("WebAssembly", undefined);
  try {
    expect(openPsiKernel(1).plain).toBe(true);
  } finally {
    vi.unstubAllGlobals();
  }
});

test("memory that is used again is zeroed when a larger one takes its place, and on wipe", () => {
  const { open, wipe } = reusedPsiKernel();
  const small = open(1_000).bytes.fill(7);
  expect(open(500).bytes).toBe(small);
  const large = open(1_000_000).bytes.fill(7);
  expect(small.some((byte) => byte !== 0)).toBe(false);
  wipe();
  expect(large.some((byte) => byte !== 0)).toBe(false);
});

test("digests are those of node:crypto, for messages of every length to two blocks, in any number", () => {
  for (const open of OPEN) {
    const kernel = open(65_536);
    for (let tailBytes = 0; tailBytes <= 119; tailBytes++) {
      const count = 1 + (tailBytes % 9);
      const [headBytes, digestBytes] = [16 * (tailBytes % 3), 1 + (tailBytes % 32)];
      const heads = seededRandom(1).bytes(headBytes * count);
      const tails = seededRandom(tailBytes).bytes(tailBytes * count);
      const whole = { heads, headBytes, tails, tailBytes, count, digestBytes };
      const expected = Buffer.concat(
        Array.from({ length: count }, (_, i) =>
          createHash("sha256")
            .update(heads.subarray(i * headBytes, (i + 1) * headBytes))
            .update(tails.subarray(i * tailBytes, (i + 1) * tailBytes))
            .digest()
            .subarray(0, digestBytes),
        ),
      );
      expect(Buffer.compare(hashHere(kernel, whole), expected)).toBe(0);
    }
  }
});

interface Whole {
  readonly heads: Uint8Array;
  readonly headBytes: number;
  readonly tails: Uint8Array;
  readonly tailBytes: number;
  readonly count: number;
  readonly digestBytes: number;
  readonly prefix?: Uint8Array;
}

function hashHere(
  kernel: PsiKernel,
  { heads, headBytes, tails, tailBytes, count, digestBytes, prefix }: Whole,
): Uint8Array {
  const at = { frame: 0, heads: 4_096, tails: 8_192, out: 16_384 };
  kernel.bytes.set(heads, at.heads);
  kernel.bytes.set(tails, at.tails);
  const shape = { headBytes, tailBytes };
  const state = prefix === undefined ? undefined : shaBlockState(kernel, at.frame, at.out, prefix);
  hashMessages(kernel, { ...at, shape, tailStride: tailBytes, digestBytes, count, ...(state && { state }) });
  return kernel.bytes.slice(at.out, at.out + count * digestBytes);
}

test("a prefix of one block is hashed once for all messages", () => {
  for (const open of OPEN) {
    const kernel = open(65_536);
    const prefix = seededRandom(2).bytes(64);
    const [heads, tails] = [seededRandom(3).bytes(48), seededRandom(4).bytes(3 * 78)];
    const whole = { heads, headBytes: 16, tails, tailBytes: 78, count: 3, digestBytes: 12, prefix };
    const expected = [0, 1, 2].map((i) =>
      createHash("sha256")
        .update(prefix)
        .update(heads.subarray(16 * i, 16 * i + 16))
        .update(tails.subarray(78 * i, 78 * i + 78))
        .digest()
        .subarray(0, 12),
    );
    expect(Buffer.compare(hashHere(kernel, whole), Buffer.concat(expected))).toBe(0);
  }
});

test("a suffix ends every message, and may fill the block or begin another", () => {
  for (const open of OPEN) {
    for (const [tailBytes, length] of [
      [0, 23],
      [32, 23],
      [32, 24],
      [40, 30],
      [78, 1],
    ] as const) {
      const [tails, suffix] = [seededRandom(5).bytes(5 * tailBytes), seededRandom(6).bytes(length)];
      const shape = { headBytes: 0, tailBytes, suffix };
      const digests = hashMany({ shape, count: 5, heads: new Uint8Array(), tails, digestBytes: 32 }, open);
      for (let i = 0; i < 5; i++) {
        const whole = createHash("sha256")
          .update(tails.subarray(i * tailBytes, (i + 1) * tailBytes))
          .update(suffix);
        expect(Buffer.from(digests.subarray(32 * i, 32 * i + 32)).toString("hex")).toBe(whole.digest("hex"));
      }
    }
  }
});

test("nothing is read or written beyond the messages and their room, at the end of the memory", () => {
  const kernel = openPsiKernel(1);
  const end = kernel.bytes.length - 80;
  const shape = { headBytes: 16, tailBytes: 78 };
  const at = { frame: 0, heads: 4_096, tails: end - 78 * 5, out: end - 12 * 5 };
  const place = { heads: end - 16 * 5, tails: at.tails, tailStride: 78 };
  const before = kernel.bytes.slice();
  hashMessages(kernel, { ...at, ...place, shape, digestBytes: 12, count: 5 });
  hashMessages(kernel, { ...at, shape, tailStride: 78, digestBytes: 12, count: 1 });
  expect(kernel.bytes.slice(4_096, at.tails)).toEqual(before.slice(4_096, at.tails));
});

test("the transpose of bits has row r's column c where column c had row r: odd numbers of columns and blocks", () => {
  for (const [columns, rows] of [
    [8, 128],
    [112, 128],
    [120, 256],
    [128, 384],
    [136, 128],
    [624, 256],
  ] as const) {
    const [stride, rowStride, from] = [rows / 8 + 3, 16 * Math.ceil(columns / 128) + 16, 65_536];
    const memory = new Uint8Array(from + columns * stride + 4_096);
    memory.set(seededRandom(columns).bytes(columns * stride), from);
    const scratch = from + columns * stride + 64;
    const [kernel, plain] = both(
      memory,
      (one) => {
        one.transpose(0, rowStride, from, stride, columns, rows, scratch);
      },
      0,
      rows * rowStride,
    );
    expect(Buffer.compare(kernel, plain)).toBe(0);
    for (let row = 0; row < rows; row += 7) {
      for (let column = 0; column < rowStride * 8; column++) {
        const source = memory[from + column * stride + (row >> 3)] ?? 0;
        const bit = column < columns ? (source >> (row & 7)) & 1 : 0;
        if ((((kernel[row * rowStride + (column >> 3)] ?? 0) >> (column & 7)) & 1) !== bit) throw new Error("a bit");
      }
    }
  }
});

test("peeling gives each key a row of its own that only keys before it read, and leaves what does not peel", () => {
  let left = 0;
  fc.assert(
    fc.property(fc.nat(1_000), fc.integer({ min: 0, max: 90 }), (seed, count) => {
      const sparse = 100;
      const at = { keys: 0, seed: 2_048, places: 4_096, order: 8_192, scratch: 12_288 };
      const memory = new Uint8Array(16_384);
      memory.set(seededRandom(seed).bytes(16 * count + 16));
      let peeled = 0;
      const run = (kernel: PsiKernel): void => {
        kernel.hashKeys(at.places, at.seed, at.keys, count, 0);
        kernel.place(at.places, count, sparse, -1);
        peeled = kernel.peelPlaces(at.order, at.places, count, sparse, at.scratch);
      };
      const [kernel, plain] = both(memory, run, at.places, 4_096 + 8 * count);
      const pairs = new Uint32Array(kernel.buffer, 4_096, 2 * peeled);
      expect(kernel.subarray(0, 4_096 + 8 * peeled)).toEqual(plain.subarray(0, 4_096 + 8 * peeled));
      const places = new Uint32Array(kernel.buffer, 0, 4 * count);
      const keys = new Set(Array.from({ length: peeled }, (_, i) => pairs[2 * i] ?? 0));
      expect(keys.size).toBe(peeled);
      const read = new Set<number>();
      for (let key = 0; key < count; key++) {
        if (!keys.has(key)) for (const row of places.subarray(4 * key, 4 * key + 3)) read.add(row);
      }
      for (let i = 2 * peeled - 2; i >= 0; i -= 2) {
        const rows = places.subarray(4 * (pairs[i] ?? 0), 4 * (pairs[i] ?? 0) + 3);
        expect(rows).toContain(pairs[i + 1]);
        expect(read.has(pairs[i + 1] ?? 0)).toBe(false);
        for (const row of rows) read.add(row);
      }
      left += count - peeled;
    }),
    { numRuns: 40 },
  );
  expect(left).toBeGreaterThan(0);
});

test("codewords and rows are added where they belong: other bytes stay", () => {
  const count = 37;
  const at = { to: 0, from: 4_096, mask: 8_192, messages: 9_000, tables: 12_288 };
  const memory = seededRandom(7).bytes(at.tables + 3 * 256 * 80);
  const expected = memory.slice(0, 4_096);
  for (let i = 0; i < count * 80; i++) {
    const [row, b] = [Math.floor(i / 80), i % 80];
    for (let j = 0; j < 3; j++) {
      const entry = memory[at.messages + row * 5 + j] ?? 0;
      expected[i] = (expected[i] ?? 0) ^ (memory[at.tables + (256 * j + entry) * 80 + b] ?? 0);
    }
    expected[i] = (expected[i] ?? 0) ^ ((memory[at.from + row * 78 + b] ?? 0) & (memory[at.mask + b] ?? 0));
  }
  for (const one of both(
    memory,
    (kernel) => {
      kernel.addCode(at.to, 80, at.messages, 5, 3, at.tables, count);
      kernel.addMaskedRows(at.to, at.from, 78, at.mask, count);
    },
    0,
    4_096,
  )) {
    expect(Buffer.compare(one, expected)).toBe(0);
  }
});

test("rows are packed and bytes are added at odd sizes, in place too", () => {
  for (const [stride, size] of [
    [78, 7],
    [1, 1],
    [80, 3],
    [17, 33],
  ] as const) {
    const memory = seededRandom(stride).bytes(8_192);
    const packed = Buffer.concat(Array.from({ length: size }, (_, i) => memory.subarray(80 * i, 80 * i + stride)));
    const sum = packed.map((byte, i) => (byte ^ (memory[4_096 + i] ?? 0)) & 0xff);
    for (const one of both(
      memory,
      (kernel) => {
        kernel.packRows(0, stride, 0, size);
        kernel.xorBytes(0, 4_096, stride * size);
      },
      0,
      stride * size,
    )) {
      expect(Buffer.compare(one, sum)).toBe(0);
    }
  }
});
