/** How the walk asks and compares: right answers are found right, and each way of being wrong is found wrong.
 *  @module */
import { createClient, type SluiceClient } from "@sluice/client";
import { OPERATION_UNITS, type LinearModel, type Table } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StubCity } from "../../client/test/stub-city.ts";
import { reportProduct, scoreProduct, setProduct } from "../../client/test/stub-products.ts";
import { askPrivately } from "../src/demo/ask/ask-lookup.ts";
import { askCount, askMatches } from "../src/demo/ask/ask-match.ts";
import { askReport } from "../src/demo/ask/ask-report.ts";
import { askScores } from "../src/demo/ask/ask-score.ts";
import { tableIsPlain, type PlainRow } from "../src/demo/oracles/grouped-table.ts";
import { plainHighCharges, plainInsured } from "../src/demo/oracles/members.ts";

const MODEL: LinearModel = { kind: "linear-model", features: ["age"], weights: [0.05], intercept: -2 };
/** Its responses are 1, whatever the score. */
const CERTAIN: LinearModel = { ...MODEL, intercept: 60 };
const SET = Array.from({ length: 20 }, (_, i) => `person-${i}`);
const LIST = ["nobody", "person-3", "person-1", "somebody"];
const progress = (): void => {};

/** 22 visits of 11 persons in the first group, 9 of 9 persons in the second, and 30 of 10 in the third, where one of them
 *  has nearly all charges. */
const ROWS: PlainRow[] = [
  ...Array.from({ length: 22 }, (_, i) => ({ person: `a${i % 11}`, at: [0], values: { charge: 100 + i } })),
  ...Array.from({ length: 9 }, (_, i) => ({ person: `b${i}`, at: [1], values: { charge: 100 + i } })),
  ...Array.from({ length: 30 }, (_, i) => ({
    person: `c${i % 10}`,
    at: [2],
    values: { charge: i % 10 === 0 ? 9_000 : 1 },
  })),
  { person: "d", at: [null], values: { charge: 5 } },
];
/** What the rules leave of them: the mean of the first group is 110.5, and lies on no tie of three digits. */
const TABLE: Table = {
  kind: "table",
  dimensions: [{ name: "age", levels: ["young", "middle", "old"] }],
  measures: ["charge"],
  cells: [
    { at: [0], rows: 20, means: { charge: 111 } },
    { at: [2], rows: 30, means: {} },
  ],
  totals: [[20, 0, 30]],
  total: 50,
  minimum: 10,
  base: 5,
};

let city: StubCity;
let client: SluiceClient;
beforeAll(async () => {
  city = await StubCity.start(
    { "person-1": 1, "person-2": 2 },
    {
      list: setProduct("psi-ids", SET),
      tally: setProduct("psi-cardinality", SET),
      risk: scoreProduct(MODEL, 128, "logistic"),
      certain: scoreProduct(CERTAIN, 128, "logistic"),
      regions: reportProduct(TABLE),
    },
  );
  client = createClient({ gatewayUrl: city.url, key: city.caller, trust: city.trust });
});
afterAll(() => city.close());

test("lookups are right for the true labels, and wrong for another label or a person who is not there", async () => {
  const ask = (labels: [string, string][]) =>
    askPrivately(client, { product: "credit-label", expected: new Map(labels), first: [], progress });
  const right = await ask([
    ["person-1", "B"],
    ["person-2", "C"],
  ]);
  expect(right.result).toMatchObject({ correct: true, count: 6 });
  expect(right.receipts).toHaveLength(12);
  expect(
    (
      await ask([
        ["person-1", "B"],
        ["person-2", "A"],
      ])
    ).result.correct,
  ).toBe(false);
  expect(
    (
      await ask([
        ["person-1", "B"],
        ["person-3", "A"],
      ])
    ).result.correct,
  ).toBe(false);
});

test("matches and counts are right for the true set alone", async () => {
  const ask = (expected: string[]) => ({ list: LIST, expected: new Set(expected), progress });
  expect((await askMatches(client, { product: "list", ...ask(SET) })).result).toMatchObject({
    correct: true,
    count: 4,
  });
  expect((await askMatches(client, { product: "list", ...ask([...SET, "nobody"]) })).result.correct).toBe(false);
  expect((await askMatches(client, { product: "list", ...ask([...SET, "somebody"]) })).result.correct).toBe(false);
  expect((await askMatches(client, { product: "list", ...ask(SET.slice(2)) })).result.correct).toBe(false);
  expect((await askMatches(client, { product: "list", ...ask(["person-3", "nobody"]) })).result.correct).toBe(false);
  expect((await askCount(client, { product: "tally", ...ask(SET) })).result.correct).toBe(true);
  expect((await askCount(client, { product: "tally", ...ask([]) })).result.correct).toBe(false);
});

test("scores are right within the published bound of the released model alone", async () => {
  const columns = { age: Float64Array.of(18, 40.5, 80) };
  const ask = (model: LinearModel | undefined, link: "logistic" | "identity" = "logistic") =>
    askScores(client, { product: "risk", columns, model, link, progress });
  expect((await ask(MODEL)).result).toMatchObject({ correct: true, count: 3 });
  expect((await ask({ ...MODEL, intercept: -2.001 })).result.correct).toBe(false);
  expect((await ask({ ...MODEL, features: ["other"] })).result.correct).toBe(false);
  expect((await ask(MODEL, "identity")).result.correct).toBe(false);
  expect((await ask(undefined)).result.correct).toBe(false);
  const certain = { product: "certain", columns, link: "logistic" as const, progress };
  expect((await askScores(client, { ...certain, model: CERTAIN })).result.correct).toBe(true);
  expect((await askScores(client, { ...certain, model: { ...CERTAIN, intercept: 60.5 } })).result.correct).toBe(false);
});

test("a report is right for its rows alone", async () => {
  const ask = (rows: PlainRow[]) => askReport(client, { product: "regions", rows: () => rows, progress });
  const right = await ask(ROWS);
  expect(right.result.correct).toBe(true);
  expect(right.receipts.map(({ receipt }) => OPERATION_UNITS[receipt.body.operation])).toEqual([
    "report",
    "report",
    "report",
  ]);
  expect((await ask([...ROWS, { person: "b9", at: [1], values: { charge: 1 } }])).result.correct).toBe(false);
});

test.each<[string, Partial<Table>]>([
  [
    "a count that is not rounded",
    {
      cells: [
        { at: [0], rows: 22, means: { charge: 111 } },
        { at: [2], rows: 30, means: {} },
      ],
    },
  ],
  [
    "a mean of too many digits",
    {
      cells: [
        { at: [0], rows: 20, means: { charge: 110.5 } },
        { at: [2], rows: 30, means: {} },
      ],
    },
  ],
  [
    "another mean",
    {
      cells: [
        { at: [0], rows: 20, means: { charge: 112 } },
        { at: [2], rows: 30, means: {} },
      ],
    },
  ],
  [
    "a dominated mean",
    {
      cells: [
        { at: [0], rows: 20, means: { charge: 111 } },
        { at: [2], rows: 30, means: { charge: 901 } },
      ],
    },
  ],
  [
    "a mean left out",
    {
      cells: [
        { at: [0], rows: 20, means: {} },
        { at: [2], rows: 30, means: {} },
      ],
    },
  ],
  ["a small cell", { cells: [...TABLE.cells, { at: [1], rows: 10, means: {} }] }],
  ["a cell left out", { cells: TABLE.cells.slice(0, 1) }],
  ["a total of rows that are not shown", { totals: [[20, 10, 30]], total: 60 }],
  ["another total", { total: 55 }],
  ["another threshold", { minimum: 5 }],
  ["another base", { base: 1 }],
])("a table with %s is not what the rules leave", (_, change) => {
  expect(tableIsPlain(TABLE, ROWS)).toBe(true);
  expect(tableIsPlain({ ...TABLE, ...change }, ROWS)).toBe(false);
});

test("plain sets hold who meets the rule, on each of its edges", () => {
  const table = (header: string[], ...lines: string[][]) => ({
    domain: "hrss" as const,
    resource: "made",
    title: "made",
    source: "made",
    fields: [],
    header,
    rows: () => lines,
  });
  const insured = table(
    ["resident_id", "months_insured", "arrears_months"],
    ["in", "12", "3"],
    ["short", "11", "0"],
    ["behind", "480", "4"],
  );
  expect([...plainInsured(insured)]).toEqual(["in"]);
  const visits = table(
    ["resident_id", "inpatient", "charge", "insured_paid"],
    ["in", "true", "5000.00", "2099.99"],
    ["cheap", "true", "5000.00", "2100.00"],
    ["outpatient", "false", "9000.00", "0.00"],
    ["in", "false", "10.00", "5.00"],
  );
  expect([...plainHighCharges(visits)]).toEqual(["in"]);
});
