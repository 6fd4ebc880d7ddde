/** The journal file: what is in it after `append` returned survives the end of the process and of the power.
 *  @module */
import { writeSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { concatBytes, SluiceError, type Bytes } from "@sluice/protocol";
import { replaceFileDurably, readFileIfAny } from "./durable-files.ts";
import {
  decodeHeader,
  decodeRecord,
  encodeHeader,
  RECORD_BYTES,
  type JournalHeader,
  type JournalRecord,
} from "./journal-format.ts";

/** What a journal held when it was opened. */
export type Recovered = { readonly header: JournalHeader; readonly records: readonly JournalRecord[] };

/** Room that is made behind the records at a time: as much as there is already, within these bounds. Writing where the file
 *  has its length already costs the disk less than making it longer. */
const ROOM_BYTES = { least: 65_536, most: 1_048_576 } as const;
const ROOM = new Uint8Array(ROOM_BYTES.most);

/** An open journal. Calls must not overlap. */
export class Journal {
  readonly #path: string;
  #handle: FileHandle;
  /** End of the records. */
  #end: number;
  /** Length of the file: zeros behind the records, which are no record. */
  #length: number;

  private constructor(path: string, handle: FileHandle, end: number) {
    this.#path = path;
    this.#handle = handle;
    this.#end = end;
    this.#length = end;
  }

  /** A new journal that begins with `header` and holds `records`, encoded; takes the place of the file at `path` at once. */
  static async create(path: string, header: JournalHeader, records: readonly Bytes[]): Promise<Journal> {
    const bytes = concatBytes(encodeHeader(header), ...records);
    await replaceFileDurably(path, bytes);
    return new Journal(path, await open(path, "r+"), bytes.length);
  }

  /** Opens the journal at `path` and cuts off a tail that was being written when the process or the power
   *  ended; null when there is no file. @throws ERR_LOG when entries are damaged that had been durable. */
  static async open(path: string, origin: string): Promise<(Recovered & { journal: Journal }) | null> {
    const bytes = await readFileIfAny(path);
    if (bytes === null) return null;
    const head = decodeHeader(bytes);
    if (head === null) throw new SluiceError("ERR_LOG", { origin, reason: "the journal's header is damaged" });
    const records: JournalRecord[] = [];
    let end = head.end;
    for (; ; end += RECORD_BYTES) {
      const record = decodeRecord(bytes.subarray(end, end + RECORD_BYTES));
      if (record?.index !== head.header.base + records.length) break;
      records.push(record);
    }
    // A later record that is whole tells how much had been durable before it was written.
    const recovered = head.header.base + records.length;
    for (let offset = end; offset < bytes.length; offset += RECORD_BYTES) {
      const later = decodeRecord(bytes.subarray(offset, offset + RECORD_BYTES));
      if (later !== null && later.durable > recovered) {
        throw new SluiceError("ERR_LOG", { origin, reason: "the journal is damaged before its end" });
      }
    }
    const handle = await open(path, "r+");
    try {
      if (bytes.length > end) await handle.truncate(end);
      // The records were read, but after a crash of the process alone they may not be on disk yet.
      await handle.sync();
    } catch (error) {
      await handle.close();
      throw error;
    }
    return { header: head.header, records, journal: new Journal(path, handle, end) };
  }

  /** Appends encoded records; they are durable when it returns. After a failure the journal must not be used. */
  async append(bytes: Bytes): Promise<void> {
    const end = this.#end + bytes.length;
    if (end > this.#length) {
      const room = Math.min(Math.max(ROOM_BYTES.least, end), ROOM_BYTES.most);
      writeFully(this.#handle, ROOM.subarray(0, room), end);
      this.#length = end + room;
    }
    writeFully(this.#handle, bytes, this.#end);
    await this.#handle.datasync();
    this.#end = end;
  }

  /** Begins again with `header`; only `records`, encoded, are kept. */
  async restart(header: JournalHeader, records: readonly Bytes[]): Promise<void> {
    const next = await Journal.create(this.#path, header, records);
    await this.#handle.close();
    this.#handle = next.#handle;
    this.#end = next.#end;
    this.#length = next.#length;
  }

  /** Takes the room away that no record needs. */
  async close(): Promise<void> {
    try {
      await this.#handle.truncate(this.#end);
    } finally {
      await this.#handle.close();
    }
  }
}

/** Synchronous: the page cache takes a batch in less time than a round trip to the thread pool. */
function writeFully(handle: FileHandle, bytes: Bytes, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(handle.fd, bytes, done, bytes.length - done, position + done);
  }
}
