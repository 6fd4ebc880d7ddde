/** What a client of the OPRF computes of a list: blinded elements, and what is left of answers without their blinds. Inputs and blinds are
 *  secret: no function here branches on them or takes an address from them.
 *  Memory: whoever calls lays out what each function names, and wipes it.
 *  @module */
import { FE_BYTES } from "./field";
import { addMultiple, fillTable } from "./fixed-base";
import { addTerm, decode, encode, identity, POINT_BYTES, TERM_BYTES } from "./group";
import { mapToPoint } from "./hash-to-group";
import { BLOCK_BYTES, compress, sha512, SHA_WORK_BYTES, STATE_BYTES } from "./sha512";

/** Makes the table of the element `bytes`, which is canonical. `work` has 18 points and 16 field elements. */
export function oprfTable(table: usize, bytes: usize, work: usize, constants: usize, scratch: usize): void {
  const point = work + 17 * POINT_BYTES + 16 * FE_BYTES;
  decode(point, bytes, constants, scratch);
  memory.copy(work, point, TERM_BYTES);
  identity(point);
  addTerm(point, work, false, scratch);
  fillTable(table, point, work, constants, scratch);
}

/** Encodes of each 64 uniform bytes their element plus scalar times the table's to `out`, 32 bytes each. Without `scalars`, 0, the element
 *  alone. The scalars are lost. `work` has three points. */
export function oprfBlind(
  out: usize,
  uniform: usize,
  scalars: usize,
  count: i32,
  table: usize,
  work: usize,
  constants: usize,
  scratch: usize,
): void {
  const point = work + 2 * POINT_BYTES;
  for (let i: usize = 0; i < (count as usize); i++) {
    mapToPoint(point, uniform + 64 * i, work, constants, scratch);
    if (scalars != 0) addMultiple(point, table, scalars + 32 * i, false, work, scratch);
    encode(out + 32 * i, point, constants, scratch);
  }
}

/** Encodes each term less scalar times the table's element to `out`. The scalars are lost. `work` has three points. */
export function oprfUnblind(
  out: usize,
  terms: usize,
  scalars: usize,
  count: i32,
  table: usize,
  work: usize,
  constants: usize,
  scratch: usize,
): void {
  const point = work + 2 * POINT_BYTES;
  for (let i: usize = 0; i < (count as usize); i++) {
    identity(point);
    addTerm(point, terms + i * TERM_BYTES, false, scratch);
    addMultiple(point, table, scalars + 32 * i, true, work, scratch);
    encode(out + 32 * i, point, constants, scratch);
  }
}

/** SHA-512 of a message. `states` has the initial state and that after a block of zeros. */
export function oprfHash(out: usize, message: usize, bytes: u32, states: usize, rounds: usize, work: usize): void {
  sha512(out, states, 0, message, bytes, rounds, work);
}

/** Writes the state after a block of zeros, which lie at `zeros`, behind the initial one. */
export function oprfStates(states: usize, zeros: usize, rounds: usize, work: usize): void {
  memory.copy(states + STATE_BYTES, states, STATE_BYTES);
  compress(states + STATE_BYTES, zeros, rounds, work);
}

/** expand_message_xmd to 64 bytes (RFC 9380 §5.3.1). `message` ends with `I2OSP(64, 2) ‖ 0 ‖ suffix`, whose last `suffixBytes` are the
 *  suffix `DST ‖ I2OSP(len(DST), 1)`. `work` has SHA_WORK_BYTES, and 65 and as many as the suffix. */
export function oprfExpand(
  out: usize,
  message: usize,
  bytes: u32,
  suffixBytes: u32,
  states: usize,
  rounds: usize,
  work: usize,
): void {
  const second = work + SHA_WORK_BYTES;
  sha512(second, states + STATE_BYTES, BLOCK_BYTES as u32, message, bytes, rounds, work);
  store<u8>(second, 1, STATE_BYTES);
  memory.copy(second + STATE_BYTES + 1, message + bytes - suffixBytes, suffixBytes);
  sha512(out, states, 0, second, (STATE_BYTES as u32) + 1 + suffixBytes, rounds, work);
}
