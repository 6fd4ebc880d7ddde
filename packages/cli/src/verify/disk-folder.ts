/** A folder of evidence on a disk.
 *  @module */
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
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
        return new Uint8Array(await readFile(join(directory, path)));
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

async function entriesBelow(directory: string, below: string): Promise<FolderEntry[]> {
  try {
    const entries = await readdir(join(directory, below), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => ({
        path: relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/"),
        isFile: entry.isFile(),
      }));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR";
}
