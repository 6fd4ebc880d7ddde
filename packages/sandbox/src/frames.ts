/** The two pipes of a child. What comes back may be written by an attacker: each kind has its own limit,
 *  and the first byte out of order ends the run.
 *  @module */
import {
  MAX_JOB_OUTPUT_BYTES,
  MAX_LOG_LINE_CHARS,
  SluiceError,
  concatBytes,
  utf8,
  type Bytes,
  type SealedJob,
} from "@sluice/protocol";

/** Bytes of a metric's number, before its name. */
export const METRIC_VALUE_BYTES = 8;
/** Bytes of a metric's name. */
const MAX_METRIC_NAME_BYTES = 40;

/** Kinds of frames from the child, with the largest body of each in bytes. */
const FRAME_KINDS = {
  1: { kind: "ready", maxBytes: 1 },
  2: { kind: "progress", maxBytes: 1 },
  3: { kind: "log", maxBytes: 4 * MAX_LOG_LINE_CHARS },
  4: { kind: "result", maxBytes: MAX_JOB_OUTPUT_BYTES },
  5: { kind: "failure", maxBytes: 4_096 },
  6: { kind: "metric", maxBytes: METRIC_VALUE_BYTES + MAX_METRIC_NAME_BYTES },
} as const;

/** Bytes of a frame's head. */
const HEAD_BYTES = 5;

/** One frame from the child. */
export interface Frame {
  readonly kind: (typeof FRAME_KINDS)[keyof typeof FRAME_KINDS]["kind"];
  readonly body: Bytes;
}

// struct { uint8 kind; uint32 length; opaque body[length]; } Frame;
/** Cuts a stream of chunks into frames, holding at most one frame. */
export class FrameReader {
  #head = new Uint8Array(HEAD_BYTES);
  #headLength = 0;
  #body: Bytes[] = [];
  #missing = 0;
  #unread: Bytes = new Uint8Array(0);

  /** What of the last chunk belongs to no frame that was asked for. */
  unread(): Bytes {
    return this.#unread;
  }

  /** Frames completed by `chunk`, one at a time: what follows a frame is not looked at until the next is
   *  asked for. @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
  *push(chunk: Bytes): Generator<Frame, void, void> {
    let rest = chunk;
    for (;;) {
      if (this.#headLength < HEAD_BYTES) {
        const taken = rest.subarray(0, HEAD_BYTES - this.#headLength);
        this.#head.set(taken, this.#headLength);
        this.#headLength += taken.length;
        rest = rest.subarray(taken.length);
        if (this.#headLength < HEAD_BYTES) return;
        this.#missing = readHead(this.#head).length;
      }
      const part = rest.subarray(0, this.#missing);
      if (part.length > 0) this.#body.push(part);
      this.#missing -= part.length;
      rest = rest.subarray(part.length);
      if (this.#missing > 0) return;
      const frame = { kind: readHead(this.#head).kind, body: concatBytes(...this.#body) };
      this.#headLength = 0;
      this.#body = [];
      this.#unread = rest;
      yield frame;
    }
  }
}

function readHead(head: Bytes): { kind: Frame["kind"]; length: number } {
  const view = new DataView(head.buffer);
  const tag = view.getUint8(0);
  const length = view.getUint32(1);
  const known = FRAME_KINDS[tag as keyof typeof FRAME_KINDS] as (typeof FRAME_KINDS)[1] | undefined;
  if (known === undefined) throw new SluiceError("ERR_FRAME_MALFORMED", { field: "kind", expected: "1 to 6" });
  if (length > known.maxBytes) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: length, maxBytes: known.maxBytes });
  }
  return { kind: known.kind, length };
}

/** Largest input of a run: code and columns together. */
const MAX_RUN_INPUT_BYTES = 2 ** 31 - 1;

// struct { uint32 heapMebibytes; uint32 bootstrapLength; opaque bootstrap[bootstrapLength]; } Preparation;
/** What a child is sent before there is a job for it. */
export function encodePreparation(heapMebibytes: number, bootstrap: Bytes): Bytes[] {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, heapMebibytes);
  head.setUint32(4, bootstrap.length);
  return [new Uint8Array(head.buffer), bootstrap];
}

// struct { uint32 headerLength; opaque header[headerLength]; opaque parts[sizes[0]]…; } RunInput;
/** The parts of a run's input, in the order they go into the pipe; columns are views, not copies.
 *  @throws ERR_FRAME_TOO_LARGE, ERR_BODY_INVALID when a column does not have `rowCount` values. */
export function encodeRunInput(job: SealedJob): { parts: Bytes[]; dataBytes: number } {
  const data: Bytes[] = [];
  const columns = Object.entries(job.table?.columns ?? {}).map(([name, column]) => {
    const rowCount = job.table?.rowCount ?? 0;
    const { type, values, validity } = column;
    const maskBytes = Math.ceil(rowCount / 8);
    if (values.length !== rowCount || (validity !== undefined && validity.length < maskBytes)) {
      throw new SluiceError("ERR_BODY_INVALID", { pointer: `/table/columns/${name}`, expected: `${rowCount} values` });
    }
    data.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    if (validity !== undefined) data.push(validity.subarray(0, maskBytes));
    const dictionary = column.type === "dict" ? column.dictionary : undefined;
    return { name, type, dictionary, hasValidity: validity !== undefined };
  });
  const payload = [job.bundle, ...data];
  const header = utf8(
    JSON.stringify({
      entry: job.entry,
      development: job.environment === "development",
      seed: job.seed,
      memoryLimitBytes: job.limits.memoryLimitBytes,
      rowCount: job.table?.rowCount ?? 0,
      columns,
      model: job.model,
      params: job.params,
      sizes: payload.map((part) => part.length),
    }),
  );
  const headerLength = new Uint8Array(4);
  new DataView(headerLength.buffer).setUint32(0, header.length);
  const parts = [headerLength, header, ...payload];
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
  if (sizeBytes > MAX_RUN_INPUT_BYTES) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes, maxBytes: MAX_RUN_INPUT_BYTES });
  }
  return { parts, dataBytes: data.reduce((sum, part) => sum + part.length, 0) + header.length };
}
