import { existsSync } from "node:fs";
import { join } from "node:path";
import { ANY_VALUE, Hierarchy, type ColumnBatch } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anonymize, classesOf, recodeTuples, type ColumnHierarchy } from "../src/index.ts";
import { searchLevels } from "../src/anonymity/full-domain.ts";
import { ClassJudge } from "../src/anonymity/judge.ts";
import { createTuples } from "../src/anonymity/tuples.ts";
import { ADULT_COLUMNS, adultBatch, adultTree, arxLines } from "./adult-hierarchies.ts";
import {
  allLevels,
  plainNode,
  plainOptimum,
  type PlainColumn,
  type PlainModel,
  type PlainRow,
} from "./plain-anonymity.ts";

const directory = process.env["SLUICE_DATA_DIR"] ?? "";
const present = existsSync(join(directory, "adult", "adult_arx_30162.csv"));
if (!present) process.stdout.write("skipped: tests on the Adult table need SLUICE_DATA_DIR\n");

const LETTERS = ["a", "b", "c", "d", "e", "f"];

/** Small trees over the letters a to f; a column without one is shown as it is, or as *. */
const TREES: readonly (Hierarchy | undefined)[] = [
  undefined,
  tree([
    { a: "ab", b: "ab", c: "cd", d: "cd", e: "ef", f: "ef" },
    { ab: "a-d", cd: "a-d", ef: "ef" },
  ]),
  tree([{ a: "abc", b: "abc", c: "abc", d: "d", e: "ef", f: "ef" }]),
  tree([{ a: "ab", b: "ab", c: "c", d: "*", e: "ef", f: "ef" }]),
];

function tree(levels: Record<string, string>[]): Hierarchy {
  return Hierarchy.parse({ kind: "tree", levels });
}

function plainColumn(hierarchy: Hierarchy | undefined): PlainColumn {
  const levels = hierarchy?.kind === "tree" ? hierarchy.levels : [];
  const show = (level: number, value: string): string => {
    if (level > levels.length) return ANY_VALUE;
    let name = value;
    for (const groups of levels.slice(0, level)) name = groups[name] ?? ANY_VALUE;
    return name;
  };
  const leaves = Object.keys(levels[0] ?? {});
  return {
    heights: levels.length + 2,
    show,
    lose(level, value) {
      if (level === 0) return 0;
      const shown = show(level, value);
      if (shown === ANY_VALUE) return 1;
      return (leaves.filter((leaf) => show(level, leaf) === shown).length - 1) / (leaves.length - 1);
    },
  };
}

/** Rows of up to three columns of letters. */
const tables = fc
  .record({
    trees: fc.array(fc.integer({ min: 0, max: TREES.length - 1 }), { minLength: 1, maxLength: 3 }),
    rows: fc.array(
      fc.record({
        values: fc.array(fc.constantFrom(...LETTERS), { minLength: 3, maxLength: 3 }),
        person: fc.integer({ min: 0, max: 24 }),
        sensitive: fc.constantFrom(0, 0, 0, 1, 2, 3),
      }),
      { minLength: 1, maxLength: 40 },
    ),
    others: fc.array(fc.array(fc.constantFrom(...LETTERS), { minLength: 3, maxLength: 3 }), { maxLength: 40 }),
    repeat: fc.boolean(),
  })
  .map(({ trees, rows, others, repeat }) => ({
    hierarchies: trees.map((i) => TREES[i]),
    rows: rows.map((row, i): PlainRow => ({
      values: row.values.slice(0, trees.length),
      person: repeat ? row.person : i,
      sensitive: row.sensitive,
    })),
    others: others.map((values, i): PlainRow => ({
      values: values.slice(0, trees.length),
      person: 1_000 + i,
      sensitive: 0,
    })),
    repeat,
  }));

const models = fc.record(
  {
    k: fc.integer({ min: 1, max: 6 }),
    l: fc.integer({ min: 2, max: 3 }),
    entropyL: fc.double({ min: 1, max: 3, noNaN: true }),
    t: fc.double({ min: 0.05, max: 0.9, noNaN: true }),
    delta: fc.constantFrom({ min: 0, max: 0.6 }, { min: 0.3, max: 0.9 }, { min: 0.2, max: 1 }),
    ordered: fc.boolean(),
  },
  { requiredKeys: ["k"] },
);

const columnName = (d: number): string => `c${d}`;

function batchOf(rows: readonly PlainRow[], width: number): ColumnBatch {
  const letters = LETTERS.toReversed();
  const columns = Array.from({ length: width }, (_, d) => {
    const values = Uint32Array.from(rows, (row) => letters.indexOf(row.values[d] ?? ""));
    return [columnName(d), { type: "dict" as const, dictionary: letters, values }] as const;
  });
  return {
    rowCount: rows.length,
    columns: {
      ...Object.fromEntries(columns),
      s: { type: "i32", values: Int32Array.from(rows, ({ sensitive }) => sensitive) },
    },
  };
}

function hierarchiesOf(hierarchies: readonly (Hierarchy | undefined)[]): Record<string, ColumnHierarchy> {
  const declared = hierarchies.flatMap((hierarchy, d): [string, ColumnHierarchy][] =>
    hierarchy === undefined ? [] : [[columnName(d), { hierarchy, from: 0 }]],
  );
  return Object.fromEntries(declared);
}

test.each([
  ["k alone", (model: PlainModel) => ({ k: model.k }), 150],
  ["every model", (model: PlainModel) => model, 250],
  // Alone they are kept by a class and not by a union with it, which k would hide.
  ["entropy alone", ({ entropyL = 1.5 }: PlainModel) => ({ k: 1, entropyL }), 250],
  ["distance alone", ({ t = 0.3, ordered = false }: PlainModel) => ({ k: 1, t, ordered }), 250],
  ["presence alone", ({ delta = { min: 0.3, max: 0.7 } }: PlainModel) => ({ k: 1, delta }), 250],
] as const)("random tables: nothing loses less than what the search finds (%s)", async (_, asked, numRuns) => {
  await fc.assert(
    fc.asyncProperty(
      tables,
      models,
      fc.constantFrom(0, 0.1, 0.5),
      async ({ hierarchies, rows, others, repeat }, given, limit) => {
        const { ordered = false, ...demands }: PlainModel = asked(given);
        const { k, ...model } = demands;
        const columns = hierarchies.map(plainColumn);
        const whole = [...rows, ...others];
        const best = plainOptimum(
          rows,
          columns,
          { ...demands, ordered },
          Math.floor(limit * rows.length),
          demands.delta && whole,
        );
        const found = await anonymize(batchOf(rows, columns.length), {
          quasi: columns.map((__, d) => columnName(d)),
          hierarchies: hierarchiesOf(hierarchies),
          model: { algorithm: "full-domain", ...model },
          k,
          suppressionLimit: limit,
          sensitive: [{ name: "s", ordered }],
          population: { batch: batchOf(whole, columns.length), ...(repeat ? { subjects: personsOf(whole) } : {}) },
          ...(repeat ? { subjects: personsOf(rows) } : {}),
        }).catch((error: unknown) => error);
        if (best === null) {
          expect(found).toMatchObject({ code: Object.keys(model).length === 0 ? "ERR_SAMPLE_K" : "ERR_SAMPLE_MODEL" });
          return;
        }
        if (!(found instanceof Object) || !("recoding" in found)) throw found;
        const { recoding, loss, suppressedRows, batch, classes } = found as Awaited<ReturnType<typeof anonymize>>;
        expect(loss).toBeCloseTo(best.loss, 9);
        if (recoding.kind !== "levels") throw new TypeError("full-domain chooses levels");
        // The node it names is what it says, and the rows it shows are the rows of that node.
        const node = plainNode(
          rows,
          columns,
          recoding.columns.map(({ level }) => level),
          { ...demands, ordered },
          demands.delta && whole,
        );
        expect([node.loss, node.suppressed]).toEqual([expect.closeTo(loss, 9), suppressedRows]);
        const shown = Array.from({ length: batch.rowCount }, (__, row) =>
          JSON.stringify(columns.map((___, d) => textAt(batch, columnName(d), row))),
        );
        expect(shown.toSorted()).toEqual([...node.left].flatMap(([key, own]) => own.map(() => key)).toSorted());
        const quasi = columns.map((__, d) => columnName(d));
        expect([...classes]).toEqual([...classesOf(batch, quasi).ofRow]);
        expect(new Set(classes).size).toBe(node.left.size);
        expect(recoding.classCount).toBe(node.left.size);
        // Every row of the batch falls into the class it is in; rows of classes that are gone into none.
        const again = recodeTuples(recoding, batchOf(rows, columns.length));
        expect([...again].filter((number) => number >= 0).length).toBe(batch.rowCount);
        const left = [...again].filter((number) => number >= 0);
        expect(left).toEqual([...classes]);
      },
    ),
    { numRuns, seed: 3 },
  );
});

function personsOf(rows: readonly PlainRow[]): Int32Array {
  return Int32Array.from(rows, ({ person }) => person);
}

function textAt(batch: ColumnBatch, name: string, row: number): string | undefined {
  const column = batch.columns[name];
  return column?.type === "dict" ? column.dictionary[column.values[row] ?? 0] : undefined;
}

const adultHierarchies = (): Record<string, ColumnHierarchy> =>
  Object.fromEntries(
    ADULT_COLUMNS.flatMap((name): [string, ColumnHierarchy][] => {
      const hierarchy = adultTree(directory, name);
      return hierarchy === undefined ? [] : [[name, { hierarchy, from: 0 }]];
    }),
  );

/** Levels that lose least, rows left out, and loss. ARX 3.9.2 finds the same levels, except for k = 50 with 5 %, where its own
 *  definition of loss prefers another combination. */
const ADULT_OPTIMA = [
  [2, 0, "041132020", 0, 0.604],
  [5, 0, "041132210", 0, 0.636],
  [10, 0, "041132210", 0, 0.636],
  [25, 0, "041132210", 0, 0.636],
  [50, 0, "041132210", 0, 0.636],
  [100, 0, "041232210", 0, 0.699],
  [2, 0.05, "030011110", 1_350, 0.175],
  [5, 0.05, "030021120", 1_346, 0.27],
  [10, 0.05, "030121120", 1_437, 0.318],
  [25, 0.05, "040121120", 1_293, 0.4],
  [50, 0.05, "040221120", 1_402, 0.463],
  [100, 0.05, "040231120", 1_339, 0.529],
] as const;
const slow = process.env["SLOW"] === "1";

test.runIf(present).each(slow ? ADULT_OPTIMA : ADULT_OPTIMA.filter(([k]) => k === 5))(
  "the Adult table with nine quasi-identifiers, k = %i, limit %d: levels %s",
  async (k, suppressionLimit, levels, suppressedRows, loss) => {
    const found = await anonymize(adultBatch(directory), {
      quasi: ADULT_COLUMNS,
      hierarchies: adultHierarchies(),
      model: { algorithm: "full-domain" },
      k,
      suppressionLimit,
    });
    if (found.recoding.kind !== "levels") throw new TypeError("full-domain chooses levels");
    expect(found.recoding.columns.map(({ level }) => level).join("")).toBe(levels);
    expect(found.suppressedRows).toBe(suppressedRows);
    expect(found.loss.toFixed(3)).toBe(loss.toFixed(3));
    expect(found.k).toBeGreaterThanOrEqual(k);
    expect(found.search?.nodes).toBe(12_960);
  },
);

test.runIf(present)("a part of the Adult table: no combination of levels is better, each of them counted", async () => {
  const names = ["age", "education", "marital-status", "race", ...(slow ? ["workclass", "native-country"] : [])];
  const [header = [], ...lines] = arxLines(directory, "adult_arx_30162.csv");
  const some = lines.filter((_, i) => i % 100 === 7);
  const columns = names.map((name) => plainColumn(adultTree(directory, name)));
  // Looking up is most of the work of the plain form.
  const memo = columns.map((column): PlainColumn => {
    const [shown, lost] = [new Map<string, string>(), new Map<string, number>()];
    return {
      heights: column.heights,
      show: (level, value) => cached(shown, `${level}/${value}`, () => column.show(level, value)),
      lose: (level, value) => cached(lost, `${level}/${value}`, () => column.lose(level, value)),
    };
  });
  const rows = some.map((cells, person): PlainRow => ({
    values: names.map((name) => cells[header.indexOf(name)] ?? ""),
    person,
    sensitive: cells[header.indexOf("salary-class")] === ">50K" ? 1 : 0,
  }));
  expect(allLevels(columns).length).toBe(5 * 4 * 3 * 2 * (slow ? 3 * 3 : 1));
  for (const [limit, demands] of [
    [0, { k: 5 }],
    [0.05, { k: 5 }],
    [0.1, { k: 3, l: 2, t: 0.3 }],
  ] as const) {
    const best = plainOptimum(rows, memo, demands, Math.floor(limit * rows.length));
    const { k, ...model } = demands;
    const found = await anonymize(
      {
        rowCount: rows.length,
        columns: {
          ...dictionaries(names, rows),
          s: { type: "i32", values: Int32Array.from(rows, ({ sensitive }) => sensitive) },
        },
      },
      {
        quasi: names,
        hierarchies: adultHierarchies(),
        model: { algorithm: "full-domain", ...model },
        k,
        suppressionLimit: limit,
        sensitive: [{ name: "s", ordered: false }],
      },
    );
    expect(found.loss).toBeCloseTo(best?.loss ?? Number.NaN, 9);
    expect(found.search?.checks).toBeLessThan(found.search?.nodes ?? 0);
  }
});

function cached<V>(values: Map<string, V>, key: string, make: () => V): V {
  const known = values.get(key);
  if (known !== undefined) return known;
  const made = make();
  values.set(key, made);
  return made;
}

function dictionaries(names: readonly string[], rows: readonly PlainRow[]): ColumnBatch["columns"] {
  return Object.fromEntries(
    names.map((name, d) => {
      const dictionary = [...new Set(rows.map(({ values }) => values[d] ?? ""))];
      const values = Uint32Array.from(rows, (row) => dictionary.indexOf(row.values[d] ?? ""));
      return [name, { type: "dict" as const, dictionary, values }];
    }),
  );
}

test("a search that looks at too many tuples is refused, not cut short", async () => {
  const rows = Array.from({ length: 60 }, (_, i): PlainRow => {
    const values = [i, i >> 1, i >> 2].map((n) => LETTERS[n % LETTERS.length] ?? "");
    return { values, person: i, sensitive: 0 };
  });
  const quasi = [0, 1, 2].map(columnName);
  const table = createTuples({
    batch: batchOf(rows, 3),
    quasi,
    hierarchies: hierarchiesOf([TREES[1], TREES[2], TREES[3]]),
  });
  const search = (maxVisits?: number) =>
    searchLevels(table, new ClassJudge({ k: 4 }, []), { maxSuppressedRows: 0, maxVisits });
  const whole = await search();
  expect(whole?.checks).toBeGreaterThan(1);
  expect(await search(10 * table.count)).toEqual(whole);
  await expect(search(table.count)).rejects.toMatchObject({
    code: "ERR_POLICY",
    details: { pointer: "/model/algorithm" },
  });
});
