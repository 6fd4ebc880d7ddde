/** CSV as RFC 4180 has it, checked byte by byte before the engine sees it: UTF-8, one header line, the same
 *  number of fields in every record, quotes only where they may stand. The scan also hands every piece on to be
 *  copied, so what was checked is what is read, and counts each column's contents, so that what
 *  the engine read can be compared with what stood in the file.
 *
 *  Accepted beside the RFC: LF instead of CRLF (one of them throughout), a byte-order mark (dropped), no line
 *  end after the last record. Refused: empty lines, quotes inside an unquoted field, NUL, a lone CR outside quotes.
 *  @module */
import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { MAX_IMPORT_FIELD_BYTES, MAX_RESOURCE_COLUMNS, SluiceError, type Bytes } from "@sluice/protocol";

/** Largest record of a CSV file. */
const MAX_IMPORT_RECORD_BYTES = 16 * 1_048_576;
/** Bytes read at a time. */
const CHUNK_BYTES = 1_048_576;

/** What the scan counted in one column. */
interface CsvColumn {
  /** Fields that are not empty. */
  filled: number;
  /** Bytes of all fields, without quotes around them and with doubled quotes as one. */
  bytes: number;
}

/** What a CSV file holds, without its values. */
export interface CsvShape {
  /** Fields of the header line, as written. */
  readonly header: readonly string[];
  /** Records after the header line. */
  readonly rows: number;
  readonly columns: readonly CsvColumn[];
  readonly longestRecordBytes: number;
  /** Whether a quoted field holds a line end. */
  readonly multiline: boolean;
}

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Checks the file at `path` and gives each piece of it to `copy`. `name` is the file's name for errors.
 *  @throws ERR_TABLE_FILE, ERR_TABLE_ENCODING, ERR_TABLE_FIELD_TOO_LARGE, ERR_CANCELLED */
export async function scanCsv(options: {
  readonly path: string;
  readonly name: string;
  readonly copy: (bytes: Bytes) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}): Promise<CsvShape> {
  const scanner = new CsvScanner(options.name);
  const encoding = new Utf8Check(options.name);
  let first = true;
  for await (const piece of createReadStream(options.path, { highWaterMark: CHUNK_BYTES })) {
    if (options.signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
    let chunk = piece as Buffer;
    const pieceBytes = chunk.length;
    if (first && chunk.subarray(0, 3).equals(BYTE_ORDER_MARK)) {
      chunk = chunk.subarray(3);
      encoding.skip(BYTE_ORDER_MARK.length);
    }
    first = false;
    encoding.push(chunk);
    scanner.push(chunk);
    await options.copy(chunk);
    options.onBytes?.(pieceBytes);
  }
  encoding.end();
  return scanner.end();
}

/** Whether bytes that come in pieces are UTF-8. */
class Utf8Check {
  readonly #name: string;
  #tail: Buffer = Buffer.alloc(0);
  /** Bytes of the file before the tail. */
  #before = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Passes over bytes that are not checked. */
  skip(bytes: number): void {
    this.#before += bytes;
  }

  push(chunk: Buffer): void {
    const bytes = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    const end = lastBoundary(bytes);
    this.#check(bytes.subarray(0, end));
    this.#before += end;
    this.#tail = Buffer.from(bytes.subarray(end));
  }

  end(): void {
    this.#check(this.#tail);
  }

  #check(bytes: Buffer): void {
    if (isUtf8(bytes)) return;
    const offset = this.#before + firstBadByte(bytes);
    throw new SluiceError("ERR_TABLE_ENCODING", { file: this.#name, offset });
  }
}

/** Place of the first byte after which `bytes` cannot be UTF-8; of a character that is cut off at the end, its first. */
function firstBadByte(bytes: Buffer): number {
  const fits = (length: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  if (fits(bytes.length)) return lastBoundary(bytes);
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (fits(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Where the last character that may go on in the next piece starts: at most three bytes before the end. */
function lastBoundary(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) return bytes.length - back;
  }
  return bytes.length;
}

type State = "field-start" | "unquoted" | "quoted" | "quote-in-quoted" | "carriage-return";

/** The state machine of RFC 4180 §2 over bytes. */
class CsvScanner {
  readonly #name: string;
  #state: State = "field-start";
  #lineEnd: "unknown" | "lf" | "crlf" = "unknown";
  /** Record being read; 1 is the header. */
  #record = 1;
  #field = 0;
  #fieldBytes = 0;
  #recordBytes = 0;
  #longest = 0;
  #multiline = false;
  #headerField: number[] = [];
  readonly #header: string[] = [];
  readonly #columns: CsvColumn[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  push(chunk: Buffer): void {
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0;
      if (++this.#recordBytes > MAX_IMPORT_RECORD_BYTES) {
        throw this.#refuse(`a record is larger than ${MAX_IMPORT_RECORD_BYTES} bytes`);
      }
      switch (this.#state) {
        case "quoted":
          if (byte === QUOTE) this.#state = "quote-in-quoted";
          else this.#take(byte);
          break;
        case "field-start":
        case "unquoted":
          this.#unquoted(byte);
          break;
        case "quote-in-quoted":
          this.#afterQuote(byte);
          break;
        case "carriage-return":
          if (byte !== LF) throw this.#refuse("a carriage return stands without a line feed");
          this.#endRecord("crlf");
          break;
      }
    }
  }

  end(): CsvShape {
    if (this.#state === "quoted") throw this.#refuse("a quoted field does not end");
    if (this.#state === "carriage-return") throw this.#refuse("a carriage return stands without a line feed");
    const fresh = this.#state === "field-start" && this.#field === 0;
    if (!fresh) this.#finishRecord();
    if (this.#record === 1) throw this.#refuse("it is empty");
    if (this.#record === 2) throw this.#refuse("it has no records after the header");
    return {
      header: this.#header,
      rows: this.#record - 2,
      columns: this.#columns,
      longestRecordBytes: this.#longest,
      multiline: this.#multiline,
    };
  }

  #unquoted(byte: number): void {
    if (byte === COMMA) this.#endField();
    else if (byte === LF) this.#endRecord("lf");
    else if (byte === CR) this.#state = "carriage-return";
    else if (byte === QUOTE) {
      if (this.#state === "unquoted") throw this.#refuse("a quote stands inside an unquoted field");
      this.#state = "quoted";
    } else {
      this.#state = "unquoted";
      this.#take(byte);
    }
  }

  #afterQuote(byte: number): void {
    if (byte === QUOTE) {
      this.#state = "quoted";
      this.#take(byte);
    } else if (byte === COMMA) this.#endField();
    else if (byte === LF) this.#endRecord("lf");
    else if (byte === CR) this.#state = "carriage-return";
    else throw this.#refuse("text follows a closing quote");
  }

  #take(byte: number): void {
    if (byte === NUL) throw this.#refuse("it holds a NUL byte");
    if (byte === LF) this.#multiline = true;
    if (++this.#fieldBytes > MAX_IMPORT_FIELD_BYTES) {
      throw new SluiceError("ERR_TABLE_FIELD_TOO_LARGE", { file: this.#name, maxBytes: MAX_IMPORT_FIELD_BYTES });
    }
    if (this.#record === 1) this.#headerField.push(byte);
  }

  #endField(): void {
    if (this.#record === 1) {
      if (this.#header.length === MAX_RESOURCE_COLUMNS) {
        throw this.#refuse(`it has more than ${MAX_RESOURCE_COLUMNS} columns`);
      }
      this.#header.push(Buffer.from(this.#headerField).toString("utf8"));
      this.#columns.push({ filled: 0, bytes: 0 });
      this.#headerField = [];
    } else {
      const column = this.#columns[this.#field];
      if (column === undefined) throw this.#refuse(this.#ragged());
      if (this.#fieldBytes > 0) column.filled++;
      column.bytes += this.#fieldBytes;
    }
    this.#field++;
    this.#fieldBytes = 0;
    this.#state = "field-start";
  }

  #endRecord(lineEnd: "lf" | "crlf"): void {
    if (this.#lineEnd !== "unknown" && lineEnd !== this.#lineEnd) {
      throw this.#refuse("line ends are mixed: use LF or CRLF throughout");
    }
    this.#lineEnd = lineEnd;
    if (this.#recordBytes === (lineEnd === "crlf" ? 2 : 1)) throw this.#refuse("a line is empty");
    this.#finishRecord();
  }

  #finishRecord(): void {
    this.#endField();
    if (this.#record > 1 && this.#field !== this.#columns.length) throw this.#refuse(this.#ragged());
    this.#longest = Math.max(this.#longest, this.#recordBytes);
    this.#record++;
    this.#field = 0;
    this.#recordBytes = 0;
  }

  #ragged(): string {
    return `a record has another number of fields than the header's ${this.#columns.length}`;
  }

  #refuse(fault: string): SluiceError {
    const where = this.#record === 1 ? "in the header line" : `in record ${this.#record - 1}`;
    return new SluiceError("ERR_TABLE_FILE", { file: this.#name, reason: `${fault} (${where})` });
  }
}
