/** What `job check` says that the guard keeps back: held against what the guard itself let through.
 *  @module */
import { checkOutput } from "@sluice/desensitize";
import { NO_LEVEL, type JobManifest, type JobOutput } from "@sluice/protocol";
import { expect, test } from "vitest";
import type { EntryReport } from "../src/develop/local-run.ts";
import { suppressedOf } from "../src/develop/suppressed.ts";

/** A report on outputs that the guard of a domain was given. */
function reportOn(returned: JobOutput, outputs: JobManifest["outputs"], rowCount: number): [EntryReport, JobManifest] {
  const manifest: JobManifest = { name: "a", purpose: "a", input: {}, outputs };
  const environment = returned.class === "released" ? "development" : "production";
  const verdict = checkOutput(returned, manifest, { rowCount, environment });
  const base = {
    entry: "produce",
    rows: rowCount,
    wallMs: 1,
    layers: [],
    log: [],
    metrics: [],
    score: null,
    noisy: {},
    selections: {},
    failure: null,
  } as const;
  return [{ ...base, findings: verdict.findings, returned, output: verdict.ok ? verdict.output : null }, manifest];
}

test("of a table each cell and each mean that is missing is named, with its rule and its synthetic count", () => {
  const rowCount = 200;
  const region = Uint8Array.from({ length: rowCount }, (_, i) => (i < 7 ? 2 : i < 100 ? 0 : i < 195 ? 1 : NO_LEVEL));
  const income = Float64Array.from({ length: rowCount }, (_, i) =>
    i >= 100 && i % 10 !== 0 ? Number.NaN : 100 + (i % 90),
  );
  const owner = Float64Array.from({ length: rowCount }, (_, i) => (i === 50 ? 1e8 : 1 + (i % 50)));
  const outputs = {
    table: {
      kind: "table",
      dimensions: [{ name: "region", levels: ["north", "south", "islands", "none"] }],
      measures: ["income", "owner"],
    },
  } as const;
  const returned: JobOutput = {
    class: "served",
    values: { table: { kind: "table-rows", dimensions: { region }, measures: { income, owner } } },
  };
  const [report, manifest] = reportOn(returned, outputs as unknown as JobManifest["outputs"], rowCount);
  const table = report.output?.values["table"];
  if (table?.kind !== "table") throw new Error("a table");
  const suppressed = suppressedOf(report, manifest);
  expect(suppressed.map(({ what, rule }) => [what, rule])).toEqual(
    // What the guard let through has exactly the rest.
    [
      ["north: mean of owner", "table-mean"],
      ["south: mean of income", "table-mean"],
      ["islands", "table-cells"],
    ].filter(([what]) => {
      const cell = (at: number) => table.cells.find((listed) => listed.at[0] === at);
      if (what === "islands") return cell(2) === undefined;
      return what?.startsWith("north") === true
        ? cell(0)?.means["owner"] === undefined
        : cell(1)?.means["income"] === undefined;
    }),
  );
  expect(suppressed.map(({ why }) => why).join()).toMatch(/7 synthetic rows are in it; it needs 10/u);
  expect(suppressed).toHaveLength(3);
});

test("of metrics each number that changes is named, with what it becomes", () => {
  const values = { auc: 0.73126, rows: 953, few: 4, share: 0.25, tiny: 1e-9 };
  const outputs: JobManifest["outputs"] = { fit: { kind: "metrics", keys: Object.keys(values) } };
  const [report, manifest] = reportOn(
    { class: "released", values: { fit: { kind: "metrics", values } } },
    outputs,
    2_000,
  );
  expect(suppressedOf(report, manifest).map(({ what, rule, why }) => [what, rule, why.split(":")[0]])).toEqual([
    ["auc", "metrics-digits", "0.73126 becomes 0.731"],
    ["rows", "metrics-count", "953 becomes 955"],
    ["few", "metrics-count", "4 becomes 0"],
    ["tiny", "metrics-range", "1e-9 becomes 0"],
  ]);
});

test("a label and a side of a set that are too small are named", () => {
  const codes = Uint8Array.from({ length: 100 }, (_, i) => (i < 3 ? 1 : 0));
  const outputs: JobManifest["outputs"] = { band: { kind: "labels", vocabulary: ["many", "few", "none"] } };
  expect(
    suppressedOf(...reportOn({ class: "served", values: { band: { kind: "labels", codes } } }, outputs, 100)),
  ).toMatchObject([
    {
      output: "band",
      what: "few",
      rule: "labels-cell",
      why: "3 synthetic rows are in it; it needs 10 persons or things",
    },
  ]);
  const set: JobManifest["outputs"] = { members: { kind: "set", match: "psi-ids" } };
  const of = (members: Uint8Array) =>
    suppressedOf(...reportOn({ class: "served", values: { members: { kind: "set", members } } }, set, 100));
  expect(of(codes)).toMatchObject([{ what: "members", rule: "set-cell" }]);
  expect(of(codes.map((code) => 1 - code))).toMatchObject([{ what: "others", rule: "set-cell" }]);
  expect(of(codes.map(() => 1))).toEqual([]);
});

test("rows without a group are in no cell, in a table of many cells too", () => {
  const levels = (length: number): string[] => Array.from({ length }, (_, i) => `l${i}`);
  const outputs: JobManifest["outputs"] = {
    table: {
      kind: "table",
      dimensions: [
        { name: "a", levels: levels(2) },
        { name: "b", levels: levels(64) },
        { name: "c", levels: levels(8) },
      ],
      measures: [],
    },
  };
  const none = new Uint8Array(40);
  const c = none.map((_, i) => (i < 5 ? NO_LEVEL : 0));
  const returned: JobOutput = {
    class: "served",
    values: { table: { kind: "table-rows", dimensions: { a: none, b: none, c }, measures: {} } },
  };
  expect(suppressedOf(...reportOn(returned, outputs, 40))).toEqual([]);
});
