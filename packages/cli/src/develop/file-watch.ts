/** Waits for the next change of some files. Editors replace files as often as they write them, so directories are
 *  watched; and one save makes several events, so contents are compared.
 *  @module */
import { createHash } from "node:crypto";
import { watch, type FSWatcher } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { usage } from "../command.ts";

/** Time for an editor to finish a save. */
const SETTLE_MS = 40;

/** Watches a set of files that may grow. */
export class FileWatch {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #contents = new Map<string, string>();
  #wake: () => void = () => {};

  /** Watches `files` too. What they hold now is what later changes are compared with. @throws ERR_USAGE */
  async add(files: readonly string[]): Promise<void> {
    for (const file of files) {
      if (this.#contents.has(file)) continue;
      this.#watchDirectory(dirname(file));
      this.#contents.set(file, await digest(file));
    }
  }

  /** True after the next change of a file since the last call, or since it was added; false when `signal` aborts. */
  async changed(signal: AbortSignal): Promise<boolean> {
    const aborted = (): void => this.#wake();
    signal.addEventListener("abort", aborted);
    try {
      while (!signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        if (await this.#differs()) return true;
        await promise;
        await delay(SETTLE_MS);
      }
      return false;
    } finally {
      signal.removeEventListener("abort", aborted);
    }
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  async #differs(): Promise<boolean> {
    let differs = false;
    for (const [file, before] of this.#contents) {
      const now = await digest(file);
      differs ||= now !== before;
      this.#contents.set(file, now);
    }
    return differs;
  }

  #watchDirectory(directory: string): void {
    if (this.#watchers.has(directory)) return;
    try {
      const watcher = watch(directory, () => this.#wake());
      // A directory that goes away is noticed by the run that follows.
      watcher.on("error", () => this.#wake());
      this.#watchers.set(directory, watcher);
    } catch (cause) {
      throw usage(`${directory} cannot be watched`, cause);
    }
  }
}

/** Hash of what a file holds; a file that is not there has one of its own. */
async function digest(file: string): Promise<string> {
  try {
    return createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  } catch {
    return "absent";
  }
}
