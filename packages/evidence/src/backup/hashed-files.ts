/** Copying and hashing files. Small ones are handled in one turn: for a thousand of them, the round trips of the thread pool
 *  take far longer than the bytes.
 *  @module */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Bytes, Sha256Hex } from "@sluice/protocol";
import { syncFile } from "../durable-files.ts";

/** Bytes of a file that is handled in one turn. */
const SMALL_BYTES = 262_144;
/** Bytes read at a time of any other. */
const READ_BYTES = 1_048_576;
/** Files brought to the disk at a time. */
const SYNCS_AT_ONCE = 32;

/** Hash and length of a file. */
export interface FileFacts {
  readonly sha256: Sha256Hex;
  readonly bytes: number;
}

/** Copies a file with its mode; the copy must not be there yet. @returns what was written */
export async function copyHashed(source: string, target: string, signal?: AbortSignal): Promise<FileFacts> {
  const small = readSmall(source);
  if (small !== null) {
    writeFileSync(target, small.content, { flag: "wx", mode: small.mode });
    return factsOf(small.content);
  }
  await using from = await open(source, "r");
  const { mode } = await from.stat();
  await using to = await open(target, "wx", mode & PERMISSIONS);
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const part of pieces(from, signal)) {
    hash.update(part);
    await to.writeFile(part);
    bytes += part.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}

/** Hashes a file. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<FileFacts> {
  const small = readSmall(path);
  if (small !== null) return factsOf(small.content);
  await using file = await open(path, "r");
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const part of pieces(file, signal)) {
    hash.update(part);
    bytes += part.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}

const PERMISSIONS = 0o777;

function readSmall(path: string): { content: Buffer; mode: number } | null {
  const descriptor = openSync(path, "r");
  try {
    const { size, mode } = fstatSync(descriptor);
    return size > SMALL_BYTES ? null : { content: readFileSync(descriptor), mode: mode & PERMISSIONS };
  } finally {
    closeSync(descriptor);
  }
}

/** Hash and length of bytes that are at hand. */
export function factsOf(content: Bytes): FileFacts {
  return { sha256: createHash("sha256").update(content).digest("hex"), bytes: content.length };
}

async function* pieces(file: Awaited<ReturnType<typeof open>>, signal: AbortSignal | undefined): AsyncGenerator<Bytes> {
  const buffer = new Uint8Array(READ_BYTES);
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Brings files and folders to the disk. */
export async function syncAll(paths: readonly string[]): Promise<void> {
  for (let from = 0; from < paths.length; from += SYNCS_AT_ONCE) {
    await Promise.all(paths.slice(from, from + SYNCS_AT_ONCE).map(syncFile));
  }
}
