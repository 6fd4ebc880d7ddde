/** What a child writes into its pipe. It may be written by an attacker: each kind has its own limit,
 *  and the first byte out of order ends the run.
 *  @module */
import { MAX_JOB_OUTPUT_BYTES, MAX_LOG_LINE_CHARS, SluiceError, type Bytes } from "@sluice/protocol";

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
  7: { kind: "want", maxBytes: 4 },
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
  #body: Bytes = new Uint8Array(0);
  #bodyLength = 0;
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
      this.#take(part);
      this.#missing -= part.length;
      rest = rest.subarray(part.length);
      if (this.#missing > 0) return;
      const frame = { kind: readHead(this.#head).kind, body: this.#body.subarray(0, this.#bodyLength) };
      this.#headLength = 0;
      this.#body = new Uint8Array(0);
      this.#bodyLength = 0;
      this.#unread = rest;
      yield frame;
    }
  }

  /** Copies `part`, so that no chunk is held however small: the space at most doubles, up to what the frame still needs. */
  #take(part: Bytes): void {
    const needed = this.#bodyLength + part.length;
    if (needed > this.#body.length) {
      const space = Math.min(2 * needed, this.#bodyLength + this.#missing);
      const grown = new Uint8Array(space);
      grown.set(this.#body.subarray(0, this.#bodyLength));
      this.#body = grown;
    }
    this.#body.set(part, this.#bodyLength);
    this.#bodyLength = needed;
  }
}

function readHead(head: Bytes): { kind: Frame["kind"]; length: number } {
  const view = new DataView(head.buffer);
  const tag = view.getUint8(0);
  const length = view.getUint32(1);
  const known = FRAME_KINDS[tag as keyof typeof FRAME_KINDS] as (typeof FRAME_KINDS)[1] | undefined;
  if (known === undefined) throw new SluiceError("ERR_FRAME_MALFORMED", { field: "kind", expected: "1 to 7" });
  if (length > known.maxBytes) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: length, maxBytes: known.maxBytes });
  }
  return { kind: known.kind, length };
}
