/** What the store believes of a guard that lies: nothing that it can check itself.
 *  @module */
import { checkOutput } from "@sluice/desensitize";
import { utf8, type JobManifest, type Table, type TableSpec } from "@sluice/protocol";
import { expect, test } from "vitest";
import { MAX_TABLE_JSON_BYTES } from "../src/work/guard-protocol.ts";
import { tableOf } from "../src/work/table-verdict.ts";
import { outputHash, outputOf } from "../src/work/verdict.ts";

const spec: TableSpec = {
  kind: "table",
  dimensions: [
    { name: "age", levels: ["young", "old"] },
    { name: "region", levels: ["north", "east", "south"] },
  ],
  measures: ["base", "months"],
};
const manifest: JobManifest = {
  name: "ageing",
  purpose: "ageing",
  input: { age: "f64" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] }, ages: spec },
};
const ROWS = 120;

/** What the guard itself makes of 120 rows in two cells. */
function honestTable(): Table {
  const codes = (a: number, b: number): Uint8Array =>
    Uint8Array.from({ length: ROWS }, (_, i) => (i % 3 === 0 ? a : b));
  const numbers = Float64Array.from({ length: ROWS }, (_, i) => 1_000 + i);
  const rows = {
    kind: "table-rows" as const,
    dimensions: { age: codes(0, 1), region: codes(2, 0) },
    measures: { base: numbers, months: new Float64Array(ROWS).fill(Number.NaN) },
  };
  const facts = { rowCount: ROWS, environment: "production" } as const;
  const verdict = checkOutput({ class: "served", values: { ages: rows } }, manifest, facts);
  const table = verdict.ok && verdict.output.class === "served" ? verdict.output.values["ages"] : undefined;
  if (table?.kind !== "table") throw new Error("the guard refused");
  return table;
}

const table = honestTable();
const [first = { at: [0, 2], rows: 40, means: {} }, second = first] = table.cells;
const bytesOf = (document: unknown): Uint8Array => utf8(JSON.stringify(document));
const produce = { manifest, entry: "produce", rowCount: ROWS } as const;
const answer = (kind: "labels" | "set" | "table", name = "ages") => ({
  kind: "served" as const,
  id: 1,
  findings: [],
  outputs: [{ name, kind }],
});

/** `table` with other cells, and with totals that fit them. */
function withCells(cells: Table["cells"]): Table {
  const sum = (some: Table["cells"]): number => some.reduce((total, { rows }) => total + rows, 0);
  const totals = spec.dimensions.map(({ levels }, i) =>
    levels.map((_, k) => sum(cells.filter(({ at }) => at[i] === k))),
  );
  return { ...table, cells, totals, total: sum(cells) };
}

test("what the guard makes of rows is believed", () => {
  expect(table.cells).toEqual([
    { at: [0, 2], rows: 40, means: { base: 1_060 } },
    { at: [1, 0], rows: 80, means: { base: 1_060 } },
  ]);
  expect(outputOf(answer("table"), [bytesOf(table)], produce)).toEqual({ class: "served", values: { ages: table } });
  expect(tableOf(bytesOf(withCells([first])), spec, ROWS)).not.toBeNull();
});

test.each<[string, unknown]>([
  ["another dimension", { ...table, dimensions: table.dimensions.toReversed() }],
  ["a renamed level", { ...table, dimensions: [{ name: "age", levels: ["young", "aged"] }, spec.dimensions[1]] }],
  ["another measure", { ...table, measures: ["base"] }],
  ["a smaller minimum", { ...table, minimum: 1 }],
  ["a finer base", { ...table, base: 1 }],
  ["no cell", withCells([])],
  ["cells out of order", withCells([second, first])],
  ["a cell twice", withCells([first, first])],
  ["a cell of no level", withCells([first, { ...second, at: [1, 3] }])],
  ["a cell with a level too few", withCells([first, { ...second, at: [1] }])],
  ["a cell with a level too many", withCells([first, { ...second, at: [1, 0, 0] }])],
  ["rows that are not rounded", withCells([{ ...first, rows: 41 }, second])],
  ["a cell too small", withCells([{ ...first, rows: 5 }, second])],
  ["more rows than there are", withCells([{ ...first, rows: 60 }, second])],
  ["a mean of a measure that is not declared", withCells([{ ...first, means: { income: 1 } }])],
  ["a mean with hidden digits", withCells([{ ...first, means: { base: 1_060.1 } }])],
  ["a wrong total", { ...table, total: table.total + 5 }],
  ["wrong totals", { ...table, totals: [[45, 75], table.totals[1]] }],
  ["totals of a dimension too few", { ...table, totals: table.totals.slice(0, 1) }],
  ["something more", { ...table, note: "resident 110101199003070011" }],
  ["something more in a cell", withCells([{ ...first, subjects: 12 } as Table["cells"][number], second])],
  ["row-level columns", { kind: "table-rows", dimensions: {}, measures: {} }],
])("a guard that answers a table with %s is not believed", (_, lie) => {
  expect(() => outputOf(answer("table"), [bytesOf(lie)], produce)).toThrow(/guard-answer/u);
});

test("a table that is no JSON, or too long, is not believed", () => {
  const long = utf8(JSON.stringify(table).padEnd(MAX_TABLE_JSON_BYTES + 1));
  for (const part of [new Uint8Array(0), Uint8Array.of(0xff), utf8("{"), long]) {
    expect(() => outputOf(answer("table"), [part], produce)).toThrow(/guard-answer/u);
  }
});

test("a guard that answers bytes for a table, another class or another output is not believed", () => {
  const part = bytesOf(table);
  const wrong = [
    () => outputOf(answer("labels"), [part], produce),
    () => outputOf(answer("set"), [new Uint8Array(ROWS)], produce),
    () => outputOf(answer("table", "fit"), [part], produce),
    () => outputOf(answer("table"), [part, part], produce),
    () => outputOf(answer("table"), [part], { ...produce, entry: "develop" }),
  ];
  for (const attempt of wrong) expect(attempt).toThrow(/guard-answer/u);
});

test("a set is believed with one flag for each row", () => {
  const outputs = { fit: { kind: "metrics", keys: ["rows"] }, who: { kind: "set", match: "psi-ids" } } as const;
  const run = { manifest: { ...manifest, outputs: { ...outputs, fit: { kind: "metrics" as const, keys: ["rows"] } } } };
  const facts = { ...produce, ...run, rowCount: 3 };
  const members = Uint8Array.of(0, 1, 1);
  expect(outputOf(answer("set", "who"), [members], facts)).toEqual({
    class: "served",
    values: { who: { kind: "set", members } },
  });
  for (const lie of [Uint8Array.of(0, 1), Uint8Array.of(0, 1, 2)]) {
    expect(() => outputOf(answer("set", "who"), [lie], facts)).toThrow(/guard-answer/u);
  }
  expect(() => outputOf(answer("labels", "who"), [members], facts)).toThrow(/guard-answer/u);
});

test("a score is in no answer: neither function returns one", () => {
  const outputs: JobManifest["outputs"] = {
    model: { kind: "linear-model", maxParameters: 2 },
    price: { kind: "score", featureBound: 10, link: "identity" },
  };
  const model = { kind: "linear-model" as const, features: ["age"], weights: [1], intercept: 0 };
  const released = { kind: "released" as const, id: 1, findings: [] };
  const scoring = { manifest: { ...manifest, outputs }, rowCount: 3 };
  const develop = { ...scoring, entry: "develop" } as const;
  expect(outputOf({ ...released, values: { model } }, [], develop)).toEqual({ class: "released", values: { model } });
  expect(() => outputOf({ ...released, values: { model, price: model } }, [], develop)).toThrow(/guard-answer/u);
  const built = { ...scoring, entry: "produce" } as const;
  expect(() => outputOf(answer("labels", "price"), [new Uint8Array(3)], built)).toThrow(/guard-answer/u);
});

test("a model of another kind, or larger than declared, does not fit", () => {
  const leaf = { feature: [0], threshold: [0], left: [-1], right: [-1], value: [0.5] };
  const stump = { feature: [0, 0, 0], threshold: [30, 0, 0], left: [1, -1, -1], right: [2, -1, -1], value: [0, 1, 2] };
  const spec = { kind: "tree-model", maxTrees: 2, maxLeaves: 2 } as const;
  const released = { kind: "released" as const, id: 1, findings: [] };
  const facts = (outputs: JobManifest["outputs"]) =>
    ({ manifest: { ...manifest, outputs }, rowCount: 3, entry: "develop" }) as const;
  const model = (trees: (typeof leaf)[]) => ({
    kind: "tree-model" as const,
    link: "logit" as const,
    features: ["age"],
    base: 0,
    trees,
  });
  const answered = (value: ReturnType<typeof model>, outputs: JobManifest["outputs"]) =>
    outputOf({ ...released, values: { model: value } }, [], facts(outputs));
  expect(answered(model([leaf, stump]), { model: spec }).values).toEqual({ model: model([leaf, stump]) });
  expect(() => answered(model([leaf, leaf, leaf]), { model: spec })).toThrow(/guard-answer/u);
  expect(() => answered(model([stump]), { model: { ...spec, link: "log" } })).toThrow(/guard-answer/u);
  expect(() => answered(model([stump]), { model: { kind: "linear-model", maxParameters: 9 } })).toThrow(
    /guard-answer/u,
  );
});

test("every cell and flag is under the hash", async () => {
  const served = (value: Table | { kind: "set"; members: Uint8Array }) =>
    outputHash({ class: "served", values: { out: value } });
  expect(await served(table)).toBe(await served(honestTable()));
  const lower = { ...table, cells: [{ ...first, means: { base: 1_050 } }, second] };
  expect(await served(lower)).not.toBe(await served(table));
  const set = (last: number) => served({ kind: "set", members: Uint8Array.of(0, last) });
  expect(await set(0)).not.toBe(await set(1));
});
