/** Pages, charts and workbooks of explained figures: what stands in them, and that no text of an input becomes markup or a formula.
 *  @module */
import { derivedFigure, exact, givenFigure, RULE_SETS, rulesFor, type Figure } from "@sluice/settlement";
import { expect, test } from "vitest";
import { lineChart } from "../src/explain-page/line-chart.ts";
import { explanationPage } from "../src/explain-page/page.ts";
import { explanationSheet, workbook } from "../src/explain-page/workbook.ts";
import { unzip } from "./unzip.ts";

const rules = rulesFor({ sets: RULE_SETS, jurisdiction: "futian", on: "2026-11-29" });
const HOSTILE = `=HYPERLINK("http://x","<img src=x onerror=alert(1)>")`;

function price(value = "1234567.89"): Figure {
  const cost = givenFigure(
    { id: "cost", label: { zh: "成本", en: HOSTILE }, unit: "yuan" },
    exact(value),
    "costs/0",
    HOSTILE,
  );
  const rule = rules.of("adjustment").reference;
  const head = {
    id: "p",
    label: { zh: "价格", en: "price" },
    unit: "yuan",
    rule,
    formula: HOSTILE,
    inputs: [cost, cost],
  } as const;
  return derivedFigure(head, cost.value.times(2));
}

test("a page explains each figure once, marks what is assumed, and escapes every text", () => {
  const page = explanationPage({
    kind: { zh: "价格说明", en: "Price" },
    title: HOSTILE,
    facts: [["合计", "Total", HOSTILE]],
    figures: [price()],
    footer: HOSTILE,
  });
  expect(page).not.toContain("<img");
  expect(page).toContain("2,469,135.78");
  expect(page).toContain("【推定】");
  expect(page).toContain("Content-Security-Policy");
  expect(page.match(/<tr class="assumed">/g)).toHaveLength(1);
});

test("a workbook has Chinese headings, numbers with their places, long values as texts, and no formula", async () => {
  const files = unzip(await workbook([explanationSheet([price(), price("123456789012345678.12")])]));
  const sheet = files.get("xl/worksheets/sheet1.xml") ?? "";
  const strings = files.get("xl/sharedStrings.xml") ?? "";
  for (const heading of ["序号", "项目", "数值", "单位", "公式", "依据", "取舍", "来源", "凭证"])
    expect(strings).toContain(heading);
  expect(sheet).toContain("<v>2469135.78</v>");
  expect(sheet).not.toContain("<f>");
  expect(strings).toContain("246913578024691356.24");
  expect(strings).toContain("=HYPERLINK(");
  expect(files.get("xl/styles.xml")).toContain("#,##0.00");
});

test("a chart draws each series from its values, with limits broken, and leaves out what is not finite", () => {
  const series = [
    { title: "价格", points: [1, 2, 3].map((x) => ({ x: x * 1_000_000, y: 3 / x })) },
    {
      title: HOSTILE,
      points: [
        { x: 1_000_000, y: 2 },
        { x: 3_000_000, y: 2 },
        { x: 4_000_000, y: Number.NaN },
      ],
      isLimit: true as const,
    },
  ];
  const svg = lineChart(series, { title: "价格与用量", xTitle: "预估年使用量", yTitle: "元" }).toString();
  const paths = [...svg.matchAll(/<path\s+d="([^"]*)"/g)].map(([, d]) => d ?? "");
  expect(paths.map((d) => d.match(/[ML]/g)?.length)).toEqual([3, 2]);
  expect(svg).toContain(`stroke-dasharray="6 4"`);
  expect(svg).toContain("100万");
  expect(svg).not.toContain("NaN");
  expect(svg).not.toContain("<img");
  expect(lineChart([], { title: "t", xTitle: "x", yTitle: "y" }).toString()).toBe("");
});
