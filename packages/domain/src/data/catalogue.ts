/** What a store holds on disk, sealed: `data/tables/<snapshot>.parquet`, and `data/resources/<resource>.json`, which
 *  describes the resource and names its table. The description is what makes a table exist: tables that none names are
 *  remains of work that ended early and are removed at start.
 *  @module */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  canonicalBytes,
  fromUtf8,
  Name,
  ResourceDescription,
  ResourceProfile,
  Sha256Hex,
  SluiceError,
  type Bytes,
} from "@sluice/protocol";
import { z } from "zod";
import type { SealedFiles } from "../rest/sealed-files.ts";

/** The store's part of a domain's directory. */
const TABLES = "data/tables";
const RESOURCES = "data/resources";

/** What the domain keeps about a resource. Only `description` and `profile` are ever shown. */
export const StoredResource = z.strictObject({
  version: z.literal(1),
  description: ResourceDescription,
  /** Name of the Parquet file under `tables`. */
  table: z.string().regex(/^[0-9a-f]{64}\.parquet$/),
  rows: z.int().positive(),
  /** Salt of `description.snapshot`. */
  salt: Sha256Hex,
  /** The profile that the department published of this table; another table has none before it is published anew. */
  profile: ResourceProfile.optional(),
});
export type StoredResource = z.infer<typeof StoredResource>;

/** What a description becomes by what officers decided after its import. */
export type Decided = (description: ResourceDescription) => ResourceDescription;

/** Resources on disk, mirrored in memory. What it gives out is as officers decided; what it keeps is as imported. */
export class Catalogue {
  readonly #files: SealedFiles;
  readonly #entries: Map<string, StoredResource>;
  /** Readers of each table, by file name: a replaced table goes when its last reader ends. */
  readonly #readers = new Map<string, number>();

  readonly #decided: Decided;
  /** What is given out of each entry. */
  readonly #shown = new WeakMap<StoredResource, StoredResource>();

  private constructor(files: SealedFiles, entries: Map<string, StoredResource>, decided: Decided) {
    this.#files = files;
    this.#entries = entries;
    this.#decided = decided;
  }

  /** Opens or creates the catalogue among `files` and removes remains of work that ended early.
   *  @throws ERR_DIRECTORY_UNWRITABLE, ERR_DIRECTORY_STATE, ERR_SEALED_FILE */
  static async open(files: SealedFiles, decided: Decided): Promise<Catalogue> {
    const { directory } = files;
    try {
      for (const name of [TABLES, RESOURCES]) await mkdir(join(directory, name), { recursive: true, mode: 0o700 });
    } catch {
      throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory });
    }
    const entries = await readEntries(files);
    const named = new Set([...entries.values()].map((entry) => entry.table));
    for (const file of await readdir(join(directory, TABLES))) {
      if (!named.has(file)) await files.remove(`${TABLES}/${file}`);
    }
    return new Catalogue(files, entries, decided);
  }

  list(): StoredResource[] {
    return [...this.#entries.values()]
      .map((entry) => this.#show(entry))
      .sort((a, b) => (a.description.resource < b.description.resource ? -1 : 1));
  }

  /** @throws ERR_NOT_FOUND */
  get(resource: string): StoredResource {
    const entry = this.#entries.get(resource);
    if (entry === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "resource", name: resource });
    return this.#show(entry);
  }

  #show(entry: StoredResource): StoredResource {
    const shown = this.#shown.get(entry) ?? { ...entry, description: this.#decided(entry.description) };
    this.#shown.set(entry, shown);
    return shown;
  }

  /** Gives `work` the resource and the name of its sealed table, which stays until `work` ends. @throws ERR_NOT_FOUND */
  async reading<T>(resource: string, work: (entry: StoredResource, table: string) => Promise<T>): Promise<T> {
    const entry = this.get(resource);
    this.#readers.set(entry.table, (this.#readers.get(entry.table) ?? 0) + 1);
    try {
      return await work(entry, `${TABLES}/${entry.table}`);
    } finally {
      const left = (this.#readers.get(entry.table) ?? 1) - 1;
      if (left > 0) this.#readers.set(entry.table, left);
      else this.#readers.delete(entry.table);
      await this.#removeUnused(entry.table);
    }
  }

  /** Takes a finished table in, in place of what the resource held. */
  async put(entry: StoredResource, table: AsyncIterable<Bytes>): Promise<void> {
    const name = entry.description.resource;
    await this.#files.write(`${TABLES}/${entry.table}`, table);
    await this.#files.write(`${RESOURCES}/${name}.json`, canonicalBytes(entry));
    const replaced = this.#entries.get(name);
    this.#entries.set(name, entry);
    if (replaced !== undefined) await this.#removeUnused(replaced.table);
  }

  /** Publishes a profile of the table that the resource holds. @throws ERR_NOT_FOUND, ERR_CONFLICT when it is of another */
  async publish(profile: ResourceProfile): Promise<void> {
    const { resource, snapshot } = profile;
    this.get(resource);
    const entry = this.#entries.get(resource);
    if (entry?.description.snapshot !== snapshot || entry.description.domain !== profile.domain) {
      throw new SluiceError("ERR_CONFLICT", { kind: "profile of", name: resource });
    }
    const published = { ...entry, profile };
    await this.#files.write(`${RESOURCES}/${resource}.json`, canonicalBytes(published));
    this.#entries.set(resource, published);
  }

  async #removeUnused(table: string): Promise<void> {
    const named = [...this.#entries.values()].some((entry) => entry.table === table);
    if (named || this.#readers.has(table)) return;
    await this.#files.remove(`${TABLES}/${table}`);
  }
}

async function readEntries(files: SealedFiles): Promise<Map<string, StoredResource>> {
  const entries = new Map<string, StoredResource>();
  for (const file of await readdir(join(files.directory, RESOURCES))) {
    if (file.endsWith(".tmp")) {
      await files.remove(`${RESOURCES}/${file}`);
      continue;
    }
    const name = Name.safeParse(file.replace(/\.json$/u, ""));
    const entry = StoredResource.safeParse(parseJson(await files.read(`${RESOURCES}/${file}`)));
    if (!name.success || !entry.success || entry.data.description.resource !== name.data) {
      throw new SluiceError("ERR_DIRECTORY_STATE", {
        directory: files.directory,
        expected: "readable resource descriptions",
        command: "sluice domain import",
      });
    }
    entries.set(name.data, entry.data);
  }
  return entries;
}

function parseJson(bytes: Bytes): unknown {
  try {
    return JSON.parse(fromUtf8(bytes)) as unknown;
  } catch {
    return undefined;
  }
}
