/** Rows that describe nobody, in the form that a domain gives to a job.
 *  @module */
import { checkPolicy, viewColumns } from "@sluice/desensitize";
import { isValid, type Column, type Policy, type ResourceDescription } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RUN_LIMITS } from "../../domain/src/serve/guarded-run.ts";
import { LOCAL_LIMITS } from "../src/develop/local-run.ts";
import { STARTING_POLICY, STARTING_RESOURCE } from "../src/develop/starting-documents.ts";
import { syntheticRows } from "../src/develop/synthetic-rows.ts";

/** A table with a column of every stored type under every transform that fits it. */
const field = (name: string, type: ResourceDescription["fields"][number]["type"], role: "direct" | "other" = "other") =>
  ({ name, title: name, type, role, grade: "general-3" }) as const;
const resource: ResourceDescription = {
  ...STARTING_RESOURCE,
  fields: [
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
  ],
};
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
const policy: Policy = { ...STARTING_POLICY, columns, sample: { rows: 100, strata: [] } };
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
  const { rowCount, columns } = syntheticRows(source, names, { rows: 500, seed: 1 });
  expect(rowCount).toBe(500);
  expect(Object.fromEntries(Object.entries(columns).map(([name, { type }]) => [name, type]))).toEqual(types);
  for (const column of Object.values(columns)) {
    expect(column.values).toHaveLength(500);
    expect(shown(column, 500)).not.toContain("outside");
  }
});

test("values look as the policy leaves real ones", () => {
  const { columns } = syntheticRows(source, names, { rows: 3_000, seed: 1 });
  const patterns: Record<string, RegExp> = {
    person: /^[0-9a-f]{32}$/,
    phone: /^\d\d\*{8}\d$/,
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
  const { columns } = syntheticRows(source, names, { rows: 2_000, seed: 3 });
  for (const [name, column] of Object.entries(columns)) {
    const nulls = shown(column, 2_000).filter((value) => value === null).length;
    if (name === "person" || name === "phone") expect(nulls).toBe(0);
    else expect(nulls / 2_000).toBeGreaterThan(0.005);
    if (name !== "count") expect(nulls / 2_000).toBeLessThan(0.05);
    for (let row = 0; row < 2_000; row++) if (!isValid(column, row)) expect(column.values[row]).toBe(0);
  }
});

test("the last level of a text is too rare for the guard, the first is not", () => {
  const values = shown(syntheticRows(source, ["word"], { rows: 2_000, seed: 1 }).columns["word"], 2_000);
  const count = (level: string): number => values.filter((value) => value === level).length;
  expect(count("word-1")).toBeGreaterThan(1_000);
  expect(count("word-6")).toBeLessThan(10);
});

test("columns hang together, so that a model has something to find", () => {
  const { columns } = syntheticRows({ resource: STARTING_RESOURCE, policy: STARTING_POLICY }, ["age", "defaulted"], {
    rows: 5_000,
    seed: 1,
  });
  const ages = shown(columns["age"], 5_000);
  const flags = shown(columns["defaulted"], 5_000);
  const mean = (flag: number): number => {
    const own = ages.filter((age, row): age is number => flags[row] === flag && typeof age === "number");
    return own.reduce((sum, age) => sum + age, 0) / own.length;
  };
  expect(Math.abs(mean(0) - mean(1))).toBeGreaterThan(2);
});

test("equal seeds give equal rows, whatever other columns are asked for; a column outside of the policy is left out", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.integer({ min: 1, max: 60 }), fc.subarray(names), (seed, rows, some) => {
      const all = syntheticRows(source, names, { rows, seed }).columns;
      const part = syntheticRows(source, [...some, "id", "nowhere"], { rows, seed }).columns;
      expect(part).toEqual(Object.fromEntries(some.map((name) => [name, all[name]])));
    }),
    { numRuns: 25 },
  );
  const first = syntheticRows(source, names, { rows: 50, seed: 1 });
  expect(syntheticRows(source, names, { rows: 50, seed: 2 })).not.toEqual(first);
});

test("runs here have the limits of a domain's runs", () => {
  expect(LOCAL_LIMITS).toEqual({ develop: RUN_LIMITS.development, produce: RUN_LIMITS.production });
});
