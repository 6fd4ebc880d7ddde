/** The formats of format-preserving encryption on texts: what is read as a value of the format, in what form its pseudonym is
 *  written, and null for all else. A value that is not of the format is never passed through.
 *  @module */
import { bankCardDigits } from "../detect/bank-card.ts";
import { normalForm } from "@sluice/protocol";
import { BankCardCipher } from "./bank-card.ts";
import type { BlockCipher } from "./block-cipher.ts";
import { DigitCipher, MAX_FPE_DIGITS, MIN_FPE_DIGITS } from "./digit-cipher.ts";
import { INVALID_MOBILE, MobileCipher, parseMobile } from "./mobile.ts";
import { INVALID_CHECK, ResidentIdCipher } from "./resident-id.ts";

/** Name of a format in a policy. */
export type FpeFormat = "resident-id" | "mobile" | "bank-card" | "digits";

type Texts = readonly (string | null)[];

/** A keyed bijection on the values of one format. */
export interface FormatCipher {
  /** Pseudonyms of `texts`: null for null and for what is not of the format. */
  encrypt(texts: Texts): (string | null)[];
  /** Undoes `encrypt`, in the form that pseudonyms are written in. */
  decrypt(texts: Texts): (string | null)[];
}

/** The bijection of `format` under a cipher. */
export function openFormat(format: FpeFormat, cipher: BlockCipher): FormatCipher {
  switch (format) {
    case "resident-id":
      return residentIds(new ResidentIdCipher(cipher));
    case "mobile":
      return mobiles(new MobileCipher(cipher));
    case "bank-card":
      return strings(new BankCardCipher(cipher), bankCardDigits);
    case "digits":
      return strings(new DigitCipher(cipher, "digits"), plainDigits);
  }
}

function residentIds(ids: ResidentIdCipher): FormatCipher {
  const map = (way: "encrypt" | "decrypt", texts: Texts): (string | null)[] => {
    const divisions = new Float64Array(texts.length);
    const tails = new Float64Array(texts.length);
    const checks = new Int8Array(texts.length).fill(INVALID_CHECK);
    for (const [i, text] of texts.entries()) {
      const id = text === null ? "" : normalForm(text).toUpperCase();
      if (!/^[0-9]{17}[0-9X]$/.test(id)) continue;
      divisions[i] = Number(id.slice(0, 6));
      tails[i] = Number(id.slice(6, 17));
      checks[i] = id[17] === "X" ? 10 : Number(id[17]);
    }
    ids[way](divisions, tails, checks, texts.length);
    return Array.from(checks, (check, i) => {
      if (check === INVALID_CHECK) return null;
      return `${divisions[i]}${tails[i]}${check === 10 ? "X" : check}`;
    });
  };
  return { encrypt: (texts) => map("encrypt", texts), decrypt: (texts) => map("decrypt", texts) };
}

function mobiles(numbers: MobileCipher): FormatCipher {
  const map = (way: "encrypt" | "decrypt", texts: Texts): (string | null)[] => {
    const values = Float64Array.from(texts, (text) => (text === null ? INVALID_MOBILE : parseMobile(text)));
    numbers[way](values, values.length);
    return Array.from(values, (value) => (value === INVALID_MOBILE ? null : String(value)));
  };
  return { encrypt: (texts) => map("encrypt", texts), decrypt: (texts) => map("decrypt", texts) };
}

function strings(
  cipher: { encrypt(texts: readonly string[]): string[]; decrypt(texts: readonly string[]): string[] },
  read: (text: string) => string | null,
): FormatCipher {
  const map = (way: "encrypt" | "decrypt", texts: Texts): (string | null)[] => {
    const values = texts.map((text) => (text === null ? null : read(text)));
    const shown = cipher[way](values.filter((value) => value !== null));
    let next = 0;
    return values.map((value) => (value === null ? null : (shown[next++] ?? null)));
  };
  return { encrypt: (texts) => map("encrypt", texts), decrypt: (texts) => map("decrypt", texts) };
}

function plainDigits(text: string): string | null {
  const digits = normalForm(text);
  const fits = digits.length >= MIN_FPE_DIGITS && digits.length <= MAX_FPE_DIGITS;
  return fits && /^[0-9]+$/.test(digits) ? digits : null;
}
