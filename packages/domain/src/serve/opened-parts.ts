/** Parts of indexes that are open: unsealed once, in memory that worker threads share.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import type { SealedFiles } from "../rest/sealed-files.ts";

/** Parts kept open. The largest index has some hundred megabytes, a set four. */
export const MAX_OPENED_PARTS = 8;

/** Opened parts by name; the one asked for longest ago goes when there are too many. */
export class OpenedParts {
  readonly #files: SealedFiles;
  readonly #opened = new Map<string, Promise<Bytes>>();

  constructor(files: SealedFiles) {
    this.#files = files;
  }

  /** The content of `name`, which must not be changed. @throws ERR_SEALED_FILE; what failed is tried again next time */
  async open(name: string): Promise<Bytes> {
    const content = this.#opened.get(name) ?? this.#files.read(name, { shared: true });
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
