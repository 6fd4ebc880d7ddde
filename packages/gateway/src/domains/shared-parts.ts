/** Parts of snapshots, fetched once for all who ask at a time and kept for those who come next: every party may
 *  download them, and each is megabytes, so that they must not lie in memory once for every reader.
 *  @module */
import type { Bytes } from "@sluice/protocol";

/** Bytes that do not change under their name, up to a total size; the ones that were asked for longest ago leave. */
export class SharedParts {
  readonly #maxBytes: number;
  readonly #coming = new Map<string, Promise<Bytes>>();
  readonly #kept = new Map<string, Bytes>();
  #keptBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What is kept under `name`, or what `fetch` brings; a failure is not kept. @throws what `fetch` throws */
  get(name: string, fetch: () => Promise<Bytes>): Promise<Bytes> {
    const known = this.#kept.get(name);
    if (known !== undefined) {
      this.#kept.delete(name);
      this.#kept.set(name, known);
      return Promise.resolve(known);
    }
    const coming = this.#coming.get(name) ?? this.#bring(name, fetch);
    this.#coming.set(name, coming);
    return coming;
  }

  async #bring(name: string, fetch: () => Promise<Bytes>): Promise<Bytes> {
    try {
      const bytes = await fetch();
      this.#keep(name, bytes);
      return bytes;
    } finally {
      this.#coming.delete(name);
    }
  }

  #keep(name: string, bytes: Bytes): void {
    this.#kept.set(name, bytes);
    this.#keptBytes += bytes.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptBytes <= this.#maxBytes) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= length;
    }
  }
}
