/** When each full tile of entries was complete: a private file that only grows. The journal forgets times when it begins
 *  again from the tiles; before that, they are put down here.
 *  @module */
import { open, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { equalBytes, SluiceError, utf8, type Bytes } from "@sluice/protocol";
import { isFile, replaceFileDurably } from "./durable-files.ts";

const MAGIC = "sluice-retained/1";
const RECORD_BYTES = 8 + 8 + 4;
/** Records read at a time: memory does not grow with the log. */
const PAGE_RECORDS = 4_096;

// struct { opaque magic[17]; opaque newline; opaque origin[]; opaque newline; } RetentionHeader;  text, unlike what follows
function headerOf(origin: string): Bytes {
  return utf8(`${MAGIC}\n${origin}\n`);
}

// struct { uint64 tile; uint64 completeAtMs; uint32 crc32; } RetentionRecord;
function encodeRecord(tile: number, atMs: number): Bytes {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(tile));
  view.setBigUint64(8, BigInt(atMs));
  view.setUint32(16, crc32(bytes.subarray(0, 16)));
  return bytes;
}

/** Records of the tiles from `first` on, after `header`, in one buffer: a log may have more tiles than a call has arguments. */
function recordsFrom(first: number, atMs: readonly number[], header: Bytes = new Uint8Array(0)): Bytes {
  const bytes = new Uint8Array(header.length + atMs.length * RECORD_BYTES);
  bytes.set(header);
  for (const [i, at] of atMs.entries()) bytes.set(encodeRecord(first + i, at), header.length + i * RECORD_BYTES);
  return bytes;
}

/** Time in the record of `tile`; null when the bytes are not that record. */
function decodeRecord(bytes: Bytes, tile: number): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length !== RECORD_BYTES || view.getUint32(16) !== crc32(bytes.subarray(0, 16))) return null;
  return view.getBigUint64(0) === BigInt(tile) ? Number(view.getBigUint64(8)) : null;
}

/** An open index. Calls must not overlap. */
export class RetentionIndex {
  readonly #handle: FileHandle;
  readonly #headerBytes: number;
  #tiles: number;

  private constructor(handle: FileHandle, headerBytes: number, tiles: number) {
    this.#handle = handle;
    this.#headerBytes = headerBytes;
    this.#tiles = tiles;
  }

  /** Opens the index at `path`, or begins one, of a log whose journal begins after `tiles` full tiles, the last of them
   *  complete at `atMs`. What stands there of later tiles is cut off: the journal still knows it. Where there is no
   *  file, every tile counts as complete at `atMs`, which is late, never early.
   *  @throws ERR_LOG when a record of these tiles is missing or damaged */
  static async open(path: string, origin: string, { tiles, atMs }: { tiles: number; atMs: number }) {
    const header = headerOf(origin);
    const missing = !(await isFile(path));
    if (missing) {
      await replaceFileDurably(path, recordsFrom(0, Array<number>(tiles).fill(atMs), header));
    }
    const handle = await open(path, "r+");
    const index = new RetentionIndex(handle, header.length, tiles);
    try {
      const found = new Uint8Array(header.length);
      await handle.read(found, 0, header.length, 0);
      if (!equalBytes(found, header)) throw damaged(origin);
      await index.#check(origin);
      return index;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #check(origin: string): Promise<void> {
    let before = 0;
    for await (const { tile, atMs } of this.#records()) {
      if (atMs === null || atMs < before) throw damaged(origin, tile);
      before = atMs;
    }
    await this.#handle.truncate(this.#headerBytes + this.#tiles * RECORD_BYTES);
  }

  /** Full tiles whose times stand here. */
  get tiles(): number {
    return this.#tiles;
  }

  /** Puts down when the next tiles were complete; on disk when it returns. */
  async append(atMs: readonly number[]): Promise<void> {
    if (atMs.length === 0) return;
    const bytes = recordsFrom(this.#tiles, atMs);
    const position = this.#headerBytes + this.#tiles * RECORD_BYTES;
    for (let done = 0; done < bytes.length;) {
      done += (await this.#handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    }
    await this.#handle.datasync();
    this.#tiles += atMs.length;
  }

  /** How many tiles, from the first on, were complete before `atMs`. */
  async completeBefore(atMs: number): Promise<number> {
    for await (const record of this.#records()) {
      if (record.atMs === null || record.atMs >= atMs) return record.tile;
    }
    return this.#tiles;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async *#records(): AsyncGenerator<{ tile: number; atMs: number | null }> {
    const tiles = this.#tiles;
    const page = new Uint8Array(PAGE_RECORDS * RECORD_BYTES);
    for (let first = 0; first < tiles; first += PAGE_RECORDS) {
      const count = Math.min(PAGE_RECORDS, tiles - first);
      const { bytesRead } = await this.#handle.read(
        page,
        0,
        count * RECORD_BYTES,
        this.#headerBytes + first * RECORD_BYTES,
      );
      for (let i = 0; i < count; i++) {
        const end = (i + 1) * RECORD_BYTES;
        const record = end <= bytesRead ? page.subarray(i * RECORD_BYTES, end) : new Uint8Array(0);
        yield { tile: first + i, atMs: decodeRecord(record, first + i) };
      }
    }
  }
}

function damaged(origin: string, tile?: number): SluiceError {
  const where = tile === undefined ? "" : ` at tile ${tile}`;
  return new SluiceError("ERR_LOG", { origin, reason: `the retention index is damaged${where}` });
}
