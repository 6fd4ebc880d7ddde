/** Strings of decimal digits of one length, under FF1 with radix 10 as the standard has it: no ranks, so that another
 *  implementation of FF1 agrees. In batches while the halves allow it, one by one beyond.
 *  @module */
import { utf8 } from "@sluice/protocol";
import type { BlockCipher } from "./block-cipher.ts";
import { Ff1Halves } from "./ff1-halves.ts";
import { Ff1Numerals } from "./ff1-numerals.ts";

/** Fewest digits: fewer are a domain of under a million. */
export const MIN_FPE_DIGITS = 6;
/** Most digits that are enciphered. */
export const MAX_FPE_DIGITS = 36;
/** Digits of which both halves are within the exact range of doubles. */
const MAX_BATCHED_DIGITS = 22;

/** A permutation of the strings of as many digits, for each length. */
export class DigitCipher {
  readonly #cipher: BlockCipher;
  readonly #tweak: Uint8Array;
  readonly #batched = new Map<number, Ff1Halves>();
  readonly #single = new Map<number, Ff1Numerals>();

  /** `name` makes the permutations others under the same key. */
  constructor(cipher: BlockCipher, name: string) {
    this.#cipher = cipher;
    this.#tweak = utf8(name);
  }

  /** Pseudonyms of `texts`, all of MIN_FPE_DIGITS to MAX_FPE_DIGITS digits. */
  encrypt(texts: readonly string[]): string[] {
    return this.#map("encrypt", texts);
  }

  /** Undoes `encrypt`. */
  decrypt(texts: readonly string[]): string[] {
    return this.#map("decrypt", texts);
  }

  #map(way: "encrypt" | "decrypt", texts: readonly string[]): string[] {
    const shown: string[] = [...texts];
    for (const length of new Set(texts.map((text) => text.length))) {
      const rows = texts.flatMap((text, row) => (text.length === length ? [row] : []));
      const chosen = rows.map((row) => texts[row] ?? "");
      const mapped = length <= MAX_BATCHED_DIGITS ? this.#batch(way, length, chosen) : this.#each(way, length, chosen);
      for (const [i, row] of rows.entries()) shown[row] = mapped[i] ?? "";
    }
    return shown;
  }

  #batch(way: "encrypt" | "decrypt", length: number, texts: readonly string[]): string[] {
    const ff1 = this.#batched.get(length) ?? new Ff1Halves(this.#cipher, this.#options(length));
    this.#batched.set(length, ff1);
    const half = Math.floor(length / 2);
    const left = Float64Array.from(texts, (text) => Number(text.slice(0, half)));
    const right = Float64Array.from(texts, (text) => Number(text.slice(half)));
    ff1[way](left, right, texts.length);
    return texts.map((_, i) => String(left[i]).padStart(half, "0") + String(right[i]).padStart(length - half, "0"));
  }

  #each(way: "encrypt" | "decrypt", length: number, texts: readonly string[]): string[] {
    const ff1 = this.#single.get(length) ?? new Ff1Numerals(this.#cipher, this.#options(length));
    this.#single.set(length, ff1);
    return texts.map((text) => String(ff1[way](BigInt(text))).padStart(length, "0"));
  }

  #options(length: number): { radix: number; length: number; tweak: Uint8Array } {
    return { radix: 10, length, tweak: this.#tweak };
  }
}
