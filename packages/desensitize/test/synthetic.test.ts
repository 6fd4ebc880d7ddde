/** Rows that describe nobody, in the form that a domain gives to a job.
 *  @module */
import {
  isResidentId,
  isSocialCreditCode,
  isValid,
  residentIdCheckDigit,
  type Column,
  type Policy,
  type ResourceField,
  type ResourceProfile,
  type Transform,
} from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkPolicy, synthesize, viewColumns } from "../src/index.ts";
import { describe, field, policyOf } from "./fixtures.ts";

/** A table with a column of every stored type under every transform that fits it. */
const resource = describe(
  field("person", "text", "direct"),
  field("phone", "text", "direct"),
  field("id", "text", "direct"),
  field("word", "text"),
  field("code", "text"),
  field("born", "date"),
  field("year", "date"),
  field("count", "integer"),
  field("banded", "integer"),
  field("amount", "decimal"),
  field("share", "decimal"),
  field("flag", "boolean"),
);
const columns: Policy["columns"] = {
  person: { role: "direct", transform: { kind: "token" } },
  phone: { role: "direct", transform: { kind: "mask", keepFirst: 2, keepLast: 1 } },
  word: { role: "other", transform: { kind: "keep" } },
  code: { role: "other", transform: { kind: "generalize", length: 4 } },
  born: { role: "other", transform: { kind: "keep" } },
  year: { role: "other", transform: { kind: "generalize", length: 4 } },
  count: { role: "other", transform: { kind: "keep" } },
  banded: { role: "other", transform: { kind: "bucket", width: 10, min: 20, max: 60 } },
  amount: { role: "other", transform: { kind: "bucket", width: 0.5, min: -1, max: 1 } },
  share: { role: "other", transform: { kind: "keep" } },
  flag: { role: "other", transform: { kind: "keep" } },
};
const policy = policyOf(columns);
const source = { resource, policy };
const names = Object.keys(columns);

/** The values of a column as a job reads them, null where there is none. */
function shown(column: Column | undefined, rowCount: number): (number | string | null)[] {
  if (column === undefined) throw new Error("the column is missing");
  return Array.from({ length: rowCount }, (_, row) => {
    if (!isValid(column, row)) return null;
    const value = column.values[row] ?? Number.NaN;
    return column.type === "dict" ? (column.dictionary[value] ?? "outside") : value;
  });
}

test("every shown column has the type that the policy gives it, and one value per row", () => {
  checkPolicy(policy, resource, "id");
  const types = viewColumns(policy, resource);
  const { rowCount, columns } = synthesize(source, names, { rows: 500, seed: 1 });
  expect(rowCount).toBe(500);
  expect(Object.fromEntries(Object.entries(columns).map(([name, { type }]) => [name, type]))).toEqual(types);
  for (const column of Object.values(columns)) {
    expect(column.values).toHaveLength(500);
    expect(shown(column, 500)).not.toContain("outside");
  }
});

test("values look as the policy leaves real ones", () => {
  const { columns } = synthesize(source, names, { rows: 3_000, seed: 1 });
  const patterns: Record<string, RegExp> = {
    person: /^[0-9a-f]{32}$/,
    phone: /^10\*{8}\d$/,
    word: /^word-[1-6]$/,
    code: /^111[1-6]$/,
    born: /^(?:19[5-9]\d|200\d)-\d\d-\d\d$/,
    year: /^(?:19[5-9]\d|200\d)$/,
    banded: /^(?:20|30|40|50|60)$/,
    amount: /^(?:-1|-0\.5|0|0\.5|1)$/,
    count: /^\d+$/,
    flag: /^[01]$/,
  };
  for (const [name, pattern] of Object.entries(patterns)) {
    for (const value of shown(columns[name], 3_000)) if (value !== null) expect(String(value)).toMatch(pattern);
  }
  // Every bucket of a range occurs, and every level of a text.
  expect(new Set(shown(columns["banded"], 3_000))).toEqual(new Set([20, 30, 40, 50, 60, null]));
  expect(new Set(shown(columns["word"], 3_000)).size).toBe(7);
});

test("some rows have no value, and those of direct identifiers all have one", () => {
  const { columns } = synthesize(source, names, { rows: 2_000, seed: 3 });
  for (const [name, column] of Object.entries(columns)) {
    const nulls = shown(column, 2_000).filter((value) => value === null).length;
    if (name === "person" || name === "phone") expect(nulls).toBe(0);
    else expect(nulls / 2_000).toBeGreaterThan(0.005);
    if (name !== "count") expect(nulls / 2_000).toBeLessThan(0.05);
    for (let row = 0; row < 2_000; row++) if (!isValid(column, row)) expect(column.values[row]).toBe(0);
  }
});

test("the last level of a text is too rare for the guard, the first is not", () => {
  const values = shown(synthesize(source, ["word"], { rows: 2_000, seed: 1 }).columns["word"], 2_000);
  const count = (level: string): number => values.filter((value) => value === level).length;
  expect(count("word-1")).toBeGreaterThan(1_000);
  expect(count("word-6")).toBeLessThan(10);
});

test("columns hang together, so that a model has something to find", () => {
  const { columns } = synthesize(source, ["banded", "flag"], { rows: 5_000, seed: 1 });
  const ages = shown(columns["banded"], 5_000);
  const flags = shown(columns["flag"], 5_000);
  const mean = (flag: number): number => {
    const own = ages.filter((age, row): age is number => flags[row] === flag && typeof age === "number");
    return own.reduce((sum, age) => sum + age, 0) / own.length;
  };
  expect(Math.abs(mean(0) - mean(1))).toBeGreaterThan(2);
});

test("equal seeds give equal rows, whatever other columns are asked for; a column outside of the policy is left out", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.integer({ min: 1, max: 60 }), fc.subarray(names), (seed, rows, some) => {
      const all = synthesize(source, names, { rows, seed }).columns;
      const part = synthesize(source, [...some, "id", "nowhere"], { rows, seed }).columns;
      expect(part).toEqual(Object.fromEntries(some.map((name) => [name, all[name]])));
    }),
    { numRuns: 25 },
  );
  const first = synthesize(source, names, { rows: 50, seed: 1 });
  expect(synthesize(source, names, { rows: 50, seed: 2 })).not.toEqual(first);
});

/** A policy that shows each column as `transform` leaves it. */
const keeping = (fields: readonly ResourceField[], transform: Transform = { kind: "keep" }): Policy =>
  policyOf(Object.fromEntries(fields.map(({ name, role }) => [name, { role, transform }])));

test("identifiers have the form that their column suggests, pass its check, and name nobody", () => {
  const fields = [
    { ...field("resident_id", "text", "direct"), title: "公民身份号码" },
    { ...field("org", "text", "direct"), title: "统一社会信用代码" },
    { ...field("mobile", "text", "direct"), title: "手机" },
    { ...field("full_name", "text", "direct"), title: "姓名" },
    { ...field("card", "text", "direct"), title: "" },
  ];
  const profile: ResourceProfile = {
    ...PROFILE_FACTS,
    columns: [{ kind: "shape", field: "card", length: { from: 16, to: 20 } }],
  };
  const policy = keeping(fields, { kind: "generalize", length: 16 });
  const { columns } = synthesize({ resource: describe(...fields), policy, profile }, namesOf(fields), SIZE);
  const first = (name: string): string[] => texts(columns[name]);
  for (const text of first("resident_id")) expect(text).toMatch(/^99\d\d01(?:19[5-9]|200)\d[01]\d[0-3]\d\d\d$/);
  for (const text of first("org")) expect(text).toMatch(/^91990000MA\d{6}$/);
  for (const text of first("mobile")) expect(text).toMatch(/^100\d{8}$/);
  for (const text of first("full_name")) expect(text).toMatch(/^\p{L}某$/u);
  for (const text of first("card")) expect(text).toMatch(/^\d{16}$/);
  const kept = keeping(fields);
  const whole = synthesize({ resource: describe(...fields), policy: kept, profile }, namesOf(fields), SIZE).columns;
  for (const id of texts(whole["resident_id"])) {
    expect(residentIdCheckDigit(id.slice(0, 17))).toBe(id[17]);
    expect(isResidentId(id)).toBe(false); // there is no such province
  }
  for (const code of texts(whole["org"])) expect(isSocialCreditCode(code) || code.startsWith("9199")).toBe(true);
  for (const card of texts(whole["card"])) expect(card).toMatch(/^\d{16,20}$/);
  // What is enciphered has to be of the format: nothing is shown as missing.
  const formats = { resident_id: "resident-id", mobile: "mobile", card: "bank-card", org: "digits" } as const;
  for (const [name, format] of Object.entries(formats)) {
    const enciphered = keeping(fields, { kind: "fpe", format, cipher: "aes" });
    const column = synthesize({ resource: describe(...fields), policy: enciphered, profile }, [name], SIZE).columns[
      name
    ];
    expect(shown(column, SIZE.rows), name).not.toContain(null);
  }
});

const SIZE = { rows: 500, seed: 5 };
const namesOf = (fields: readonly ResourceField[]): string[] => fields.map(({ name }) => name);
const texts = (column: Column | undefined): string[] => (column?.type === "dict" ? column.dictionary : []);
const PROFILE_FACTS = {
  version: 1,
  kind: "threshold",
  domain: "hrss",
  resource: "people",
  snapshot: "0".repeat(64),
  minimum: 20,
  base: 5,
  persons: 1_000,
} as const;

test("rows follow a profile: its values and bands with their shares, nothing outside of them, missing where persons lack one", () => {
  const fields = [
    field("word", "text"),
    field("flag", "boolean"),
    field("n", "integer"),
    field("x", "decimal"),
    field("born", "date"),
  ];
  const profile: ResourceProfile = {
    ...PROFILE_FACTS,
    columns: [
      { kind: "values", field: "word", values: [{ value: "a", persons: 700 }], other: 100, missing: 200, distinct: 10 },
      { kind: "values", field: "flag", values: [{ value: "true", persons: 1_000 }], distinct: 10 },
      {
        kind: "numbers",
        field: "n",
        step: 1,
        edges: [20, 25, 30],
        persons: [200, 300],
        common: [{ value: -1, persons: 500 }],
        distinct: 20,
      },
      { kind: "numbers", field: "x", step: 0.1, edges: [0.1, 0.3], persons: [1_000], common: [], distinct: 50 },
      { kind: "dates", field: "born", edges: ["2000-01-01", "2000-03-01"], persons: [1_000], distinct: 50 },
    ],
  };
  const source = { resource: describe(...fields), policy: keeping(fields), profile };
  const rows = 20_000;
  const { columns } = synthesize(source, namesOf(fields), { rows, seed: 9 });
  const share = (name: string, holds: (value: number | string | null) => boolean): number =>
    shown(columns[name], rows).filter(holds).length / rows;
  expect(texts(columns["word"])).toEqual(["a", "word-other"]);
  expect(share("word", (value) => value === "a")).toBeCloseTo(0.7, 1);
  expect(share("word", (value) => value === null)).toBeCloseTo(0.2, 1);
  expect(share("flag", (value) => value === 1)).toBe(1);
  expect(share("n", (value) => value === -1)).toBeCloseTo(0.5, 1);
  expect(share("n", (value) => Number(value) >= 25)).toBeCloseTo(0.3, 1);
  expect(new Set(shown(columns["n"], rows))).toEqual(new Set([-1, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]));
  expect(share("x", (value) => Number(value) >= 0.1 && Number(value) < 0.3)).toBe(1);
  expect(texts(columns["born"])).toHaveLength(60);
});

test("margins are kept where cells of a pair do not agree with them, and no row is lost to a circle of pairs", () => {
  const fields = ["x", "y", "z"].map((name) => field(name, "text"));
  const values = (name: string, first: number, second: number): ResourceProfile["columns"][number] => ({
    kind: "values",
    field: name,
    values: [
      { value: "a", persons: first },
      { value: "b", persons: second },
    ],
    distinct: 10,
  });
  const profile: ResourceProfile = {
    ...PROFILE_FACTS,
    columns: [values("x", 500, 500), values("y", 900, 100), values("z", 600, 400)],
    pairs: [
      { x: "x", y: "y", cells: [[0, 0, 700]] },
      { x: "z", y: "x", cells: [[0, 0, 500]] },
      { x: "y", y: "z", cells: [[0, 0, 600]] },
    ],
  };
  const rows = 20_000;
  const source = { resource: describe(...fields), policy: keeping(fields), profile };
  const { columns } = synthesize(source, ["x", "y", "z"], { rows, seed: 2 });
  const share = (name: string): number => shown(columns[name], rows).filter((value) => value === "a").length / rows;
  for (const [name, wanted] of [
    ["x", 0.5],
    ["y", 0.9],
    ["z", 0.6],
  ] as const) {
    expect(Math.abs(share(name) - wanted), name).toBeLessThan(0.02);
  }
  const [xs, zs] = [shown(columns["x"], rows), shown(columns["z"], rows)];
  expect(xs.filter((value, row) => value === "a" && zs[row] === "a").length / rows).toBeGreaterThan(0.48);
});

test("values are those that the field's hierarchy knows, so that its levels show something", () => {
  const fields: ResourceField[] = [
    {
      ...field("job", "text"),
      hierarchy: { kind: "tree", levels: [{ nurse: "health", doctor: "health", cook: "food" }] },
    },
    { ...field("region", "text"), hierarchy: { kind: "prefix", lengths: [4, 2] } },
    { ...field("age", "integer"), hierarchy: { kind: "intervals", min: 200, max: 300, widths: [10, 50] } },
  ];
  const policy = keeping(fields, { kind: "hierarchy", level: 1 });
  const { columns } = synthesize({ resource: describe(...fields), policy }, namesOf(fields), { rows: 2_000, seed: 1 });
  expect(texts(columns["job"])).toEqual(["food", "health"]);
  expect(new Set(texts(columns["region"]).map((code) => code.slice(0, 2))).size).toBe(6);
  const ages = shown(columns["age"], 2_000).filter((age) => age !== null);
  expect(new Set(ages).size).toBeGreaterThan(5);
});

test("a profile that does not fit the description is no reason to fail: such columns are made without it", () => {
  const fields = [field("word", "text"), field("flag", "boolean")];
  const profile: ResourceProfile = {
    ...PROFILE_FACTS,
    columns: [
      { kind: "dates", field: "word", edges: ["2000-01-01", "2000-03-01"], persons: [1_000], distinct: 50 },
      { kind: "values", field: "flag", values: [{ value: "yes", persons: 1_000 }], distinct: 10 },
      { kind: "values", field: "gone", values: [{ value: "yes", persons: 1_000 }], distinct: 10 },
    ],
    pairs: [
      { x: "flag", y: "gone", cells: [[0, 0, 1_000]] },
      { x: "word", y: "word", cells: [[0, 0, 1_000]] },
    ],
  };
  const source = { resource: describe(...fields), policy: keeping(fields) };
  expect(synthesize({ ...source, profile }, namesOf(fields), SIZE)).toEqual(synthesize(source, namesOf(fields), SIZE));

  // Between the numbers 19500101 and 20091231 most are no dates.
  const born = [field("born", "integer")];
  const dates: ResourceProfile["columns"][number] = {
    kind: "numbers",
    field: "born",
    step: 10_000,
    edges: [19_500_000, 20_100_000],
    persons: [1_000],
    common: [],
    distinct: 1_000,
  };
  const shifted = { resource: describe(...born), policy: keeping(born, { kind: "dateShift", maxDays: 10 }) };
  const { columns } = synthesize({ ...shifted, profile: { ...PROFILE_FACTS, columns: [dates] } }, ["born"], SIZE);
  const missing = shown(columns["born"], SIZE.rows).filter((value) => value === null).length;
  expect(missing / SIZE.rows).toBeLessThan(0.05);
});
