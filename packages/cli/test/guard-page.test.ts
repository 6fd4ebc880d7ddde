import type { Inspection } from "@sluice/domain";
import { expect, test } from "vitest";
import { guardPage } from "../src/guard-page/page.ts";

const hash = "ab".repeat(32);
const report: Inspection["again"] = {
  bundle: hash,
  class: "released",
  verdict: "refuse",
  findings: [
    { output: "model", rule: "model-digits", result: "passed", note: "4 significant digits of every parameter leave" },
    { output: "model", rule: "model-membership", result: "refused", note: "the loss does not tell" },
    { output: "model", rule: "model-pure", result: "review", note: "no leaf" },
  ],
};
/** A refused run with one model. */
const INSPECTION: Inspection = {
  run: "cd".repeat(16),
  operation: "develop",
  product: "late-payers",
  version: 3,
  bundle: hash,
  lockfile: { name: "pnpm-lock.yaml", hash: "12".repeat(32) },
  same: true,
  sameSource: true,
  recorded: report,
  again: report,
  recordedHash: hash,
  againHash: hash,
  channel: [{ output: "model", per: "output", bits: 415.2 }],
  evidence: [
    {
      output: "model",
      kind: "tree-model",
      parameters: 9,
      persons: 1_200,
      groups: [
        { name: "tree 1, leaf 3", persons: 7 },
        { name: "tree 1, leaf 4", persons: 14, pure: "ill" },
        { name: 'income in -∞ … <b>"31"</b>', persons: 80 },
        { name: "tree 1, leaf 6", persons: 411 },
      ],
      groupCount: 4,
      distinctOutputs: 8,
      membership: {
        members: 1_200,
        others: 1_100,
        auc: 0.6312,
        pValue: 0.00001,
        gap: { distance: 0.24, pValue: 0.2 },
        tprAt1: { value: 0.034, low: 0.025, high: 0.046 },
        roc: [
          [0, 0],
          [0.01, 0.034],
          [0.1, 0.21],
          [0.3, 0.54],
          [0.6, 0.8],
          [1, 1],
        ],
      },
      attributes: [{ column: "ill", levels: 2, members: 0.84, others: 0.71, pValue: 0.0001 }],
    },
  ],
  earlier: [
    {
      callId: "11".repeat(16),
      kind: "development",
      product: "late-payers",
      version: 2,
      at: "2026-01-02T03:04:05.000Z",
      bits: 1_416,
    },
    {
      callId: "22".repeat(16),
      kind: "report",
      product: "ages",
      version: 1,
      at: "2026-01-03T03:04:05.000Z",
      bits: 9_000,
    },
  ],
};

test("the reviewer's page shows verdict, rules, measures and the register, in two languages", () => {
  const page = guardPage(INSPECTION);
  for (const text of [
    "不予放行",
    "Refuse",
    "model-membership",
    "0.631",
    "3.4 %",
    "84.0 %",
    "71.0 %",
    "10416 bits",
    "415.2",
    `pnpm-lock.yaml ${"12".repeat(32)}`,
    "largest gap 0.240",
  ]) {
    expect(page).toContain(text);
  }
  // What refuses stands before what passes.
  expect(page.indexOf("model-membership")).toBeLessThan(page.indexOf("model-digits"));
  expect(page.match(/class="bar over"/g)?.length).toBe(3);
});

test("the largest gap of the losses stands on the curve, from the line of chance", () => {
  const line = /<line class="gap" x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"/.exec(guardPage(INSPECTION));
  const [x, chance, same, found] = (line ?? []).slice(1).map(Number);
  // At 30 % of false alarms and 50 % found: 300 units are all, from (56, 312).
  expect([x, same]).toEqual([56 + 90, 56 + 90]);
  expect([chance, found]).toEqual([312 - 90, 312 - 162]);
});

test("the page runs nothing, fetches nothing, and shows what a job chose as text", () => {
  const page = guardPage(INSPECTION);
  expect(page).not.toContain("<b>&quot;");
  expect(page).toContain("&lt;b&gt;&quot;31&quot;&lt;/b&gt;");
  expect(page).not.toMatch(/<script|https?:|url\((?!#)|@import| on[a-z]+=/i);
  expect(page).toContain("default-src 'none'");
});

test("what was not measured is said, and not drawn", () => {
  const [model] = INSPECTION.evidence;
  if (model === undefined) throw new Error("there is a model");
  const { membership: _, ...rest } = model;
  const page = guardPage({ ...INSPECTION, evidence: [rest] });
  expect(page).toContain("Not measured");
  expect(page).not.toContain('class="curve"');
  expect(guardPage({ ...INSPECTION, evidence: [] })).toContain("no model in this run");
});
