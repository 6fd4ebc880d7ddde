import {
  isMobileNumber,
  isResidentId,
  isSocialCreditCode,
  residentIdCheckDigit,
  socialCreditCheckCharacter,
  type Column,
  type ColumnBatch,
} from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { scanColumns } from "../src/index.ts";

// The standard's own examples (GB 11643-1999, annex).
const RESIDENT_IDS = ["11010519491231002X", "440524188001010014"];

test("accepts the identity number that GB 11643 works through, and computes both check characters", () => {
  expect(isResidentId("11010519491231002X")).toBe(true);
  for (const id of RESIDENT_IDS) expect(residentIdCheckDigit(id.slice(0, 17))).toBe(id[17]);
});

test("accepts lower-case x, full-width digits and surrounding space", () => {
  for (const id of ["11010519491231002x", fullWidth("11010519491231002X"), " 11010519491231002X\n"]) {
    expect(isResidentId(id)).toBe(true);
  }
});

test("rejects identity numbers of another shape, place, date or check character", () => {
  for (const id of [
    "",
    "110105194912310021",
    "11010519491231002",
    "11010519491231002XX",
    "110105194912310O2X",
    withCheck("10010519491231002"), // no province 10
    withCheck("11010518991231002"), // before 1900
    withCheck("11010520230229002"), // no 29 February
    withCheck("11010519490431002"), // no 31 April
    withCheck("11010519491331002"),
    withCheck("11010519490100002"),
    "11010519491231.002X",
  ]) {
    expect(isResidentId(id)).toBe(false);
  }
});

test("the check character is the one of ISO 7064 MOD 11-2, computed by its recursion", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{17}$/), (digits) => {
      let product = 0;
      for (const digit of digits) product = ((product + Number(digit)) * 2) % 11;
      const check = (12 - product) % 11;
      expect(residentIdCheckDigit(digits)).toBe(check === 10 ? "X" : String(check));
    }),
  );
});

test("every change of one digit of an identity number is found", () => {
  for (let place = 0; place < 17; place++) {
    const id = "11010519491231002X";
    const changed = id.slice(0, place) + String((Number(id[place]) + 1) % 10) + id.slice(place + 1);
    expect(isResidentId(changed)).toBe(false);
  }
});

test("check characters refuse input of another shape", () => {
  for (const digits of ["", "1".repeat(16), "1".repeat(18), "1101051949123100X"]) {
    expect(() => residentIdCheckDigit(digits)).toThrow(RangeError);
  }
  for (const characters of ["", "9".repeat(16), "9".repeat(18), "I".repeat(17)]) {
    expect(() => socialCreditCheckCharacter(characters)).toThrow(RangeError);
  }
});

// Published codes of public bodies and listed companies.
const CREDIT_CODES = ["91350100M000100Y43", "9144030071526726XG", "91330100799655058B"];

test("accepts published social credit codes", () => {
  for (const code of CREDIT_CODES) expect(isSocialCreditCode(code)).toBe(true);
  expect(isSocialCreditCode("91330100799655058b")).toBe(true);
});

test("rejects social credit codes of another shape or check character", () => {
  for (const code of [
    "",
    "91330100799655058A",
    "9133010079965505B",
    "I1330100799655058B",
    "913301007996550 8B",
    "913301007996550O8B",
  ]) {
    expect(isSocialCreditCode(code)).toBe(false);
  }
});

test("the check character of a social credit code follows the weights printed in GB 32100", () => {
  const weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
  const alphabet = Array.from("0123456789ABCDEFGHJKLMNPQRTUWXY");
  fc.assert(
    fc.property(fc.array(fc.nat(30), { minLength: 17, maxLength: 17 }), (values) => {
      const sum = values.reduce((total, value, i) => total + value * (weights[i] ?? 0), 0);
      const check = 31 - (sum % 31);
      const characters = values.map((value) => alphabet[value]).join("");
      expect(socialCreditCheckCharacter(characters)).toBe(alphabet[check === 31 ? 0 : check]);
    }),
  );
});

test("knows mobile numbers with and without prefix and separators", () => {
  for (const number of ["13800138000", "+8613800138000", "86 138-0013-8000", "19912345678", fullWidth("13800138000")]) {
    expect(isMobileNumber(number)).toBe(true);
  }
  for (const number of ["", "12800138000", "1380013800", "138001380001", "03800138000", "1380013800a", "-1.38e10"]) {
    expect(isMobileNumber(number)).toBe(false);
  }
});

function batchOf(columns: Record<string, Column>): ColumnBatch {
  const [first] = Object.values(columns);
  return { rowCount: first?.values.length ?? 0, columns };
}

function texts(...dictionary: string[]): Column {
  return { type: "dict", values: Uint32Array.from(dictionary.keys()), dictionary };
}

test("finds identifiers in any text of a column, alone or inside longer text", () => {
  const found = scanColumns(
    batchOf({
      remark: texts("none", "called 138-0013-8000 twice", "other"),
      code: texts("91330100799655058B"),
      both: texts("(11010519491231002x)", "电话13800138000,"),
      wide: texts(`身份证：${fullWidth("11010519491231002X")}`),
      clean: texts(
        "110105",
        "2026-01-01",
        "a".repeat(32),
        "123456789012345678901234",
        "911010519491231002X",
        "11010519491231002X1",
      ),
    }),
  );
  expect(found).toEqual([
    { column: "both", kind: "mobile-number", values: 1 },
    { column: "both", kind: "resident-id", values: 1 },
    { column: "code", kind: "social-credit-code", values: 1 },
    { column: "remark", kind: "mobile-number", values: 1 },
    { column: "wide", kind: "resident-id", values: 1 },
  ]);
});

test("finds a numeric column of mobile numbers, but not one large amount", () => {
  const numbers = (...values: number[]): Column => ({ type: "f64", values: Float64Array.from(values) });
  const found = scanColumns(
    batchOf({ phone: numbers(13_800_138_000, 15_912_345_678, 0), capital: numbers(15_000_000_000, 12.5, 3e9) }),
  );
  expect(found).toEqual([{ column: "phone", kind: "mobile-number", values: 2 }]);
});

test("masks and tokens are no identifiers", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[0-9a-f]{32}$/),
      fc.stringMatching(/^1[3-9][0-9]\*{4}[0-9]{4}$/),
      (token, masked) => {
        expect(scanColumns(batchOf({ token: texts(token, masked) }))).toEqual([]);
      },
    ),
  );
});

/** `digits` with the right check character, so that only what is named is wrong. */
function withCheck(digits: string): string {
  return digits + residentIdCheckDigit(digits);
}

/** ASCII characters in their full-width forms, as input methods type them. */
function fullWidth(text: string): string {
  return Array.from(text, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0)).join("");
}
