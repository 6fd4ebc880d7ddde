/** What a process asks of the disk, in order: each write of a handle and each wait for the disk, by the file's number, when it has ended.
 *  @module */
import { fstatSync, readFileSync, statSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { onTestFinished } from "vitest";

/** Something that was asked of the disk. */
export type DiskOperation = "write" | "sync" | "datasync";

type Method = (this: FileHandle, ...args: unknown[]) => Promise<unknown>;

/** Operations of all files since `start`. */
export class RecordedDisk {
  readonly #operations: string[] = [];
  readonly #brought = new Map<string, Uint8Array>();

  /** Records until the test has ended. */
  static async start(): Promise<RecordedDisk> {
    const disk = new RecordedDisk();
    await using any = await open(import.meta.filename, "r");
    const methods = Object.getPrototypeOf(any) as Record<DiskOperation, Method>;
    for (const name of ["write", "sync", "datasync"] as const) {
      const original = methods[name];
      methods[name] = async function (...args) {
        const file = String(fstatSync(this.fd).ino);
        if (name === "datasync") disk.#brought.set(file, readFileSync(`/proc/self/fd/${this.fd}`));
        const answer = await original.apply(this, args);
        disk.#operations.push(`${name} ${file}`);
        return answer;
      };
      onTestFinished(() => void (methods[name] = original));
    }
    return disk;
  }

  /** What the file that is at `path` now held when the last wait for its data began. */
  brought(path: string): Uint8Array {
    return this.#brought.get(String(statSync(path).ino)) ?? new Uint8Array(0);
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
