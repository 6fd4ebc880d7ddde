import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { LweMatrix, MAX_KEPT_MATRIX_BYTES } from "../src/lookup/matrix.ts";

const seed = new Uint8Array(32).fill(5);

test("rows are the AES-256-CTR stream of the seed, whichever way they are asked", async () => {
  const matrix = await LweMatrix.open(seed);
  const stream = createCipheriv("aes-256-ctr", seed, Buffer.alloc(16)).update(Buffer.alloc(6 * 4_096));
  const words = Array.from({ length: 6 * 1_024 }, (_, i) => stream.readUInt32LE(i * 4));
  expect([...(await matrix.rows(0, 6))]).toEqual(words);
  expect([...(await matrix.keptRows(2, 3))]).toEqual(words.slice(2 * 1_024, 5 * 1_024));
  expect(await matrix.keptRows(2, 3)).toBe(await matrix.keptRows(2, 3));
});

test("keeps no more than its bound, and is right beyond it", async () => {
  const matrix = await LweMatrix.open(seed);
  const panel = 4_096;
  const panels = MAX_KEPT_MATRIX_BYTES / (panel * 4_096);
  for (let i = 0; i < panels; i++) await matrix.keptRows(i * panel, panel);
  const beyond = panels * panel;
  const first = await matrix.keptRows(beyond, 1);
  expect(await matrix.keptRows(beyond, 1)).not.toBe(first);
  expect(await matrix.keptRows(beyond, 1)).toEqual(first);
});
