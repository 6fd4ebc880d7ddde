/** Files of a domain that hold data: each is sealed under the domain's data key, whole or absent, and bound to its name, so
 *  that none opens in another's place. A name is the path below the domain's directory.
 *  @module */
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openFile, sealedFileFacts, sealFile, syncFile } from "@sluice/evidence";
import { SluiceError, type Bytes, type Random } from "@sluice/protocol";
import type { DataKeys } from "./data-keys.ts";

type Signal = { readonly signal?: AbortSignal | undefined };

/** Reads and writes the sealed files of one domain. */
export class SealedFiles {
  readonly directory: string;
  readonly #domain: string;
  readonly #keys: DataKeys;
  readonly #random: Random;

  constructor(options: {
    /** Of the domain. */
    readonly directory: string;
    readonly domain: string;
    readonly keys: DataKeys;
    readonly random: Random;
  }) {
    this.directory = options.directory;
    this.#domain = options.domain;
    this.#keys = options.keys;
    this.#random = options.random;
  }

  /** Writes `plain` as `name`, in place of what was there; on disk when this returns. Nothing of `plain` is on a disk. */
  async write(name: string, plain: Bytes | AsyncIterable<Bytes>, { signal }: Signal = {}): Promise<void> {
    const path = this.#pathOf(name);
    await makeFolder(dirname(path));
    try {
      await sealFile(path, plain instanceof Uint8Array ? only(plain) : plain, {
        key: this.#keys.current,
        context: sealedContext(this.#domain, name),
        random: this.#random,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      throw signal?.aborted === true ? new SluiceError("ERR_CANCELLED") : cause;
    }
  }

  /** The content of `name`, piece by piece, each authentic; that none is missing is known when the last has come.
   *  @throws ERR_SEALED_FILE naming the file when it is missing, altered or another's; ERR_CANCELLED */
  async *stream(name: string, { signal }: Signal = {}): AsyncGenerator<Bytes> {
    try {
      yield* openFile(this.#pathOf(name), {
        keys: this.#keys.all,
        context: sealedContext(this.#domain, name),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
      throw isMissing(cause) ? this.#refuse(name, "it is missing", cause) : cause;
    }
  }

  /** The whole content of `name`; `shared` memory can be given to threads without a copy. @throws ERR_SEALED_FILE */
  async read(name: string, { shared = false, signal }: { readonly shared?: boolean } & Signal = {}): Promise<Bytes> {
    const sizeBytes = await this.sizeBytes(name);
    const content = new Uint8Array(shared ? new SharedArrayBuffer(sizeBytes) : new ArrayBuffer(sizeBytes));
    let filled = 0;
    for await (const bytes of this.stream(name, { signal })) {
      content.set(bytes, filled);
      filled += bytes.length;
    }
    if (filled !== sizeBytes) throw this.#refuse(name, "it changed while it was read");
    return content;
  }

  /** Bytes of the content of `name`. @throws ERR_SEALED_FILE */
  async sizeBytes(name: string): Promise<number> {
    const facts = await sealedFileFacts(this.#pathOf(name)).catch((cause: unknown) => {
      throw isMissing(cause) ? this.#refuse(name, "it is missing", cause) : cause;
    });
    if (facts === null) throw this.#refuse(name, "it is no sealed file");
    return facts.plainBytes;
  }

  /** Removes `name`, a file or a folder, if it is there. */
  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { recursive: true, force: true });
  }

  #pathOf(name: string): string {
    return join(this.directory, name);
  }

  #refuse(name: string, reason: string, cause?: unknown): SluiceError {
    return new SluiceError("ERR_SEALED_FILE", { file: sealedContext(this.#domain, name), reason }, { cause });
  }
}

/** What the file called `name` of `domain` is bound to. */
export function sealedContext(domain: string, name: string): string {
  return `${domain}/${name}`;
}

/** Makes `folder` and what is missing above it, on disk when this returns. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFile(dirname(made));
}

async function* only(bytes: Bytes): AsyncGenerator<Bytes> {
  yield bytes;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
