/** Bodies between a domain and a worker on another machine: one task with its binary parts, and the parts of its answer.
 *  What a header or a part means is the task's own; sizes are checked before a byte is copied.
 *  @module */
import { ByteReader, ByteWriter, SluiceError, type Bytes } from "@sluice/protocol";

/** Version of these frames. */
const FRAME_VERSION = 1;
const MAX_NAME_BYTES = 255;
const MAX_HEADER_BYTES = 65_535;
const MAX_PART_BYTES = 2 ** 32 - 1;
/** Parts of one frame. */
export const MAX_PARTS = 16;
/** Largest request of a task: a query for the most rows that an index has takes a quarter. */
export const MAX_TASK_BYTES = 1_048_576;
/** Largest answer of a task: one word for each of the most columns that an index has, and what stands around them. */
export const MAX_TASK_ANSWER_BYTES = 4 * 1_048_576 + 1_024;

const TASK_NAME = /^[a-z]{1,32}\.[a-z]{1,32}$/;

/** One task. */
export interface TaskRequest {
  readonly task: string;
  readonly header: Bytes;
  readonly parts: readonly Bytes[];
}

// struct { uint16 version; opaque task<1..2^8-1>; opaque header<0..2^16-1>;
//          uint8 count; struct { opaque part<0..2^32-1>; } × count; } TaskRequest;
/** Bytes of a task. @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function encodeTaskRequest({ task, header, parts }: TaskRequest): Bytes {
  const writer = new ByteWriter()
    .uint(FRAME_VERSION, 2)
    .opaque(new TextEncoder().encode(task), MAX_NAME_BYTES)
    .opaque(header, MAX_HEADER_BYTES);
  return bounded(writeParts(writer, parts).finish(), MAX_TASK_BYTES);
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeTaskRequest(bytes: Bytes): TaskRequest {
  const reader = new ByteReader(bounded(bytes, MAX_TASK_BYTES));
  readVersion(reader);
  const task = String.fromCharCode(...reader.opaque(MAX_NAME_BYTES));
  if (!TASK_NAME.test(task)) throw malformed("task", "a name of two words");
  const header = reader.opaque(MAX_HEADER_BYTES);
  return { task, header, parts: readParts(reader) };
}

// struct { uint16 version; uint8 count; struct { opaque part<0..2^32-1>; } × count; } TaskAnswer;
/** Bytes of an answer. @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function encodeTaskAnswer(parts: readonly Bytes[]): Bytes {
  return bounded(writeParts(new ByteWriter().uint(FRAME_VERSION, 2), parts).finish(), MAX_TASK_ANSWER_BYTES);
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeTaskAnswer(bytes: Bytes): Bytes[] {
  const reader = new ByteReader(bounded(bytes, MAX_TASK_ANSWER_BYTES));
  readVersion(reader);
  return readParts(reader);
}

function writeParts(writer: ByteWriter, parts: readonly Bytes[]): ByteWriter {
  if (parts.length > MAX_PARTS) throw malformed("count", `at most ${MAX_PARTS}`);
  writer.uint(parts.length, 1);
  for (const part of parts) writer.opaque(part, MAX_PART_BYTES);
  return writer;
}

function readParts(reader: ByteReader): Bytes[] {
  const count = reader.uint(1);
  if (count > MAX_PARTS) throw malformed("count", `at most ${MAX_PARTS}`);
  const parts = Array.from({ length: count }, () => reader.opaque(MAX_PART_BYTES));
  reader.end();
  return parts;
}

function readVersion(reader: ByteReader): void {
  if (reader.uint(2) !== FRAME_VERSION) throw malformed("version", String(FRAME_VERSION));
}

function bounded(bytes: Bytes, maxBytes: number): Bytes {
  if (bytes.length > maxBytes) throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: bytes.length, maxBytes });
  return bytes;
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
