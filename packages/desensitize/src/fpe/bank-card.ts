/** Bank cards: the digits between the issuer's first ones and the check digit are enciphered, which is computed anew. What all
 *  cards of the issuer's range begin with stays: 62 of UnionPay, 4 of Visa, 5 of Mastercard, the bank where a bank has a
 *  range of its own. Which bank issued a card of 62 is hidden.
 *  @module */
import { bankBin } from "../detect/facts/bank-bins.ts";
import { luhnDigit } from "../detect/bank-card.ts";
import type { BlockCipher } from "./block-cipher.ts";
import { DigitCipher } from "./digit-cipher.ts";

/** Card numbers of 13 to 19 digits whose issuer and check digit are right. */
export class BankCardCipher {
  readonly #cipher: BlockCipher;
  readonly #byRange = new Map<string, DigitCipher>();

  constructor(cipher: BlockCipher) {
    this.#cipher = cipher;
  }

  /** Pseudonyms of valid card numbers without spaces. */
  encrypt(cards: readonly string[]): string[] {
    return this.#map("encrypt", cards);
  }

  /** Undoes `encrypt`. */
  decrypt(cards: readonly string[]): string[] {
    return this.#map("decrypt", cards);
  }

  /** Ranges that are not all numbers with a common beginning (51 to 55) are walked: again until it is in the range. */
  #map(way: "encrypt" | "decrypt", cards: readonly string[]): string[] {
    const shown: string[] = [...cards];
    const ranges = cards.map((card) => bankBin(card));
    for (const range of new Set(ranges)) {
      if (range === undefined) continue;
      const begin = commonBeginning(range.first, range.last);
      const digits = this.#byRange.get(range.first) ?? new DigitCipher(this.#cipher, `bank-card ${range.first}`);
      this.#byRange.set(range.first, digits);
      let rows = ranges.flatMap((each, row) => (each === range ? [row] : []));
      while (rows.length > 0) {
        const bodies = digits[way](rows.map((row) => shown[row]?.slice(begin.length, -1) ?? ""));
        for (const [i, row] of rows.entries()) {
          const payload = begin + (bodies[i] ?? "");
          shown[row] = payload + luhnDigit(payload);
        }
        rows = rows.filter((row) => bankBin(shown[row] ?? "") !== range);
      }
    }
    return shown;
  }
}

function commonBeginning(first: string, last: string): string {
  let length = 0;
  while (length < first.length && first[length] === last[length]) length++;
  return first.slice(0, length);
}
