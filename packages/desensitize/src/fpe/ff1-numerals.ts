/** FF1 (NIST SP 800-38G) on one value of any length, as a big integer: for halves beyond `MAX_HALF`. Some thousand times
 *  slower than batches.
 *  @module */
import { BLOCK_BYTES, type BlockCipher } from "./block-cipher.ts";
import { FF1_ROUNDS, ff1Setting, type Ff1Options, type Ff1Setting } from "./ff1-setting.ts";

/** A permutation of the numbers below radix to the power of length: a string of numerals read as one number. */
export class Ff1Numerals {
  readonly #cipher: BlockCipher;
  readonly #setting: Ff1Setting;

  /** @throws RangeError as `ff1Setting` does. */
  constructor(cipher: BlockCipher, options: Ff1Options) {
    this.#cipher = cipher;
    this.#setting = ff1Setting(cipher, options);
  }

  /** @throws RangeError when `value` is not in the domain. */
  encrypt(value: bigint): bigint {
    let [left, right] = this.#split(value);
    const { leftSize, rightSize } = this.#setting;
    for (let round = 0; round < FF1_ROUNDS; round += 2) {
      left = (left + this.#roundNumber(round, right)) % leftSize;
      right = (right + this.#roundNumber(round + 1, left)) % rightSize;
    }
    return left * rightSize + right;
  }

  /** Undoes `encrypt`. @throws RangeError when `value` is not in the domain. */
  decrypt(value: bigint): bigint {
    let [left, right] = this.#split(value);
    const { leftSize, rightSize } = this.#setting;
    for (let round = FF1_ROUNDS - 2; round >= 0; round -= 2) {
      right = modulo(right - this.#roundNumber(round + 1, left), rightSize);
      left = modulo(left - this.#roundNumber(round, right), leftSize);
    }
    return left * rightSize + right;
  }

  #split(value: bigint): [bigint, bigint] {
    const { leftSize, rightSize } = this.#setting;
    if (value < 0n || value >= leftSize * rightSize) throw new RangeError("a value of FF1 is outside its domain");
    return [value / rightSize, value % rightSize];
  }

  #roundNumber(round: number, half: bigint): bigint {
    const { b, d, state } = this.#setting;
    const blocks = Uint8Array.from(state);
    const variable = Uint8Array.from([round, ...bigEndian(half, b)]);
    for (const [i, byte] of variable.entries()) {
      const at = blocks.length - variable.length + i;
      blocks[at] = (blocks[at] ?? 0) ^ byte;
    }
    let mac = this.#cipher.encrypt(blocks.subarray(0, BLOCK_BYTES));
    for (let at = BLOCK_BYTES; at < blocks.length; at += BLOCK_BYTES) {
      const block = blocks.subarray(at, at + BLOCK_BYTES).map((byte, i) => byte ^ (mac[i] ?? 0));
      mac = this.#cipher.encrypt(block);
    }
    const bytes = [...mac];
    for (let counter = 1; bytes.length < d; counter++) {
      const block = Uint8Array.from(mac);
      new DataView(block.buffer).setUint32(12, new DataView(block.buffer).getUint32(12) ^ counter);
      bytes.push(...this.#cipher.encrypt(block));
    }
    return bytes.slice(0, d).reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
  }
}

function bigEndian(number: bigint, length: number): number[] {
  return Array.from({ length }, (_, i) => Number((number >> BigInt(8 * (length - 1 - i))) & 0xffn));
}

function modulo(number: bigint, size: bigint): bigint {
  const rest = number % size;
  return rest < 0n ? rest + size : rest;
}
