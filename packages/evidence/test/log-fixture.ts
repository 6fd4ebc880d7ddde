/** What the tests of the log share: temporary directories, entries, a fixed clock.
 *  @module */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@sluice/protocol";

/** Name of the log in tests. */
export const ORIGIN = "log.example/hrss";

/** A clock that stands still. */
export const CLOCK: Clock = { now: () => new Date("2026-01-02T03:04:05.000Z") };

/** The entry of that number. */
export function entryOf(index: number): Uint8Array {
  return new Uint8Array(createHash("sha256").update(`entry ${index}`).digest());
}

/** Entries [from, to). */
export function entriesOf(from: number, to: number): Uint8Array[] {
  return Array.from({ length: to - from }, (_, i) => entryOf(from + i));
}

/** Runs `body` with a directory of its own that is removed afterwards. */
export async function inDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-evidence-"));
  try {
    return await body(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
