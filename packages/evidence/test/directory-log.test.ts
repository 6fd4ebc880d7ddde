import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  createLogProof,
  commitment,
  findEntry,
  generateKey,
  leafHash,
  openLog,
  verifyConsistency,
  verifyInclusion,
  verifyLogDirectory,
  verifyLogProof,
} from "../src/index.ts";
import { CLOCK, entriesOf, entryOf, inDirectory, ORIGIN } from "./log-fixture.ts";
import { naiveConsistency, naiveInclusion, naiveRoot } from "./naive-tree.ts";

const key = await generateKey();
const options = { origin: ORIGIN, key, clock: CLOCK, publishIntervalMs: 0 };
const trust = { origin: ORIGIN, logKey: key.keyId };

async function appendAll(log: { append(entry: Uint8Array): Promise<{ index: number }> }, from: number, to: number) {
  return Promise.all(entriesOf(from, to).map((entry) => log.append(entry)));
}

test("gives appends consecutive positions and a checkpoint over all of them", async () => {
  await inDirectory(async (directory) => {
    await using log = await openLog(directory, options);
    const positions = await appendAll(log, 0, 700);
    expect(positions.map(({ index }) => index)).toEqual(Array.from({ length: 700 }, (_, i) => i));
    const checkpoint = await log.checkpoint();
    expect(checkpoint.size).toBe(700);
    expect(checkpoint.rootHash).toEqual(naiveRoot(entriesOf(0, 700)));
    expect(await verifyLogDirectory(directory, trust)).toEqual(checkpoint);
  });
});

test("proofs equal those of the recursive definition, for every size up to a tile and beyond", async () => {
  await inDirectory(async (directory) => {
    await using log = await openLog(directory, options);
    await appendAll(log, 0, 600);
    for (const size of [1, 2, 3, 7, 8, 255, 256, 257, 300, 512, 513, 600]) {
      const entries = entriesOf(0, size);
      for (const index of [0, 1, Math.floor(size / 2), 255, 256, size - 1]) {
        if (index >= size) continue;
        const proof = await log.inclusion(index, size);
        expect(proof.map(toHex)).toEqual(naiveInclusion(index, entries).map(toHex));
        expect(verifyInclusion(leafHash(entryOf(index)), index, size, proof, naiveRoot(entries))).toBe(true);
      }
      for (const older of [1, 2, 3, 8, 200, 256, 257, size - 1]) {
        if (older >= size || older === 0) continue;
        const proof = await log.consistency(older, size);
        expect(proof.map(toHex)).toEqual(naiveConsistency(older, entries).map(toHex));
        const heads = [older, size].map((n) => ({ size: n, rootHash: naiveRoot(entriesOf(0, n)) }));
        const [a, b] = heads;
        expect(a !== undefined && b !== undefined && verifyConsistency(a, b, proof)).toBe(true);
      }
    }
  });
});

test("opens again with the same entries, also past the point where the journal begins anew", async () => {
  await inDirectory(async (directory) => {
    const first = await openLog(directory, options);
    await appendAll(first, 0, 17_000);
    const before = await first.checkpoint();
    await first.close();
    await using log = await openLog(directory, options);
    expect(log.size).toBe(17_000);
    expect(await log.checkpoint()).toEqual(before);
    await appendAll(log, 17_000, 17_300);
    const after = await log.checkpoint();
    const consistency = await log.consistency(before.size, after.size);
    expect(verifyConsistency(before, after, consistency)).toBe(true);
    expect((await log.readEntries(16_900, 17_300)).map(toHex)).toEqual(entriesOf(16_900, 17_300).map(toHex));
    expect(await findEntry(log, entryOf(17_123), 16_000)).toBe(17_123);
    expect(await findEntry(log, entryOf(17_123), 17_124)).toBeNull();
    expect((await verifyLogDirectory(directory, trust)).size).toBe(17_300);
  });
});

test("a log proof verifies for its document and salt, and for no other", async () => {
  await inDirectory(async (directory) => {
    await using log = await openLog(directory, options);
    await appendAll(log, 0, 300);
    const document = { type: "example", amount: "12" };
    const salt = new Uint8Array(32).fill(7);
    const { index } = await log.append(commitment(document, salt));
    const proof = await createLogProof(log, index, salt);
    await verifyLogProof(proof, document, trust);
    await expect(verifyLogProof(proof, { ...document, amount: "13" }, trust)).rejects.toMatchObject({
      code: "ERR_LOG",
    });
    const otherSalt = { ...proof, salt: "00".repeat(32) };
    await expect(verifyLogProof(otherSalt, document, trust)).rejects.toMatchObject({ code: "ERR_LOG" });
  });
});

test("names its files as tlog-tiles says and leaves no partial tile beside a full one", async () => {
  await inDirectory(async (directory) => {
    await using log = await openLog(directory, options);
    await appendAll(log, 0, 200);
    await log.checkpoint();
    expect(await readdir(join(directory, "tile/0/000.p"))).toEqual(["200"]);
    await appendAll(log, 200, 300);
    await log.checkpoint();
    expect((await readdir(join(directory, "tile/0"))).toSorted()).toEqual(["000", "001.p"]);
    expect((await readdir(join(directory, "tile/entries"))).toSorted()).toEqual(["000", "001.p"]);
    expect(await readdir(join(directory, "tile/1/000.p"))).toEqual(["1"]);
    expect((await readFile(join(directory, "tile/entries/001.p/44"))).length).toBe(44 * 34);
  });
});
