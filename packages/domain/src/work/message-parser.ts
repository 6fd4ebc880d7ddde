/** Cuts bytes into messages, without a copy of its own: it says where the next bytes belong, and whoever reads puts
 *  them there. What it reads may be written by a process near user code, so it believes nothing but the shape.
 *  @module */
import { fromUtf8, SluiceError, type Bytes } from "@sluice/protocol";

/** Largest JSON head. */
export const MAX_HEAD_BYTES = 1_048_576;
/** Most byte strings in one message: values, validity and dictionary of 256 columns, and the bundle. */
export const MAX_PARTS = 1_024;

/** Largest byte string: one column, of 536,870,911 numbers at most. */
export const MAX_PART_BYTES = 2 ** 32 - 1;
/** Most bytes that are read into a part, or written of one, at a time: the system's calls take no more. */
export const MAX_CALL_BYTES = 2 ** 30;

/** One message: a small JSON head with byte strings after it, each in a buffer of its own. */
export interface Message {
  readonly head: unknown;
  readonly parts: readonly Bytes[];
}

/** A message whose head is here. Its parts have their buffers, which fill while they come. */
export interface ArrivingMessage extends Message {
  /** By part, resolved when it is whole. What is cut off never is. */
  readonly arrived: readonly Promise<void>[];
}

// struct { uint32 headLength; uint32 partCount; uint32 partLength[partCount]; opaque head[]; opaque parts[]… } Message;
const PREFIX_BYTES = 8;

/** State between two reads. */
export class MessageParser {
  readonly #maxBytes: number;
  #space: Bytes = new Uint8Array(PREFIX_BYTES);
  #filled = 0;
  /** Fields of the message that are whole: prefix, lengths, head, parts. */
  #fields: Bytes[] = [];
  #lengths: number[] = [];
  #parts: Bytes[] = [];
  #arrivals: (() => void)[] = [];
  #head: unknown;
  #begun: ArrivingMessage | undefined;

  /** @param maxBytes Largest head and parts of one message together. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Where the next bytes belong; never empty. */
  space(): Bytes {
    return this.#space.subarray(this.#filled, this.#filled + MAX_CALL_BYTES);
  }

  /** Whether a message has begun that is not whole. */
  get begun(): boolean {
    return this.#fields.length > 0 || this.#filled > 0;
  }

  /** The message whose head has been read since the last call, if one has. */
  takeBegun(): ArrivingMessage | undefined {
    const begun = this.#begun;
    this.#begun = undefined;
    return begun;
  }

  /** Takes note of `count` bytes in `space()`; the message that they complete, if any.
   *  @throws ERR_FRAME_TOO_LARGE, ERR_FRAME_MALFORMED */
  fill(count: number): Message | undefined {
    this.#filled += count;
    while (this.#filled === this.#space.length) {
      this.#fields.push(this.#space);
      if (this.#fields.length === 1) this.#readPrefix();
      if (this.#fields.length === 2) this.#readLengths();
      if (this.#fields.length === 3) this.#begin();
      this.#arrivals[this.#fields.length - 4]?.();
      const next = this.#lengths[this.#fields.length];
      this.#filled = 0;
      if (next !== undefined) {
        this.#space = this.#parts[this.#fields.length - 3] ?? new Uint8Array(next);
        continue;
      }
      const message = { head: this.#head, parts: this.#parts };
      this.#fields = [];
      this.#parts = [];
      this.#arrivals = [];
      this.#space = new Uint8Array(PREFIX_BYTES);
      return message;
    }
    return undefined;
  }

  #readPrefix(): void {
    const { headLength, partCount } = this.#prefix();
    if (headLength > MAX_HEAD_BYTES || partCount > MAX_PARTS) {
      throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: headLength, maxBytes: MAX_HEAD_BYTES });
    }
    this.#lengths = [PREFIX_BYTES, 4 * partCount, headLength];
  }

  #readLengths(): void {
    const { headLength, partCount } = this.#prefix();
    const table = viewOf(this.#space);
    const partLengths = Array.from({ length: partCount }, (_, i) => table.getUint32(4 * i));
    const sizeBytes = partLengths.reduce((sum, length) => sum + length, headLength);
    if (sizeBytes > this.#maxBytes)
      throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes, maxBytes: this.#maxBytes });
    this.#lengths.push(...partLengths);
  }

  #begin(): void {
    this.#head = parseHead(this.#space);
    this.#parts = this.#lengths.slice(3).map((length) => new Uint8Array(length));
    const arrivals = this.#parts.map(() => Promise.withResolvers<void>());
    this.#arrivals = arrivals.map(({ resolve }) => resolve);
    this.#begun = { head: this.#head, parts: this.#parts, arrived: arrivals.map(({ promise }) => promise) };
  }

  #prefix(): { headLength: number; partCount: number } {
    const view = viewOf(this.#fields[0] ?? this.#space);
    return { headLength: view.getUint32(0), partCount: view.getUint32(4) };
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Bytes): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function parseHead(bytes: Bytes): unknown {
  try {
    return JSON.parse(fromUtf8(bytes)) as unknown;
  } catch {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "head", expected: "UTF-8 JSON" });
  }
}
