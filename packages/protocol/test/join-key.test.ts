/** Keys of a join: what is the same under each type, what is not, and that no two keys make one entry.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalKey, JoinKeys, joinEntry, KeyType, PLAIN_KEYS, type KeyFault, type KeyValue } from "../src/index.ts";

// GB 11643-1999, annex, and GB 32100-2015; the mobile number is nobody's.
const ID = "11010519491231002X";
const CODE = "91350100M000100Y43";

/** The canonical form, or the fault in parentheses. */
function form(type: KeyType, text: string): string {
  const outcome = canonicalKey(type, text);
  return outcome.ok ? outcome.key : `(${outcome.fault})`;
}

function fullWidth(text: string): string {
  return text.replaceAll(/[!-~]/g, (character) => String.fromCodePoint((character.codePointAt(0) ?? 0) + 0xfee0));
}

const SAME: Record<Exclude<KeyType, "text">, [string, string[]]> = {
  name: ["张三", ["张 三", "张　三", " 张三\t", "张\u200b三", "\u2066张三\u2069", "\ufeff张三", "张三\ufe00"]],
  "resident-id": [
    ID,
    [
      ID.toLowerCase(),
      fullWidth(ID),
      fullWidth(ID.toLowerCase()),
      "110105 19491231 002X",
      "110105-19491231-002X",
      `\ufeff${ID} `,
    ],
  ],
  "credit-code": [CODE, [CODE.toLowerCase(), fullWidth(CODE), "91350100 M000100Y 43", "9135-0100-M000-100Y-43"]],
  mobile: [
    "13800138000",
    [
      "+8613800138000",
      "008613800138000",
      "+86 138 0013 8000",
      "138-0013-8000",
      "(+86)13800138000",
      fullWidth("13800138000"),
      "١٣٨٠٠١٣٨٠٠٠",
    ],
  ],
  integer: ["42", ["042", "+42", " 42 ", "４２", "٤٢", "0000042"]],
  date: ["2026-01-31", ["20260131", "2026/1/31", "2026.01.31", "2026年1月31日", "２０２６－０１－３１", "2026-1-31"]],
};

test("what differs only in writing is one key", () => {
  for (const [type, [key, others]] of Object.entries(SAME)) {
    for (const text of [key, ...others]) expect([text, form(type as KeyType, text)]).toEqual([text, key]);
  }
});

test("names: composed and decomposed, width, case, compatibility forms and dots are one; other characters are not", () => {
  const same = [
    ["é", "e\u0301"],
    ["Ünal", "u\u0308NAL"],
    ["ＡＢＣ公司", "abc公司"],
    ["Straße", "STRASSE"],
    ["ẞ", "ss"],
    ["ΟΔΟΣ", "οδος", "οδοσ"],
    ["ΝΙΚΟΣ·Α", "ΝΙΚΟΣ•Α", "ΝΙΚΟΣ・Α", "ΝΙΚΟΣ‧Α", "ΝΙΚΟΣ · Α", "νικος·α", "νικοσ•α"],
    ["\u1fb4", "\u1fb4".toUpperCase(), "\u1fb4".normalize("NFD")],
    ["阿不都·买买提", "阿不都•买买提", "阿不都・买买提", "阿不都‧买买提", "阿不都 · 买买提", "阿不都･买买提"],
    ["abdul·majid", "abdul · majid", "ABDUL• Majid"],
    ["豈", "\uf900"],
    ["⼀", "一"],
    ["ﾃｽﾄ", "テスト"],
    ["각", "\u1100\u1161\u11a8"],
    ["John  Smith", "john smith", "JOHN\u00a0SMITH", "\u202ejohn smith\u202c"],
    ["שָׁלוֹם", "שָׁלוֹם"],
    ["𠮷野", "\ud842\udfb7野"],
    ["（株）王", "(株)王"],
  ] as const;
  for (const [first, ...others] of same) {
    for (const other of others) expect([other, form("name", other)]).toEqual([other, form("name", first)]);
  }
  const different = [
    "吉野",
    "𠮷野",
    "张三",
    "张叁",
    "張三",
    "john smith",
    "johnsmith",
    "jóhn smith",
    "abc-公司",
    "abc公司",
    "é",
    "e",
    "👨‍👩‍👧",
    "👨",
  ];
  expect(new Set(different.map((text) => form("name", text))).size).toBe(different.length);
});

test.each<[KeyType, KeyFault, string[]]>([
  ["text", "missing", [""]],
  ["text", "not-unicode", ["\ud800", "a\udc00b"]],
  ["name", "missing", ["", " ", "\u3000", "\u200b\ufeff", "\u115f"]],
  ["name", "not-unicode", ["张\ud842"]],
  ["name", "characters", ["a\u0000b", "\u0007", "\uffff", "\u{2fffe}"]],
  ["name", "too-long", ["长".repeat(501)]],
  ["resident-id", "missing", ["", "　", "--"]],
  ["resident-id", "fifteen-digits", ["110105491231002"]],
  ["resident-id", "length", ["1101051949123100", ID.slice(0, 17), "1101051949123100211"]],
  ["resident-id", "characters", ["11010519491231002Y", "X1010519491231002X", `${ID}张`, "11010519491231O02X"]],
  ["resident-id", "codes", ["00010519491231002X", "99010519491231002X"]],
  [
    "resident-id",
    "date",
    ["11010519490231002X", "110105194912320028", "11010518991231002X", "110105190002290028", "110105210001010028"],
  ],
  ["resident-id", "check-character", ["110105194912310021", "440524198001010014"]],
  ["resident-id", "not-unicode", [`${ID}\ud800`]],
  ["resident-id", "too-long", [ID.padEnd(201)]],
  ["credit-code", "missing", [" "]],
  [
    "credit-code",
    "characters",
    Array.from("IOZSVioz_").map((letter) => `${CODE.slice(0, 9)}${letter}${CODE.slice(10)}`),
  ],
  ["credit-code", "length", [CODE.slice(1), `${CODE}1`]],
  [
    "credit-code",
    "codes",
    [`B1${CODE.slice(2)}`, `97${CODE.slice(2)}`, `9199${CODE.slice(4)}`, `91A50100${CODE.slice(8)}`],
  ],
  ["credit-code", "check-character", [`${CODE.slice(0, 17)}4`, "91350100M000200Y43"]],
  ["mobile", "missing", ["", " "]],
  ["mobile", "codes", ["12800138000", "02085551234"]],
  ["mobile", "length", ["1380013800", "+861380013800012", "86138001380001"]],
  ["mobile", "characters", ["13800138000 ext 2", "1380013800O", "call 13800138000"]],
  ["integer", "characters", ["1,000", "1 000", "1.0", "1e3", "--1", "0x10", "十"]],
  ["integer", "missing", ["", " "]],
  ["integer", "length", ["1".repeat(39)]],
  ["date", "date", ["2026-02-30", "20261301", "0000-01-01", "2023-02-29", "1900-02-29"]],
  ["date", "characters", ["31/01/2026", "2026-01-31 00:00:00", "2026-01/31", "26-01-31", "202601"]],
  ["date", "missing", ["", "\u200b"]],
])("%s: %s", (type, fault, texts) => {
  for (const text of texts) expect([text, form(type, text)]).toEqual([text, `(${fault})`]);
});

test("text: white space is a value, and each kind of it another", () => {
  for (const space of [" ", "  ", "\t", "\u3000", "\u200b"]) expect(form("text", space)).toBe(space);
});

test("integers: zero has one form, and the largest is kept digit for digit", () => {
  for (const zero of ["0", "-0", "+000"]) expect(form("integer", zero)).toBe("0");
  expect(form("integer", "-0012")).toBe("-12");
  expect(form("integer", "9".repeat(38))).toBe("9".repeat(38));
  expect(form("date", "2024-02-29")).toBe("2024-02-29");
  expect(form("date", "0001-1-1")).toBe("0001-01-01");
});

test("text is exact", () => {
  for (const text of [" a", "é", "e\u0301", "１", "x", "X", "👨‍👩‍👧"]) expect(form("text", text)).toBe(text);
});

// Independent of the tables of the implementation: ISO 7064 MOD 11-2 and the congruence of GB 32100 as the standards state them.
test("every identity number and credit code that the standards' congruences admit is taken, and no other check character", () => {
  const digits = (length: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
  fc.assert(
    fc.property(digits(4), fc.integer({ min: 0, max: 70_000 }), digits(3), (county, day, sequence) => {
      const birth = new Date(Date.UTC(1900, 0, 1 + day)).toISOString().slice(0, 10).replaceAll("-", "");
      const body = `44${county}${birth}${sequence}`;
      const rest = Array.from(body).reduce((sum, digit) => (2 * (sum + Number(digit))) % 11, 0);
      for (let check = 0; check <= 10; check++) {
        const id = body + (check === 10 ? "X" : String(check));
        expect(canonicalKey("resident-id", id).ok).toBe((rest + check) % 11 === 1);
      }
    }),
    { numRuns: 50 },
  );
  const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  const organisation = fc.array(fc.constantFrom(...Array.from(alphabet)), { minLength: 9, maxLength: 9 });
  fc.assert(
    fc.property(organisation, (nine) => {
      const body = `91440300${nine.join("")}`;
      const right = Array.from(alphabet).filter((check) => {
        const sum = Array.from(body + check).reduce(
          (total, character, i) => total + alphabet.indexOf(character) * (i < 17 ? Number(3n ** BigInt(i) % 31n) : 1),
          0,
        );
        return sum % 31 === 0;
      });
      const taken = Array.from(alphabet).filter((check) => canonicalKey("credit-code", body + check).ok);
      expect(taken).toEqual(right);
    }),
    { numRuns: 30 },
  );
});

test("a canonical form is its own, and no text makes a canonicaliser throw", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 }).map((units) => String.fromCharCode(...units)),
    fc.stringMatching(/^[+\-() 0-9Xx年月日/.]{0,20}$/),
  );
  fc.assert(
    fc.property(fc.constantFrom(...KeyType.options), texts, (type, text) => {
      const outcome = canonicalKey(type, text);
      if (outcome.ok) expect(canonicalKey(type, outcome.key)).toEqual(outcome);
    }),
    { numRuns: 800 },
  );
});

test("every character of Unicode has one name form, however it is composed", () => {
  const wrong: string[] = [];
  for (let point = 0x20; point < 0x20000; point++) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const text = `a${String.fromCodePoint(point)}b`;
    const outcome = form("name", text);
    const forms = [text.normalize("NFD"), text.normalize("NFC"), outcome.startsWith("(") ? text : outcome];
    const isOne = forms.every((other) => form("name", other) === outcome);
    if (!isOne || outcome.normalize("NFKC") !== outcome) wrong.push(point.toString(16));
  }
  expect(wrong).toEqual([]);
});

const typed = (...types: KeyType[]): JoinKeys => [types.map((type, i) => ({ field: `f${i}`, type }))];

function entry(keys: JoinKeys, values: KeyValue[], which = 0): string {
  const outcome = joinEntry(keys, keys[which] ?? [], values);
  return outcome.ok ? outcome.entry : `(${outcome.part.field}: ${outcome.fault})`;
}

test("a single text is the entry itself; any other key names fields and types in its entry", () => {
  expect(entry(PLAIN_KEYS, [" é\u0000"])).toBe(" é\u0000");
  expect(entry(typed("text"), ["13800138000"])).toBe("13800138000");
  expect(entry(typed("mobile"), ["+86 13800138000"])).toBe('[["f0","mobile","13800138000"]]');
  expect(entry(typed("resident-id", "name"), [ID.toLowerCase(), "张　三"])).toBe(
    `[["f0","resident-id","${ID}"],["f1","name","张三"]]`,
  );
});

test("a row whose key lacks a part has no entry, like a comparison with NULL", () => {
  const keys = typed("resident-id", "name");
  expect(entry(keys, [null, "张三"])).toBe("(f0: missing)");
  expect(entry(keys, [ID, undefined])).toBe("(f1: missing)");
  expect(entry(keys, [ID])).toBe("(f1: missing)");
  expect(entry(keys, [ID, " "])).toBe("(f1: missing)");
  expect(entry(keys, ["1", "张三"])).toBe("(f0: length)");
  expect(entry(PLAIN_KEYS, [""])).toBe("(key: missing)");
});

test("an entry has 1,024 bytes of UTF-8 at most, all parts together", () => {
  expect(entry(PLAIN_KEYS, ["é".repeat(512)])).toBe("é".repeat(512));
  expect(entry(PLAIN_KEYS, ["é".repeat(513)])).toBe("(key: too-long)");
  expect(entry(PLAIN_KEYS, ["a".repeat(1_025)])).toBe("(key: too-long)");
  expect(entry(typed("name", "name", "name"), Array<string>(3).fill("长".repeat(120)))).toBe("(f2: too-long)");
});

test("two keys make one entry only when every part is the same", () => {
  const value = fc.oneof(
    fc.constantFrom("", "a", "ab", "abc", "bc", "c", '"', '",', '"],["', "\\", "13800138000", "42"),
    fc.string({ unit: "grapheme", minLength: 1 }),
  );
  const part = fc.record({ field: fc.constantFrom("a", "b", "c"), type: fc.constantFrom(...KeyType.options), value });
  const row = fc.uniqueArray(part, { minLength: 1, maxLength: 3, selector: ({ field }) => field });
  fc.assert(
    fc.property(row, row, (left, right) => {
      // Both among the keys of one set, which is not one text.
      const keys = [left, right, [{ field: "z", type: "date" as const }]].map((parts) =>
        parts.map(({ field, type }) => ({ field, type })),
      );
      const outcome = (row: typeof left, which: number): string =>
        entry(
          keys,
          row.map((one) => one.value),
          which,
        );
      const forms = (row: typeof left): string[] =>
        row.map((one) => `${one.field}\u0000${one.type}\u0000${form(one.type, one.value)}`);
      fc.pre(![outcome(left, 0), outcome(right, 1)].some((text) => text.startsWith("(")));
      const alike = left.length === right.length && forms(left).every((one, i) => one === forms(right)[i]);
      expect(outcome(left, 0) === outcome(right, 1)).toBe(alike);
    }),
    { numRuns: 500 },
  );
  expect(entry(typed("text", "text"), ["ab", "c"])).not.toBe(entry(typed("text", "text"), ["a", "bc"]));
});

test("keys are declared once, with each field once in a key, and within limits", () => {
  const valid = (keys: unknown): boolean => JoinKeys.safeParse(keys).success;
  const id = { field: "id", type: "resident-id" };
  expect(valid([[id], [{ field: "phone", type: "mobile" }]])).toBe(true);
  expect(valid([])).toBe(false);
  expect(valid([[]])).toBe(false);
  expect(valid([[id, id]])).toBe(false);
  expect(valid([[id], [id]])).toBe(false);
  expect(valid([[{ ...id, type: "passport" }]])).toBe(false);
  expect(valid([[{ ...id, more: 1 }]])).toBe(false);
  expect(valid([["a", "b", "c", "d", "e"].map((field) => ({ field, type: "text" }))])).toBe(false);
  expect(valid(["a", "b", "c", "d", "e"].map((field) => [{ field, type: "text" }]))).toBe(false);
});
