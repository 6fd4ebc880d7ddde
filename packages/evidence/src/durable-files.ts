/** Files that appear whole or not at all, and reach the disk when asked.
 *  @module */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Bytes } from "@sluice/protocol";
import type { ReadLogFile } from "./log-files.ts";

/** Suffix of a file that is being written. A left-over one is overwritten by the next write. */
const TEMPORARY = ".tmp";

/** Writes `bytes` to `path` so that a reader sees the old file or the new one. Not on disk until `syncFile`.
 *  Synchronous: a tile has a few kilobytes and stays in the page cache, which takes a quarter of the time that
 *  the thread pool's round trips take. */
export function replaceFile(path: string, bytes: Bytes): void {
  const temporary = path + TEMPORARY;
  try {
    writeFileSync(temporary, bytes);
  } catch (error) {
    if (!isMissing(error)) throw error;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, bytes);
  }
  renameSync(temporary, path);
}

/** As `replaceFile`, and on disk when it returns. Secrets need `mode` 0o600. */
export async function replaceFileDurably(path: string, bytes: Bytes, mode?: number): Promise<void> {
  const temporary = path + TEMPORARY;
  const handle = await open(temporary, "w", mode);
  try {
    if (mode !== undefined) await handle.chmod(mode); // a left-over one keeps its mode otherwise
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncFile(dirname(path));
}

/** Brings a file, or the names in a directory, to the disk. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Bytes of `path`, or null when there is no such file. */
export async function readFileIfAny(path: string): Promise<Bytes | null> {
  try {
    const buffer = await readFile(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Reads the files of a log below `directory`. */
export function readerOf(directory: string): ReadLogFile {
  return (path) => readFileIfAny(join(directory, path));
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
