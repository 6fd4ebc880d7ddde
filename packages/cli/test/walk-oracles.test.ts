/** The plain computations beside noisy tables and profiles: right ones are found right, and each way of being wrong wrong.
 *  @module */
import type { NoisyTable, ResourceProfile } from "@sluice/protocol";
import { expect, test } from "vitest";
import { field, type CityTable } from "../src/demo/city/table.ts";
import { tableIsNoisy, type NoisyQuestion } from "../src/demo/oracles/noisy-table.ts";
import { profileIsPlain } from "../src/demo/oracles/plain-profile.ts";

/** Two groups of 100 persons with 10 months each. At ρ = 0.5 counts and months have a quarter each: σ = √2 and 480·√2. */
const QUESTION: NoisyQuestion = {
  levels: [2, 1],
  measures: { months: 480 },
  microRho: 500_000,
  rows: () => Array.from({ length: 200 }, (_, i) => ({ at: [i % 2, 0], values: { months: 10 } })),
};
const TABLE: NoisyTable = {
  kind: "noisy-table",
  dimensions: [
    { name: "age", field: "age", levels: ["young", "old"], breaks: [40] },
    { name: "all", field: "age", levels: ["all"], breaks: [] },
  ],
  measures: [{ name: "months", field: "months", min: 0, max: 480, digits: 0 }],
  contribution: { rows: 1, groups: 1 },
  loss: { mechanism: "gaussian", rho: "0.5" },
  cells: [
    { at: [0, 0], rows: 101, sums: { months: "400" } },
    { at: [1, 0], rows: 97, sums: { months: "1500" } },
  ],
  standardErrors: { rows: Math.SQRT2, sums: { months: 480 * Math.SQRT2 } },
  cost: "500000",
};
const [FIRST, SECOND] = TABLE.cells as [NoisyTable["cells"][0], NoisyTable["cells"][0]];

test.each<[string, Partial<NoisyTable>]>([
  ["a count that is 12 off", { cells: [{ ...FIRST, rows: 112 }, SECOND] }],
  ["a sum that is nine errors off", { cells: [FIRST, { ...SECOND, sums: { months: "7200" } }] }],
  ["no sum", { cells: [FIRST, { ...SECOND, sums: {} }] }],
  ["a cell left out", { cells: [FIRST] }],
  ["cells in another order", { cells: [SECOND, FIRST] }],
  ["another price", { cost: "50000" }],
  ["no noise at all", { cells: [0, 1].map((i) => ({ at: [i, 0], rows: 100, sums: { months: "1000" } })) }],
])("a noisy table with %s is not what was declared", (_, change) => {
  expect(tableIsNoisy(TABLE, QUESTION)).toBe(true);
  expect(tableIsNoisy({ ...TABLE, ...change }, QUESTION)).toBe(false);
});

const PEOPLE: CityTable = {
  domain: "hrss",
  resource: "people",
  title: "people",
  source: "made",
  fields: [field("id", "id", "text", "direct", "general-4"), field("gender", "gender", "text", "quasi", "general-2")],
  header: ["id", "gender"],
  rows: () => Array.from({ length: 101 }, (_, i) => [`p${i}`, i < 38 ? "male" : "female"]),
};
const VALUES = [
  { value: "female", persons: 65 },
  { value: "male", persons: 40 },
];
const ID: ResourceProfile["columns"][0] = { kind: "shape", field: "id" };
const GENDER: ResourceProfile["columns"][0] = { kind: "values", field: "gender", values: VALUES, distinct: 10 };
const PROFILE: ResourceProfile = {
  version: 1,
  kind: "threshold",
  domain: "hrss",
  resource: "people",
  snapshot: "0".repeat(64),
  subject: "id",
  minimum: 20,
  base: 5,
  persons: 100,
  columns: [ID, GENDER],
};

test.each<[string, Partial<ResourceProfile>]>([
  ["another number of persons", { persons: 101 }],
  ["a share that is not rounded", { columns: [ID, { ...GENDER, values: [{ value: "female", persons: 63 }] }] }],
  ["a value left out", { columns: [ID, { ...GENDER, values: VALUES.slice(1) }] }],
  ["persons of other values", { columns: [ID, { ...GENDER, other: 20 }] }],
  ["no shares", { columns: [ID] }],
  ["values of an identifier", { columns: [{ ...GENDER, field: "id" }, GENDER] }],
])("a profile with %s is not a plain count", (_, change) => {
  expect(profileIsPlain(PROFILE, PEOPLE, "gender")).toBe(true);
  expect(profileIsPlain({ ...PROFILE, ...change }, PEOPLE, "gender")).toBe(false);
});
