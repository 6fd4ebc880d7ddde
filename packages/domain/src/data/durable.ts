/** Files that are whole or absent: written beside their place, flushed, then renamed.
 *  @module */
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Bytes } from "@sluice/protocol";

/** Puts `bytes` at `path`; a reader sees the old file or the new one. */
export async function writeDurably(path: string, temporary: string, bytes: Bytes): Promise<void> {
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await renameDurably(temporary, path);
}

/** Flushes the names of the files in `path`. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
}
