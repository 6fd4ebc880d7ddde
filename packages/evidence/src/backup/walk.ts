/** The files below a directory, as they are while others write there.
 *  @module */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Folders inside folders. */
const MAX_DEPTH = 32;

/** A file, or a folder in which nothing was found. */
export interface Found {
  /** Below the root, with `/`. */
  readonly path: string;
  readonly kind: "file" | "empty-folder";
}

/** Everything below `root` but what `skip` names, in the order of names; what goes meanwhile is left out. Links are followed:
 *  a part of a directory may lie on another disk. @throws RangeError for anything but files and folders */
export async function* walk(
  root: string,
  skip: (path: string) => boolean,
  below = "",
  depth = 0,
): AsyncGenerator<Found> {
  if (depth > MAX_DEPTH) throw new RangeError(`${below} lies too deep`);
  let names: string[];
  try {
    names = (await readdir(join(root, below))).toSorted();
  } catch (error) {
    if (isGone(error)) return;
    throw error;
  }
  if (names.length === 0 && below !== "") yield { path: below, kind: "empty-folder" };
  for (const name of names) {
    const path = below === "" ? name : `${below}/${name}`;
    if (skip(path)) continue;
    const facts = await stat(join(root, path)).catch((error: unknown) => {
      if (isGone(error)) return null;
      throw error;
    });
    if (facts?.isDirectory() === true) yield* walk(root, skip, path, depth + 1);
    else if (facts?.isFile() === true) yield { path, kind: "file" };
    else if (facts !== null) throw new RangeError(`${path} is neither file nor folder`);
  }
}

/** Whether a file or folder is not there any more. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** Whether a name is a lock, which nobody but its holder may open, or a file that is being written. */
export function isPassing(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name === "lock" || name === "lock.pid" || name.endsWith(".tmp");
}
