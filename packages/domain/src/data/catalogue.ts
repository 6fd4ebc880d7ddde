/** What a store holds on disk: `tables/<snapshot>.parquet`, and `resources/<resource>.json`, which describes the
 *  resource and names its table. The description is what makes a table exist: tables that none names, and
 *  the staging and spill directories, are remains of work that ended early and are removed at start.
 *  @module */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { canonicalBytes, Name, ResourceDescription, Sha256Hex, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { moveDurably, writeDurably } from "./durable.ts";

/** What the domain keeps about a resource. Only `description` is ever shown. */
export const StoredResource = z.strictObject({
  version: z.literal(1),
  description: ResourceDescription,
  /** Name of the Parquet file under `tables`. */
  table: z.string().regex(/^[0-9a-f]{64}\.parquet$/),
  rows: z.int().positive(),
  /** Salt of `description.snapshot`. */
  salt: Sha256Hex,
});
export type StoredResource = z.infer<typeof StoredResource>;

/** Resources on disk, mirrored in memory. */
export class Catalogue {
  readonly #directory: string;
  readonly #entries: Map<string, StoredResource>;
  /** Readers of each table, by file name: a replaced table goes when its last reader ends. */
  readonly #readers = new Map<string, number>();

  private constructor(directory: string, entries: Map<string, StoredResource>) {
    this.#directory = directory;
    this.#entries = entries;
  }

  /** Opens or creates the catalogue in `directory` and removes remains of work that ended early.
   *  @throws ERR_DIRECTORY_UNWRITABLE, ERR_DIRECTORY_STATE */
  static async open(directory: string): Promise<Catalogue> {
    try {
      for (const name of ["staging", "spill"]) await rm(join(directory, name), { recursive: true, force: true });
      for (const name of ["staging", "spill", "tables", "resources"]) {
        await mkdir(join(directory, name), { recursive: true, mode: 0o700 });
      }
    } catch {
      throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory });
    }
    const entries = await readEntries(directory);
    const named = new Set([...entries.values()].map((entry) => entry.table));
    for (const file of await readdir(join(directory, "tables"))) {
      if (!named.has(file)) await rm(join(directory, "tables", file), { recursive: true, force: true });
    }
    return new Catalogue(directory, entries);
  }

  list(): StoredResource[] {
    return [...this.#entries.values()].sort((a, b) => (a.description.resource < b.description.resource ? -1 : 1));
  }

  /** @throws ERR_NOT_FOUND */
  get(resource: string): StoredResource {
    const entry = this.#entries.get(resource);
    if (entry === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "resource", name: resource });
    return entry;
  }

  /** Gives `work` the resource and the path of its table, which stays until `work` ends. @throws ERR_NOT_FOUND */
  async reading<T>(resource: string, work: (entry: StoredResource, path: string) => Promise<T>): Promise<T> {
    const entry = this.get(resource);
    this.#readers.set(entry.table, (this.#readers.get(entry.table) ?? 0) + 1);
    try {
      return await work(entry, join(this.#directory, "tables", entry.table));
    } finally {
      const left = (this.#readers.get(entry.table) ?? 1) - 1;
      if (left > 0) this.#readers.set(entry.table, left);
      else this.#readers.delete(entry.table);
      await this.#removeUnused(entry.table);
    }
  }

  /** Takes the finished table at `staged` in, in place of what the resource held. */
  async put(entry: StoredResource, staged: string): Promise<void> {
    const name = entry.description.resource;
    await moveDurably(staged, join(this.#directory, "tables", entry.table));
    const path = join(this.#directory, "resources", `${name}.json`);
    await writeDurably(path, `${staged}.json`, canonicalBytes(entry));
    const replaced = this.#entries.get(name);
    this.#entries.set(name, entry);
    if (replaced !== undefined) await this.#removeUnused(replaced.table);
  }

  async #removeUnused(table: string): Promise<void> {
    const named = [...this.#entries.values()].some((entry) => entry.table === table);
    if (named || this.#readers.has(table)) return;
    await rm(join(this.#directory, "tables", table), { force: true });
  }
}

async function readEntries(directory: string): Promise<Map<string, StoredResource>> {
  const entries = new Map<string, StoredResource>();
  for (const file of await readdir(join(directory, "resources"))) {
    const name = Name.safeParse(file.replace(/\.json$/u, ""));
    const entry = StoredResource.safeParse(parseJson(await readFile(join(directory, "resources", file), "utf8")));
    if (!name.success || !entry.success || entry.data.description.resource !== name.data) {
      throw new SluiceError("ERR_DIRECTORY_STATE", {
        directory,
        expected: "readable resource descriptions",
        command: "sluice domain import",
      });
    }
    entries.set(name.data, entry.data);
  }
  return entries;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
