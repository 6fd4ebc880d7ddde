/** A folder that appears whole or not at all: files are written beside it, and one rename shows them.
 *  @module */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { documentText, SluiceError, type Sha256Hex } from "@sluice/protocol";
import { usage } from "../command.ts";
import { errnoOf } from "../files.ts";

/** A folder in the making. `discard` unless `finish` was reached. */
export class ExportFolder {
  readonly #target: string;
  readonly #directory: string;
  readonly #hashes = new Map<string, Sha256Hex>();

  private constructor(target: string, directory: string) {
    this.#target = target;
    this.#directory = directory;
  }

  /** @throws ERR_USAGE when `target` exists and is not an empty directory; ERR_DIRECTORY_UNWRITABLE */
  static async create(target: string): Promise<ExportFolder> {
    await refuseTaken(target);
    const path = resolve(target);
    try {
      await mkdir(dirname(path), { recursive: true });
      return new ExportFolder(path, await mkdtemp(join(dirname(path), `.${basename(path)}.partial-`)));
    } catch (cause) {
      throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: dirname(path) }, { cause });
    }
  }

  /** SHA-256 of each file so far. About 200 bytes of memory for each: all that grows with an export. */
  hashes(): Record<string, Sha256Hex> {
    return Object.fromEntries([...this.#hashes].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Writes one file. @throws ERR_DIRECTORY_UNWRITABLE */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    const file = join(this.#directory, path);
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    } catch (cause) {
      throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: this.#directory }, { cause });
    }
    this.#hashes.set(path, createHash("sha256").update(content).digest("hex"));
  }

  /** The same for a signed document: to the byte as `sluice verify FILE` takes it. */
  async writeDocument(path: string, document: unknown): Promise<void> {
    await this.write(path, documentText(document));
  }

  /** The same for any other JSON document. */
  async writeJson(path: string, document: unknown): Promise<void> {
    await this.write(path, `${JSON.stringify(document, null, 2)}\n`);
  }

  /** Shows the folder under its name. @throws ERR_USAGE when somebody else took the name meanwhile */
  async finish(): Promise<void> {
    await refuseTaken(this.#target);
    try {
      await rename(this.#directory, this.#target);
    } catch (cause) {
      throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: this.#target }, { cause });
    }
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function refuseTaken(target: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(target);
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return;
    throw usage(`"--out" names ${target}, which is not a directory`, cause);
  }
  if (names.length > 0) throw usage(`"--out" names ${target}, which is not empty`);
}
