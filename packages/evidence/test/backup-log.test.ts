/** The copy of a log that is appended to meanwhile, across full tiles and new journals.
 *  @module */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  BackupWriter,
  checkBackupFiles,
  checkBackupLog,
  copyLog,
  readBackupManifest,
  readJournal,
  readLogHead,
  takeNewerLog,
} from "../src/backup.ts";
import { generateKey, openLog, type DirectoryLog } from "../src/index.ts";
import { entryOf, ORIGIN } from "./log-fixture.ts";

const long = test.runIf(process.env["SLOW"] === "1");

const origin = ORIGIN;
const clock = { now: () => new Date() };
const slow = process.env["SLOW"] === "1";
/** More than a journal holds; with SLOW=1, more than a tile of level 1 has below it. */
const ENTRIES = slow ? 70_000 : 18_000;
const BATCH = 250;

let root: string;
let log: DirectoryLog;
const key = await generateKey();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-backup-log-"));
  log = await openLog(join(root, "home", "log"), { origin, key, clock, publishIntervalMs: 5 });
});
afterAll(async () => {
  await log.close();
  await rm(root, { recursive: true, force: true });
});

/** Backs up the log alone. */
async function copy(name: string): Promise<string> {
  const [home, out] = [join(root, "home"), join(root, name)];
  const writer = await BackupWriter.create(out, { kind: "gateway", origin }, {});
  const head = await readLogHead(home);
  const journal = await readJournal(home, origin);
  const size = journal?.size ?? 0;
  const checkpoint = await copyLog(writer, home, { head, journal, size });
  const facts = { kind: "gateway" as const, at: clock.now().toISOString(), keys: "none" as const };
  await writer.finish({ ...facts, dataKeys: [], log: { origin, logKey: key.keyId, size, checkpoint } });
  return out;
}

long(
  "each copy is whole, holds what was acknowledged before it began, and opens",
  async () => {
    const copies: { folder: string; acknowledged: number }[] = [];
    const acknowledged = { count: 0 };
    const appending = (async () => {
      for (let from = 0; from < ENTRIES; from += BATCH) {
        await Promise.all(Array.from({ length: BATCH }, (_, i) => log.append(entryOf(from + i))));
        acknowledged.count = from + BATCH;
      }
    })();
    while (acknowledged.count < ENTRIES) {
      copies.push({ acknowledged: acknowledged.count, folder: await copy(`copy-${copies.length}`) });
    }
    await appending;
    expect(copies.length).toBeGreaterThan(2);
    const looked = slow ? copies : [copies[0], copies[copies.length >> 1], copies.at(-1)];
    for (const { folder, acknowledged: least } of looked.filter((one) => one !== undefined)) {
      const { manifest } = await checkBackupFiles(folder, {});
      const checked = await checkBackupLog(folder, manifest, {});
      expect(checked.size).toBeGreaterThanOrEqual(least);
      const last = checked.size - 1;
      expect(await checked.entries(last, last + 1)).toEqual([entryOf(last)]);
    }
    const middle = copies[copies.length >> 1]?.folder ?? "";
    const to = join(root, "opened");
    await cp(join(middle, "log"), to, { recursive: true });
    const opened = await openLog(to, { origin, key, clock });
    expect(opened.size).toBe((await readBackupManifest(middle)).manifest.log.size);
    expect(await opened.readEntries(0, 3)).toEqual([entryOf(0), entryOf(1), entryOf(2)]);
    await opened.close();

    // An older copy that is brought up to the public files is the log itself, and goes on as it does.
    await log.publish();
    const home = copies[1]?.folder ?? "";
    const mirror = join(root, "home", "log");
    await takeNewerLog(home, { mirror, identity: { origin, logKey: key.keyId }, clock });
    const newer = await openLog(join(home, "log"), { origin, key, clock });
    expect(newer.size).toBe(log.size);
    for (const each of [log, newer]) await Promise.all([1, 2, 3].map((i) => each.append(entryOf(-i))));
    expect((await newer.checkpoint()).rootHash).toEqual((await log.checkpoint()).rootHash);
    expect(await newer.inclusion(9, newer.size)).toEqual(await log.inclusion(9, log.size));
    await newer.close();
  },
  60_000,
);
