/** What the extension computes on rows: the plain reference against single bits, streams of both makes, random orders. @module */
import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import {
  concatBytes,
  decodePsiTransferRows,
  padPsiTransferList,
  PSI_TAG_BYTES,
  PSI_TRANSFER_CHECKS,
  toHex,
  type Bytes,
} from "@sluice/protocol";
import { agree } from "../src/psi/ot/agreement.ts";
import { bitAt } from "../src/psi/ot/base-ot.ts";
import { openCheck } from "../src/psi/ot/consistency.ts";
import { columnsOfRows, rowsOfColumns } from "../src/psi/okvs/bulk.ts";
import { openRows } from "../src/psi/ot/bin-rows.ts";
import { codeWord } from "../src/psi/ot/code.ts";
import { expandKey, openStreams, openWebStreams } from "../src/psi/ot/key-streams.ts";
import { combinations, wordsOfCode } from "../src/psi/ot/engine.ts";
import { binRandomness, type DrawnFor } from "../src/psi/ot/bin-randomness.ts";
import { shuffle, shuffleBytes } from "../src/psi/ot/shuffled.ts";
import { callerBin } from "../src/psi/ot/transfer-bin.ts";
import { transferSet } from "../src/psi/ot/transfer-set.ts";
import { drawKeys } from "./psi-ot-bins.ts";
import { seededRandom } from "./seeded-random.ts";

const random = seededRandom(11);

test("rows of the code are its words, and combinations are sums of the rows that coefficients name", () => {
  const messages = random.bytes(17 * 40);
  const words = wordsOfCode(messages, 64);
  for (let i = 0; i < 40; i++) {
    const message = messages.slice(17 * i, 17 * i + 17);
    message[16] = (message[16] ?? 0) & 15;
    expect(words.subarray(80 * i, 80 * i + 78)).toEqual(codeWord(message));
  }
  expect(words.subarray(80 * 40).every((byte) => byte === 0)).toBe(true);
  const coefficients = random.bytes(16 * 64);
  const sums = combinations(words, 80, 64, coefficients);
  for (let l = 0; l < 128; l++) {
    const sum = new Uint8Array(80);
    for (let row = 0; row < 64; row++) {
      if (bitAt(coefficients, 128 * row + l) === 1)
        for (let b = 0; b < 80; b++) sum[b] = (sum[b] ?? 0) ^ (words[80 * row + b] ?? 0);
    }
    expect(sums.subarray(80 * l, 80 * l + 80)).toEqual(sum);
  }
});

test("streams are AES-128-CTR cut into columns, the same by WebCrypto, in any order of bins", async () => {
  const keys = random.bytes(3 * 16);
  const expected = (index: number, bin: number): Bytes => {
    const cipher = createCipheriv("aes-128-ctr", keys.subarray(16 * index, 16 * index + 16), new Uint8Array(16));
    return new Uint8Array(cipher.update(new Uint8Array(48 * (bin + 1))).subarray(48 * bin));
  };
  for (const open of [openStreams, openWebStreams]) {
    const streams = await open(keys, 48);
    for (const bin of [0, 1, 4, 2, 3]) {
      for (const index of [0, 1, 2])
        expect(new Uint8Array(await streams.column(index, bin))).toEqual(expected(index, bin));
    }
    streams.close();
  }
  expect(await expandKey(keys, 20)).toEqual(expected(0, 0).subarray(0, 20));
});

test("what a check opens is masked: without any other row it is the masking rows themselves", () => {
  const [own, messages] = [random.bytes(80 * 256), random.bytes(17 * 256)];
  const shape = { items: 0, rows: 128, sparse: 96, dense: 32 };
  const sizes = { bins: 1, callerLoad: 0, domainLoad: 0, shape, rows: 256, columnBytes: 32, matrixBytes: 32 * 624 };
  const coefficients = new Uint8Array(16 * 128);
  const sums = openRows(columnsOfRows(own, 256), sizes).combinations(coefficients);
  const opened = openCheck(sums, messages, 128, coefficients);
  expect(opened.messages).toEqual(messages.subarray(17 * 128));
  for (let l = 0; l < 128; l++) {
    const from = 80 * (128 + l);
    expect(opened.sums.subarray(78 * l, 78 * l + 78)).toEqual(own.subarray(from, from + 78));
  }
});

test("a role's randomness is of its secret, its use, its bin and what was said before, and can be made again", async () => {
  const [secret, transcript, other] = [random.bytes(32), random.bytes(32), random.bytes(32)];
  const base = { secret, transcript, bin: 0 };
  const drawn = async (use: string, more: Partial<DrawnFor> = {}) =>
    toHex((await binRandomness({ ...base, ...more }, use, 64)).bytes(64));
  const others = [drawn("rows", { bin: 1 }), drawn("rows", { transcript: other }), drawn("rows", { secret: other })];
  const all = await Promise.all([drawn("rows"), drawn("tags"), ...others]);
  expect(new Set(all).size).toBe(5);
  expect(await drawn("rows")).toBe(all[0]);
  const short = await binRandomness(base, "rows", 64);
  short.bytes(60);
  expect(() => short.bytes(5)).toThrow();
});

test("rows that are said again after the same frames are the same; after others, each has a mask of its own", async () => {
  const { binding, opening, zero, one, secret } = drawKeys(3);
  const list = transferSet(["x", "y"]);
  const agreed = agree(binding, opening, { caller: padPsiTransferList(2), domain: 16 }, "caller", list);
  const { rows, columnBytes, shape } = agreed.geometry;
  const columnsAfter = async (transcript: Bytes): Promise<Bytes> => {
    const streams = [await openStreams(zero, columnBytes), await openStreams(one, columnBytes)] as const;
    const { frames } = await callerBin({ ...agreed, secret, bin: 0, transcript }, streams);
    return concatBytes(...frames.slice(0, -1).map((frame) => decodePsiTransferRows(frame).columns));
  };
  const [first, again] = [await columnsAfter(new Uint8Array(32)), await columnsAfter(new Uint8Array(32))];
  expect(again).toEqual(first);
  const other = await columnsAfter(new Uint8Array(32).fill(1));
  // Both are under the same streams: without masks of their own, free rows and those of the check would cancel.
  const differences = rowsOfColumns(
    first.map((byte, i) => byte ^ (other[i] ?? 0)),
    rows,
  );
  const differ = Array.from({ length: rows }, (_, i) => differences.subarray(80 * i, 80 * i + 80)).filter((row) =>
    row.some((byte) => byte !== 0),
  );
  expect(differ).toHaveLength(shape.rows + PSI_TRANSFER_CHECKS);
});

test("a shuffle keeps the items, and every place is as likely", () => {
  const places = new Map<number, number>();
  for (let round = 0; round < 800; round++) {
    const items = new Uint8Array(4 * PSI_TAG_BYTES);
    for (let i = 0; i < 4; i++) items.fill(i, i * PSI_TAG_BYTES, (i + 1) * PSI_TAG_BYTES);
    shuffle(items, PSI_TAG_BYTES, random);
    const order = [0, 1, 2, 3].map((i) => items[i * PSI_TAG_BYTES] ?? 9);
    expect(order.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    const name = order.reduce((sum, item) => 4 * sum + item, 0);
    places.set(name, (places.get(name) ?? 0) + 1);
  }
  expect(places.size).toBe(24);
  // 800 / 24 = 33, standard deviation 5.7.
  for (const count of places.values()) expect(Math.abs(count - 800 / 24)).toBeLessThan(28);
  expect(shuffleBytes(4)).toBeGreaterThanOrEqual(4_096);
});
