/** The journal of a call in a directory: each record sealed under a key of the directory, which is under a passphrase. Records
 *  are only added, in an order that their seals hold, and are on disk before what they are about is sent. A last one that is
 *  not whole was of a process that ended while it wrote: what it was about was not sent, and it is taken away. Lengths stand
 *  twice, so that an altered one does not look like this. Whole records that are missing at the end are not noticed.
 *  @module */
import { open, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { CallJournal } from "@sluice/client";
import {
  FileKey,
  lockDirectory,
  openSecret,
  openStream,
  readFileIfAny,
  replaceFileDurably,
  sealSecret,
  sealStream,
  syncFile,
  type DirectoryLock,
  type Passphrase,
} from "@sluice/evidence";
import { fromUtf8, SluiceError, utf8, type Bytes, type Random } from "@sluice/protocol";

const KEY_FILE = "key.json";
const RECORDS_FILE = "records";
const SECRET = "call-journal";
const OWNER_ONLY = 0o600;
/** A length, and the same with every bit turned. */
const LENGTH_BYTES = 8;

/** A journal that this process has for itself. */
export interface SealedJournal extends CallJournal {
  /** Removes what it holds: the call's result is stored. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** How a journal is sealed. */
export interface SealedJournalOptions {
  readonly passphrase: Passphrase;
  readonly random: Random;
  /** What guessing the passphrase of a new journal costs, as for key files, whose cost it is unless given. */
  readonly logN?: number;
}

/** Opens the journal in `directory`, which is made when it is missing.
 *  @throws ERR_DIRECTORY_LOCKED while another process has it, ERR_DIRECTORY_UNWRITABLE, ERR_KEY when the passphrase is another */
export async function openSealedJournal(directory: string, options: SealedJournalOptions): Promise<SealedJournal> {
  const { random } = options;
  const lock = await lockDirectory(directory);
  try {
    const key = await keyOf(directory, options);
    const file = await open(join(directory, RECORDS_FILE), "a+", OWNER_ONLY);
    await syncFile(directory);
    return new Journal(directory, { lock, key, file, random });
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function keyOf(directory: string, { passphrase, random, logN }: SealedJournalOptions): Promise<FileKey> {
  const path = join(directory, KEY_FILE);
  const text = await readFileIfAny(path);
  if (text !== null) return fileKey(await openSecret(fromUtf8(text), SECRET, passphrase));
  // Records of a key that is gone open no more.
  await rm(join(directory, RECORDS_FILE), { force: true });
  const secret = random.bytes(32);
  await replaceFileDurably(path, utf8(await sealSecret(secret, SECRET, passphrase, { random, logN })), OWNER_ONLY);
  return fileKey(secret);
}

function fileKey(secret: Bytes): FileKey {
  try {
    return new FileKey("intl", secret);
  } finally {
    secret.fill(0);
  }
}

interface Parts {
  readonly lock: DirectoryLock;
  readonly key: FileKey;
  readonly file: FileHandle;
  readonly random: Random;
}

class Journal implements SealedJournal {
  readonly #directory: string;
  readonly #parts: Parts;
  /** Records that are stored; unknown until they are read. */
  #count: number | null = null;
  /** Ends when what was asked before has ended, however. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(directory: string, parts: Parts) {
    this.#directory = directory;
    this.#parts = parts;
  }

  read(): Promise<Bytes[]> {
    return this.#inTurn(() => this.#read());
  }

  append(record: Bytes): Promise<void> {
    return this.#inTurn(() => this.#append(record));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #read(): Promise<Bytes[]> {
    const { file, key } = this.#parts;
    const bytes = await readFileIfAny(join(this.#directory, RECORDS_FILE));
    const { sealed, wholeBytes } = cut(bytes ?? new Uint8Array());
    const records: Bytes[] = [];
    for (const [index, one] of sealed.entries()) {
      const stream = openStream(only(one), { keys: [key], context: contextOf(index) });
      try {
        records.push(new Uint8Array(Buffer.concat(await Array.fromAsync(stream))));
      } catch (cause) {
        throw altered(cause);
      }
    }
    await file.truncate(wholeBytes);
    this.#count = records.length;
    return records;
  }

  async #append(record: Bytes): Promise<void> {
    const { file, key, random } = this.#parts;
    const index = this.#count ?? (await this.#read()).length;
    const stream = sealStream(only(record), { key, context: contextOf(index), random });
    const sealed = Buffer.concat(await Array.fromAsync(stream));
    const lengths = Buffer.alloc(LENGTH_BYTES);
    lengths.writeUInt32BE(sealed.length);
    lengths.writeUInt32BE(~sealed.length >>> 0, 4);
    await file.appendFile(Buffer.concat([lengths, sealed]));
    await file.datasync();
    this.#count = index + 1;
  }

  async clear(): Promise<void> {
    // Without their key, what a disk keeps of removed records is of no use.
    for (const name of [KEY_FILE, RECORDS_FILE]) await rm(join(this.#directory, name), { force: true });
    await syncFile(this.#directory);
  }

  async close(): Promise<void> {
    await this.#parts.file.close();
    this.#parts.lock.release();
  }
}

/** Whole records, and how many bytes they take. @throws ERR_CALL_JOURNAL when a length was altered */
function cut(bytes: Bytes): { sealed: Bytes[]; wholeBytes: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sealed: Bytes[] = [];
  let at = 0;
  while (at + LENGTH_BYTES <= bytes.length) {
    const length = view.getUint32(at);
    if (~length >>> 0 !== view.getUint32(at + 4)) throw altered();
    const end = at + LENGTH_BYTES + length;
    if (end > bytes.length) break;
    sealed.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return { sealed, wholeBytes: at };
}

function altered(cause?: unknown): SluiceError {
  return new SluiceError("ERR_CALL_JOURNAL", { reason: "a record was altered, or is not in its place" }, { cause });
}

function contextOf(index: number): string {
  return `sluice/call-journal/v1/${index}`;
}

async function* only(bytes: Bytes): AsyncGenerator<Bytes> {
  yield bytes;
}
