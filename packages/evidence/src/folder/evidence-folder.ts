/** A folder of evidence as a verifier sees it. Whoever verifies gives the reading: from a disk, from what a person chose
 *  in a browser, from an archive.
 *  @module */
import { fromUtf8, type Bytes, type SluiceError } from "@sluice/protocol";

/** One thing in a folder that is no folder itself. */
export interface FolderEntry {
  /** Path from the folder, with `/`. */
  readonly path: string;
  /** Whether it is a file: a link or a socket is none. */
  readonly isFile: boolean;
}

/** Reads a folder. Nothing is written. */
export interface EvidenceFolder {
  /** What a person calls it. */
  readonly name: string;
  /** Everything below `directory`, at any depth; `""` is the whole folder. Nothing when there is no such directory. */
  list(directory: string): Promise<readonly FolderEntry[]>;
  /** Bytes of a file, or null when there is none of that path. @throws whatever reading throws */
  read(path: string): Promise<Bytes | null>;
  /** The same in pieces, so that memory does not grow with the file. @throws whatever reading throws */
  stream(path: string): AsyncIterable<Bytes>;
}

/** What does not verify, and why. */
export interface FolderFailure {
  /** Path from the folder; of a log that does not verify as a whole, its directory. */
  readonly file: string;
  readonly error: SluiceError;
}

/** The value of a JSON file, or null, which no schema here accepts: for one that is missing, is no JSON, or has a member
 *  twice, so that another reader might take the other one. */
export async function readJson(folder: EvidenceFolder, path: string): Promise<unknown> {
  const bytes = await folder.read(path);
  try {
    if (bytes === null) return null;
    const text = fromUtf8(bytes);
    const value = JSON.parse(text) as unknown;
    return JSON.stringify(value) === text.replaceAll(STRING_OR_SPACE, "$1") ? value : null;
  } catch {
    return null;
  }
}

/** A string of a JSON text, kept, or the space between its tokens. */
const STRING_OR_SPACE = /("(?:[^"\\]|\\.)*")|\s+/gu;
