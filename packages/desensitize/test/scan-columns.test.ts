import type { Column, ColumnBatch } from "@sluice/protocol";
import { expect, test } from "vitest";
import { scanColumns, type IdentifierKind } from "../src/index.ts";

function texts(...dictionary: string[]): Column {
  return { type: "dict", values: Uint32Array.from(dictionary.keys()), dictionary };
}

function numbers(...values: number[]): Column {
  return { type: "f64", values: Float64Array.from(values) };
}

function kinds(column: Column): IdentifierKind[] {
  const batch: ColumnBatch = { rowCount: column.values.length, columns: { c: column } };
  return scanColumns(batch).map(({ kind }) => kind);
}

/** Values of a fixed linear congruence: as good as random for shapes, and the same in each run. */
function pseudoRandom(count: number): number[] {
  let state = 20_260_301;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  });
}

function digits(length: number, count: number): string[] {
  const random = pseudoRandom(length * count);
  return Array.from({ length: count }, (_, i) =>
    random
      .slice(i * length, (i + 1) * length)
      .map((x) => Math.floor(x * 10))
      .join(""),
  );
}

test("finds each kind that has a check character or a form of its own, alone or inside a text", () => {
  const found: [string, IdentifierKind[]][] = [
    ["11010519491231002X", ["resident-id"]],
    ["证号11010519491231002X，已核", ["resident-id"]],
    ["91350100M000100Y43", ["social-credit-code"]],
    ["13800138000", ["mobile-number"]],
    ["请拨13800138000", ["mobile-number"]],
    ["110105491231002", ["resident-id-15"]],
    ["6200 0000 0000 0005", ["bank-card"]],
    ["010-62345678", ["landline"]],
    ["write to a.b@example.com, please", ["e-mail"]],
    ["设备 00:1a:2b:3c:4d:5e 离线", ["mac-address"]],
    ["192.0.2.1", ["ip-address"]],
    ["车牌京A12345违停", ["plate"]],
    ["116.397128,39.916527", ["coordinates"]],
  ];
  for (const [text, expected] of found) expect([text, kinds(texts(text, "other"))]).toEqual([text, expected]);
});

test("finds real telephones among others where they are more than chance makes", () => {
  const mixed = (every: number): string[] =>
    Array.from({ length: 1_000 }, (_, i) => (i % every === 0 ? `138${10_000_000 + i}` : `020${80_000_000 + i}`));
  expect(kinds(texts(...mixed(4)))).toEqual(["mobile-number"]);
  expect(kinds(texts(...mixed(6)))).toEqual(["mobile-number"]);
  // As numbers, landlines lose the nought in front: what has eleven digits is a mobile number.
  expect(kinds(numbers(...mixed(4).map(Number)))).toEqual(["mobile-number"]);
  expect(kinds(numbers(...mixed(4).map(Number), ...digits(5, 3_000).map(Number)))).toEqual(["mobile-number"]);
});

test("finds identity numbers and telephones in groups, in digits of another script, with unseen characters between", () => {
  const arabic = (text: string): string =>
    text.replaceAll(/[0-9]/g, (digit) => String.fromCodePoint(0x660 + Number(digit)));
  const ids = [
    "110105 19491231 002X",
    "110105-19491231-002x",
    "1101 0519 4912 3100 2X",
    "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X",
    "110105\u200b19491231002X",
    "110105\u00ad1949\u20601231\ufeff002X",
    "110105\u201019491231\u2011002X",
    "110105\u2003\u202f19491231\u3000002X",
    "110105\u221219491231\u2014002X",
    `${arabic("11010519491231002")}X`,
  ];
  for (const id of ids) {
    expect([id, kinds(texts(id, "other"))]).toEqual([id, ["resident-id"]]);
    if (!id.startsWith("1 ")) expect([id, kinds(texts(`证号：${id}，已核`))]).toEqual([id, ["resident-id"]]);
  }
  // Every script's digits count from their own nought, where two sets of them stand side by side, too.
  const script = (nought: number): string =>
    Array.from("11010519491231002", (digit) => String.fromCodePoint(nought + Number(digit))).join("");
  for (const nought of [0x966, 0x1_d7d8, 0x1_16d0, 0x1_16da]) {
    expect([nought, kinds(texts(`${script(nought)}X`))]).toEqual([nought, ["resident-id"]]);
  }
  const mobiles = Array.from({ length: 100 }, (_, i) => `138\u200b00138${100 + i}`);
  expect(kinds(texts(...mobiles))).toEqual(["mobile-number"]);
  expect(kinds(texts("1380013 8000", "1 380 0138 001"))).toEqual(["mobile-number"]);
  expect(kinds(texts("110105 491231 002"))).toEqual(["resident-id-15"]);
  // Groups of other numbers are none, and a number that goes on is another one.
  expect(kinds(texts("20240131 110105 1234", "1 2 3 4 5 6 7 8 9 10 11 12", "110105 19491231 002X1"))).toEqual([]);
});

test("finds identity numbers of which a double kept all but the last digits", () => {
  const kept = Array.from({ length: 31 }, (_, i) => Number(`110105${19_491_001 + i}1234`));
  expect(kinds(numbers(...kept))).toEqual(["resident-id"]);
  expect(kinds(numbers(Number("110105194912310021"), 0, 5, 7))).toEqual(["resident-id"]);
  expect(kinds(numbers(Number("11010519491231002")))).toEqual(["resident-id"]);
  expect(kinds(numbers(...digits(18, 5_000).map(Number)))).toEqual([]);
  expect(
    kinds(numbers(...["-110105194912310021", "110105194913310021", "990105194912310021", "1e300"].map(Number))),
  ).toEqual([]);
});

test("finds a bank card inside longer texts, where more of them have a right check digit than by chance", () => {
  const noted = (card: string): string => `已退款至 ${card}，请查收`;
  expect(kinds(texts(noted("6200000000000005"), "另行通知", "无"))).toEqual(["bank-card"]);
  expect(kinds(texts(noted("6200 0000 0000 0005")))).toEqual(["bank-card"]);
  expect(kinds(texts(...digits(14, 2_000).map((tail) => noted(`62${tail}`))))).toEqual([]);
  expect(kinds(texts("0.6200000000000005", "x6200000000000005", "62000000000000050000"))).toEqual([]);
});

test("says how many values of each kind there are", () => {
  const columns = {
    id: texts("11010519491231002X", "无", "证号 110105 19491231 002X"),
    tel: texts(...Array.from({ length: 40 }, (_, i) => `138${10_000_000 + i}`), "02081234567"),
    number: numbers(13_800_138_001, 13_800_138_001, 13_912_345_678, 4),
  };
  const batch = { rowCount: 4, columns };
  expect(scanColumns(batch)).toEqual([
    { column: "id", kind: "resident-id", values: 2 },
    { column: "number", kind: "mobile-number", values: 3 },
    { column: "tel", kind: "mobile-number", values: 40 },
  ]);
});

test("names and addresses are found where they are most of the distinct values", () => {
  const names = Array.from({ length: 60 }, (_, i) => `王${String.fromCodePoint(0x4f1f + i)}`);
  expect(kinds(texts(...names))).toContain("person-name");
  expect(kinds(texts(...names.slice(0, 40)))).toEqual([]);
  expect(kinds(texts(...names.map((_, i) => `人民路${i + 1}号`)))).toEqual(["address"]);
});

test("finds numeric columns of telephones and cards", () => {
  expect(kinds(numbers(13_800_138_000, 15_912_345_678, 0))).toEqual(["mobile-number"]);
  expect(kinds(numbers(6_200_000_000_000_005, 4_111_111_111_111_111))).toEqual(["bank-card"]);
});

test("tokens, codes, amounts, buckets and versions are no identifiers", () => {
  const random = pseudoRandom(64_000);
  const hex = Array.from({ length: 2_000 }, (_, i) =>
    random
      .slice(i * 32, (i + 1) * 32)
      .map((x) => Math.floor(x * 16).toString(16))
      .join(""),
  );
  expect(kinds(texts(...hex))).toEqual([]);
  for (const length of [6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20]) {
    expect([length, kinds(texts(...digits(length, 2_000)))]).toEqual([length, []]);
  }
  expect(kinds(numbers(...digits(11, 2_000).map(Number)))).toEqual([]);
  expect(kinds(numbers(...digits(15, 2_000).map(Number)))).toEqual([]);
  expect(kinds(numbers(0, 5_000, 10_000, 1.5e10, 3e15, -1.38e10, Number.NaN, Infinity))).toEqual([]);
  expect(kinds(texts("1.2.3.4", "2.0.1.17", "[20, 30)", "≥ 65", "*", "2026-01", "110105", "138****8000"))).toEqual([]);
  expect(kinds(texts("汉族", "满族", "江苏省", "黄石市", "东 西", "高中", "Private", "<=50K", "A11"))).toEqual([]);
});

test("a transform that makes valid values may have its kinds allowed for its column, and no other", () => {
  const columns = { made: texts("11010519491231002X"), other: texts("11010519491231002X") };
  expect(scanColumns({ rowCount: 1, columns }, { made: ["resident-id"] })).toEqual([
    { column: "other", kind: "resident-id", values: 1 },
  ]);
  expect(scanColumns({ rowCount: 1, columns }, { made: ["mobile-number"] })).toHaveLength(2);
  expect(scanColumns({ rowCount: 1, columns: { constructor: texts("13800138000") } })).toHaveLength(1);
});

test("malformed texts are searched without an exception, a megabyte included", () => {
  const piece = ["😀", "\ud800", "\0", "1 ", "a@", "a.", "京A", "00:", "138-"];
  expect(kinds(texts(...piece.map((text) => text.repeat(Math.ceil(1_048_576 / text.length)))))).toEqual([]);
  expect(kinds(texts(`${"x ".repeat(500_000)}13800138000`))).toEqual(["mobile-number"]);
});
