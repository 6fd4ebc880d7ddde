/** Writes a backup: whole or not at all. Files are copied into a folder beside the target, which one rename shows when all of
 *  them, and the manifest, are on disk. A file that the previous backup holds with the same hash becomes a link to it.
 *  @module */
import { link, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { SluiceError, utf8, type Bytes, type Sha256Hex } from "@sluice/protocol";
import { syncFile } from "../durable-files.ts";
import { BACKUP_MANIFEST, backupFault, readBackupManifest, type BackupFacts, type BackupManifest } from "./manifest.ts";
import { copyHashed, factsOf, hashFile, syncAll, type FileFacts } from "./hashed-files.ts";
import { isGone } from "./walk.ts";

/** How a backup is written. */
export interface BackupOptions {
  /** Folder of an earlier backup of the same directory. */
  readonly previous?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told after each file. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/** How far copying is. */
export interface BackupProgress {
  readonly files: number;
  readonly bytes: number;
  /** Files of these that are links to the previous backup. */
  readonly linked: number;
}

/** A backup that was written. */
export interface WrittenBackup extends BackupProgress {
  readonly manifest: BackupManifest;
  /** Of `backup.json`: to be kept elsewhere, by whoever does not trust the place of the backup. */
  readonly sha256: Sha256Hex;
}

/** A backup in the making. `discard` unless `finish` was reached. */
export class BackupWriter {
  readonly #target: string;
  readonly #folder: string;
  readonly #options: BackupOptions;
  readonly #previous: BackupManifest | undefined;
  readonly #files = new Map<string, FileFacts>();
  readonly #linked = new Set<string>();
  readonly #emptyFolders = new Set<string>();
  /** Folders that are there. */
  readonly #made = new Set<string>();
  #bytes = 0;

  private constructor(target: string, folder: string, options: BackupOptions, previous: BackupManifest | undefined) {
    this.#target = target;
    this.#folder = folder;
    this.#options = options;
    this.#previous = previous;
  }

  /** @throws ERR_BACKUP when `out` exists and is not empty, or the previous one is of another log; ERR_DIRECTORY_UNWRITABLE */
  static async create(
    out: string,
    of: { readonly kind: BackupFacts["kind"]; readonly origin: string },
    options: BackupOptions,
  ): Promise<BackupWriter> {
    const target = resolve(out);
    const { previous: folder } = options;
    const previous = folder === undefined ? undefined : (await readBackupManifest(folder)).manifest;
    if (folder !== undefined && (previous?.kind !== of.kind || previous.log.origin !== of.origin)) {
      throw backupFault(folder, `it is no backup of ${of.origin}`);
    }
    await refuseTaken(target);
    try {
      await mkdir(dirname(target), { recursive: true });
      const made = await mkdtemp(join(dirname(target), `.${basename(target)}.partial-`));
      return new BackupWriter(target, made, options, previous);
    } catch (cause) {
      throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: dirname(target) }, { cause });
    }
  }

  /** Where files are until `finish`. */
  get folder(): string {
    return this.#folder;
  }

  /** Whether `path` is in the backup. */
  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** Where a file may be written that `adopt` then takes. */
  async place(path: string): Promise<string> {
    const file = join(this.#folder, path);
    const parent = dirname(file);
    if (!this.#made.has(parent)) await mkdir(parent, { recursive: true, mode: 0o700 });
    this.#made.add(parent);
    return file;
  }

  /** Copies `source` as `path`; false when it is gone. @throws ERR_CANCELLED, ERR_DIRECTORY_UNWRITABLE */
  async copy(source: string, path: string): Promise<boolean> {
    const known = this.#previous?.files[path];
    try {
      if (known !== undefined && (await this.#isStill(source, known)) && (await this.#link(path, known))) return true;
      const entry = await copyHashed(source, await this.place(path), this.#options.signal);
      this.#note(path, entry);
      return true;
    } catch (cause) {
      if (isGone(cause)) return false;
      throw this.#fault(cause);
    }
  }

  /** Writes `content` as `path`. @throws ERR_DIRECTORY_UNWRITABLE */
  async put(path: string, content: Bytes): Promise<void> {
    try {
      await writeFile(await this.place(path), content, { mode: 0o600 });
    } catch (cause) {
      throw this.#fault(cause);
    }
    this.#note(path, factsOf(content));
  }

  /** Takes the file that was written at the place of `path`. */
  async adopt(path: string): Promise<void> {
    const entry = await hashFile(join(this.#folder, path), this.#options.signal);
    this.#note(path, entry);
  }

  /** Makes a folder that has nothing in it. */
  async emptyFolder(path: string): Promise<void> {
    await mkdir(join(this.#folder, path), { recursive: true, mode: 0o700 });
    this.#emptyFolders.add(path);
  }

  /** Begins again. */
  async clear(): Promise<void> {
    for (const name of await readdir(this.#folder))
      await rm(join(this.#folder, name), { recursive: true, force: true });
    this.#files.clear();
    this.#linked.clear();
    this.#emptyFolders.clear();
    this.#made.clear();
    this.#bytes = 0;
  }

  /** Writes the manifest, brings everything to the disk, and shows the folder under its name.
   *  @throws ERR_BACKUP when somebody took the name meanwhile; ERR_CANCELLED, ERR_DIRECTORY_UNWRITABLE */
  async finish(facts: BackupFacts): Promise<WrittenBackup> {
    const sorted = [...this.#files].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const folders = [...this.#emptyFolders].toSorted();
    const manifest: BackupManifest = { version: 1, ...facts, folders, files: Object.fromEntries(sorted) };
    const text = utf8(`${JSON.stringify(manifest, null, 1)}\n`);
    await refuseTaken(this.#target);
    try {
      await syncAll(sorted.flatMap(([path]) => (this.#linked.has(path) ? [] : [join(this.#folder, path)])));
      this.#options.signal?.throwIfAborted();
      await writeFile(join(this.#folder, BACKUP_MANIFEST), text, { mode: 0o600 });
      const names = new Set([this.#folder, join(this.#folder, BACKUP_MANIFEST)]);
      for (const path of [...this.#files.keys(), ...folders]) names.add(dirname(join(this.#folder, path)));
      await syncAll([...names]);
      await rename(this.#folder, this.#target);
      await syncFile(dirname(this.#target));
    } catch (cause) {
      throw this.#fault(cause);
    }
    return { manifest, sha256: factsOf(text).sha256, ...this.#progress() };
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #isStill(source: string, known: FileFacts): Promise<boolean> {
    const { sha256, bytes } = await hashFile(source, this.#options.signal);
    return sha256 === known.sha256 && bytes === known.bytes;
  }

  async #link(path: string, entry: FileFacts): Promise<boolean> {
    try {
      await link(join(this.#options.previous ?? "", path), await this.place(path));
    } catch {
      return false; // another disk, or gone: it is copied
    }
    this.#linked.add(path);
    this.#note(path, entry);
    return true;
  }

  #note(path: string, entry: FileFacts): void {
    this.#files.set(path, entry);
    this.#bytes += entry.bytes;
    this.#options.onProgress?.(this.#progress());
    if (this.#options.signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
  }

  #progress(): BackupProgress {
    return { files: this.#files.size, bytes: this.#bytes, linked: this.#linked.size };
  }

  #fault(cause: unknown): unknown {
    if (this.#options.signal?.aborted === true) return new SluiceError("ERR_CANCELLED", {}, { cause });
    if (cause instanceof SluiceError) return cause;
    return new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: dirname(this.#target) }, { cause });
  }
}

async function refuseTaken(target: string): Promise<void> {
  const names = await readdir(target).catch((cause: unknown) => {
    if (isGone(cause)) return [];
    throw backupFault(target, "it cannot be looked into", cause);
  });
  if (names.length > 0) throw backupFault(target, "it is there already, and not empty");
}
