/** The lower limit of an audit: every file below a directory is read, and its bytes are hashed once.
 *  @module */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Hashes the bytes of all files below `directory`, in one stream. */
export async function hashFiles(directory: string): Promise<void> {
  const hash = createHash("sha256");
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) hash.update(await readFile(join(entry.parentPath, entry.name)));
  }
  hash.digest();
}
