/** A folder of evidence on a disk.
 *  @module */
import { createReadStream, type Dirent } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EvidenceFolder, FolderEntry } from "@sluice/evidence/verify";
import type { Bytes } from "@sluice/protocol";
import { errnoOf } from "../files.ts";

/** Reads the files below `directory`. */
export function diskFolder(directory: string): EvidenceFolder {
  return {
    name: directory,
    list: (below) => entriesBelow(directory, below),
    async read(path): Promise<Bytes | null> {
      try {
        const file = join(directory, path);
        // Reading a pipe would wait for whoever writes it.
        if (!(await lstat(file)).isFile()) throw new TypeError(`${path} is no file`);
        return new Uint8Array(await readFile(file));
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async *stream(path): AsyncGenerator<Bytes> {
      for await (const chunk of createReadStream(join(directory, path))) yield chunk as Uint8Array;
    },
  };
}

/** Walks by itself: `recursive` of the first releases of Node 20 gives no parent path. */
async function entriesBelow(directory: string, below: string): Promise<FolderEntry[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(join(directory, below), { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const found: FolderEntry[] = [];
  for (const entry of entries) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (!entry.isDirectory()) found.push({ path, isFile: entry.isFile() });
    else for (const deeper of await entriesBelow(directory, path)) found.push(deeper);
  }
  return found;
}

function isMissing(error: unknown): boolean {
  return errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR";
}
