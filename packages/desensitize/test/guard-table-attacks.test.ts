/** What somebody who has a table can work out: tried by trying every table that looks the same, on small ones.
 *  @module */
import type { Column, DomainFacts, JobManifest, TableRows, TableSpec, Verdict } from "@sluice/protocol";
import { expect, test } from "vitest";
import { checkOutput } from "../src/index.ts";

const spec: TableSpec = {
  kind: "table",
  dimensions: [
    { name: "sex", levels: ["f", "m"] },
    { name: "illness", levels: ["none", "some"] },
  ],
  measures: [],
};
const manifest: JobManifest = { name: "ill", purpose: "ill", input: { ill: "bool" }, outputs: { ill: spec } };

/** The verdict on a table with these persons in its cells, one row each, in the order of cells. */
function verdictOf(
  counts: readonly number[],
  facts: (illness: Uint8Array, sex: Uint8Array) => Partial<DomainFacts> = () => ({}),
): Verdict {
  const cells = counts.flatMap((count, cell) => Array.from({ length: count }, () => cell));
  const illness = Uint8Array.from(cells, (cell) => cell % 2);
  const sex = Uint8Array.from(cells, (cell) => cell >> 1);
  const rows: TableRows = {
    kind: "table-rows",
    dimensions: { sex, illness },
    measures: {},
  };
  const own = { rowCount: cells.length, environment: "production", ...facts(illness, sex) } as const;
  return checkOutput({ class: "served", values: { ill: rows } }, manifest, own);
}

/** The rows of such a table, of which illness is sensitive. */
const ill = (illness: Uint8Array, sex: Uint8Array): Partial<DomainFacts> => {
  const columns: Record<string, Column> = {
    ill: { type: "bool", values: illness },
    sex: { type: "bool", values: sex },
  };
  return { table: { rowCount: illness.length, columns }, sensitive: ["ill"] };
};

/** Everything that a reader sees. */
const seen = (verdict: Verdict): string => JSON.stringify(verdict);

/** Rows of the listed cells, as they are shown. */
const shownRows = (shown: string): number => Number(/"total":(\d+)/u.exec(shown)?.[1]);

test("no cell that is left out can be worked out from all that is shown: every table that looks the same was tried", () => {
  // Counts at which anything changes, and some between.
  const counts = [0, 1, 4, 9, 10, 12, 13, 40];
  const worlds = new Map<string, number[][]>();
  for (const a of counts) {
    for (const b of counts) {
      for (const c of counts) {
        for (const d of counts) {
          const verdict = verdictOf([a, b, c, d]);
          if (!verdict.ok) continue;
          const same = worlds.get(seen(verdict));
          if (same === undefined) worlds.set(seen(verdict), [[a, b, c, d]]);
          else same.push([a, b, c, d]);
        }
      }
    }
  }
  expect(worlds.size).toBeGreaterThan(50);
  for (const [shown, possible] of worlds) {
    for (let cell = 0; cell < 4; cell++) {
      const feasible = new Set(possible.map((world) => world[cell]));
      if (possible.every((world) => (world[cell] ?? 0) >= 10)) continue;
      // Listed cells of one table are large in every world; the others may be empty, and may be of somebody.
      expect(feasible, shown).toContain(0);
      // A fifth of the rows at most is left out: where 40 are listed, a cell of 4 may be.
      expect(feasible, shown).toContain(shownRows(shown) < 40 ? 1 : 4);
      expect([...feasible].every((count) => (count ?? 0) < 10)).toBe(true);
    }
  }
});

test("totals are the only margins, and a small cell cannot be taken from them", () => {
  const verdict = verdictOf([60, 4, 40, 30]);
  expect(verdict).toMatchObject({
    ok: true,
    output: {
      values: {
        ill: {
          total: 130,
          totals: [
            [60, 70],
            [100, 30],
          ],
        },
      },
    },
  });
});

test("table-group: a group of which all but a few have the same sensitive value is not listed", () => {
  const cellsOf = (counts: number[], own = ill): unknown => {
    const verdict = verdictOf(counts, own);
    const table = verdict.ok && verdict.output.class === "served" ? verdict.output.values["ill"] : undefined;
    return table?.kind === "table" ? table.cells.map(({ at }) => at) : "refused";
  };
  const all = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ];
  expect(cellsOf([100, 50, 100, 10])).toEqual(all);
  // All women are ill, or all but nine: what is said of the group is said of each.
  expect(cellsOf([0, 20, 100, 50])).toEqual(all.slice(2));
  expect(cellsOf([9, 20, 100, 50])).toEqual(all.slice(2));
  expect(cellsOf([10, 20, 100, 50])).toEqual(all);
  // Sex is not what is sensitive: nearly only women are here. A dimension of one level might be about anything.
  expect(cellsOf([60, 50, 1, 1])).toEqual(all.slice(0, 2));
  expect(cellsOf([60, 50, 0, 0])).toBe("refused");
  expect(cellsOf([0, 60, 0, 60])).toBe("refused");
  // Without the roles or rows there is no such rule, and no finding of it.
  expect(cellsOf([0, 20, 100, 50], () => ({}))).toEqual([[0, 1], ...all.slice(2)]);
  expect(cellsOf([0, 20, 100, 50], (...codes) => ({ ...ill(...codes), sensitive: [] }))).toEqual([
    [0, 1],
    ...all.slice(2),
  ]);
});

test("table-group: every table that looks the same leaves a member of a group at least ten of another value, or nothing", () => {
  const counts = [0, 5, 9, 10, 30, 100];
  let listed = 0;
  for (const a of counts) {
    for (const b of counts) {
      const verdict = verdictOf([a, b, 100, 100], ill);
      if (!verdict.ok || verdict.output.class !== "served") continue;
      const table = verdict.output.values["ill"];
      const women = table?.kind === "table" && table.cells.some(({ at }) => at[0] === 0);
      if (!women) continue;
      listed++;
      expect(Math.min(a, b)).toBeGreaterThanOrEqual(10);
    }
  }
  expect(listed).toBe(9);
});

test("table-group: a dimension that says more than the sensitive column is judged by what it says of it", () => {
  const rowCount = 1_200;
  const of = (value: (row: number) => number): number[] => Array.from({ length: rowCount }, (_, row) => value(row));
  const [region, month] = [of((row) => row % 3), of((row) => Math.floor(row / 3) % 12)];
  // Everybody of the first region is ill but `well` persons; elsewhere half are.
  const cellsOf = (well: number, say: (ill: number, row: number) => number, levels: number): unknown => {
    const ill = of((row) => (region[row] === 0 ? Number(row >= 3 * well) : Math.floor(row / 36) % 2));
    const status = ill.map((code, row) => say(code, row));
    const number = (values: number[]) => ({ type: "f64", values: Float64Array.from(values) }) as const;
    const columns = { region: number(region), month: number(month), ill: number(ill) };
    const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `l${i}`);
    const declared: TableSpec = {
      kind: "table",
      dimensions: [
        { name: "region", levels: names(3) },
        { name: "status", levels: names(levels) },
      ],
      measures: [],
    };
    const dimensions = { region: Uint8Array.from(region), status: Uint8Array.from(status) };
    const verdict = checkOutput(
      { class: "served", values: { t: { kind: "table-rows", dimensions, measures: {} } } },
      { name: "t", purpose: "t", input: { region: "f64", month: "f64", ill: "f64" }, outputs: { t: declared } },
      {
        rowCount,
        environment: "production",
        subjects: Uint32Array.from(region.keys()),
        table: { rowCount, columns },
        sensitive: ["ill"],
      },
    );
    const table = verdict.ok && verdict.output.class === "served" ? verdict.output.values["t"] : undefined;
    if (table?.kind === "table") return new Set(table.cells.map(({ at }) => at[0]));
    return verdict.findings.flatMap(({ rule, result }) => (result === "refused" ? [rule] : []));
  };
  const plain = (code: number): number => code;
  const born = (code: number, row: number): number => 12 * code + (month[row] ?? 0);
  for (const [say, levels] of [
    [plain, 2],
    [born, 24],
  ] as const) {
    // A third of the rows would not be listed.
    expect(cellsOf(0, say, levels), `${levels}`).toEqual(["table-cells"]);
    expect(cellsOf(9, say, levels), `${levels}`).toEqual(["table-cells"]);
    expect(cellsOf(60, say, levels), `${levels}`).toEqual(new Set([0, 1, 2]));
  }
  // Months alone say nothing of it, whoever is ill.
  expect(cellsOf(0, (_, row) => month[row] ?? 0, 12)).toEqual(new Set([0, 1, 2]));
});
