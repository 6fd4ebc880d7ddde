import { statSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { toHex } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  generateKey,
  MAX_READ_ENTRIES,
  openLog,
  verifyLogDirectory,
  type DirectoryLog,
  type LogOptions,
} from "../src/index.ts";
import { decodeHeader, decodeRecord, RECORD_BYTES } from "../src/journal-format.ts";
import { CLOCK, entriesOf, entryOf, inDirectory, ORIGIN } from "./log-fixture.ts";
import { RecordedDisk } from "./recorded-disk.ts";

const long = test.runIf(process.env["SLOW"] === "1");

const key = await generateKey();
const options: LogOptions = { origin: ORIGIN, key, clock: CLOCK, publishIntervalMs: 0 };
const trust = { origin: ORIGIN, logKey: key.keyId };

async function fill(log: DirectoryLog, from: number, to: number): Promise<void> {
  await Promise.all(entriesOf(from, to).map((entry) => log.append(entry)));
}

/** A directory as a crash leaves it: `published` entries under a checkpoint, then `more` that are durable. */
async function crashed(directory: string, published: number, more: number): Promise<string> {
  const live = join(directory, "live");
  const left = join(directory, "left");
  await using log = await openLog(live, options);
  await fill(log, 0, published);
  await log.publish();
  await fill(log, published, published + more);
  await cp(live, left, { recursive: true, filter: (path) => !/lock(\.pid)?$/.test(path) });
  return left;
}

async function recoveredEntries(directory: string): Promise<string[]> {
  await using log = await openLog(directory, options);
  expect((await verifyLogDirectory(directory, trust)).size).toBe(log.size);
  return (await log.readEntries(0, log.size)).map(toHex);
}

/** Where the records of a journal end, and the room behind them begins. */
function endOfRecords(journal: Uint8Array): number {
  let end = decodeHeader(journal)?.end ?? 0;
  while (decodeRecord(journal.subarray(end, end + RECORD_BYTES)) !== null) end += RECORD_BYTES;
  return end;
}

test("an entry is given its place when the disk has it", async () => {
  await inDirectory(async (directory) => {
    await using log = await openLog(directory, options);
    const disk = await RecordedDisk.start();
    for (const [i, entry] of entriesOf(0, 3).entries()) {
      await log.append(entry);
      disk.note(`given ${i}`);
      const journal = join(directory, "journal");
      const brought = disk.brought(journal);
      const end = decodeHeader(brought)?.end ?? Number.NaN;
      expect((endOfRecords(brought) - end) / RECORD_BYTES).toBe(i + 1);
      expect(disk.noted(`given ${i}`)).toBeGreaterThan(disk.last("datasync", journal));
    }
  });
});

test("the journal begins again when the disk has the tiles, their names and their times", async () => {
  await inDirectory(async (directory) => {
    await using log = await openLog(directory, options);
    const disk = await RecordedDisk.start();
    const journal = join(directory, "journal");
    const begun = statSync(journal).ino;
    await fill(log, 0, 16_400);
    while (statSync(journal).ino === begun) await log.append(entryOf(log.size));
    const anew = disk.first("sync", journal); // the new file, before it takes the name
    const files = await readdir(join(directory, "tile"), { recursive: true, withFileTypes: true });
    const paths = files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.includes(".p"));
    expect(paths.length).toBeGreaterThan(2 * 64);
    for (const path of [directory, join(directory, "tile"), ...paths]) {
      expect([path, disk.first("sync", path)]).not.toEqual([path, -1]);
      expect(disk.first("sync", path)).toBeLessThan(anew);
    }
    expect(disk.last("write", join(directory, "retention"))).toBeGreaterThan(-1);
    expect(disk.last("datasync", join(directory, "retention"))).toBeLessThan(anew);
    expect(disk.last("datasync", join(directory, "retention"))).toBeGreaterThan(
      disk.last("write", join(directory, "retention")),
    );
  });
});

test("finds entries that were durable but in no published tile", async () => {
  await inDirectory(async (directory) => {
    const left = await crashed(directory, 250, 20);
    expect(await recoveredEntries(left)).toEqual(entriesOf(0, 270).map(toHex));
  });
});

test("cuts off a batch that was being written, wherever the write ended", async () => {
  await inDirectory(async (directory) => {
    const left = await crashed(directory, 10, 0);
    const journal = await readFile(join(left, "journal"));
    for (const kept of [1, 7, RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1, 3 * RECORD_BYTES - 1]) {
      // The bytes of a later batch, as they lay in memory: those of another log with the same beginning.
      const torn = await crashed(join(directory, `torn-${kept}`), 10, 3);
      const whole = await readFile(join(torn, "journal"));
      await writeFile(join(torn, "journal"), whole.subarray(0, endOfRecords(journal) + kept));
      expect(await recoveredEntries(torn)).toEqual(entriesOf(0, 10 + Math.floor(kept / RECORD_BYTES)).map(toHex));
    }
  });
});

test("a torn batch in the room behind the records is cut off, wherever the write ended", async () => {
  await inDirectory(async (directory) => {
    const whole = await crashed(directory, 10, 3);
    const journal = await readFile(join(whole, "journal"));
    const end = endOfRecords(journal);
    expect(journal.length).toBeGreaterThan(end);
    for (const kept of [3 * RECORD_BYTES - 1, 2 * RECORD_BYTES + 5, RECORD_BYTES, 7, 0]) {
      const torn = join(directory, `torn-${kept}`);
      await cp(whole, torn, { recursive: true });
      journal.fill(0, end - 3 * RECORD_BYTES + kept, end);
      await writeFile(join(torn, "journal"), journal);
      expect(await recoveredEntries(torn)).toEqual(entriesOf(0, 10 + Math.floor(kept / RECORD_BYTES)).map(toHex));
    }
  });
});

test("a journal has no room behind its records once its log was closed", async () => {
  await inDirectory(async (directory) => {
    const log = await openLog(directory, options);
    await fill(log, 0, 30);
    const live = await readFile(join(directory, "journal"));
    expect(live.length).toBeGreaterThan(endOfRecords(live));
    await log.close();
    const journal = await readFile(join(directory, "journal"));
    expect(journal.length).toBe(endOfRecords(journal));
  });
});

test("no later part of a torn batch comes back behind new entries", async () => {
  await inDirectory(async (directory) => {
    const left = await crashed(directory, 10, 3);
    const journal = await readFile(join(left, "journal"));
    const first = endOfRecords(journal) - 3 * RECORD_BYTES; // its page did not reach the disk, those after it did
    journal.fill(0, first, first + RECORD_BYTES);
    await writeFile(join(left, "journal"), journal);
    const log = await openLog(left, options);
    await fill(log, 500, 501);
    await log.close();
    expect(await recoveredEntries(left)).toEqual([...entriesOf(0, 10), entryOf(500)].map(toHex));
  });
});

test.each([
  ["zeros", new Uint8Array(500)],
  ["garbage", Uint8Array.from({ length: 777 }, (_, i) => (i * 151 + 13) % 256)],
  ["its own header", null],
])("cuts off a tail of %s and goes on", async (_, tail) => {
  await inDirectory(async (directory) => {
    const left = await crashed(directory, 300, 5);
    const journal = await readFile(join(left, "journal"));
    await writeFile(join(left, "journal"), Buffer.concat([journal, tail ?? journal.subarray(0, 400)]));
    await using log = await openLog(left, options);
    expect(log.size).toBe(305);
    await fill(log, 305, 310);
    await log.publish();
    expect((await verifyLogDirectory(left, trust)).size).toBe(310);
  });
});

test("a damaged record before durable ones is refused, not cut off", async () => {
  await inDirectory(async (directory) => {
    const live = join(directory, "live");
    const left = join(directory, "left");
    await using log = await openLog(live, options);
    for (const entry of entriesOf(0, 5)) await log.append(entry); // five batches
    await cp(live, left, { recursive: true, filter: (path) => !/lock(\.pid)?$/.test(path) });
    await rm(join(left, "checkpoint"));
    const journal = await readFile(join(left, "journal"));
    const third = endOfRecords(journal) - 3 * RECORD_BYTES;
    journal[third + 30] = (journal[third + 30] ?? 0) ^ 1;
    await writeFile(join(left, "journal"), journal);
    await expect(openLog(left, options)).rejects.toMatchObject({
      code: "ERR_LOG",
      details: { reason: "the journal is damaged before its end" },
    });
  });
});

test("refuses to go on without entries that it had published", async () => {
  await inDirectory(async (directory) => {
    const left = await crashed(directory, 20, 0);
    const journal = join(left, "journal");
    await truncate(journal, endOfRecords(await readFile(journal)) - RECORD_BYTES);
    await expect(openLog(left, options)).rejects.toMatchObject({
      code: "ERR_LOG",
      details: { reason: "the journal lacks entries of the published checkpoint" },
    });
    await rm(journal);
    await expect(openLog(left, options)).rejects.toMatchObject({ details: { reason: "the journal is missing" } });
  });
});

test("refuses a journal that leads to another tree than the published one", async () => {
  await inDirectory(async (directory) => {
    const left = await crashed(join(directory, "a"), 20, 0);
    const otherDirectory = join(directory, "b");
    await using other = await openLog(otherDirectory, options);
    await fill(other, 100, 130);
    await cp(join(otherDirectory, "journal"), join(left, "journal"));
    await expect(openLog(left, options)).rejects.toMatchObject({
      details: { reason: "the published checkpoint is of another tree" },
    });
  });
});

test("a journal of another tree is refused with what was published left as it is: it is the proof", async () => {
  await inDirectory(async (directory) => {
    const left = await crashed(join(directory, "a"), 520, 0);
    const otherDirectory = join(directory, "b");
    await using other = await openLog(otherDirectory, options);
    await fill(other, 1_000, 1_800);
    await cp(join(otherDirectory, "journal"), join(left, "journal"));
    const before = await published(left);
    await expect(openLog(left, options)).rejects.toMatchObject({
      details: { reason: "the published checkpoint is of another tree" },
    });
    expect([...before.keys()]).toContain("tile/0/002.p/8");
    expect(await published(left)).toEqual(before);
  });
});

/** The public files below `directory`, in hexadecimal. */
async function published(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = new Map<string, string>();
  for (const file of files.map((path) => relative(directory, path)).toSorted()) {
    if (/^(?:tile|checkpoint)/.test(file)) found.set(file, toHex(await readFile(join(directory, file))));
  }
  return found;
}

test("refuses a damaged header, another origin and another key", async () => {
  await inDirectory(async (directory) => {
    const left = await crashed(directory, 3, 0);
    const other = { reason: "the directory is of another log or key" };
    await expect(openLog(left, { ...options, origin: "log.example/x" })).rejects.toMatchObject({ details: other });
    await expect(openLog(left, { ...options, key: await generateKey() })).rejects.toMatchObject({ details: other });
    const journal = await readFile(join(left, "journal"));
    journal[40] = (journal[40] ?? 0) ^ 1;
    await writeFile(join(left, "journal"), journal);
    await expect(openLog(left, options)).rejects.toMatchObject({
      details: { reason: "the journal's header is damaged" },
    });
  });
});

test("writes again the tiles that did not reach the disk", async () => {
  await inDirectory(async (directory) => {
    const left = await crashed(directory, 700, 5);
    await rm(join(left, "tile"), { recursive: true });
    await writeFile(join(left, "checkpoint.tmp"), "half");
    expect(await recoveredEntries(left)).toHaveLength(705);
  });
});

test("a failed write stops the log until it is opened again, and loses nothing", async () => {
  await inDirectory(async (directory) => {
    const log = await openLog(directory, options);
    await fill(log, 0, 200);
    await mkdir(join(directory, "tile/0/000/in-the-way"), { recursive: true });
    await fill(log, 200, 256);
    const refused = { code: "ERR_LOG", details: { reason: "a write failed" } };
    await expect(log.checkpoint()).rejects.toMatchObject(refused);
    await expect(log.append(entryOf(256))).rejects.toMatchObject(refused);
    await log.close();
    await rm(join(directory, "tile/0/000"), { recursive: true });
    expect(await recoveredEntries(directory)).toEqual(entriesOf(0, 256).map(toHex));
  });
});

test("what is appended while tiles go to the disk is in the journal that begins again", async () => {
  await inDirectory(async (directory) => {
    const live = join(directory, "live");
    const left = join(directory, "left");
    await using log = await openLog(live, { ...options, publishIntervalMs: 3_600_000 });
    const base = async (path: string): Promise<number> =>
      decodeHeader(await readFile(join(path, "journal")))?.header.base ?? 0;
    let appended = 0;
    for (; (await base(live)) === 0; appended += 512) await fill(log, appended, appended + 512);
    // Tiles may still be on their way to the disk; the journal is not begun again before the next append.
    await cp(live, left, { recursive: true, filter: (path) => !/(?:lock(?:\.pid)?|\.tmp)$/.test(path) });
    expect(await base(left)).toBeGreaterThan(0);
    const recovered = await recoveredEntries(left);
    expect(recovered).toEqual(entriesOf(0, Math.min(appended, MAX_READ_ENTRIES)).map(toHex));
  });
});

long("tiles that do not reach the disk while appends go on stop the log, and lose nothing", async () => {
  await inDirectory(async (directory) => {
    const log = await openLog(directory, { ...options, publishIntervalMs: 3_600_000 });
    await mkdir(join(directory, "tile/0/001/in-the-way"), { recursive: true });
    const refused = { code: "ERR_LOG", details: { reason: "a write failed" } };
    let appended = 0;
    const until = async (): Promise<void> => {
      // Beyond the length at which a journal begins again.
      for (; appended < 80_000; appended += 512) await fill(log, appended, appended + 512);
    };
    await expect(until()).rejects.toMatchObject(refused);
    expect(appended).toBeGreaterThan(16_384);
    await log.close();
    await rm(join(directory, "tile/0/001"), { recursive: true });
    const recovered = await recoveredEntries(directory);
    const kept = Math.min(appended, MAX_READ_ENTRIES);
    expect(recovered.slice(0, kept)).toEqual(entriesOf(0, kept).map(toHex));
  });
});

test("a clock behind the newest entry refuses work", async () => {
  await inDirectory(async (directory) => {
    const first = await openLog(directory, options);
    await fill(first, 0, 3);
    await first.close();
    const at = (ms: number) => ({ now: () => new Date(CLOCK.now().getTime() + ms) });
    await expect(openLog(directory, { ...options, clock: at(-60_001) })).rejects.toMatchObject({ code: "ERR_CLOCK" });
    const within = await openLog(directory, { ...options, clock: at(-60_000) });
    await within.close();
    let shift = 0;
    await using log = await openLog(directory, { ...options, clock: { now: () => at(shift).now() } });
    await log.append(entryOf(3));
    shift = -60_001;
    await expect(log.append(entryOf(4))).rejects.toMatchObject({ code: "ERR_CLOCK" });
  });
});

test("refuses entries of another length, ranges outside the log, and use after close", async () => {
  await inDirectory(async (directory) => {
    const log = await openLog(directory, options);
    await fill(log, 0, 3);
    await expect(log.append(new Uint8Array(31))).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
    for (const [index, size] of [
      [3, 3],
      [0, 4],
      [-1, 3],
      [2, 1],
      [0.5, 3],
    ] as const) {
      await expect(log.inclusion(index, size)).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
    }
    await expect(log.consistency(2, 4)).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
    await expect(log.readEntries(0, 4)).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
    await log.close();
    await log.close();
    await expect(log.append(entryOf(3))).rejects.toMatchObject({ code: "ERR_STATE" });
    await expect(log.checkpoint()).rejects.toMatchObject({ code: "ERR_STATE" });
    await expect(openLog(directory, { ...options, origin: "No Origin" })).rejects.toMatchObject({
      code: "ERR_BODY_INVALID",
    });
  });
});
