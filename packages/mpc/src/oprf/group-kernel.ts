/** The kernel of the oblivious PRF with what its functions share at the beginning of its memory: constants of ristretto255 and of
 *  SHA-512, and work memory. No `node:` import: runs in Node and in browsers.
 *  @see https://www.rfc-editor.org/rfc/rfc9496 §4.1
 *  @module */
import { openOprfKernel, type OprfKernel } from "../kernel/oprf-kernel.ts";
import { initialState, roundConstants } from "./sha512-constants.ts";

/** Bytes of a field element. */
export const FE_BYTES = 40;
/** Bytes of a point X, Y, Z, T. */
export const POINT_BYTES = 4 * FE_BYTES;
/** Bytes of a point of which Z is 1, as sums take it. */
export const TERM_BYTES = 3 * FE_BYTES;

const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
/** d, 2d, √-1, 1/√(a - d), 1 - d², (d - 1)², √(a·d - 1), where a = -1. */
const GROUP_CONSTANTS = [
  D,
  2n * D,
  19681161376707505956807079304988542015446066515923890162744021073123829784752n,
  54469307008909316920995813868745141605393597292927456921205312896311721017578n,
  1n - D * D,
  (D - 1n) ** 2n,
  25063068953384623474111414158702152701244531502492656460079210482610430750235n,
].map((value) => ((value % P) + P) % P);

/** Where the constants of the group lie. */
export const CONSTANTS = 0;
/** Field elements that functions work with. */
export const SCRATCH = CONSTANTS + GROUP_CONSTANTS.length * FE_BYTES;
/** The constants of SHA-512. */
export const ROUNDS = SCRATCH + 16 * FE_BYTES;
/** Its initial state, and that after a block of zeros. */
export const STATES = ROUNDS + 80 * 8;
/** What hashing works with. */
export const SHA_WORK = STATES + 2 * 64;
const SHA_WORK_BYTES = 320 + 65 + 256;
/** The first byte that is free, at a multiple of 16. */
export const FREE = (SHA_WORK + SHA_WORK_BYTES + 15) & ~15;
const BLOCK_BYTES = 128;

/** The kernel with `roomBytes` from FREE on; null where the engine has no WebAssembly with SIMD. */
export function openGroupKernel(roomBytes: number): OprfKernel | null {
  const opened = openOprfKernel(FREE + Math.max(roomBytes, BLOCK_BYTES, 32 * GROUP_CONSTANTS.length));
  if (opened === null) return null;
  const { bytes } = opened;
  for (const [i, value] of GROUP_CONSTANTS.entries()) writeNumber(bytes, FREE + 32 * i, value, 32);
  opened.sumConstants(CONSTANTS, FREE);
  for (const [i, word] of roundConstants().entries()) writeNumber(bytes, ROUNDS + 8 * i, word, 8);
  for (const [i, word] of initialState().entries()) writeNumber(bytes, STATES + 8 * i, word, 8);
  bytes.fill(0, FREE, FREE + 32 * GROUP_CONSTANTS.length);
  opened.oprfStates(STATES, FREE, ROUNDS, SHA_WORK);
  return opened;
}

/** Zeroes what functions leave in work memory, and `to - from` bytes from `from` on. */
export function wipeKernel({ bytes }: OprfKernel, from: number, to: number): void {
  bytes.fill(0, SCRATCH, ROUNDS);
  bytes.fill(0, SHA_WORK, FREE);
  bytes.fill(0, from, to);
}

function writeNumber(bytes: Uint8Array, at: number, value: bigint, count: number): void {
  for (let i = 0; i < count; i++) bytes[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
}
