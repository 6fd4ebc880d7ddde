/** Format-preserving pseudonyms: valid values become valid values, one to one, and nothing else passes.
 *  @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isBankCard, luhnDigit } from "../src/detect/bank-card.ts";
import { bankBin } from "../src/detect/facts/bank-bins.ts";
import { knownDivisions } from "../src/detect/facts/division-codes.ts";
import { isMobileNumber, isResidentId, residentIdCheckDigit } from "@sluice/protocol";
import { openBlockCipher, type BlockCipherName } from "../src/fpe/block-cipher.ts";
import { openFormat, type FpeFormat } from "../src/fpe/format-cipher.ts";
import { RankCipher } from "../src/fpe/rank-cipher.ts";
import { plainFf1 } from "./plain-ff1.ts";

const key = Uint8Array.from({ length: 32 }, (_, i) => i);
const open = (format: FpeFormat, cipher: BlockCipherName = "aes") =>
  openFormat(format, openBlockCipher(cipher, cipher === "aes" ? key : key.subarray(0, 16)));

function id(digits17: string): string {
  return digits17 + residentIdCheckDigit(digits17);
}

function card(payload: string): string {
  return payload + luhnDigit(payload);
}

const divisions = fc.oneof(
  fc.constantFrom(...knownDivisions()),
  fc
    .tuple(fc.constantFrom("11", "44", "65", "71", "83"), fc.nat(9_999))
    .map(([p, rest]) => p + String(rest).padStart(4, "0")),
);
const ids = fc
  .tuple(
    divisions,
    fc.date({ min: new Date("1900-01-01"), max: new Date("2099-12-31"), noInvalidDate: true }),
    fc.nat(999),
  )
  .map(([division, date, sequence]) =>
    id(division + date.toISOString().slice(0, 10).replaceAll("-", "") + String(sequence).padStart(3, "0")),
  );
const mobiles = fc
  .tuple(fc.constantFrom("130", "139", "147", "158", "162", "177", "189", "192", "199"), fc.nat(99_999_999))
  .map(([segment, rest]) => segment + String(rest).padStart(8, "0"));
const cards = fc
  .tuple(
    fc.constantFrom(
      ...([
        ["62", 19],
        ["62", 16],
        ["4", 13],
        ["4", 16],
        ["53", 16],
        ["2300", 16],
        ["37", 15],
        ["3530", 16],
      ] as const),
      ...([
        ["9558", 19],
        ["95599", 19],
        ["603367", 18],
        ["690755", 15],
      ] as const),
    ),
    fc.array(fc.nat(9), { minLength: 19, maxLength: 19 }),
  )
  .map(([begin, [length, ...digits]]) => card((begin[0] + [length, ...digits].join("")).slice(0, begin[1] - 1)));
const digits = fc.string({ unit: fc.constantFrom(..."0123456789".split("")), minLength: 6, maxLength: 36 });

test.each<[FpeFormat, fc.Arbitrary<string>, (text: string) => boolean]>([
  ["resident-id", ids, isResidentId],
  ["mobile", mobiles, isMobileNumber],
  ["bank-card", cards, isBankCard],
  ["digits", digits, (text) => /^[0-9]{6,36}$/.test(text)],
])(
  "%s: a pseudonym is valid, as long as the value, another under AES than under SM4, and can be undone",
  (format, values, valid) => {
    const [aes, sm4] = [open(format), open(format, "sm4")];
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 40 }), (texts) => {
        const shown = aes.encrypt(texts);
        expect(shown.every((text) => text !== null && valid(text))).toBe(true);
        expect(shown.map((text) => text?.length)).toEqual(texts.map((text) => text.length));
        expect(aes.decrypt(shown)).toEqual(texts);
        expect(sm4.decrypt(sm4.encrypt(texts))).toEqual(texts);
        expect(new Set(shown).size).toBe(new Set(texts).size);
        // One by one as in a batch.
        expect(aes.encrypt([texts[0] ?? ""])).toEqual([shown[0]]);
        if (texts.length > 5) expect(sm4.encrypt(texts)).not.toEqual(shown);
      }),
      { numRuns: 40 },
    );
  },
);

test("pseudonyms stay the same from version to version: tables, radices and names are part of the permutation", () => {
  expect(knownDivisions()).toHaveLength(4_958);
  expect(
    (["resident-id", "mobile", "bank-card", "digits"] as const).map(
      (format) =>
        open(format).encrypt([
          {
            "resident-id": id("11010119900307001"),
            mobile: "13800000000",
            "bank-card": card("622202000000000000"),
            digits: "000001",
          }[format],
        ])[0],
    ),
  ).toEqual(["130106199309225165", "13928177337", "6296167213180788578", "131109"]);
});

describe("resident-id", () => {
  test("numbers of known divisions and of the past stay among themselves, and others too", () => {
    const known = new Set(knownDivisions());
    const usual = (text: string): boolean => known.has(text.slice(0, 6)) && text.slice(6, 10) < "2026";
    fc.assert(
      fc.property(fc.array(ids, { minLength: 1, maxLength: 40 }), (texts) => {
        expect(
          open("resident-id")
            .encrypt(texts)
            .map((text) => usual(text ?? "")),
        ).toEqual(texts.map(usual));
      }),
      { numRuns: 20 },
    );
  });

  test("division, date, sex and sequence of a pseudonym are those of another", () => {
    const people = Array.from({ length: 2_000 }, (_, i) => id(`11010119900307${String(i % 1_000).padStart(3, "0")}`));
    const shown = open("resident-id").encrypt([...new Set(people)]);
    expect(new Set(shown.map((text) => text?.slice(0, 6))).size).toBeGreaterThan(800);
    expect(new Set(shown.map((text) => text?.slice(6, 14))).size).toBeGreaterThan(950);
    const men = shown.filter((text) => Number(text?.[16]) % 2 === 1).length;
    expect(Math.abs(men - 500)).toBeLessThan(6 * Math.sqrt(250));
  });

  test("what is no identity number of eighteen characters is null", () => {
    const valid = id("11010119900307001");
    const wrong = valid.slice(0, 17) + (valid[17] === "1" ? "2" : "1");
    const refused = [
      wrong,
      "110101900307001", // fifteen digits
      id("11010119900230001"), // no such day
      id("11010118991231001"),
      id("00010119900307001"), // no such province
      valid.slice(0, 17),
      `${valid}0`,
      `a${valid}`,
      "",
      "\u0000".repeat(18),
      "😀😀😀😀😀😀😀😀😀",
      "x".repeat(100_000),
    ];
    expect(open("resident-id").encrypt([...refused, null])).toEqual(Array(refused.length + 1).fill(null));
  });

  test("full-width digits, space around and a small x are the same number", () => {
    const person = id("11010519491231002");
    expect(person.endsWith("X")).toBe(true);
    const forms = [
      person,
      person.toLowerCase(),
      ` ${person}\n`,
      person.replaceAll(/[0-9]/g, (d) => String.fromCodePoint(0xff10 + Number(d))),
    ];
    expect(new Set(open("resident-id").encrypt(forms)).size).toBe(1);
  });
});

describe("mobile", () => {
  test("forms of one number have one pseudonym, and what is none is null", () => {
    const forms = ["13812345678", "+86 138-1234-5678", "0086 138 1234 5678", "１３８１２３４５６７８"];
    expect(new Set(open("mobile").encrypt(forms)).size).toBe(1);
    const refused = [
      "1381234567",
      "138123456789",
      "12812345678",
      "15412345678",
      "a3812345678",
      "+87 13812345678",
      "1e10",
      "",
    ];
    expect(open("mobile").encrypt(refused)).toEqual(refused.map(() => null));
  });
});

describe("bank-card", () => {
  test("only the beginning that the range has in common stays", () => {
    const shown = open("bank-card").encrypt(
      Array.from({ length: 500 }, (_, i) => card(`6222020000000${String(i).padStart(5, "0")}`)),
    );
    expect(shown.every((text) => text?.startsWith("62") === true && text.length === 19)).toBe(true);
    expect(new Set(shown.map((text) => text?.slice(2, 6))).size).toBeGreaterThan(450);
    const master = open("bank-card").encrypt([card("535555555555555")])[0] ?? "";
    expect(bankBin(master)?.first).toBe("51");
  });

  test("a wrong check digit, an unknown issuer and other text are null; groups are read", () => {
    const right = card("622202000000000000");
    const refused = [
      right.slice(0, -1) + String((Number(right.at(-1)) + 1) % 10),
      card("000000000000000"),
      "62",
      "",
      "6222-",
      "４",
    ];
    expect(open("bank-card").encrypt(refused)).toEqual(refused.map(() => null));
    const grouped = right.replaceAll(/(.{4})(?=.)/g, "$1 ");
    expect(open("bank-card").encrypt([grouped])).toEqual(open("bank-card").encrypt([right]));
  });
});

describe("digits", () => {
  test("are FF1 with radix 10 and the format's name as tweak, for short and long values alike", () => {
    for (const text of [
      "000000",
      "123456",
      "0".repeat(22),
      "9".repeat(23),
      "31415926535897932384626433832795028".slice(0, 34),
    ]) {
      const plain = plainFf1(
        { algorithm: "aes-256-ecb", key, radix: 10, tweak: new TextEncoder().encode("digits") },
        Array.from(text, Number),
      );
      expect(open("digits").encrypt([text])).toEqual([plain.join("")]);
    }
  });

  test("fewer than six digits are refused: their domain is below a million", () => {
    const refused = ["12345", "", "12345a", "-123456", "1".repeat(37), "1 23456", null];
    expect(open("digits").encrypt(refused)).toEqual(refused.map(() => null));
  });
});

describe("ranks", () => {
  const cipher = openBlockCipher("aes", key);

  test("a whole small domain, and the accepted half of it, is permuted: every rank once, and back", () => {
    // Just above a square, so that there is something to walk.
    const size = 1_002_003;
    const half = { name: "test", size, accepts: (rank: number): boolean => rank % 2 === 1 };
    for (const [options, step] of [
      [{ name: "test", size }, 1],
      [half, 2],
    ] as const) {
      const ranks = new RankCipher(cipher, options);
      const shown = Float64Array.from({ length: Math.floor(size / step) }, (_, i) => step * i + step - 1);
      ranks.encrypt(shown, shown.length);
      const seen = new Uint8Array(size);
      let fixed = 0;
      for (let i = 0; i < shown.length; i++) {
        seen[shown[i] ?? 0] = 1;
        if (shown[i] === step * i + step - 1) fixed++;
      }
      let ranksSeen = 0;
      for (let i = step - 1; i < size; i += step) ranksSeen += seen[i] ?? 0;
      expect(ranksSeen).toBe(shown.length);
      expect(fixed).toBeLessThan(10);
      ranks.decrypt(shown, 5_000);
      expect(shown.subarray(0, 5_000).every((rank, i) => rank === step * i + step - 1)).toBe(true);
    }
  });

  test("a domain below a million or beyond exact doubles is refused", () => {
    for (const size of [999_999, 2 ** 52 + 1, Number.NaN, 1e6 + 0.5]) {
      expect(() => new RankCipher(cipher, { name: "test", size })).toThrow("a domain has");
    }
  });

  test("another name is another permutation", () => {
    const shown = ["a", "b"].map((name) => {
      const ranks = Float64Array.from({ length: 100 }, (_, i) => i);
      new RankCipher(cipher, { name, size: 1_000_000 }).encrypt(ranks, 100);
      return ranks;
    });
    expect(shown[0]).not.toEqual(shown[1]);
  });
});
