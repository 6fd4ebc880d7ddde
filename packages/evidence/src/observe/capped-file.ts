/** A file of lines that cannot fill a disk: at its limit it becomes `FILE.1`, which replaces the one before, and a new
 *  file begins. Whatever the disk does, writing never throws: a line that could not be written is counted.
 *  @module */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

/** Largest process log; with its predecessor a process keeps at most twice as much. */
export const DEFAULT_MAX_LOG_BYTES = 64 * 1_048_576;
const MODE = 0o600;

/** Appends lines to a file of bounded size. */
export class CappedFile {
  readonly #file: string;
  readonly #maxBytes: number;
  #descriptor: number | undefined;
  #sizeBytes = 0;
  #linesLost = 0;

  /** Opens or creates `file`, for its owner only. */
  constructor(file: string, maxBytes: number = DEFAULT_MAX_LOG_BYTES) {
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.#open();
  }

  /** Lines that could not be written since the file was opened. */
  get linesLost(): number {
    return this.#linesLost;
  }

  /** Appends `line` and an end of line. */
  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    try {
      if (this.#sizeBytes > 0 && this.#sizeBytes + bytes.length > this.#maxBytes) this.#rotate();
      if (this.#descriptor === undefined) this.#open();
      if (this.#descriptor === undefined) throw new RangeError("the file is not open");
      const written = writeSync(this.#descriptor, bytes);
      this.#sizeBytes += written;
      // A full disk takes part of a line: the next one must not continue it.
      if (written < bytes.length) this.#startAnew();
    } catch {
      this.#linesLost += 1;
    }
  }

  /** Closes the file; a later line opens it again. */
  close(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): void {
    try {
      this.#descriptor = openSync(this.#file, "a", MODE);
      this.#sizeBytes = fstatSync(this.#descriptor).size;
    } catch {
      this.#descriptor = undefined;
    }
  }

  #rotate(): void {
    this.close();
    renameSync(this.#file, `${this.#file}.1`);
    this.#open();
  }

  #startAnew(): void {
    this.#linesLost += 1;
    if (this.#descriptor !== undefined) writeSync(this.#descriptor, "\n");
  }
}
