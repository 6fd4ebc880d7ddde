/** Messages between the store process and the two processes that stand for it where user code is near: a small JSON
 *  head with byte strings after it. Both sides read within limits and believe nothing but the shape.
 *  @module */
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { SluiceError, utf8, type Bytes } from "@sluice/protocol";
import {
  MAX_CALL_BYTES,
  MAX_HEAD_BYTES,
  MAX_PART_BYTES,
  MAX_PARTS,
  MessageParser,
  type ArrivingMessage,
  type Message,
} from "./message-parser.ts";

/** Writes `head` and `parts` to `stream`; resolves when the stream has taken them. Messages of concurrent calls do not mix.
 *  @throws ERR_FRAME_TOO_LARGE; whatever the stream fails with */
export async function writeMessage(stream: Writable, head: unknown, parts: readonly Bytes[] = []): Promise<void> {
  const text = utf8(JSON.stringify(head));
  if (text.length > MAX_HEAD_BYTES || parts.length > MAX_PARTS) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: text.length, maxBytes: MAX_HEAD_BYTES });
  }
  for (const { length } of parts) {
    if (length > MAX_PART_BYTES) {
      throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: length, maxBytes: MAX_PART_BYTES });
    }
  }
  const prefix = new DataView(new ArrayBuffer(8 + 4 * parts.length));
  prefix.setUint32(0, text.length);
  prefix.setUint32(4, parts.length);
  for (const [i, part] of parts.entries()) prefix.setUint32(8 + 4 * i, part.length);
  const slices = parts.flatMap((part) => sliced(part));
  await new Promise<void>((resolve, reject) => {
    const written = (error: Error | null | undefined): void => (error ? reject(error) : resolve());
    stream.write(new Uint8Array(prefix.buffer));
    stream.write(text, slices.length === 0 ? written : undefined);
    for (const [i, slice] of slices.entries()) stream.write(slice, i === slices.length - 1 ? written : undefined);
  });
}

function sliced(part: Bytes): Bytes[] {
  const count = Math.max(1, Math.ceil(part.length / MAX_CALL_BYTES));
  return Array.from({ length: count }, (_, i) => part.subarray(MAX_CALL_BYTES * i, MAX_CALL_BYTES * (i + 1)));
}

/** Messages of `stream` until it ends. @throws ERR_FRAME_TOO_LARGE when a message has more than `maxBytes`; ERR_FRAME_MALFORMED */
export async function* readMessages(stream: Readable, maxBytes: number): AsyncGenerator<Message> {
  const parser = new MessageParser(maxBytes);
  for await (const chunk of stream as AsyncIterable<Bytes>) {
    for (let rest = chunk; rest.length > 0;) {
      const taken = rest.subarray(0, parser.space().length);
      parser.space().set(taken);
      rest = rest.subarray(taken.length);
      const message = parser.fill(taken.length);
      if (message !== undefined) yield message;
    }
  }
  if (parser.begun) throw truncated();
}

/** Messages of the pipe or socket `fd` until it ends, read by the system into the parts themselves. While messages
 *  wait to be taken, nothing is read. @throws as `readMessages` */
export function receiveMessages(fd: number, maxBytes: number): AsyncGenerator<Message> {
  return receive(fd, maxBytes, (_parser, whole) => whole);
}

/** The same as soon as the head of each is here, so that its parts can be passed on while others come. The next message
 *  begins when the parts of the one before are whole. @throws as `readMessages` */
export function receiveArriving(fd: number, maxBytes: number): AsyncGenerator<ArrivingMessage> {
  return receive(fd, maxBytes, (parser) => parser.takeBegun());
}

async function* receive<T>(
  fd: number,
  maxBytes: number,
  take: (parser: MessageParser, whole: Message | undefined) => T | undefined,
): AsyncGenerator<T> {
  const parser = new MessageParser(maxBytes);
  const waiting: T[] = [];
  let ended: { error?: unknown } | undefined;
  let wake = (): void => undefined;
  const end = (how: { error?: unknown }): void => {
    ended ??= how;
    wake();
  };
  const callback = (count: number): boolean => {
    try {
      const message = take(parser, parser.fill(count));
      if (message === undefined) return true;
      waiting.push(message);
      wake();
    } catch (error) {
      end({ error });
    }
    return false;
  };
  const socket = new Socket({
    fd,
    readable: true,
    writable: false,
    onread: { buffer: () => parser.space(), callback },
  });
  socket.once("error", (error) => end({ error }));
  socket.once("end", () => end(parser.begun ? { error: truncated() } : {}));
  socket.resume();
  try {
    for (;;) {
      const message = waiting.shift();
      if (message !== undefined) yield message;
      else if (ended !== undefined) break;
      else {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        socket.resume();
        await woken;
      }
    }
  } finally {
    socket.destroy();
  }
  if (ended.error !== undefined) throw ended.error;
}

function truncated(): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field: "length", expected: "a whole message" });
}
