/** Quality rules: what their SQL counts, what a score is, and what of it may be published.
 *  @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listValue, type DuckDBConnection } from "@duckdb/node-api";
import { QualityRules, QualityRule, type FieldType, type RuleOutcome } from "@sluice/protocol";
import { expect, test } from "vitest";
import { judgeQuality, measureQuality, publishedQuality, type QualityRequest } from "../src/index.ts";
import { withEngine } from "./engine.ts";
import { plainShare, type PlainRow, type PlainValue } from "./plain-quality.ts";

const { SLUICE_DATA_DIR: data } = process.env;
const NOW = new Date("2026-03-01T08:00:00.000Z");
const ENGINE = { text: "VARCHAR", integer: "BIGINT", decimal: "DOUBLE", boolean: "BOOLEAN", date: "DATE" } as const;

interface Table {
  readonly name: string;
  readonly types: Readonly<Record<string, FieldType>>;
  readonly rows: readonly PlainRow[];
}

async function create(connection: DuckDBConnection, { name, types, rows }: Table): Promise<void> {
  const columns = Object.entries(types);
  const staged = columns.map(([column, type]) => `"${column}" ${type === "date" ? "VARCHAR" : ENGINE[type]}`);
  await connection.run(`CREATE TABLE "${name}" (${staged.join(", ")})`);
  const appender = await connection.createAppender(name);
  for (const row of rows) {
    for (const [column, type] of columns) {
      const value = row[column] ?? null;
      if (value === null) appender.appendNull();
      else if (typeof value === "string") appender.appendVarchar(value);
      else if (typeof value === "boolean") appender.appendBoolean(value);
      else if (type === "integer") appender.appendBigInt(BigInt(value));
      else appender.appendDouble(value);
    }
    appender.endRow();
  }
  appender.closeSync();
  for (const [column, type] of columns) {
    if (type === "date") await connection.run(`ALTER TABLE "${name}" ALTER "${column}" TYPE DATE`);
  }
}

/** Outcomes of `rules` on the first of `tables`. */
async function measure(
  rules: readonly QualityRule[],
  tables: readonly Table[],
  change: Partial<QualityRequest> = {},
): Promise<RuleOutcome[]> {
  return await withEngine(async (connection) => {
    for (const table of tables) await create(connection, table);
    const source = (name: string | undefined) => {
      const table = tables.find((one) => one.name === name);
      return table === undefined ? null : { from: `"${table.name}"`, types: new Map(Object.entries(table.types)) };
    };
    const own = source(tables[0]?.name) ?? { from: "", types: new Map<string, FieldType>() };
    const request: QualityRequest = {
      ...own,
      rules: rules.map((rule) => QualityRule.parse(rule)),
      reference: source,
      now: NOW,
      importedAt: new Date("2026-02-27T08:00:00.000Z"),
      updateFrequency: "month",
      ...change,
    };
    return await measureQuality(request, async (sql, parameters) => {
      const values = Object.entries(parameters).map(([name, value]) => [
        name,
        typeof value === "string" || typeof value === "number" ? value : listValue([...value]),
      ]);
      const reader = await connection.runAndReadAll(sql, Object.fromEntries(values) as Record<string, string>);
      return reader.getRows()[0] ?? [];
    });
  });
}

const ID = "11010519491231002X";
/** Values that break careless SQL. */
const TEXTS: readonly PlainValue[] = [
  null,
  "",
  " ",
  "\u3000\t\u200b",
  "?",
  " ? ",
  "无",
  "😀",
  "👨‍👩‍👧",
  "a\u0301",
  "it's",
  '"; DROP TABLE t; --',
  "\\",
  "%",
  "NaN",
  ID,
  "１１０１０５１９４９１２３１００２Ｘ",
  "110105194912310021",
  "11010519491331002X",
  "91110000100000000A",
  "91350100M000100Y43",
  "4111111111111111",
  "6222021234567890123",
  "6222 0212 3456 7890 12",
  "13800138000",
  "010-62781234",
  "a@b.cn",
  "10.0.0.1",
  "999.1.1.1",
  "00:1a:2b:3c:4d:5e",
  "京A12345",
  "2026-02-30",
  "2026-02-28",
  "20260228",
  "2026年2月30日",
  "x".repeat(5_000),
];
const NUMBERS: readonly PlainValue[] = [
  null,
  0,
  -0,
  1,
  -1,
  0.1,
  1e300,
  -1e300,
  5e-324,
  Number.NaN,
  Infinity,
  -Infinity,
  42,
  42,
];
const DATES: readonly PlainValue[] = [
  null,
  "1949-12-31",
  "2000-02-29",
  "2026-02-28",
  "0001-01-01",
  "9999-12-31",
  "2026-03-02",
];

const TABLE: Table = {
  name: "t",
  types: { select: "text", u: "text", n: "decimal", m: "decimal", i: "integer", b: "boolean", d: "date", e: "date" },
  rows: Array.from({ length: 600 }, (_, r) => ({
    select: TEXTS[r % TEXTS.length] ?? null,
    u: TEXTS[(r * 7 + 3) % TEXTS.length] ?? null,
    n: NUMBERS[r % NUMBERS.length] ?? null,
    m: NUMBERS[(r * 5 + Math.floor(r / NUMBERS.length)) % NUMBERS.length] ?? null,
    i: [null, 0, 7, 9_007_199_254_740_991, -9_007_199_254_740_991, 13_800_138_000][r % 6] ?? null,
    b: [null, true, false][r % 3] ?? null,
    d: DATES[r % DATES.length] ?? null,
    e: DATES[(r * 3 + 2) % DATES.length] ?? null,
  })),
};
const OTHER: Table = {
  name: "other",
  types: { code: "text", i: "integer" },
  rows: [...TEXTS.slice(4, 20), null].map((code, r) => ({ code, i: r })),
};

const at = { minShare: 0.5 };
const text = "select";
const RULES: readonly unknown[] = [
  ...["u", "n", "i", "b", "d"].map((field) => ({ type: "completeness", field, ...at })),
  { type: "completeness", field: "u", missing: ["?", "无", "NaN"], ...at },
  { type: "completeness", field: "i", missing: ["0", "7"], ...at },
  { type: "completeness", field: "n", missing: ["42", "none", "1e-1", " ", "0x10"], ...at },
  ...["resident-id", "social-credit-code", "bank-card", "mobile-number", "landline"].map((form) => ({
    type: "validity",
    check: "form",
    field: "u",
    form,
    ...at,
  })),
  ...["e-mail", "ip-address", "mac-address", "plate", "date"].map((form) => ({
    type: "validity",
    check: "form",
    field: "u",
    form,
    ...at,
  })),
  { type: "validity", check: "form", field: "i", form: "mobile-number", ...at },
  { type: "validity", check: "range", field: "n", min: 0, ...at },
  { type: "validity", check: "range", field: "n", max: 0.1, ...at },
  { type: "validity", check: "range", field: "i", min: 0, max: 7, ...at },
  { type: "validity", check: "range", field: "d", min: "1950-01-01", max: "2026-03-01", ...at },
  { type: "validity", check: "values", field: "u", values: ["?", "😀", "it's", '"; DROP TABLE t; --'], ...at },
  { type: "validity", check: "values", field: "b", values: ["true"], ...at },
  { type: "validity", check: "values", field: "i", values: ["7", "9007199254740991"], ...at },
  ...["<", "<=", "="].flatMap((comparison) => [
    { type: "consistency", check: "compare", field: "n", comparison, with: "m", ...at },
    { type: "consistency", check: "compare", field: "n", comparison, with: "i", ...at },
    { type: "consistency", check: "compare", field: "d", comparison, with: "e", ...at },
  ]),
  { type: "consistency", check: "birth-date", field: "u", with: "d", ...at },
  { type: "consistency", check: "unique", fields: ["u"], ...at },
  { type: "consistency", check: "unique", fields: ["n"], ...at },
  { type: "consistency", check: "unique", fields: ["i", "b", "d"], ...at },
  ...["resident-id", "social-credit-code", "bank-card"].map((form) => ({
    type: "accuracy",
    check: "check-digit",
    field: "u",
    form,
    ...at,
  })),
  { type: "accuracy", check: "member", field: "u", of: { resource: "other", field: "code" }, ...at },
  { type: "accuracy", check: "member", field: "i", of: { resource: "other", field: "i" }, ...at },
  { type: "accuracy", check: "rows", expected: 601, ...at },
  { type: "accuracy", check: "rows", expected: 500, ...at },
];

test("each rule counts in SQL what it counts row by row, whatever the values are, in one statement", async () => {
  const rules = RULES.map((rule) => QualityRule.parse(rule));
  const others = {
    "other.code": OTHER.rows.map(({ code }) => code ?? null),
    "other.i": OTHER.rows.map(({ i }) => i ?? null),
  };
  const outcomes = await measure(rules, [TABLE, OTHER]);
  expect(outcomes).toEqual(rules.map((rule) => ({ kind: "share", ...plainShare(rule, TABLE.rows, others) })));
  // Each tells something: it judges rows, and passes some of them.
  const silent = rules.filter((_, i) => outcomes[i]?.kind !== "share" || outcomes[i].passed === 0);
  expect(silent).toEqual([]);
});

test("a table without rows, and rules that do not fit it, pass nothing", async () => {
  const quoted = { type: "consistency", check: "compare", field: text, comparison: "=", with: "u", ...at };
  const fitting = [...RULES, quoted].map((rule) => QualityRule.parse(rule));
  const empty = await measure(fitting, [{ ...TABLE, rows: [] }, OTHER]);
  expect(empty.every((outcome) => outcome.kind === "share" && outcome.passed === 0)).toBe(true);
  const unfit: readonly unknown[] = [
    { type: "completeness", field: "nobody", ...at },
    { type: "validity", check: "form", field: "n", form: "date", ...at },
    { type: "validity", check: "range", field: "u", min: 0, ...at },
    { type: "validity", check: "range", field: "d", min: 0, ...at },
    { type: "validity", check: "range", field: "n", min: "2026-01-01", ...at },
    { type: "validity", check: "values", field: "n", values: ["1"], ...at },
    { type: "consistency", check: "compare", field: "n", comparison: "<", with: "d", ...at },
    { type: "consistency", check: "compare", field: text, comparison: "<", with: "u", ...at },
    { type: "consistency", check: "birth-date", field: "i", with: "d", ...at },
    { type: "consistency", check: "unique", fields: ["u", "nobody"], ...at },
    { type: "accuracy", check: "member", field: "u", of: { resource: "nowhere", field: "code" }, ...at },
    { type: "accuracy", check: "member", field: "u", of: { resource: "other", field: "i" }, ...at },
    { type: "timeliness", check: "newest", field: "u", maxAgeDays: 7 },
  ];
  const rules = unfit.map((rule) => QualityRule.parse(rule));
  expect(await measure([...rules, ...fitting.slice(0, 1)], [TABLE, OTHER])).toEqual([
    ...rules.map(() => ({ kind: "unfit" })),
    { kind: "share", ...plainShare(QualityRule.parse(RULES[0]), TABLE.rows) },
  ]);
  expect(
    judgeQuality(
      { version: 1, rules },
      rules.map(() => ({ kind: "unfit" })),
      NOW,
    ),
  ).toMatchObject({ score: 0, passed: false });
});

test("data are young until the day after their newest date, future mistakes and dates without end aside", async () => {
  const rules = [
    { type: "timeliness", check: "newest", field: "d", maxAgeDays: 3 },
    { type: "timeliness", check: "newest", field: "d" },
    { type: "timeliness", check: "imported", maxAgeDays: 2 },
    { type: "timeliness", check: "imported" },
  ].map((rule) => QualityRule.parse(rule));
  const dated = (...days: PlainValue[]): Table => ({ name: "t", types: { d: "date" }, rows: days.map((d) => ({ d })) });
  const untils = async (table: Table, change: Partial<QualityRequest> = {}) =>
    (await measure(rules, [table], change)).map((outcome) => (outcome.kind === "fresh" ? outcome.until : outcome.kind));
  const imported = ["2026-03-01T08:00:00.000Z", "2026-03-30T08:00:00.000Z"];
  expect(await untils(dated(null, "2026-02-26", "9999-12-31", "2026-03-03", "infinity", "-infinity"))).toEqual([
    "2026-03-02T00:00:00.000Z",
    "2026-03-30T00:00:00.000Z",
    ...imported,
  ]);
  expect((await untils(dated("2026-03-02")))[0]).toBe("2026-03-06T00:00:00.000Z");
  for (const none of [dated(), dated(null, "9999-12-31", "infinity")])
    expect(await untils(none)).toEqual([null, null, ...imported]);
  expect(await untils(dated("2026-02-26"), { updateFrequency: "once" })).toEqual([
    "2026-03-02T00:00:00.000Z",
    "unfit",
    imported[0],
    "unfit",
  ]);
  const outcomes = await measure(rules.slice(0, 1), [dated("2026-02-26")]);
  const passedAt = (instant: string) =>
    judgeQuality({ version: 1, rules: rules.slice(0, 1) }, outcomes, new Date(instant)).passed;
  expect([passedAt("2026-03-01T23:59:59.999Z"), passedAt("2026-03-02T00:00:00.000Z")]).toEqual([true, false]);
});

const SCORED = QualityRules.parse({
  version: 1,
  rules: [
    { type: "completeness", field: "a", minShare: 0.9, weight: 3 },
    { type: "completeness", field: "b", minShare: 0.5 },
    { type: "validity", check: "form", field: "a", form: "date", minShare: 0.75 },
  ],
});
const share = (passed: number, judged: number): RuleOutcome => ({ kind: "share", passed, judged });

test("a score is the mean of the types that have a rule, and one share below its bound fails the table", () => {
  const verdict = judgeQuality(SCORED, [share(90, 100), share(50, 100), share(75, 100)], NOW);
  expect(verdict).toMatchObject({ types: { completeness: 0.8, validity: 0.75 }, passed: true });
  expect(verdict.score).toBeCloseTo(77.5, 10);
  expect(Object.keys(verdict.types)).toEqual(["completeness", "validity"]);
  for (const [i, worse] of [share(899, 1000), share(499, 1000), share(749, 1000)].entries()) {
    const outcomes = [share(90, 100), share(50, 100), share(75, 100)].with(i, worse);
    const { rules, passed } = judgeQuality(SCORED, outcomes, NOW);
    expect([passed, rules.map((one) => one.passed)]).toEqual([false, [true, true, true].with(i, false)]);
  }
  const least = (minScore: number) =>
    judgeQuality({ ...SCORED, minScore }, [share(1, 1), share(1, 1), share(3, 4)], NOW).passed;
  expect([least(87), least(88)]).toEqual([true, false]);
  expect(judgeQuality(SCORED, [share(90, 100), share(50, 100), share(0, 0)], NOW).passed).toBe(false);
  expect(judgeQuality(SCORED, [share(90, 100), share(50, 100)], NOW).passed).toBe(false);
});

test("what is published is the same for none and for nine rows that fail, and for none and for nine that pass", () => {
  const at = "2026-03-01T08:00:00.000Z";
  const published = (...[a, b, c]: [RuleOutcome, RuleOutcome, RuleOutcome]) => publishedQuality(SCORED, [a, b, c], at);
  for (const rows of [20, 101, 3_000_000]) {
    const whole = published(share(rows, rows), share(rows, rows), share(rows, rows));
    expect(whole).toEqual({ score: 100, types: { completeness: 100, validity: 100 }, measuredAt: at });
    const none = published(share(0, rows), share(0, rows), share(0, rows));
    expect(none).toMatchObject({ score: 0 });
    for (let few = 1; few < 10; few++) {
      expect(published(share(rows - few, rows), share(rows, rows), share(rows - few, rows))).toEqual(whole);
      expect(published(share(few, rows), share(0, rows), share(few, rows))).toEqual(none);
    }
  }
  expect(published(share(89, 100), share(86, 100), share(50, 100)).types).toEqual({ completeness: 90, validity: 50 });
  expect(published(share(84, 100), share(84, 100), share(0, 0)).types).toEqual({ completeness: 80, validity: 0 });
});

test("rules are bounded", () => {
  const rule = { type: "completeness", field: "a", minShare: 1 };
  const rules = (count: number) =>
    QualityRules.safeParse({ version: 1, rules: Array.from({ length: count }, () => rule) }).success;
  expect([rules(0), rules(1), rules(64), rules(65)]).toEqual([false, true, true, false]);
  for (const wrong of [
    { ...rule, minShare: 1.01 },
    { ...rule, minShare: Number.NaN },
    { ...rule, weight: 0 },
    { ...rule, field: "a b" },
    { ...rule, more: 1 },
    { ...rule, type: "beauty" },
    { ...rule, missing: [] },
    { ...rule, missing: ["a\u0000"] },
    { type: "validity", check: "range", field: "a", minShare: 1 },
    { type: "validity", check: "range", field: "a", min: 2, max: 1, minShare: 1 },
    { type: "validity", check: "range", field: "a", min: 2, max: "2026-01-01", minShare: 1 },
    { type: "validity", check: "range", field: "a", min: "2026-02-30", minShare: 1 },
    { type: "validity", check: "values", field: "a", values: Array.from({ length: 1_001 }, String), minShare: 1 },
    { type: "consistency", check: "unique", fields: ["a", "b", "c", "d", "e"], minShare: 1 },
    { type: "accuracy", check: "check-digit", field: "a", form: "e-mail", minShare: 1 },
    { type: "timeliness", check: "newest", field: "a", maxAgeDays: -1 },
  ])
    expect(QualityRule.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
});

test.runIf(data !== undefined)(
  "the question marks of Adult are missing values, as a plain count has them",
  async () => {
    const names = ["type_employer", "occupation", "country"];
    const counted = [];
    // The rows that Anonymeter holds back have them; those that were cleaned have none.
    for (const file of ["anonymeter-adults/adults_control.csv", "adult/adult.data"]) {
      const [head = "", ...lines] = readFileSync(join(data ?? "", file), "utf8")
        .trimEnd()
        .split("\n");
      const places = names.map((name) => head.split(",").indexOf(name));
      const rows = lines.map((line) =>
        Object.fromEntries(places.map((place, i) => [names[i], line.split(",")[place] ?? null])),
      );
      const rules = names.map((field) =>
        QualityRule.parse({ type: "completeness", field, missing: ["?"], minShare: 0.9 }),
      );
      const types = Object.fromEntries(names.map((name) => [name, "text" as const]));
      const counts = names.map((name) => rows.filter((row) => row[name] === "?").length);
      expect(await measure(rules, [{ name: "adult", types, rows }])).toEqual(
        counts.map((missing) => share(rows.length - missing, rows.length)),
      );
      counted.push([rows.length, ...counts]);
    }
    expect(counted).toEqual([
      [9_758, 570, 571, 179],
      [30_162, 0, 0, 0],
    ]);
  },
);
