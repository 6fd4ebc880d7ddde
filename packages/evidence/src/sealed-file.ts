/** Sealed files: written whole or not at all, readable by their owner only, and sealed again under a new key.
 *  @module */
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Bytes, Random } from "@sluice/protocol";
import { syncFile } from "./durable-files.ts";
import { openStream, PREFIX_BYTES, sealedFacts, sealStream, type FileKey, type SealedFacts } from "./sealed-stream.ts";

const OWNER_ONLY = 0o600;
const READ_BYTES = 262_144;

/** How a file is sealed. */
export interface SealOptions {
  readonly key: FileKey;
  /** What the file is; it opens under the same words only. */
  readonly context: string;
  readonly random: Random;
  readonly signal?: AbortSignal;
}

/** How a file is opened. */
export interface OpenOptions {
  /** The current key and those before it. */
  readonly keys: readonly FileKey[];
  readonly context: string;
  readonly signal?: AbortSignal;
}

/** Writes `plain` sealed to `path`. A reader sees the old file or the new one, which is on disk when this returns. Nothing
 *  of `plain` is on disk at any time. @throws what `plain` throws, and the signal's reason */
export async function sealFile(path: string, plain: AsyncIterable<Bytes>, options: SealOptions): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w", OWNER_ONLY);
  try {
    try {
      await file.chmod(OWNER_ONLY); // a left-over one keeps its mode otherwise
      for await (const bytes of sealStream(plain, options)) {
        options.signal?.throwIfAborted();
        await file.writeFile(bytes);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFile(dirname(path));
}

/** The content of a sealed file, segment by segment as `openStream` yields it. @throws ERR_SEALED_FILE */
export async function* openFile(path: string, options: OpenOptions): AsyncGenerator<Bytes> {
  const file = await open(path, "r");
  try {
    yield* openStream(chunksOf(file, options.signal), options);
  } finally {
    await file.close();
  }
}

/** Seals a file again, under `key`. The old file stays until the new one is whole. @throws ERR_SEALED_FILE */
export async function resealFile(path: string, options: OpenOptions & SealOptions): Promise<void> {
  await sealFile(path, openFile(path, options), options);
}

/** What the start of a file says: the key that sealed it, and how long its content is; null when it is no sealed file. */
export async function sealedFileFacts(path: string): Promise<SealedFacts | null> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(PREFIX_BYTES), 0, PREFIX_BYTES, 0);
    return sealedFacts(buffer.subarray(0, bytesRead), (await file.stat()).size);
  } finally {
    await file.close();
  }
}

async function* chunksOf(
  file: Awaited<ReturnType<typeof open>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Bytes> {
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead, buffer } = await file.read(new Uint8Array(READ_BYTES), 0, READ_BYTES);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
