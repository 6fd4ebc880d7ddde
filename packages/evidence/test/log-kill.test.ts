import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fromHex, fromUtf8, toHex } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  exportPrivateKey,
  generateKey,
  openCheckpoint,
  openLog,
  verifyCheckpointInDirectory,
  verifyConsistency,
  verifyLogDirectory,
  type KeyPair,
} from "../src/index.ts";
import { inDirectory, ORIGIN } from "./log-fixture.ts";

const CHILD = fileURLToPath(new URL("appending-child.ts", import.meta.url));
const clock = { now: () => new Date() };

/** Lets a child append, kills it after `lines` lines, and gives every line that came out. */
async function killedAfter(lines: number, directory: string, keyFile: string): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, directory, keyFile], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const seen: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    seen.push(line);
    if (seen.length === lines) child.kill("SIGKILL");
  }
  expect((await exited)[1]).toBe("SIGKILL");
  return seen;
}

async function rounds(counts: readonly number[]): Promise<void> {
  await inDirectory(async (directory) => {
    const key: KeyPair = await generateKey();
    const keyFile = join(directory, "key.pem");
    await writeFile(keyFile, await exportPrivateKey(key), { mode: 0o600 });
    const logDirectory = join(directory, "log");
    const trust = { origin: ORIGIN, logKey: key.keyId };
    const acknowledged: { index: number; entry: string }[] = [];
    /** Checkpoints that were signed before any kill so far. */
    const signed: string[] = [];
    for (const count of counts) {
      const checkpoints: string[] = [];
      for (const line of await killedAfter(count, logDirectory, keyFile)) {
        const [kind, first = "", second = ""] = line.split(" ");
        if (kind === "a") acknowledged.push({ index: Number(first), entry: second });
        if (kind === "c") checkpoints.push(fromUtf8(fromHex(first)));
      }
      await verifyLogDirectory(logDirectory, trust); // as the kill left it
      await using log = await openLog(logDirectory, { origin: ORIGIN, key, clock });
      expect((await verifyLogDirectory(logDirectory, trust)).size).toBe(log.size);
      const entries: string[] = [];
      while (entries.length < log.size) {
        entries.push(...(await log.readEntries(entries.length, log.size)).map(toHex));
      }
      expect(acknowledged.filter(({ index, entry }) => entries[index] !== entry)).toEqual([]);
      for (const text of checkpoints.slice(-20)) await verifyCheckpointInDirectory(logDirectory, text, trust);
      signed.push(...checkpoints.slice(0, 2), ...checkpoints.slice(-2));
      const newest = await log.checkpoint();
      for (const text of signed) {
        const older = await openCheckpoint(text, trust);
        const proof = await log.consistency(older.size, newest.size);
        expect(verifyConsistency(older, newest, proof)).toBe(true);
      }
    }
    expect(acknowledged.length).toBeGreaterThan(0);
  });
}

test("kill -9 loses no entry whose append returned and forks from no checkpoint given", async () => {
  await rounds([1, 400, 17_500, 900]);
});

test.runIf(process.env["SLOW"] === "1")(
  "the same over a hundred rounds on one directory, killed at random points",
  async () => {
    await rounds(Array.from({ length: 100 }, () => 1 + randomInt(randomInt(2, 9_973))));
  },
  1_800_000,
);
