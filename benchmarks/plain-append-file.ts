/** The peer of the log's `append`: a file to which waiting callers' entries are appended together, with one `fdatasync`
 *  for each write. No tree, no check, no order of recovery: what durability alone costs.
 *  @module */
import { open, type FileHandle } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { concatBytes, type Bytes } from "@sluice/protocol";

/** A file that is appended to. */
export class PlainAppendFile {
  readonly #handle: FileHandle;
  #waiting: { entry: Bytes; resolve: () => void; reject: (reason: unknown) => void }[] = [];
  #running: Promise<void> | undefined;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** A new file at `path`. */
  static async create(path: string): Promise<PlainAppendFile> {
    return new PlainAppendFile(await open(path, "wx"));
  }

  /** Appends `entry`; it is on the disk when this returns. */
  append(entry: Bytes): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      await setImmediate();
      const batch = this.#waiting.splice(0);
      try {
        await this.#handle.appendFile(concatBytes(...batch.map(({ entry }) => entry)));
        await this.#handle.datasync();
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        for (const { reject } of batch) reject(cause);
      }
    }
    this.#running = undefined;
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#handle.close();
  }
}
