/** Files that are there whole or not at all: written beside their place under another name, on the disk before they take it.
 *  @module */
import { link, lstat, open, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isSluiceError, SluiceError } from "@sluice/protocol";

/** Writes the new file `path`, readable by its owner alone, and calls `note` before the first of `pieces` is asked for. On any
 *  error, on an abort and after a crash there is no file of that name. After a crash what was written is in `.NAME.part`
 *  beside it; no other file of that name is written until somebody has removed it.
 *  @throws ERR_USAGE when it or its part exists, ERR_DIRECTORY_UNWRITABLE, ERR_CANCELLED, and what `pieces` or `note` throw */
export async function writeWhole(
  path: string,
  pieces: Iterable<string>,
  { signal, note }: { readonly signal?: AbortSignal | undefined; readonly note?: () => void } = {},
): Promise<void> {
  const part = join(dirname(path), `.${basename(path)}.part`);
  try {
    if (await exists(path)) throw taken(path);
    const file = await open(part, "wx", 0o600).catch((cause: unknown) => {
      if (!isTaken(cause)) throw cause;
      const reason = `${part} exists: rows of a writing that was cut short, or that goes on; remove it when none does`;
      throw new SluiceError("ERR_USAGE", { reason }, { cause });
    });
    try {
      try {
        note?.();
        for (const piece of pieces) {
          if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
          // All of it, where one write would take a part: a disk that is nearly full.
          await file.writeFile(piece);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      // A link refuses what exists, in one step; a rename would take its place.
      await link(part, path);
    } finally {
      await rm(part, { force: true });
    }
    await syncDirectory(dirname(path));
  } catch (cause) {
    if (isSluiceError(cause)) throw cause;
    if (isTaken(cause)) throw taken(path, cause);
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: path }, { cause });
  }
}

function taken(path: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_USAGE", { reason: `${path} exists; it replaces no file` }, { cause });
}

function isTaken(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "EEXIST";
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
