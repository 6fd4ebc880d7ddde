/** What a process asks of the disk, in order: each write and each wait for the disk, by the file's number, when it has ended.
 *  @module */
import { fstatSync, statSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { onTestFinished } from "vitest";

/** Something that was asked of the disk. */
export type DiskOperation = "write" | "sync" | "datasync";

type Method = (this: FileHandle, ...args: unknown[]) => Promise<unknown>;

/** Operations of all files since `start`. */
export class RecordedDisk {
  readonly #operations: string[] = [];

  /** Records until the test has ended. */
  static async start(): Promise<RecordedDisk> {
    const disk = new RecordedDisk();
    await using any = await open(import.meta.filename, "r");
    const methods = Object.getPrototypeOf(any) as Record<DiskOperation, Method>;
    for (const name of ["write", "sync", "datasync"] as const) {
      const original = methods[name];
      methods[name] = async function (...args) {
        const file = String(fstatSync(this.fd).ino);
        const answer = await original.apply(this, args);
        disk.#operations.push(`${name} ${file}`);
        return answer;
      };
      onTestFinished(() => void (methods[name] = original));
    }
    return disk;
  }

  /** Notes something of the test's own. */
  note(what: string): void {
    this.#operations.push(what);
  }

  /** Place of the last such operation on the file that is at `path` now; -1 when there was none. */
  last(operation: DiskOperation, path: string): number {
    return this.#operations.lastIndexOf(`${operation} ${statSync(path).ino}`);
  }

  /** Place of the first. */
  first(operation: DiskOperation, path: string): number {
    return this.#operations.indexOf(`${operation} ${statSync(path).ino}`);
  }

  /** Place of what was noted. */
  noted(what: string): number {
    return this.#operations.indexOf(what);
  }
}
