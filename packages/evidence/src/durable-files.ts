/** Files that appear whole or not at all, and reach the disk when asked.
 *  @module */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Bytes } from "@sluice/protocol";
import type { ReadLogFile } from "./log-files.ts";

/** Suffix of a file that is being written. A left-over one is overwritten by the next write. */
const TEMPORARY = ".tmp";

/** Mode of a file that may change, and of one that is written once. */
const MODE = { changing: 0o666, once: 0o444 } as const;

/** Writes `bytes` to `path` so that a reader sees the old file or the new one. Not on disk until `syncFile`.
 *  Synchronous: a tile has a few kilobytes and stays in the page cache, which takes a quarter of the time that
 *  the thread pool's round trips take. With `once`, nobody may write to the file afterwards. */
export function replaceFile(path: string, bytes: Bytes, kind: keyof typeof MODE = "changing"): void {
  const temporary = path + TEMPORARY;
  const options = { mode: MODE[kind] };
  try {
    writeFileSync(temporary, bytes, options);
  } catch (error) {
    if (hasCode(error, "EACCES")) rmSync(temporary, { force: true }); // left over, and read-only
    else if (isMissing(error)) mkdirSync(dirname(path), { recursive: true });
    else throw error;
    writeFileSync(temporary, bytes, options);
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

/** As `replaceFile` with `once`, without holding up what else there is to do. */
export async function replaceFileInBackground(path: string, bytes: Bytes): Promise<void> {
  const temporary = path + TEMPORARY;
  const create = (): Promise<FileHandle> => open(temporary, "wx", MODE.once);
  const handle = await create().catch(async (error: unknown) => {
    if (hasCode(error, "EEXIST")) await rm(temporary); // left over
    else if (isMissing(error)) await mkdir(dirname(path), { recursive: true });
    else throw error;
    return create();
  });
  try {
    await handle.writeFile(bytes);
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
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

/** Whether there is a file at `path`. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Reads the files of a log below `directory`. */
export function readerOf(directory: string): ReadLogFile {
  return (path) => readFileIfAny(join(directory, path));
}

function isMissing(error: unknown): boolean {
  return hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR");
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
