/** Memory files: plaintext that the data engine opens by a path, on a file system that is in memory. On Linux such a file has
 *  no name from its first byte on: the engine reaches it through `/proc/self/fd`, nobody else does, and it is gone with the
 *  process, however that ends. Elsewhere no such file system can be recognised, so its directory has to be named.
 *  @module */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { open, rm, stat, statfs, type FileHandle } from "node:fs/promises";
import { platform } from "node:os";
import { join } from "node:path";
import { SluiceError, type Bytes } from "@sluice/protocol";

/** Where Linux mounts memory for everybody. */
const DEFAULT_DIRECTORY = "/dev/shm";
/** `f_type` of tmpfs and ramfs, statfs(2). */
const MEMORY_FILE_SYSTEMS: readonly number[] = [0x01021994, 0x858458f6];

/** A file in memory. Disposing of it frees the memory. */
export interface MemoryFile extends AsyncDisposable {
  readonly handle: FileHandle;
  /** Path by which this process opens it again, worker threads included. */
  readonly path: string;
}

/** Makes memory files in one directory. */
export class MemoryFiles {
  /** Where their memory is counted. */
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Uses `directory`, or `/dev/shm`. On other systems than Linux `directory` has to be given, and is taken on the
   *  operator's word. @throws ERR_MEMORY_FILES */
  static async open(directory?: string): Promise<MemoryFiles> {
    const files = new MemoryFiles(directory ?? DEFAULT_DIRECTORY);
    if (directory === undefined && platform() !== "linux") throw files.#refuse("this system has none of its own");
    const found = await stat(files.directory).catch(() => null);
    if (found?.isDirectory() !== true) throw files.#refuse("there is no such directory");
    if (platform() === "linux" && !MEMORY_FILE_SYSTEMS.includes((await statfs(files.directory)).type)) {
      throw files.#refuse("it is on a disk");
    }
    await (await files.create())[Symbol.asyncDispose]();
    return files;
  }

  /** An empty file. @throws ERR_MEMORY_FILES */
  async create(): Promise<MemoryFile> {
    const named = join(this.directory, `sluice-${randomUUID()}`);
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const handle = await open(named, flags, 0o600).catch(() => {
      throw this.#refuse("this user may not write there");
    });
    if (platform() !== "linux") {
      const dispose = async (): Promise<void> => {
        await handle.close();
        await rm(named, { force: true });
      };
      return { handle, path: named, [Symbol.asyncDispose]: dispose };
    }
    await rm(named);
    return { handle, path: `/proc/self/fd/${handle.fd}`, [Symbol.asyncDispose]: () => handle.close() };
  }

  /** A file that holds `content`. @throws ERR_MEMORY_FILES when there is no room, and what `content` throws */
  async filled(content: AsyncIterable<Bytes>): Promise<MemoryFile> {
    const file = await this.create();
    try {
      for await (const bytes of content) await this.append(file, bytes);
      return file;
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Adds `bytes` to the end of what was written. @throws ERR_MEMORY_FILES when there is no room */
  async append(file: MemoryFile, bytes: Bytes): Promise<void> {
    try {
      await file.handle.writeFile(bytes);
    } catch (cause) {
      throw isFull(cause) ? this.#refuse("it is full") : cause;
    }
  }

  #refuse(reason: string): SluiceError {
    return new SluiceError("ERR_MEMORY_FILES", { directory: this.directory, reason });
  }
}

/** What a memory file holds, from its start. */
export async function* contentOf({ handle }: MemoryFile): AsyncGenerator<Bytes> {
  for await (const piece of handle.createReadStream({ start: 0, autoClose: false })) yield piece as Uint8Array;
}

function isFull(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}
