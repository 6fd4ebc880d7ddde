import { existsSync } from "node:fs";
import { join } from "node:path";
import { Hierarchy, isValid, type Column, type ColumnBatch } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anonymize, classesOf, recodeTuples, type AnonymizedBatch } from "../src/index.ts";
import { ADULT_COLUMNS, adultBatch, adultTree } from "./adult-hierarchies.ts";
import { plainKeeps, plainShares, plainDistance, type PlainModel, type PlainRow } from "./plain-anonymity.ts";

const directory = process.env["SLUICE_DATA_DIR"] ?? "";
const present = existsSync(join(directory, "adult", "adult_arx_30162.csv"));
if (!present) process.stdout.write("skipped: tests on the Adult table need SLUICE_DATA_DIR\n");

/** Towns whose order by name is not their order by region. */
const REGIONS: Record<string, string> = { ash: "north", birch: "south", cedar: "north", date: "south", elm: "north" };
const TOWNS = Hierarchy.parse({ kind: "tree", levels: [REGIONS] });
const TOWN_ORDER = ["ash", "cedar", "elm", "birch", "date"];

interface Row {
  readonly age: number | null;
  readonly town: string | null;
  readonly married: boolean;
  readonly score: number;
  readonly person: number;
  readonly sensitive: number;
}

const rowsOf = fc
  .tuple(
    fc.array(
      fc.record({
        age: fc.option(fc.integer({ min: 18, max: 40 }), { freq: 12 }),
        town: fc.option(fc.constantFrom(...TOWN_ORDER), { freq: 12 }),
        married: fc.boolean(),
        score: fc.constantFrom(-1.5, 0, 0.25, 8, 1e6),
        person: fc.integer({ min: 0, max: 30 }),
        sensitive: fc.constantFrom(0, 0, 1, 2, 3),
      }),
      { minLength: 1, maxLength: 60 },
    ),
    fc.boolean(),
  )
  .map(([rows, repeat]) => ({ repeat, rows: rows.map((row, i): Row => (repeat ? row : { ...row, person: i })) }));

const NAMES = ["age", "town", "married", "score"] as const;

function batchOf(rows: readonly Row[]): ColumnBatch {
  const validity = (present: (row: Row) => boolean): Uint8Array => {
    const bits = new Uint8Array(Math.ceil(rows.length / 8));
    for (const [i, row] of rows.entries()) if (present(row)) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
    return bits;
  };
  const dictionary = Object.keys(REGIONS);
  return {
    rowCount: rows.length,
    columns: {
      age: {
        type: "i32",
        values: Int32Array.from(rows, ({ age }) => age ?? 0),
        validity: validity(({ age }) => age !== null),
      },
      town: {
        type: "dict",
        dictionary,
        values: Uint32Array.from(rows, ({ town }) => Math.max(0, dictionary.indexOf(town ?? ""))),
        validity: validity(({ town }) => town !== null),
      },
      married: { type: "bool", values: Uint8Array.from(rows, ({ married }) => Number(married)) },
      score: { type: "f64", values: Float64Array.from(rows, ({ score }) => score) },
      s: { type: "i32", values: Int32Array.from(rows, ({ sensitive }) => sensitive) },
    },
  };
}

function cellOf(column: Column | undefined, row: number): string | number | null {
  if (column === undefined || !isValid(column, row)) return null;
  const value = column.values[row] ?? 0;
  return column.type === "dict" ? (column.dictionary[value] ?? "") : value;
}

const plain = (row: Row): PlainRow => ({ values: [], person: row.person, sensitive: row.sensitive });

/** Whether `shown` can be said of a class with these values: the value, the middle of its numbers, the ends of its range, or
 *  that it could be anything. */
function covers(
  name: (typeof NAMES)[number],
  shown: string | number | null,
  values: readonly Row[typeof name][],
): boolean {
  const cells = values.map((value) => (typeof value === "boolean" ? Number(value) : value));
  if (cells.every((cell) => cell === cells[0])) return shown === cells[0];
  if (cells.includes(null) || name === "married") return shown === (name === "town" ? "*" : null);
  if (name === "town") {
    const ranks = cells.map((cell) => TOWN_ORDER.indexOf(String(cell)));
    return shown === `${TOWN_ORDER[Math.min(...ranks)]}..${TOWN_ORDER[Math.max(...ranks)]}`;
  }
  const [low, high] = [Math.min(...cells.map(Number)), Math.max(...cells.map(Number))];
  return shown === (name === "age" ? Math.floor((low + high) / 2) : (low + high) / 2);
}

const models = fc.record(
  {
    k: fc.integer({ min: 1, max: 8 }),
    l: fc.integer({ min: 2, max: 3 }),
    entropyL: fc.double({ min: 1, max: 3, noNaN: true }),
    t: fc.double({ min: 0.05, max: 0.6, noNaN: true }),
    ordered: fc.boolean(),
  },
  { requiredKeys: ["k"] },
);

test("random tables: every class keeps the model, shows what covers its rows, and cannot be cut again", async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf, models, async ({ rows, repeat }, given) => {
      const { ordered = false, ...demands }: PlainModel = given;
      const { k, ...model } = demands;
      const found = await anonymize(batchOf(rows), {
        quasi: NAMES,
        hierarchies: { town: { hierarchy: TOWNS, from: 0 } },
        model: { algorithm: "mondrian", ...model },
        k,
        suppressionLimit: 0,
        sensitive: [{ name: "s", ordered }],
        ...(repeat ? { subjects: Int32Array.from(rows, ({ person }) => person) } : {}),
      }).catch((error: unknown) => error);
      const all = rows.map(plain);
      const keeps = (some: readonly Row[]): boolean => plainKeeps(some.map(plain), all, { ...demands, ordered }, []);
      if (!keeps(rows)) {
        expect(found).toMatchObject({ code: Object.keys(model).length === 0 ? "ERR_SAMPLE_K" : "ERR_SAMPLE_MODEL" });
        return;
      }
      if (!(found instanceof Object) || !("recoding" in found)) throw found;
      const { batch, classes, recoding, ...figures } = found as AnonymizedBatch;
      if (recoding.kind !== "boxes") throw new TypeError("mondrian makes boxes");
      expect([batch.rowCount, figures.suppressedRows]).toEqual([rows.length, 0]);
      expect(batch.columns["s"]).toEqual(batchOf(rows).columns["s"]);
      expect([...recodeTuples(recoding, batchOf(rows))]).toEqual([...classes]);
      expect([...classes]).toEqual([...classesOf(batch, NAMES).ofRow]);
      const shown = rows.map((_, row) => JSON.stringify(NAMES.map((name) => cellOf(batch.columns[name], row))));
      expect(new Set(shown.map((text, row) => `${classes[row]} ${text}`)).size).toBe(recoding.classCount);
      expect(new Set(shown).size).toBe(recoding.classCount);

      const byBox = Map.groupBy(rows.keys(), (row) => boxOf(recoding, rows[row]));
      for (const own of byBox.values()) {
        const some = own.flatMap((row) => rows[row] ?? []);
        for (const name of NAMES) {
          expect(
            covers(
              name,
              cellOf(batch.columns[name], own[0] ?? 0),
              some.map((row) => row[name]),
            ),
          ).toBe(true);
          for (const cut of some) {
            const left = some.filter((row) => place(name, row[name]) <= place(name, cut[name]));
            const right = some.filter((row) => place(name, row[name]) > place(name, cut[name]));
            if (right.length > 0) expect(keeps(left) && keeps(right)).toBe(false);
          }
        }
      }
      const byClass = [...Map.groupBy(rows.keys(), (row) => classes[row]).values()].map((own) =>
        own.flatMap((row) => rows[row] ?? []),
      );
      expect(byClass.every(keeps)).toBe(true);
      expect(figures.k).toBe(Math.min(...byClass.map((own) => new Set(own.map(({ person }) => person)).size)));
      if (Object.keys(model).length === 0) return;
      expect(figures.l).toBe(Math.min(...byClass.map((own) => plainShares(own.map(plain)).size)));
      const distances = byClass.map((own) => plainDistance(plainShares(own.map(plain)), plainShares(all), ordered));
      expect(figures.t).toBeCloseTo(Math.max(...distances), 9);
    }),
    { numRuns: 250, seed: 9 },
  );
});

function place(name: (typeof NAMES)[number], value: Row[typeof name]): number {
  if (value === null) return -Infinity;
  return name === "town" ? TOWN_ORDER.indexOf(String(value)) : Number(value);
}

/** The box of a row, found by looking at every box. */
function boxOf(recoding: Extract<AnonymizedBatch["recoding"], { kind: "boxes" }>, row: Row | undefined): number {
  const ranks = recoding.columns.map(({ name, values }) => {
    const value = row?.[name as (typeof NAMES)[number]] ?? null;
    return values.indexOf(typeof value === "boolean" ? Number(value) : value);
  });
  const boxes = [...recoding.classOfBox.keys()].filter((box) =>
    ranks.every((rank, d) => rank >= (recoding.low[d]?.[box] ?? 0) && rank <= (recoding.high[d]?.[box] ?? 0)),
  );
  if (boxes.length !== 1) throw new Error(`a row lies in ${boxes.length} boxes`);
  return boxes[0] ?? 0;
}

test("rows of the whole table that the sample does not have fall into the class whose range holds them", async () => {
  const ages = [20, 21, 22, 40, 41, 42];
  const column = (values: readonly number[]): ColumnBatch => ({
    rowCount: values.length,
    columns: { age: { type: "i32", values: Int32Array.from(values) } },
  });
  const { recoding, batch, k } = await anonymize(column(ages), {
    quasi: ["age"],
    hierarchies: {},
    model: { algorithm: "mondrian" },
    k: 3,
    suppressionLimit: 0,
  });
  expect([...(batch.columns["age"]?.values ?? [])]).toEqual([21, 21, 21, 41, 41, 41]);
  expect(k).toBe(3);
  const classes = [...recodeTuples(recoding, column([20, 22, 23, 30, 40, 42, 43, 0, 41]))];
  expect(classes.map((number) => (number === -1 ? null : recoding.shown[0]?.[number]))).toEqual([
    21,
    21,
    null,
    null,
    41,
    41,
    null,
    null,
    41,
  ]);
});

test("boxes that show the same are one class", async () => {
  const values = ["a", "b", "a..b", "a..b"];
  const dictionary = ["a", "b", "a..b"];
  const town: Column = {
    type: "dict",
    dictionary,
    values: Uint32Array.from(values, (value) => dictionary.indexOf(value)),
  };
  const hierarchy = Hierarchy.parse({ kind: "tree", levels: [{ a: "x", b: "x", "a..b": "y" }] });
  const found = await anonymize(
    { rowCount: 4, columns: { town } },
    {
      quasi: ["town"],
      hierarchies: { town: { hierarchy, from: 0 } },
      model: { algorithm: "mondrian" },
      k: 2,
      suppressionLimit: 0,
    },
  );
  expect([found.k, found.recoding.classCount, ...found.classes]).toEqual([4, 1, 0, 0, 0, 0]);
});

test.each([
  ["age", [null, 20, 21, 40], 19 / 20], // (null, 20), then 19 of 20 years
  ["town", [null, "ash", "birch", "cedar"], 1 / 3], // (null, ash), then one of three steps
] as const)("a box of %s with a missing value loses the whole column", async (name, values, other) => {
  const rows = values.map((value): Row => {
    const row = { age: 30, town: "ash", married: true, score: 0, person: 0, sensitive: 0 };
    return { ...row, [name]: value };
  });
  const model = { algorithm: "mondrian" } as const;
  const found = await anonymize(batchOf(rows), { quasi: [name], hierarchies: {}, model, k: 2, suppressionLimit: 0 });
  expect(found.loss).toBeCloseTo((1 + other) / 2, 9);
});

test.runIf(present)("the Adult table: boxes of k = 5 lose under 5 %", async () => {
  const hierarchies = Object.fromEntries(
    ADULT_COLUMNS.flatMap((name) => {
      const hierarchy = adultTree(directory, name);
      return hierarchy === undefined ? [] : [[name, { hierarchy, from: 0 }]];
    }),
  );
  const found = await anonymize(adultBatch(directory), {
    quasi: ADULT_COLUMNS,
    hierarchies,
    model: { algorithm: "mondrian" },
    k: 5,
    suppressionLimit: 0,
  });
  expect(found.loss).toBeLessThan(0.05);
  expect(found.k).toBe(5);
  expect(found.recoding.classCount).toBeGreaterThan(4_000);
});
