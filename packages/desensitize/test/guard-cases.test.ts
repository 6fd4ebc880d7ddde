/** Hostile outputs by their numbers in the list of 80 cases; those of models are in `guard-models.test.ts`.
 *  @module */
import type { DomainFacts, JobManifest, TableSpec, Verdict } from "@sluice/protocol";
import { expect, test } from "vitest";
import { checkOutput } from "../src/index.ts";
import { numbers, people, refused, releasing, said } from "./model-people.ts";

const TABLE: TableSpec = {
  kind: "table",
  dimensions: [
    { name: "side", levels: ["left", "right"] },
    { name: "half", levels: ["upper", "lower"] },
  ],
  measures: ["sum"],
};

/** The guard on a table of a job that says of each row its two levels and its measure. */
function tabled(
  rows: readonly { at: readonly [number, number]; sum: number }[],
  facts: Partial<DomainFacts> = {},
): Verdict {
  const manifest: JobManifest = { ...releasing({ kind: "clusters", maxClusters: 2 }), outputs: { out: TABLE } };
  const value = {
    kind: "table-rows" as const,
    dimensions: {
      side: Uint8Array.from(rows, ({ at }) => at[0]),
      half: Uint8Array.from(rows, ({ at }) => at[1]),
    },
    measures: { sum: Float64Array.from(rows, ({ sum }) => sum) },
  };
  const own = { rowCount: rows.length, environment: "production" as const, ...facts };
  return checkOutput({ class: "served", values: { out: value } }, manifest, own);
}

function shown(verdict: Verdict): { at: string; means: string[] }[] {
  if (!verdict.ok || verdict.output.class !== "served") throw new Error(refused(verdict).join(" "));
  const table = verdict.output.values["out"];
  if (table?.kind !== "table") throw new Error("there is a table");
  return table.cells.map(({ at, means }) => ({ at: at.join(), means: Object.keys(means) }));
}

const cell = (at: [number, number], persons: number): { at: [number, number]; sum: number }[] =>
  Array.from({ length: persons }, (_, i) => ({ at, sum: 100 + i }));

test("case 67: one metric for each row waits for a person, and tells three digits of each", () => {
  const incomes = [...(people(1_000, 67).columns["income"]?.values ?? [])].slice(0, 64);
  const keys = incomes.map((_, i) => `row${i}`);
  const parts = [keys.slice(0, 32), keys.slice(32)];
  const manifest: JobManifest = {
    ...releasing({ kind: "clusters", maxClusters: 2 }),
    outputs: { a: { kind: "metrics", keys: parts[0] ?? [] }, b: { kind: "metrics", keys: parts[1] ?? [] } },
  };
  const value = (own: readonly string[]): { kind: "metrics"; values: Record<string, number> } => ({
    kind: "metrics",
    values: Object.fromEntries(own.map((key) => [key, incomes[keys.indexOf(key)] ?? 0])),
  });
  const values = { a: value(parts[0] ?? []), b: value(parts[1] ?? []) };
  const verdict = checkOutput({ class: "released", values }, manifest, { rowCount: 1_000, environment: "development" });
  expect(said(verdict, "release-scalars")).toBe("review");
  if (!verdict.ok || verdict.output.class !== "released") throw new Error("it leaves with a review");
  const left = Object.values(verdict.output.values).flatMap((own) =>
    own.kind === "metrics" ? Object.values(own.values) : [],
  );
  expect(left).toHaveLength(64);
  for (const [i, metric] of left.entries()) expect(metric).toBe(Number((incomes[i] ?? 0).toPrecision(3)));
});

test("case 68: a cell of nine is not listed, and no total reveals it", () => {
  const rows = [...cell([0, 0], 60), ...cell([0, 1], 9), ...cell([1, 0], 40)];
  const verdict = tabled(rows);
  expect(shown(verdict).map(({ at }) => at)).toEqual(["0,0", "1,0"]);
  if (!verdict.ok || verdict.output.class !== "served") throw new Error("the rest is listed");
  const table = verdict.output.values["out"];
  expect(table).toMatchObject({
    totals: [
      [60, 40],
      [100, 0],
    ],
    total: 100,
  });
});

test("case 69: of two tables whose difference is one person, the second does not show it", () => {
  const random = numbers(69);
  const tags = Uint32Array.from({ length: 400 }, () => Math.floor(2 ** 32 * random()));
  const all = [...cell([0, 0], 60), ...cell([0, 1], 40), ...cell([1, 0], 40), ...cell([1, 1], 40)];
  const first = tabled(all, { tags, shown: new Uint32Array(0) });
  if (!first.ok || first.shown === undefined) throw new Error("the first table is kept");
  // The same rows, but the first person is in no group.
  const without = all.map((row, i) => (i === 0 ? { ...row, at: [255, 255] as [number, number] } : row));
  const second = tabled(without, { tags, shown: first.shown });
  const listed = second.ok ? shown(second).map(({ at }) => at) : [];
  expect(said(second, "table-differencing")).not.toBe("passed");
  expect(listed).not.toContain("0,0");
});

test("case 70: the mean of a cell of which one person has 95 % is left out", () => {
  const rich = cell([0, 0], 40).map((row, i) => ({ ...row, sum: i === 0 ? 95 * 39 * 20 : 100 + (i % 20) }));
  const verdict = tabled([...rich, ...cell([1, 1], 40)]);
  expect(shown(verdict)).toEqual([
    { at: "0,0", means: [] },
    { at: "1,1", means: ["sum"] },
  ]);
});

test("case 74: a label that holds the value of a row is refused: words come from the manifest, and copies of a column do not pass", () => {
  const table = people(600, 74);
  const region = table.columns["region"];
  if (region?.type !== "dict") throw new Error("there is a region");
  const codes = Uint8Array.from(region.values);
  const manifest = (vocabulary: string[]): JobManifest => ({
    ...releasing({ kind: "clusters", maxClusters: 2 }),
    outputs: { band: { kind: "labels", vocabulary } },
  });
  const facts = { rowCount: 600, environment: "production" as const, table };
  const judge = (own: Uint8Array, words: string[]): string[] =>
    refused(checkOutput({ class: "served", values: { band: { kind: "labels", codes: own } } }, manifest(words), facts));
  expect(judge(codes, ["a", "b", "c", "d", "e"])).toContain("labels-copy");
  // A code beyond the words would be a value of its own.
  expect(judge(codes.with(0, 5), ["a", "b", "c", "d", "e"])).toContain("labels-vocabulary");
});
