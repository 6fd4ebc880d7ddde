/** Parts of indexes that are open: unsealed once, in memory that worker threads share.
 *  @module */
import { SharedDatabaseWriter, type DatabaseShape, type SharedDatabase } from "@sluice/mpc/lookup/server";
import type { Bytes } from "@sluice/protocol";
import type { SealedFiles } from "../rest/sealed-files.ts";

/** Parts kept open. The largest index has some hundred megabytes, a set four. */
export const MAX_OPENED_PARTS = 8;

/** Opened parts by name; the one asked for longest ago goes when there are too many. */
export class OpenedParts {
  readonly #files: SealedFiles;
  readonly #opened = new Map<string, Promise<Bytes | SharedDatabase>>();
  /** Databases opened so far: one that is opened again is another memory. */
  #databases = 0;

  constructor(files: SealedFiles) {
    this.#files = files;
  }

  /** The content of `name`, which must not be changed. @throws ERR_SEALED_FILE; what failed is tried again next time */
  open(name: string): Promise<Bytes> {
    return this.#openAs(name, () => this.#files.read(name, { shared: true }));
  }

  /** The lookup database `name`, laid out for the kernels of so many threads; its plain content where the engine has no
   *  kernels. @throws ERR_SEALED_FILE, ERR_LOOKUP_TABLE; what failed is tried again next time */
  openDatabase(name: string, shape: DatabaseShape, threads: number): Promise<Bytes | SharedDatabase> {
    return this.#openAs<Bytes | SharedDatabase>(name, async () => {
      const writer = SharedDatabaseWriter.create(`${name} ${this.#databases++}`, shape, threads);
      if (writer === null) return await this.#files.read(name, { shared: true });
      for await (const bytes of this.#files.stream(name)) writer.write(bytes);
      return writer.finish();
    });
  }

  /** A name is always opened in the same form. */
  async #openAs<T extends Bytes | SharedDatabase>(name: string, read: () => Promise<T>): Promise<T> {
    const content = (this.#opened.get(name) as Promise<T> | undefined) ?? read();
    this.#opened.delete(name);
    this.#opened.set(name, content);
    const [oldest] = this.#opened.keys();
    if (this.#opened.size > MAX_OPENED_PARTS && oldest !== undefined) this.#opened.delete(oldest);
    try {
      return await content;
    } catch (error) {
      this.#opened.delete(name);
      throw error;
    }
  }

  /** Lets go of every part whose name starts with `prefix`. */
  forget(prefix: string): void {
    for (const name of this.#opened.keys()) if (name.startsWith(prefix)) this.#opened.delete(name);
  }
}
