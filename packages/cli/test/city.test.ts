import { createHash } from "node:crypto";
import { FieldName, isSluiceError, Name, ResourceField } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { csvLine, csvText } from "../src/demo/city/csv.ts";
import { generatePopulation } from "../src/demo/city/persons.ts";
import { cityTables, generateCity, type CityTable } from "../src/demo/city/tables.ts";

const PERSONS = 3_000;
const city = generateCity({ seed: "test", persons: PERSONS });
const tables = [city.hrss, city.health, city.market, city.filings];
const rowsOf = new Map(tables.map((table) => [table, [...table.rows()]]));

/** Values of one column. */
function column(table: CityTable, name: string): string[] {
  const place = table.header.indexOf(name);
  expect(place).toBeGreaterThanOrEqual(0);
  return (rowsOf.get(table) ?? []).map((row) => row[place] ?? "");
}

function digest(options: { seed: string; persons: number }): string {
  const hash = createHash("sha256");
  for (const table of cityTables(options)) for (const text of csvText(table)) hash.update(text);
  return hash.digest("hex");
}

test("the same seed gives the same bytes, another seed or size gives others", () => {
  const first = digest({ seed: "a", persons: 500 });
  expect(digest({ seed: "a", persons: 500 })).toBe(first);
  expect(digest({ seed: "b", persons: 500 })).not.toBe(first);
  expect(digest({ seed: "a", persons: 501 })).not.toBe(first);
});

test("a seed gives the same bytes on every machine", () => {
  // Change this hash together with the generator, and only then.
  const pinned = "3f62eabacac910f3df8b627eba728f14323da398f102cecfdad36efe2cb6d54b";
  expect(digest({ seed: "demo", persons: 1_000 })).toBe(pinned);
});

test("rows come again when they are asked for again, also while they are read", () => {
  for (const table of tables) {
    const all = rowsOf.get(table);
    const first = table.rows()[Symbol.iterator]();
    first.next();
    expect([...table.rows()]).toEqual(all);
    expect(first.next().value).toEqual(all?.[1]);
  }
});

test("every table is what its fields declare", () => {
  expect(tables.map(({ domain }) => domain)).toEqual(["hrss", "health", "market", "market"]);
  const patterns = {
    text: /^.+$/,
    integer: /^(0|[1-9][0-9]*)$/,
    decimal: /^[0-9]+\.[0-9]{2}$/,
    boolean: /^(true|false)$/,
    date: /^20[0-9]{2}-[0-9]{2}-[0-9]{2}$/,
  };
  for (const table of tables) {
    expect(Name.safeParse(table.resource).success).toBe(true);
    expect(table.header).toEqual(table.fields.map(({ name }) => name));
    for (const field of table.fields) {
      expect(ResourceField.safeParse(field).success).toBe(true);
      expect(FieldName.safeParse(field.name).success).toBe(true);
      for (const value of column(table, field.name)) expect(value).toMatch(patterns[field.type]);
    }
    for (const row of rowsOf.get(table) ?? []) expect(row.length).toBe(table.header.length);
  }
});

test("identity numbers are unique, with right check characters, birth dates and sexes", () => {
  const ids = column(city.hrss, "resident_id");
  const genders = column(city.hrss, "gender");
  const ages = column(city.hrss, "age");
  expect(ids.length).toBe(PERSONS);
  expect(new Set(ids).size).toBe(PERSONS);
  for (const [i, id] of ids.entries()) {
    expect(id).toMatch(/^[0-9]{17}[0-9X]$/);
    // ISO 7064: with its check character, the number is congruent to 1 modulo 11.
    const sum = Array.from(id).reduce((total, digit, place) => {
      const value = digit === "X" ? 10 : Number(digit);
      return (total + value * 2 ** (17 - place)) % 11;
    }, 0);
    expect(sum).toBe(1);
    expect(Number(id[16]) % 2 === 1 ? "male" : "female").toBe(genders[i]);
    const birth = Number(id.slice(6, 14));
    expect(Math.floor((20_260_630 - birth) / 10_000)).toBe(Number(ages[i]));
    const month = Number(id.slice(10, 12));
    const date = new Date(Date.UTC(Number(id.slice(6, 10)), month - 1, Number(id.slice(12, 14))));
    expect(date.getUTCMonth() + 1).toBe(month);
  }
});

test("identity numbers and phones are unique in a city large enough for chance to repeat them", () => {
  const { persons } = generatePopulation({ seed: "large", persons: 60_000 });
  expect(new Set(persons.map(({ residentId }) => residentId)).size).toBe(60_000);
  expect(new Set(persons.map(({ phone }) => phone)).size).toBe(60_000);
});

test("social credit codes are unique, with both check characters right", () => {
  const codes = column(city.market, "social_credit_code");
  expect(new Set(codes).size).toBe(codes.length);
  const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  const weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1];
  const organisation = [3, 7, 9, 10, 5, 8, 4, 2, 1];
  for (const code of codes) {
    const values = Array.from(code, (character) => alphabet.indexOf(character));
    expect(values.every((value) => value >= 0) && code.length === 18).toBe(true);
    expect(values.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0) % 31).toBe(0);
    const nine = Array.from(code.slice(8, 17), (character) => (character === "X" ? 10 : Number(character)));
    expect(nine.reduce((sum, value, i) => sum + value * (organisation[i] ?? 0), 0) % 11).toBe(0);
  }
});

test("every enterprise files one report, and one in forty of them, also in the smallest city, has a code of nobody", () => {
  for (const { market, filings } of [city, generateCity({ seed: "other", persons: 100 })]) {
    const [register, typed] = [market, filings].map((table) => Array.from(table.rows(), ([code = ""]) => code));
    const wrong = (typed ?? []).filter((code) => !(register ?? []).includes(code));
    expect(typed?.length).toBe(register?.length);
    expect(new Set(typed).size).toBe(register?.length);
    expect(wrong.length).toBe(Math.ceil(((register?.length ?? 0) - 7) / 40));
    expect((typed ?? []).map((code) => code.slice(0, 17))).toEqual((register ?? []).map((code) => code.slice(0, 17)));
  }
});

test("phones are unique mobile numbers", () => {
  const phones = column(city.hrss, "phone");
  expect(new Set(phones).size).toBe(PERSONS);
  for (const phone of phones) expect(phone).toMatch(/^1[3-9][0-9]{9}$/);
});

test("twelve canaries are in every table, and nobody else shares anything of theirs", () => {
  const { canaries } = city;
  expect(canaries.length).toBe(12);
  const texts = canaries.flatMap(({ residentId, name, phone }) => [residentId, name, phone]);
  expect(new Set(texts).size).toBe(36);
  const ids = [
    column(city.hrss, "resident_id"),
    column(city.health, "resident_id"),
    column(city.market, "legal_representative_id"),
  ];
  const names = [column(city.hrss, "name"), column(city.health, "name"), column(city.market, "legal_representative")];
  const marked = new Map(canaries.map((canary) => [canary.residentId, canary.name]));
  for (const [i, holders] of ids.entries()) {
    for (const { residentId } of canaries) expect(holders).toContain(residentId);
    for (const [row, name] of (names[i] ?? []).entries()) {
      expect(name.startsWith("闾丘")).toBe(marked.has(holders[row] ?? ""));
      expect(marked.get(holders[row] ?? "") ?? name).toBe(name);
    }
  }
  const phones = column(city.hrss, "phone");
  expect(phones.filter((phone) => phone.startsWith("19900")).sort()).toEqual(canaries.map(({ phone }) => phone).sort());
});

test("canaries differ between seeds, and even the smallest city has them all", () => {
  const other = generateCity({ seed: "other", persons: 100 });
  expect(other.canaries.length).toBe(12);
  const known = new Set(city.canaries.flatMap(({ residentId, phone }) => [residentId, phone]));
  for (const { residentId, phone } of other.canaries) expect(known.has(residentId) || known.has(phone)).toBe(false);
});

test("regions are skewed and ages are spread", () => {
  const sizes = new Map<string, number>();
  for (const region of column(city.hrss, "region")) sizes.set(region, (sizes.get(region) ?? 0) + 1);
  expect(sizes.size).toBeGreaterThan(15);
  expect(Math.max(...sizes.values()) / Math.min(...sizes.values())).toBeGreaterThan(8);
  const ages = column(city.hrss, "age").map(Number);
  expect(Math.min(...ages)).toBe(18);
  expect(Math.max(...ages)).toBe(80);
});

test("default follows from the other columns well enough to be learnt, and not entirely", () => {
  const number = (name: string): number[] => column(city.hrss, name).map(Number);
  const [arrears, insured, fund] = [number("arrears_months"), number("months_insured"), number("fund_months")];
  const defaulted = column(city.hrss, "defaulted").map((value) => value === "true");
  const rate = defaulted.filter(Boolean).length / PERSONS;
  expect(rate).toBeGreaterThan(0.08);
  expect(rate).toBeLessThan(0.25);
  const scores = arrears.map((months, i) => 0.55 * months - 0.006 * (insured[i] ?? 0) - 0.005 * (fund[i] ?? 0));
  const area = areaUnderCurve(scores, defaulted);
  expect(area).toBeGreaterThan(0.7);
  expect(area).toBeLessThan(0.9);
});

test("a city of a size that cannot be made is refused", () => {
  for (const persons of [0, 99, 5_000_001, 1_000.5, Number.NaN]) {
    try {
      generateCity({ seed: "x", persons });
      expect.unreachable();
    } catch (error) {
      expect(isSluiceError(error, "ERR_USAGE")).toBe(true);
    }
  }
});

test("CSV quotes what needs it and doubles quotes", () => {
  expect(csvLine(["a", "b,c", 'say "x"', "two\r\nlines", "", " 空 "])).toBe(
    'a,"b,c","say ""x""","two\r\nlines",, 空 \r\n',
  );
});

test("CSV quotes a lone carriage return and a lone line feed", () => {
  expect(csvLine(["a\rb", "a\nb"])).toBe('"a\rb","a\nb"\r\n');
});

test("what CSV writes, a reader of RFC 4180 reads back", () => {
  const cells = fc.string({ unit: fc.constantFrom("a", ",", '"', "\r", "\n", " ", "中"), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(fc.array(cells, { minLength: 2, maxLength: 4 }), { maxLength: 5 }), (rows) => {
      expect(readCsv(rows.map(csvLine).join(""))).toEqual(rows);
    }),
  );
});

test("the text of a table is its header and rows, whatever the pieces", () => {
  const pieces = [...csvText(city.hrss)];
  expect(pieces.length).toBeGreaterThan(1);
  for (const piece of pieces) expect(piece.endsWith("\r\n")).toBe(true);
  expect(readCsv(pieces.join(""))).toEqual([city.hrss.header, ...(rowsOf.get(city.hrss) ?? [])]);
});

/** Share of pairs in which the positive one scores higher. */
function areaUnderCurve(scores: readonly number[], positive: readonly boolean[]): number {
  const [yes, no] = [true, false].map((wanted) => scores.filter((_, i) => positive[i] === wanted));
  let wins = 0;
  for (const a of yes ?? []) for (const b of no ?? []) wins += a > b ? 1 : a === b ? 0.5 : 0;
  return wins / ((yes ?? []).length * (no ?? []).length);
}

/** A reader of RFC 4180, character by character. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? "";
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (character === '"') {
      quoted = true;
    } else if (character === ",") {
      row.push(cell);
      cell = "";
    } else if (character === "\r" && text[i + 1] === "\n") {
      rows.push([...row, cell]);
      [row, cell] = [[], ""];
      i++;
    } else {
      cell += character;
    }
  }
  return rows;
}
