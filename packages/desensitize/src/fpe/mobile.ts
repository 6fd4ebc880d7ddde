/** Mobile numbers as ranks: a number segment in use and eight digits. A pseudonym has a segment in use, seldom its own.
 *  @module */
import { mobileDigits } from "@sluice/protocol";
import type { BlockCipher } from "./block-cipher.ts";
import { RankCipher } from "./rank-cipher.ts";

/** First three digits of mobile numbers that the plan of China's numbers has given out, without those of eleven-digit data cards.
 *  Part of the permutation: with another segment, all pseudonyms change.
 *
 *  SOURCE: numbering plan of the Ministry of Industry and Information Technology (电信网编号计划, 2017 edition, and the
 *  allocations that followed it), as the operators publish their segments. */
const SEGMENTS: readonly number[] =
  "130 131 132 133 134 135 136 137 138 139 145 146 147 148 149 150 151 152 153 155 156 157 158 159 162 165 166 167 170 171 172 173 174 175 176 177 178 180 181 182 183 184 185 186 187 188 189 190 191 192 193 195 196 197 198 199"
    .split(" ")
    .map(Number);
const NUMBERS_OF_SEGMENT = 1e8;
const RANK_OF_SEGMENT = Int16Array.from({ length: 1_000 }, (_, segment) => SEGMENTS.indexOf(segment));
/** In place of a number that is none. */
export const INVALID_MOBILE = -1;

/** Mobile numbers as numbers of eleven digits. */
export class MobileCipher {
  readonly #ranks: RankCipher;

  constructor(cipher: BlockCipher) {
    this.#ranks = new RankCipher(cipher, { name: "mobile", size: SEGMENTS.length * NUMBERS_OF_SEGMENT });
  }

  /** Enciphers the first `count` numbers in place; what is no mobile number becomes INVALID_MOBILE. */
  encrypt(numbers: Float64Array, count: number): void {
    this.#map("encrypt", numbers, count);
  }

  /** Undoes `encrypt`. */
  decrypt(numbers: Float64Array, count: number): void {
    this.#map("decrypt", numbers, count);
  }

  #map(way: "encrypt" | "decrypt", numbers: Float64Array, count: number): void {
    const ranks = new Float64Array(count);
    const rows = new Int32Array(count);
    let valid = 0;
    for (let i = 0; i < count; i++) {
      const number = numbers[i] ?? INVALID_MOBILE;
      const segment = Math.floor(number / NUMBERS_OF_SEGMENT);
      const rank = RANK_OF_SEGMENT[segment] ?? -1;
      if (rank < 0) {
        numbers[i] = INVALID_MOBILE;
        continue;
      }
      ranks[valid] = rank * NUMBERS_OF_SEGMENT + (number - segment * NUMBERS_OF_SEGMENT);
      rows[valid++] = i;
    }
    this.#ranks[way](ranks, valid);
    for (let j = 0; j < valid; j++) {
      const rank = ranks[j] ?? 0;
      const segment = Math.floor(rank / NUMBERS_OF_SEGMENT);
      numbers[rows[j] ?? 0] = (SEGMENTS[segment] ?? 0) * NUMBERS_OF_SEGMENT + (rank - segment * NUMBERS_OF_SEGMENT);
    }
  }
}

/** The eleven digits of `text` as a number, INVALID_MOBILE when it is no mobile number. */
export function parseMobile(text: string): number {
  const digits = mobileDigits(text);
  return digits === null ? INVALID_MOBILE : Number(digits);
}
