/** Files that are there whole or not at all: written beside their place under another name, on the disk before they take it.
 *  @module */
import { randomBytes } from "node:crypto";
import { link, open, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isSluiceError, SluiceError } from "@sluice/protocol";

/** Writes the new file `path`, readable by its owner alone, and calls `note` when all of it is on the disk, before it is to be
 *  seen. On any error, on an abort and after a crash there is no file of that name.
 *  @throws ERR_USAGE when it exists, ERR_DIRECTORY_UNWRITABLE, ERR_CANCELLED, and what `pieces` or `note` throw */
export async function writeWhole(
  path: string,
  pieces: Iterable<string>,
  { signal, note }: { readonly signal?: AbortSignal | undefined; readonly note?: () => void } = {},
): Promise<void> {
  const unfinished = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString("hex")}.part`);
  try {
    const file = await open(unfinished, "wx", 0o600);
    try {
      for (const piece of pieces) {
        if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
        await file.write(piece);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    note?.();
    // A link refuses what exists, in one step; a rename would take its place.
    await link(unfinished, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    if (isSluiceError(cause)) throw cause;
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") {
      throw new SluiceError("ERR_USAGE", { reason: `${path} exists; it replaces no file` }, { cause });
    }
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: path }, { cause });
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
