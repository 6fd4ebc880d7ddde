import { chmod, cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromUtf8, utf8 } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  commitment,
  createLogProof,
  findEntry,
  generateKey,
  generateSm2Key,
  lookAtLog,
  openLog,
  pruneLog,
  readerOf,
  verifyCheckpointInDirectory,
  verifyConsistency,
  verifyLogDirectory,
  verifyLogProof,
} from "../src/index.ts";
import { openPruned, signPruned } from "../src/pruned-note.ts";
import { RetentionIndex } from "../src/retention-index.ts";
import { removableFrom } from "../src/retention-rule.ts";
import { entriesOf, entryOf, inDirectory, ORIGIN } from "./log-fixture.ts";

const [key, sm2Key] = [await generateKey(), await generateSm2Key()];
const trust = { origin: ORIGIN, logKey: key.keyId, logSm2Key: sm2Key.keyId };
const FIRST = "2026-01-02T03:04:05.000Z";
const SECOND = "2026-06-01T00:00:00.000Z";
/** The first tile is removable from here on, the second and third later. */
const DAY = "2029-01-03T00:00:00.000Z";
const CUT = new Date("2026-01-03T00:00:00.000Z");

let now = FIRST;
const clock = { now: () => new Date(now) };
const options = { origin: ORIGIN, key, sm2Key, clock, publishIntervalMs: 0 };

/** 1000 entries: 512 on the first day, the others in June. */
async function build(directory: string): Promise<void> {
  now = FIRST;
  const log = await openLog(directory, options);
  await Promise.all(entriesOf(0, 512).map((entry) => log.append(entry)));
  now = SECOND;
  await Promise.all(entriesOf(512, 1_000).map((entry) => log.append(entry)));
  await log.close();
}

const prune = (directory: string, before = CUT, retentionYears?: number) =>
  pruneLog(directory, { ...options, before, retentionYears });
const bundles = async (directory: string) => (await readdir(join(directory, "tile/entries"))).toSorted();

test("entries leave when three years have passed, and not a day earlier", async () => {
  await inDirectory(async (directory) => {
    await build(directory);
    now = "2029-01-02T23:59:59.999Z"; // two years and 364 days after the cut
    await expect(prune(directory)).rejects.toMatchObject({
      code: "ERR_RETENTION",
      message: expect.stringContaining("3 years, the longest rule") as string,
      remedy: expect.stringContaining("2029-01-03") as string,
      details: { years: 3, day: "2029-01-03", before: CUT.toISOString() },
    });
    expect(await bundles(directory)).toEqual(["000", "001", "002", "003.p"]);
    now = DAY;
    await expect(prune(directory, CUT, 4)).rejects.toMatchObject({ details: { years: 4, day: "2030-01-03" } });
    await expect(prune(directory, CUT, 2)).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
    expect(await prune(directory, new Date(FIRST))).toEqual({ firstKept: 0, size: 1_000, removedFiles: 0 });
    expect(await prune(directory)).toEqual({ firstKept: 512, size: 1_000, removedFiles: 2 });
    expect(await prune(directory)).toEqual({ firstKept: 512, size: 1_000, removedFiles: 0 });
    expect(await bundles(directory)).toEqual(["002", "003.p"]);
  });
});

test("the day counts from the leap day and from the beginning of a day", () => {
  expect(removableFrom(new Date("2028-02-29T12:00:00Z"), 3)).toEqual(new Date("2031-03-02T00:00:00Z"));
  expect(removableFrom(new Date("2026-01-01T00:00:00Z"), 3)).toEqual(new Date("2029-01-01T00:00:00Z"));
});

test("a pruned log says so, verifies, grows, and its earlier proofs and checkpoints verify", async () => {
  await inDirectory(async (directory) => {
    now = FIRST;
    const document = { type: "example" };
    const salt = new Uint8Array(32).fill(7);
    let log = await openLog(directory, options);
    const { index } = await log.append(commitment(document, salt));
    await Promise.all(entriesOf(1, 700).map((entry) => log.append(entry)));
    const proof = await createLogProof(log, index, salt);
    const before = await log.checkpoint();
    await log.close();
    now = DAY;
    expect(await prune(directory)).toEqual({ firstKept: 512, size: 700, removedFiles: 2 });
    expect((await verifyLogDirectory(directory, trust)).pruned).toEqual({ firstKept: 512, at: new Date(DAY) });
    log = await openLog(directory, options);
    expect(log.firstKept).toBe(512);
    expect(fromUtf8((await log.readPublished("pruned")) ?? utf8(""))).toMatch(/^sluice\/log-pruned\/v1\n/);
    await expect(log.readEntries(511, 600)).rejects.toMatchObject({ code: "ERR_LOG_PRUNED" });
    expect(await log.readEntries(512, 513)).toEqual([entryOf(512)]);
    await expect(findEntry(log, entryOf(5))).rejects.toMatchObject({ code: "ERR_LOG_PRUNED" });
    await Promise.all(entriesOf(700, 900).map((entry) => log.append(entry)));
    const after = await log.checkpoint();
    expect(verifyConsistency(before, after, await log.consistency(before.size, after.size))).toBe(true);
    await verifyLogProof(await createLogProof(log, index, salt), document, trust);
    await log.close();
    await verifyLogProof(proof, document, trust);
    await verifyCheckpointInDirectory(directory, proof.checkpoint, trust);
    expect((await verifyLogDirectory(directory, trust)).size).toBe(900);
    const finding = await lookAtLog(readerOf(directory), trust, before.text);
    expect(finding).toMatchObject({ kind: "consistent", newEntries: 200, pruned: { firstKept: 512 } });
  });
});

test("missing entries are accepted only below what the log's own note says", async () => {
  await inDirectory(async (directory) => {
    await build(directory);
    now = DAY;
    await prune(directory);
    const refused = async (reason: RegExp) => {
      const error = { code: "ERR_LOG", details: { reason: expect.stringMatching(reason) as string } };
      await expect(verifyLogDirectory(directory, trust)).rejects.toMatchObject(error);
      expect(await lookAtLog(readerOf(directory), trust, null)).toMatchObject({ kind: "truncation" });
    };
    const note = join(directory, "pruned");
    const text = await readFile(note, "utf8");
    await writeFile(note, await signPruned(ORIGIN, { firstKept: 512, at: clock.now() }, await generateKey(), sm2Key));
    await refused(/^pruned is no note of this log$/);
    await writeFile(note, await signPruned("log.example/other", { firstKept: 512, at: clock.now() }, key, sm2Key));
    await refused(/^pruned is no note of this log$/);
    await writeFile(note, await signPruned(ORIGIN, { firstKept: 512, at: clock.now() }, key));
    await refused(/^pruned is no note of this log$/);
    await writeFile(note, await signPruned(ORIGIN, { firstKept: 256, at: clock.now() }, key, sm2Key));
    await refused(/^tile\/entries\/001 is not whole$/);
    await rm(note);
    await refused(/^tile\/entries\/000 is not whole$/);
    await writeFile(note, await signPruned(ORIGIN, { firstKept: 1_280, at: clock.now() }, key, sm2Key));
    await expect(verifyLogDirectory(directory, trust)).rejects.toMatchObject({
      details: { reason: "pruned names more entries than the log has" },
    });
    await writeFile(note, text);
    await verifyLogDirectory(directory, trust);
    await rm(join(directory, "tile/entries/002"));
    await refused(/^tile\/entries\/002 is not whole$/);
  });
});

test("a note takes nothing away from what came after the last look, nor the newest entry", async () => {
  await inDirectory(async (directory) => {
    now = FIRST;
    const log = await openLog(directory, options);
    await Promise.all(entriesOf(0, 300).map((entry) => log.append(entry)));
    const before = await log.checkpoint();
    await Promise.all(entriesOf(300, 512).map((entry) => log.append(entry)));
    await log.close();
    now = DAY;
    await rm(join(directory, "tile/entries/000"));
    await writeFile(
      join(directory, "pruned"),
      await signPruned(ORIGIN, { firstKept: 256, at: clock.now() }, key, sm2Key),
    );
    const look = (seen: string | null) => lookAtLog(readerOf(directory), trust, seen);
    expect(await look(before.text)).toMatchObject({
      kind: "consistent",
      pruned: { firstKept: 256, at: new Date(DAY) },
    });
    const { text } = await verifyLogDirectory(directory, trust);
    await rm(join(directory, "tile/entries/001"));
    const truncated = (reason: string) => ({ kind: "truncation", reason });
    for (const firstKept of [512, 256 * 2 ** 40]) {
      const note = await signPruned(ORIGIN, { firstKept, at: clock.now() }, key, sm2Key);
      await writeFile(join(directory, "pruned"), note);
      for (const seen of [null, before.text, text]) {
        expect(await look(seen)).toMatchObject(truncated("pruned names more entries than the log has"));
      }
      await expect(verifyLogDirectory(directory, trust)).rejects.toMatchObject({
        details: { reason: "pruned names more entries than the log has" },
      });
    }
  });
});

test("a note about entries that the last look had not seen is a truncation", async () => {
  await inDirectory(async (directory) => {
    await build(directory);
    now = DAY;
    const early = await openLog(join(directory, "early"), options);
    await Promise.all(entriesOf(0, 300).map((entry) => early.append(entry)));
    const before = await early.checkpoint();
    await early.close();
    await prune(directory);
    expect(await lookAtLog(readerOf(directory), trust, before.text)).toMatchObject({
      kind: "truncation",
      reason: "pruned names entries that came after the last look",
    });
    expect(await lookAtLog(readerOf(directory), trust, null)).toMatchObject({ kind: "consistent" });
  });
});

test("a log that was pruned before it had an SM2 key opens with one, and its note gets the line", async () => {
  await inDirectory(async (directory) => {
    const { sm2Key: _, ...plain } = options;
    now = FIRST;
    const log = await openLog(directory, plain);
    await Promise.all(entriesOf(0, 600).map((entry) => log.append(entry)));
    await log.close();
    now = DAY;
    expect(await pruneLog(directory, { ...plain, before: CUT })).toMatchObject({ firstKept: 512 });
    const { pruned } = await verifyLogDirectory(directory, { origin: ORIGIN, logKey: key.keyId });
    now = "2029-06-01T00:00:00.000Z";
    const again = await openLog(directory, options);
    expect(again.firstKept).toBe(512);
    await again.close();
    expect((await verifyLogDirectory(directory, trust)).pruned).toEqual(pruned);
    // A line that is there and not valid is no missing one.
    const note = join(directory, "pruned");
    const other = await signPruned(ORIGIN, { firstKept: 256, at: clock.now() }, key, sm2Key);
    const [line, ...lines] = [other.split("\n").at(-2), ...(await readFile(note, "utf8")).split("\n").slice(0, -2)];
    await writeFile(note, `${[...lines, line].join("\n")}\n`);
    await expect(openLog(directory, options)).rejects.toMatchObject({
      details: { reason: "pruned is no note of this log" },
    });
  });
});

test("an index of very many tiles is begun", { timeout: 30_000 }, async () => {
  await inDirectory(async (directory) => {
    const tiles = 130_000;
    const index = await RetentionIndex.open(join(directory, "retention"), ORIGIN, { tiles, atMs: 7 });
    expect([index.tiles, await index.completeBefore(7)]).toEqual([tiles, 0]);
    await index.append(Array<number>(tiles).fill(9));
    expect([index.tiles, await index.completeBefore(9)]).toEqual([2 * tiles, tiles]);
    await index.close();
  });
});

test.each([
  ["a size", "sluice/log-pruned/v1\nlog.example/hrss\n12\n2029-01-03T00:00:00.000Z\n"],
  ["another log", "sluice/log-pruned/v1\nlog.example/other\n512\n2029-01-03T00:00:00.000Z\n"],
  ["a checkpoint", "log.example/hrss\n512\nAAAA\n"],
  ["no instant", "sluice/log-pruned/v1\nlog.example/hrss\n512\ntoday\n"],
  ["more lines", "sluice/log-pruned/v1\nlog.example/hrss\n512\n2029-01-03T00:00:00.000Z\nmore\n"],
])("a note with %s is refused though the log signed it", async (_, text) => {
  const { signNote } = await import("../src/signed-note.ts");
  const { logSm2Key: _sm2, ...plain } = trust;
  await expect(openPruned(utf8(await signNote(text, ORIGIN, key)), plain)).rejects.toMatchObject({ code: "ERR_LOG" });
});

test("cut off at any moment, pruning is done again", async () => {
  await inDirectory(async (directory) => {
    const whole = join(directory, "whole");
    await build(whole);
    now = DAY;
    const pruned = join(directory, "pruned");
    await cp(whole, pruned, { recursive: true });
    await prune(pruned);
    // The journal begins after them, the note is there; of two files none, the first, or the second was removed.
    for (const [i, gone] of [[], ["000"], ["001"]].entries()) {
      const left = join(directory, `left-${i}`);
      await cp(whole, left, { recursive: true });
      for (const file of ["pruned", "journal", "retention"]) await cp(join(pruned, file), join(left, file));
      for (const name of gone) await rm(join(left, "tile/entries", name));
      expect((await verifyLogDirectory(left, trust)).pruned?.firstKept).toBe(512);
      expect(await prune(left)).toMatchObject({ firstKept: 512, removedFiles: 2 - gone.length });
      await verifyLogDirectory(left, trust);
    }
  });
});

test("the note is there before the first entry goes", async () => {
  await inDirectory(async (directory) => {
    await build(directory);
    now = DAY;
    await prune(directory, new Date(FIRST)); // the journal begins again, after three tiles
    const first = join(directory, "tile/entries/000");
    await rm(first);
    await mkdir(first); // which no removal of a file removes
    await expect(prune(directory)).rejects.toThrow();
    expect(await bundles(directory)).toContain("001");
    expect(await openPruned(new Uint8Array(await readFile(join(directory, "pruned"))), trust)).toEqual({
      firstKept: 512,
      at: new Date(DAY),
    });
  });
});

test("the newest entry stays, however old", async () => {
  await inDirectory(async (directory) => {
    now = FIRST;
    const log = await openLog(directory, options);
    await Promise.all(entriesOf(0, 512).map((entry) => log.append(entry)));
    await log.close();
    now = DAY;
    expect(await prune(directory)).toEqual({ firstKept: 256, size: 512, removedFiles: 1 });
    const again = await openLog(directory, options);
    expect(await again.readEntries(511, 512)).toEqual([entryOf(511)]);
    await again.close();
  });
});

test("times outlive the journal, in an index whose torn end the journal still knows", async () => {
  await inDirectory(async (directory) => {
    await build(directory);
    now = DAY;
    await prune(directory, new Date(FIRST)); // the journal begins again, after three tiles
    const index = join(directory, "retention");
    const bytes = await readFile(index);
    await writeFile(index, Buffer.concat([bytes, Buffer.alloc(33, 7)]));
    expect(await prune(directory, new Date(FIRST))).toMatchObject({ firstKept: 0 });
    expect(await readFile(index)).toEqual(bytes);
    await rm(index); // every tile counts as complete when the last of them was
    expect(await prune(directory)).toMatchObject({ firstKept: 0 });
    await writeFile(index, bytes);
    expect(await prune(directory)).toMatchObject({ firstKept: 512, removedFiles: 2 });
    await writeFile(index, bytes.subarray(0, bytes.length - 1));
    await expect(openLog(directory, options)).rejects.toMatchObject({
      details: { reason: "the retention index is damaged at tile 2" },
    });
  });
});

test("full tiles are read-only, and a left-over of one does not stop the log", async () => {
  await inDirectory(async (directory) => {
    await build(directory);
    for (const path of ["tile/entries/000", "tile/0/002"]) {
      expect((await stat(join(directory, path))).mode & 0o222).toBe(0);
    }
    for (const path of ["tile/0/003.p/232", "checkpoint", "journal"]) {
      expect((await stat(join(directory, path))).mode & 0o200).toBe(0o200);
    }
    const leftover = join(directory, "tile/0/003.tmp");
    await writeFile(leftover, "half");
    await chmod(leftover, 0o444);
    const log = await openLog(directory, options);
    await Promise.all(entriesOf(1_000, 1_100).map((entry) => log.append(entry)));
    await log.close();
    expect((await verifyLogDirectory(directory, trust)).size).toBe(1_100);
  });
});
