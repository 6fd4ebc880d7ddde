/** SHA-256 of many messages of one length in the memory of a kernel, four at a time, digests cut.
 *  @module */
import type { PsiKernel } from "./psi-kernel.ts";
import { chunksOf, writeBlockFrame, writeShaFrame, type MessageShape } from "./sha-frame.ts";

/** Messages, and where they and their digests lie. */
export interface Messages {
  readonly shape: MessageShape;
  /** `frameBytes(shape)` of room. */
  readonly frame: number;
  /** Heads of messages, one after another: `shape.headBytes` each. */
  readonly heads: number;
  /** What follows each head, `tailStride` bytes apart. */
  readonly tails: number;
  readonly tailStride: number;
  /** Digests, one after another, with 32 bytes of room behind them. */
  readonly out: number;
  /** Bytes of each that are kept, 1 … 32. */
  readonly digestBytes: number;
  readonly count: number;
  /** What a block before every message left, of `shaBlockState`. */
  readonly state?: Uint32Array;
}

/** Hashes the messages. */
export function hashMessages(kernel: PsiKernel, messages: Messages): void {
  const { shape, frame, heads, tails, tailStride, out, digestBytes, count, state } = messages;
  writeShaFrame(kernel.bytes, frame, shape, state);
  const tailChunks = Math.ceil(shape.tailBytes / 16);
  const headChunks = shape.headBytes / 16;
  kernel.sha256(out, digestBytes, heads, headChunks, tails, tailStride, tailChunks, frame, chunksOf(shape), count);
}

/** The state after a first block of 64 bytes that messages share, for `hashMessages`. Uses `frame` and 64 bytes at `scratch`. */
export function shaBlockState(kernel: PsiKernel, frame: number, scratch: number, block: Uint8Array): Uint32Array {
  if (block.length !== 64) throw new RangeError("a block has 64 bytes");
  kernel.bytes.set(block, scratch);
  writeBlockFrame(kernel.bytes, frame);
  kernel.sha256(scratch, 32, scratch, 4, scratch, 0, 0, frame, 4, 1);
  const digest = new DataView(kernel.bytes.buffer, kernel.bytes.byteOffset + scratch, 32);
  return Uint32Array.from({ length: 8 }, (_, i) => digest.getUint32(4 * i, false));
}
