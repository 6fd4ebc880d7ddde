/** A directory that changes while it is copied is copied again, and given up in the end.
 *  @module */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { takeBackup, type BackupFacts, type BackupWriter } from "../src/backup.ts";

const OF = { kind: "domain", origin: "sluice/domain/hrss" } as const;
const FACTS: BackupFacts = {
  kind: "domain",
  at: "2026-01-01T00:00:00.000Z",
  log: { origin: OF.origin, logKey: "0".repeat(16), size: 0, checkpoint: null },
  keys: "none",
  dataKeys: [],
};

async function take(copyOnce: (writer: BackupWriter) => Promise<BackupFacts | null>) {
  const root = await mkdtemp(join(tmpdir(), "sluice-take-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const clock = { now: () => new Date(0) };
  return { root, taken: takeBackup("the directory", OF, { out: join(root, "out"), clock }, copyOnce) };
}

/** Copies a file named after the attempt. */
async function copy(writer: BackupWriter, attempt: number): Promise<void> {
  await writeFile(await writer.place(`copy-${attempt}`), "copied");
  await writer.adopt(`copy-${attempt}`);
}

test("only the copy that belongs together is in the backup", async () => {
  let attempts = 0;
  const { root, taken } = await take(async (writer) => {
    await copy(writer, ++attempts);
    return attempts < 3 ? null : FACTS;
  });
  expect(Object.keys((await taken).manifest.files)).toEqual(["copy-3"]);
  expect(await readdir(join(root, "out"))).toEqual(["backup.json", "copy-3"]);
});

test("a directory that never stands still is given up, and nothing stays", async () => {
  let attempts = 0;
  const { root, taken } = await take(async (writer) => {
    await copy(writer, ++attempts);
    return null;
  });
  await expect(taken).rejects.toMatchObject({ code: "ERR_BACKUP", details: { folder: "the directory" } });
  expect([attempts, existsSync(join(root, "out")), await readdir(root)]).toEqual([5, false, []]);
});
