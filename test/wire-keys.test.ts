/** Typed keys: the vectors of `packages/protocol/vectors/wire-v1.json`, with the rules of `docs/wire-psi.md` alone.
 *  @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyType } from "@sluice/protocol";
import { expect, test } from "vitest";
import { ROOT } from "./source-files.ts";
import type { makeKeyVectors } from "./wire-key-vectors.ts";
import { canonical } from "./wire-rules.ts";
import { WIRE_VECTORS_PATH } from "./wire-vectors-file.ts";

const text = readFileSync(join(ROOT, WIRE_VECTORS_PATH), "utf8");
const { joins } = JSON.parse(text) as { joins: ReturnType<typeof makeKeyVectors> };

const ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const PROVINCES = /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])/;
/** GB 32100: department, then its categories. */
const PAIRS = /^(?:1[1239]|2[19]|3[1-59]|4[19]|5[1239]|6[129]|7[129]|8[19]|9[123]|A[19]|N[1239]|Y1)/;

/** Digits of any script, by ten successive code points. */
function plain(value: string): string {
  let out = "";
  for (const character of value.normalize("NFKC")) {
    if (/\p{Cf}/u.test(character)) continue;
    if (/\p{Zs}/u.test(character)) out += " ";
    else if (/\p{Pd}|\u2212/u.test(character)) out += "-";
    else if (/\p{Nd}/u.test(character)) out += Number.parseInt(digitOf(character), 10);
    else out += character;
  }
  return out.trim();
}

function digitOf(character: string): string {
  if (/[0-9]/.test(character)) return character;
  // The Arabic digits of the vectors are the ten from U+0660.
  return String((character.codePointAt(0) ?? 0) - 0x660);
}

function isDay(year: number, month: number, day: number, from: number, to: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const same = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return same && year >= from && year <= to;
}

const RULES: Readonly<Record<KeyType, (value: string) => string | null>> = {
  text: (value) => (value === "" ? null : value),
  name: (value) => {
    const folded = value
      .normalize("NFKC")
      .replaceAll(/\p{Cf}|\p{Default_Ignorable_Code_Point}/gu, "")
      .toLowerCase()
      .toUpperCase()
      .toLowerCase()
      .normalize("NFKC")
      .replaceAll(/[\u2022\u2027\u2219\u22C5\u30FB]/gu, "\u00B7");
    const words = folded.split(/\s+/u).filter((word) => word !== "");
    const joined = words.reduce((before, word) => {
      const beside = /[\p{Script=Han}\u00B7]$/u.test(before) || /^[\p{Script=Han}\u00B7]/u.test(word);
      return before === "" || beside ? before + word : `${before} ${word}`;
    }, "");
    return value.length > 500 || joined === "" || /\p{Cc}|\p{Cn}/u.test(joined) ? null : joined;
  },
  "resident-id": (value) => {
    const id = plain(value).replaceAll(/[\s-]/g, "").toUpperCase();
    if (!/^[0-9]{17}[0-9X]$/.test(id) || !PROVINCES.test(id)) return null;
    if (!isDay(Number(id.slice(6, 10)), Number(id.slice(10, 12)), Number(id.slice(12, 14)), 1900, 2099)) return null;
    const sum = Array.from(id).reduce(
      (total, digit, i) => total + (digit === "X" ? 10 : Number(digit)) * 2 ** (17 - i),
      0,
    );
    return sum % 11 === 1 ? id : null;
  },
  "credit-code": (value) => {
    const code = plain(value).replaceAll(/[\s-]/g, "").toUpperCase();
    const values = Array.from(code, (character) => ALPHABET.indexOf(character));
    if (code.length !== 18 || values.includes(-1) || !PAIRS.test(code)) return null;
    const division = code.slice(2, 8);
    if (!/^[0-9]{6}$/.test(division) || !(division === "100000" || PROVINCES.test(division))) return null;
    const sum = values.reduce((total, one, i) => total + BigInt(one) * (i < 17 ? 3n ** BigInt(i) : 1n), 0n);
    return sum % 31n === 0n ? code : null;
  },
  mobile: (value) => {
    const digits = plain(value)
      .replaceAll(/[\s\-()]/g, "")
      .replace(/^(?:\+86|86|0086)(?=.{11}$)/, "");
    return /^1[3-9][0-9]{9}$/.test(digits) ? digits : null;
  },
  integer: (value) => {
    const number = /^([+-]?)([0-9]+)$/.exec(plain(value));
    if (number === null) return null;
    const form = BigInt(number[2] ?? "").toString();
    if (form.length > 38) return null;
    return number[1] === "-" && form !== "0" ? `-${form}` : form;
  },
  date: (value) => {
    const match = /^(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|(\d{2})(\d{2})|年(\d{1,2})月(\d{1,2})日)$/u.exec(
      plain(value),
    );
    const [year, month, day] = (match ?? []).slice(1).filter((part) => /^\d+$/.test(part ?? ""));
    if (!isDay(Number(year), Number(month), Number(day), 1, 9_999)) return null;
    return `${year}-${month?.padStart(2, "0")}-${day?.padStart(2, "0")}`;
  },
};

test("each value has the form that the page gives it, or none", () => {
  for (const [type, value, form] of joins.valid) expect([type, value, RULES[type](value)]).toEqual([type, value, form]);
  for (const [type, value] of joins.invalid) expect([type, value, RULES[type](value)]).toEqual([type, value, null]);
  const types = Object.keys(RULES).toSorted();
  expect([...new Set(joins.valid.map(([type]) => type))].toSorted()).toEqual(types);
  expect([...new Set(joins.invalid.map(([type]) => type))].toSorted()).toEqual(types);
  // Of each reason there is one, but that halves of surrogate pairs have no place in a file of UTF-8.
  expect(new Set(joins.invalid.map(([, , fault]) => fault)).size).toBe(8);
});

test("entries are the canonical JSON of fields, types and forms; that of one text is the text", () => {
  for (const { keys, key, values, entry } of joins.entries) {
    const parts = keys[key] ?? [];
    const forms = parts.map(({ field, type }, i) => [field, type, RULES[type](values[i] ?? "")]);
    const isPlain = keys.length === 1 && parts.length === 1 && parts[0]?.type === "text";
    expect(entry).toBe(isPlain ? values[0] : canonical(forms));
  }
});
