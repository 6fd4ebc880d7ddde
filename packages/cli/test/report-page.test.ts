/** The page of a report: right numbers in charts and tables for each number of dimensions, and no word of a document as
 *  markup.
 *  @module */
import fc from "fast-check";
import type { NoisyTable, Report, Table, TableDimension } from "@sluice/protocol";
import { expect, test } from "vitest";
import { reportPage } from "../src/report-page/page.ts";
import { reportText } from "../src/report-page/text-form.ts";

const NO_RULES = { restrictions: [] };

function reportOf(table: Table | NoisyTable): Report {
  return {
    type: "report",
    domain: "health",
    product: "ageing-report",
    version: 3,
    source: "ab".repeat(32),
    name: "visits",
    table,
    at: "2026-11-22T00:00:00.000Z",
  };
}

/** A table whose cell number `n` has 1,000 + 5 n rows and the mean n + 0.5; every seventh cell is not listed. */
function tableOf(dimensions: TableDimension[], measures: string[]): Table {
  const count = dimensions.reduce((cells, { levels }) => cells * levels.length, 1);
  const cells = Array.from({ length: count }, (_, n) => {
    const at: number[] = [];
    let rest = n;
    for (const { levels } of dimensions.toReversed()) {
      at.unshift(rest % levels.length);
      rest = Math.floor(rest / levels.length);
    }
    return { at, rows: 1_000 + 5 * n, means: Object.fromEntries(measures.map((measure) => [measure, n + 0.5])) };
  }).filter((_, n) => n % 7 !== 3);
  const totals = dimensions.map(({ levels }, d) =>
    levels.map((_, level) => cells.reduce((sum, cell) => sum + (cell.at[d] === level ? cell.rows : 0), 0)),
  );
  const total = cells.reduce((sum, { rows }) => sum + rows, 0);
  return { kind: "table", dimensions, measures, cells, totals, total, minimum: 10, base: 5 };
}

const AGE: TableDimension = { name: "age", levels: ["young", "old"] };
const DISTRICT: TableDimension = { name: "district", levels: ["north", "south", "west"] };
const SEX: TableDimension = { name: "sex", levels: ["female", "male"] };

/** Texts of the elements `name` of a page, in order. */
function texts(page: string, name: string): string[] {
  return [...page.matchAll(new RegExp(`<${name}[^>]*>([^<]*)<`, "g"))].map((match) => (match[1] ?? "").trim());
}

test.each([
  [1, [DISTRICT]],
  [2, [AGE, DISTRICT]],
  [3, [SEX, AGE, DISTRICT]],
])("a table of %i dimensions shows each number in a chart and in a table beside its row", (_, dimensions) => {
  const table = tableOf(dimensions, ["charge"]);
  const page = reportPage(reportOf(table), NO_RULES);
  const inCharts = texts(page, "text");
  const inTables = texts(page, "td");
  for (const { rows, means } of table.cells) {
    for (const shown of [rows.toLocaleString("en"), String(means["charge"])]) {
      expect(inCharts).toContain(shown);
      expect(inTables).toContain(shown);
    }
  }
  expect(inTables.filter((text) => text === "少于10")).toHaveLength(
    2 * (dimensions.reduce((cells, { levels }) => cells * levels.length, 1) - table.cells.length),
  );
  expect(page).toContain("少于10 / fewer than 10 or none");
  // A chart of rows and one of means, for each level of the first of three dimensions.
  expect(page.match(/<svg /g)).toHaveLength(dimensions.length === 3 ? 4 : 2);
});

test("a cell stands in its row and column, whichever dimension is the longer", () => {
  const table = tableOf([AGE, DISTRICT], []);
  const text = reportText(reportOf(table));
  // Cell number n is `age` n / 3, `district` n % 3; number 3, old in the north, is not listed.
  expect(text).toMatch(/^district \\ age +young +old$/m);
  expect(text).toMatch(/^north +1,000 +-$/m);
  expect(text).toMatch(/^south +1,005 +1,020$/m);
  expect(text).toMatch(/^west +1,010 +1,025$/m);
  const turned = reportText(reportOf(tableOf([DISTRICT, AGE], [])));
  expect(turned).toMatch(/^north +1,000 +1,005$/m);
  expect(turned).toMatch(/^south +1,010 +-$/m);
});

test("a bar is as long as its number, on a scale from zero", () => {
  const table: Table = {
    ...tableOf([DISTRICT], []),
    cells: [
      { at: [0], rows: 100, means: {} },
      { at: [1], rows: 25, means: {} },
    ],
  };
  const page = reportPage(reportOf(table), NO_RULES);
  const bars = [...page.matchAll(/class="bar"\s+x="([\d.]+)"\s+y="[\d.]+"\s+width="([\d.]+)"/g)];
  const [[, x1, long = "0"] = [], [, x2, short = "0"] = []] = bars;
  expect(bars).toHaveLength(2);
  expect(x1).toBe(x2);
  expect(Number(long) / Number(short)).toBeCloseTo(4, 1);
});

test("a mean that is withheld is told apart from a cell that is not listed", () => {
  const table = tableOf([AGE, DISTRICT], ["charge"]);
  const withheld = { ...table, cells: table.cells.map((cell, i) => (i === 0 ? { ...cell, means: {} } : cell)) };
  const page = reportPage(reportOf(withheld), NO_RULES);
  expect(texts(page, "td").filter((text) => text === "*")).toHaveLength(1);
  expect(page).toContain("mean withheld: a few would dominate it");
});

test("the darker cell is the larger one", () => {
  const table = tableOf([AGE, DISTRICT], []);
  const page = reportPage(reportOf(table), NO_RULES);
  const red = (shown: string): number =>
    Number(new RegExp(`fill="rgb\\((\\d+) \\d+ \\d+\\)"\\s*/>\\s*<text[^>]*>\\s*${shown}\\s*<`).exec(page)?.[1]);
  expect(red("1,000")).toBeGreaterThan(red("1,010"));
  expect(red("1,010")).toBeGreaterThan(red("1,025"));
});

test("the largest tables are drawn, with their tables cut into narrow ones", () => {
  const levels = Array.from({ length: 64 }, (_, i) => `level ${i} with a long name`);
  const table = tableOf(
    [
      { name: "a", levels },
      { name: "b", levels },
    ],
    [],
  );
  const page = reportPage(reportOf(table), NO_RULES);
  for (const [head = ""] of page.matchAll(/<thead>[^]*?<\/thead>/g)) {
    expect(head.match(/<th /g)?.length).toBeLessThanOrEqual(11);
  }
  expect(texts(page, "td")).toContain((1_000 + 5 * 4_095).toLocaleString("en"));
  expect(page).toContain("<details open>");
});

test("nothing that a document says is markup, fetches or runs", () => {
  const hostile = fc.oneof(
    fc.string({ minLength: 1, unit: "binary" }),
    fc.constantFrom(
      '"><script>alert(1)</script>',
      "</text></svg><img src=x onerror=alert(1)>",
      "url(http://example.org/x)",
      "'\u202E&<b>",
    ),
  );
  const plain = reportPage(reportOf(tableOf([AGE, DISTRICT], ["charge"])), { restrictions: ["a rule"] });
  const tags = (page: string): number => page.match(/<[a-z!/]/gi)?.length ?? 0;
  fc.assert(
    fc.property(hostile, (text) => {
      const table = tableOf(
        [
          { name: text, levels: [`${text}1`, `${text}2`] },
          { name: `${text}b`, levels: ["x", `${text}2`, "y"] },
        ],
        [`${text}m`],
      );
      const report = { ...reportOf(table), name: text, product: text, domain: text };
      const page = reportPage(report, { restrictions: [text] });
      expect(tags(page)).toBe(tags(plain));
      expect(reportText(report).replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }),
    { numRuns: 60 },
  );
  expect(plain).not.toMatch(/<script|<link|<img|@import|javascript:|src=|href="(?!#)/i);
  expect(plain).toContain("default-src 'none'");
});

/** Two groups, of which the second is empty and has nothing but noise. */
const NOISY: NoisyTable = {
  kind: "noisy-table",
  dimensions: [{ name: "district", field: "district", levels: ["north", "south"], values: { N: 0, S: 1 } }],
  measures: [{ name: "charge", field: "charge", min: 0, max: 500, digits: 2 }],
  contribution: { rows: 2, groups: 1 },
  loss: { mechanism: "gaussian", rho: "0.01" },
  cells: [
    { at: [0], rows: 1_234, sums: { charge: "370200.25" } },
    { at: [1], rows: -7, sums: { charge: "-1200.50" } },
  ],
  standardErrors: { rows: 20, sums: { charge: 5_000 } },
  cost: "10000",
};

test("a table under differential privacy shows its numbers as they are, with noise, its size and its price", () => {
  const page = reportPage(reportOf(NOISY), NO_RULES);
  const cells = texts(page, "td");
  expect(cells).toEqual(expect.arrayContaining(["1,234", "-7", "300"]));
  for (const words of [
    "离散高斯噪声，ρ = 0.01",
    "discrete Gaussian noise, ρ = 0.01",
    "行数的标准误差 ±20",
    "standard error of rows ±20",
    "每人至多计入 1 格、每格至多 2 行",
    "消耗该数源表预算 ρ = 0.01",
    "负数与空组中的非零数都是噪声",
  ]) {
    expect(page).toContain(words);
  }
  // Nothing of disclosure control is claimed, and no mean is made of a count that is mostly noise.
  expect(page).not.toMatch(/少于|rounded|取整/);
  const text = reportText(reportOf(NOISY));
  expect(text).toMatch(/^rows, with noise\n/m);
  expect(text).toMatch(/^south +-7$/m);
  expect(text).toMatch(/^north +300$/m);
  expect(text).toMatch(/^south +\*$/m);
  expect(text).toContain("it cost the source table ρ = 0.01");
});
