/** What the kernel of SHA-256 begins from: a state, the constants, and how messages of one length are cut and padded
 *  (FIPS 180-4 §4.2.2, §5.1.1, §5.3.3).
 *  @module */

const CHUNK_BYTES = 16;
const BLOCK_BYTES = 64;
/** Where the constants of a frame lie, after the state. */
export const FRAME_CONSTANTS = 32;
/** Where a mask and a filling for each chunk lie. */
export const FRAME_PADS = FRAME_CONSTANTS + 256;
const SCRATCH_BYTES = 1_152;

/** The shape of messages of one length. */
export interface MessageShape {
  /** Bytes of a message's head, a multiple of 16, and of what follows. */
  readonly headBytes: number;
  readonly tailBytes: number;
  /** What ends every message, such as what the digest is for. */
  readonly suffix?: Uint8Array;
}

/** 16-byte chunks of a padded message, a multiple of four. */
export function chunksOf({ headBytes, tailBytes, suffix }: MessageShape): number {
  return 4 * Math.ceil((headBytes + tailBytes + (suffix?.length ?? 0) + 9) / BLOCK_BYTES);
}

/** Bytes of a frame, with scratch; that of a block needs no more. */
export function frameBytes(shape: MessageShape): number {
  return FRAME_PADS + 2 * CHUNK_BYTES * chunksOf(shape) + SCRATCH_BYTES;
}

/** Writes the frame for messages of a shape at `at`. `state` is what a block before each message left. */
export function writeShaFrame(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  shape: MessageShape,
  state?: Uint32Array,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (const [i, word] of (state ?? INITIAL_STATE).entries()) view.setUint32(at + 4 * i, word, true);
  for (const [i, word] of CONSTANTS.entries()) view.setUint32(at + FRAME_CONSTANTS + 4 * i, word, true);
  const ownBytes = shape.headBytes + shape.tailBytes;
  const messageBytes = ownBytes + (shape.suffix?.length ?? 0);
  const chunks = chunksOf(shape);
  const pads = at + FRAME_PADS;
  bytes.fill(0, pads, pads + 2 * CHUNK_BYTES * chunks);
  // Byte i of a padded message has its mask at `place(i)`, and its filling behind the mask.
  const place = (i: number): number => pads + 2 * CHUNK_BYTES * Math.floor(i / CHUNK_BYTES) + (i % CHUNK_BYTES);
  for (let i = 0; i < ownBytes; i++) bytes[place(i)] = 0xff;
  for (const [i, byte] of shape.suffix?.entries() ?? []) bytes[place(ownBytes + i) + CHUNK_BYTES] = byte;
  bytes[place(messageBytes) + CHUNK_BYTES] = 0x80;
  view.setUint32(
    place(chunks * CHUNK_BYTES - 4) + CHUNK_BYTES,
    8 * (messageBytes + (state === undefined ? 0 : BLOCK_BYTES)),
    false,
  );
}

/** Writes the frame that takes one block as it is: its digest is the state after the block. */
export function writeBlockFrame(bytes: Uint8Array<ArrayBuffer>, at: number): void {
  writeShaFrame(bytes, at, { headBytes: 0, tailBytes: 0 });
  for (let i = 0; i < BLOCK_BYTES / CHUNK_BYTES; i++) {
    const pad = at + FRAME_PADS + 2 * CHUNK_BYTES * i;
    bytes.fill(0xff, pad, pad + CHUNK_BYTES).fill(0, pad + CHUNK_BYTES, pad + 2 * CHUNK_BYTES);
  }
}

/** The first 32 bits of the fractions of square roots of the first eight primes, and of cube roots of the first 64. */
const INITIAL_STATE = Uint32Array.from(primes(8), (prime) => fractionOfRoot(prime, 2n));
const CONSTANTS = Uint32Array.from(primes(64), (prime) => fractionOfRoot(prime, 3n));

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

function fractionOfRoot(n: number, degree: bigint): number {
  const target = BigInt(n) << (32n * degree);
  let root = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((root + bit) ** degree <= target) root += bit;
  return Number(root & 0xffffffffn);
}
