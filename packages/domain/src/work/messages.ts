/** Messages between the store process and the two processes that stand for it where user code is near: a small JSON
 *  head with byte strings after it. Both sides read within limits and believe nothing but the shape.
 *  @module */
import type { Readable, Writable } from "node:stream";
import { fromUtf8, SluiceError, utf8, type Bytes } from "@sluice/protocol";

/** Largest JSON head. */
const MAX_HEAD_BYTES = 1_048_576;
/** Most byte strings in one message: values, validity and dictionary of 256 columns, and the bundle. */
export const MAX_PARTS = 1_024;

/** One message. */
export interface Message {
  readonly head: unknown;
  readonly parts: readonly Bytes[];
}

// struct { uint32 headLength; uint32 partCount; uint32 partLength[partCount]; opaque head[]; opaque parts[]… } Message;
/** Writes `head` and `parts` to `stream`; resolves when the stream has taken them. Messages of concurrent calls do not mix.
 *  @throws ERR_FRAME_TOO_LARGE; whatever the stream fails with */
export async function writeMessage(stream: Writable, head: unknown, parts: readonly Bytes[] = []): Promise<void> {
  const text = utf8(JSON.stringify(head));
  if (text.length > MAX_HEAD_BYTES || parts.length > MAX_PARTS) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: text.length, maxBytes: MAX_HEAD_BYTES });
  }
  const prefix = new DataView(new ArrayBuffer(8 + 4 * parts.length));
  prefix.setUint32(0, text.length);
  prefix.setUint32(4, parts.length);
  for (const [i, part] of parts.entries()) prefix.setUint32(8 + 4 * i, part.length);
  await new Promise<void>((resolve, reject) => {
    const last = parts.length;
    const written = (error: Error | null | undefined): void => (error ? reject(error) : resolve());
    stream.write(new Uint8Array(prefix.buffer));
    stream.write(text, last === 0 ? written : undefined);
    for (const [i, part] of parts.entries()) stream.write(part, i === last - 1 ? written : undefined);
  });
}

/** Messages of `stream` until it ends. Each part has a buffer of its own.
 *  @throws ERR_FRAME_TOO_LARGE when a message has more than `maxBytes`; ERR_FRAME_MALFORMED */
export async function* readMessages(stream: Readable, maxBytes: number): AsyncGenerator<Message> {
  const source = new ExactReader(stream);
  for (;;) {
    const start = await source.read(8);
    if (start === null) return;
    const lengths = view(start);
    const [headLength, partCount] = [lengths.getUint32(0), lengths.getUint32(4)];
    if (headLength > MAX_HEAD_BYTES || partCount > MAX_PARTS) {
      throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: headLength, maxBytes: MAX_HEAD_BYTES });
    }
    const table = view(await source.exactly(4 * partCount));
    const partLengths = Array.from({ length: partCount }, (_, i) => table.getUint32(4 * i));
    const sizeBytes = partLengths.reduce((sum, length) => sum + length, headLength);
    if (sizeBytes > maxBytes) throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes, maxBytes });
    const head = parseHead(await source.exactly(headLength));
    const parts: Bytes[] = [];
    for (const length of partLengths) parts.push(await source.exactly(length));
    yield { head, parts };
  }
}

function view(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function parseHead(bytes: Bytes): unknown {
  try {
    return JSON.parse(fromUtf8(bytes)) as unknown;
  } catch {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "head", expected: "UTF-8 JSON" });
  }
}

/** Takes exact numbers of bytes off a stream. */
class ExactReader {
  readonly #chunks: AsyncIterator<Bytes>;
  #rest: Bytes = new Uint8Array(0);

  constructor(stream: Readable) {
    this.#chunks = (stream as AsyncIterable<Bytes>)[Symbol.asyncIterator]();
  }

  /** The next `length` bytes in a buffer of their own; `null` when the stream has ended before the first. */
  async read(length: number): Promise<Bytes | null> {
    const out = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#chunks.next();
        if (done === true) {
          if (filled === 0) return null;
          throw truncated();
        }
        this.#rest = value;
      }
      const taken = this.#rest.subarray(0, length - filled);
      out.set(taken, filled);
      filled += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
    }
    return out;
  }

  async exactly(length: number): Promise<Bytes> {
    const bytes = await this.read(length);
    if (bytes === null) throw truncated();
    return bytes;
  }
}

function truncated(): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field: "length", expected: "a whole message" });
}
