/** Format-preserving encryption of a column: pseudonyms that are valid values of the format, one to one, under a key of the
 *  scene. What is not of the format becomes null. Who has the key can undo it; without the key, equal values show as equal.
 *
 *  In SQL, plain identity and mobile numbers cross to TypeScript as numbers, which is several times cheaper than texts; all
 *  else crosses as text. An identity number has 17 digits before its check character and never passes through one double.
 *  @module */
import type { Bytes, Transform } from "@sluice/protocol";
import { openBlockCipher, type BlockCipher, type BlockCipherName } from "../fpe/block-cipher.ts";
import { openFormat, type FormatCipher, type FpeFormat } from "../fpe/format-cipher.ts";
import { INVALID_MOBILE, MobileCipher } from "../fpe/mobile.ts";
import { INVALID_CHECK, ResidentIdCipher } from "../fpe/resident-id.ts";
import type { VectorColumn, VectorFunction } from "../vector-function.ts";
import { keyFor } from "./keyed-hash.ts";

type Fpe = Extract<Transform, { kind: "fpe" }>;

const CIPHERS: readonly BlockCipherName[] = ["aes", "sm4"];
const FORMATS: readonly FpeFormat[] = ["resident-id", "mobile", "bank-card", "digits"];
/** Bytes of an SM4 key; AES takes all 32 of a derived key. */
const SM4_KEY_BYTES = 16;
/** Digits of date and sequence in an identity number, and what the division is multiplied with before them. */
const TAIL = 1e11;

const opened = new WeakMap<Bytes, Map<string, FormatCipher>>();

/** The pseudonym of `text`; null when it is not of the format. @throws RangeError when the token key is not 16 to 64 bytes. */
export function encipher({ format, cipher }: Fpe, text: string, tokenKey: Bytes): string | null {
  const formats = opened.get(tokenKey) ?? new Map<string, FormatCipher>();
  opened.set(tokenKey, formats);
  const name = `${format} ${cipher}`;
  const open = formats.get(name) ?? openFormat(format, openBlockCipher(cipher, fpeKey(cipher, tokenKey)));
  formats.set(name, open);
  return open.encrypt([text])[0] ?? null;
}

/** What to bind for `encipherSql`. Secret. */
export function encipherParameters({ cipher }: Fpe, tokenKey: Bytes): Record<string, Bytes> {
  return { [parameterName(cipher)]: fpeKey(cipher, tokenKey) };
}

/** The pseudonym of an SQL text expression. */
export function encipherSql({ format, cipher }: Fpe, text: string): string {
  const key = `$${parameterName(cipher)}`;
  const general = `${functionName(format, cipher)}(${key}, ${text})`;
  const number = (digits: string): string => `TRY_CAST(${digits} AS BIGINT)`;
  const plain = (digits: string): string => `CAST(${number(digits)} AS VARCHAR) = ${digits}`;
  if (format === "resident-id") {
    const digits = `left(${text}, 17)`;
    const parts = [`${number(digits)} // ${TAIL}`, `${number(digits)} % ${TAIL}`, `ascii(right(${text}, 1))`];
    const doubles = parts.map((part) => `CAST(${part} AS DOUBLE)`).join(", ");
    // A number that ends in X comes back without its last character.
    const numeric = `rpad(CAST(${functionName(format, cipher)}_number(${key}, ${doubles}) AS VARCHAR), 18, 'X')`;
    return `CASE WHEN strlen(${text}) = 18 AND ${plain(digits)} THEN ${numeric} ELSE ${general} END`;
  }
  if (format === "mobile") {
    const numeric = `${functionName(format, cipher)}_number(${key}, CAST(${number(text)} AS DOUBLE))`;
    return `CASE WHEN strlen(${text}) = 11 AND ${plain(text)} THEN CAST(CAST(${numeric} AS BIGINT) AS VARCHAR) ELSE ${general} END`;
  }
  return general;
}

/** The functions that `encipherSql` calls. */
export const FPE_FUNCTIONS: readonly VectorFunction[] = CIPHERS.flatMap((cipher) => [
  ...FORMATS.map((format) => textFunction(format, cipher)),
  residentIdFunction(cipher),
  mobileFunction(cipher),
]);

function textFunction(format: FpeFormat, cipher: BlockCipherName): VectorFunction {
  const open = keyed(cipher, (blocks) => openFormat(format, blocks));
  return {
    name: functionName(format, cipher),
    parameters: ["bytes", "text"],
    returns: "text",
    apply: ([keys, texts]) => {
      if (texts?.type !== "text") throw new TypeError("expected texts");
      return { type: "text", values: open(keys).encrypt(texts.values) };
    },
  };
}

/** Division; date and sequence; code point of the check character. */
function residentIdFunction(cipher: BlockCipherName): VectorFunction {
  const open = keyed(cipher, (blocks) => new ResidentIdCipher(blocks));
  return {
    name: `${functionName("resident-id", cipher)}_number`,
    parameters: ["bytes", "double", "double", "double"],
    returns: "bigint",
    apply: ([keys, divisions, tails, characters], length) => {
      if (divisions?.type !== "double" || tails?.type !== "double" || characters?.type !== "double") {
        throw new TypeError("expected numbers");
      }
      const checks = new Int8Array(length);
      for (let i = 0; i < length; i++) checks[i] = checkOf(characters.valid[i] === 1 ? (characters.values[i] ?? 0) : 0);
      open(keys).encrypt(divisions.values, tails.values, checks, length);
      const values = new BigInt64Array(length);
      const valid = new Uint8Array(length);
      const words = new DataView(values.buffer);
      for (let i = 0; i < length; i++) {
        const check = checks[i] ?? INVALID_CHECK;
        if (check === INVALID_CHECK) continue;
        valid[i] = 1;
        const [division, tail] = [divisions.values[i] ?? 0, tails.values[i] ?? 0];
        if (check === 10) writeInteger(words, 8 * i, division, TAIL, tail);
        else writeInteger(words, 8 * i, division, 10 * TAIL, tail * 10 + check);
      }
      return { type: "bigint", values, valid };
    },
  };
}

/** Mobile numbers of eleven digits. */
function mobileFunction(cipher: BlockCipherName): VectorFunction {
  const open = keyed(cipher, (blocks) => new MobileCipher(blocks));
  return {
    name: `${functionName("mobile", cipher)}_number`,
    parameters: ["bytes", "double"],
    returns: "double",
    apply: ([keys, numbers], length) => {
      if (numbers?.type !== "double") throw new TypeError("expected numbers");
      const values = numbers.values;
      const valid = new Uint8Array(length);
      for (let i = 0; i < length; i++) if (numbers.valid[i] !== 1) values[i] = INVALID_MOBILE;
      open(keys).encrypt(values, length);
      for (let i = 0; i < length; i++) valid[i] = Number(values[i] !== INVALID_MOBILE);
      return { type: "double", values, valid };
    },
  };
}

/** What `make` makes of the key of a call: kept from one call to the next, since an engine calls for each few thousand rows. */
function keyed<T>(cipher: BlockCipherName, make: (blocks: BlockCipher) => T): (keys: VectorColumn | undefined) => T {
  let last: { key: Bytes; made: T } | undefined;
  return (keys) => {
    const key = keys?.type === "bytes" ? keys.values[0] : undefined;
    if (key === undefined || key === null) throw new TypeError("expected a key");
    if (last === undefined || !sameBytes(last.key, key)) {
      last = { key: Uint8Array.from(key), made: make(openBlockCipher(cipher, key)) };
    }
    return last.made;
  };
}

function sameBytes(a: Bytes, b: Bytes): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

function fpeKey(cipher: BlockCipherName, tokenKey: Bytes): Bytes {
  const key = keyFor(`fpe-${cipher}`, tokenKey);
  return cipher === "sm4" ? key.subarray(0, SM4_KEY_BYTES) : key;
}

function parameterName(cipher: BlockCipherName): string {
  return `fpeKey_${cipher}`;
}

function functionName(format: FpeFormat, cipher: BlockCipherName): string {
  return `sluice_fpe_${format.replace("-", "_")}_${cipher}`;
}

/** Value of a check character: 0 to 9, 10 for X and x. */
function checkOf(character: number): number {
  if (character === 88 || character === 120) return 10;
  return character >= 48 && character <= 57 ? character - 48 : INVALID_CHECK;
}

/** Writes high × scale + low as a 64-bit integer of this machine: high is below 2^20, low below scale, scale at most 10^12. */
function writeInteger(words: DataView, at: number, high: number, scale: number, low: number): void {
  const lowWord = high * (scale % 2 ** 32) + low;
  const highWord = high * Math.floor(scale / 2 ** 32) + Math.floor(lowWord / 2 ** 32);
  words.setUint32(at + (LITTLE_ENDIAN ? 0 : 4), lowWord, LITTLE_ENDIAN);
  words.setUint32(at + (LITTLE_ENDIAN ? 4 : 0), highWord, LITTLE_ENDIAN);
}

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
