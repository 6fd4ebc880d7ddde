/** `sluice price explain` and `price simulate` on the example's file and on files that do not fit; a statement's files beside them.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { unzip } from "./unzip.ts";

const EXAMPLES = new URL("../../../examples/pricing/", import.meta.url);
const PRICES = new URL("prices.json", EXAMPLES).pathname;
const SETTLEMENT = new URL("settlement.json", EXAMPLES).pathname;

const Row = z.record(z.string(), z.unknown());
const Prices = z.object({ totals: Row, products: z.array(Row) });
const Explained = Prices.extend({
  costs: z.array(Row),
  roundings: z.array(Row),
  assumptions: z.array(Row),
  derivation: z.array(Row),
});

function column(rows: readonly Readonly<Record<string, unknown>>[], name: string): unknown[] {
  return rows.map((row) => row[name]);
}

test("G7, G10: the example's units cost exactly 1.00, 10.00, 0.001, 1.00 and 10 000.00 yuan", async () => {
  const made = await sluice(["price", "explain", PRICES, "--json"]);
  expect([made.code, made.stderr]).toEqual([0, ""]);
  const { totals, products, costs, roundings, assumptions, derivation } = Explained.parse(JSON.parse(made.stdout));
  expect(column(products, "unitCost")).toEqual(["1", "10", "0.001", "1", "10000"]);
  // 1 620 000.00 × 1.0767 × (1 + 6 % × 1.12), each part to the fen; ceilings by hand in the settlement package's tables.
  expect(totals).toMatchObject({ rAllow: "7.67", cost: "1620000", vat: "104655.24", surcharges: "12558.63" });
  expect(totals).toMatchObject({ rMax: "1861467.87", income: "1861467.8688" });
  expect(totals).not.toHaveProperty("factor");
  expect(column(products, "ceiling")).toEqual([
    "1.14905424",
    "11.4905424",
    "0.00114905424",
    "1.14905424",
    "11490.5424",
  ]);
  expect(column(costs, "excess")).toEqual([undefined, undefined, "7000", undefined, "60000", undefined]);
  // 5 own ceilings, base prices, unit costs; 6 lines shared over 5; profit, two taxes, the platform's year, two caps.
  expect(roundings).toHaveLength(3 * 5 + 6 * 5 + 3 + 3);
  expect(column(assumptions, "id")).toEqual(expect.arrayContaining(["G5", "G7"]));
  expect(new Set(column(derivation, "number")).size).toBe(derivation.length);
});

test("the text is Chinese or English, and tells ceilings, totals, what is excluded and why, roundings and assumptions", async () => {
  const chinese = (await sluice(["price", "explain", PRICES])).stdout;
  expect(chinese).toMatch(/^city-report +分析报告 +40 +400,000.00 +10000.00 +11490.5424 /m);
  expect(chinese).toMatch(/^office 办公场地 +60,000.00 +60,000.00 +0.00 +ZL-2026-7 +未提供租赁备案证明，不予计入$/m);
  for (const text of ["最高准许收入R_max   1,861,467.87 元", "无（未超出R_max）", "取舍 (51)", "推定的规则 (7)"]) {
    expect(chinese).toContain(text);
  }
  expect(chinese).not.toContain("计算过程");
  expect((await sluice(["price", "explain", PRICES, "--derivation"])).stdout).toContain("起始年度 = 2026 年");
  const english = (await sluice(["price", "explain", PRICES, "--en", "--derivation"])).stdout;
  for (const text of ["permitted profit rate R_allow", "no proof that the lease was filed", "Roundings (51)"]) {
    expect(english).toContain(text);
  }
  expect(english).toMatch(/formula: C·\(1\+R\) \+ T$/m);
  expect(english.split("Derivation")[1]).not.toMatch(/公式|依据/);
});

test("the page and the workbook of prices have every table, and the workbook's numbers are those of the text", async () => {
  const directory = await temporaryDirectory();
  const at = (name: string) => join(directory, name);
  await sluice(["price", "explain", PRICES, "--html", at("p.html"), "--xlsx", at("p.xlsx")]);
  const page = await readFile(at("p.html"), "utf8");
  for (const text of ["1,861,467.87 元", "超过市级政务云采购价，自行承担", "【推定】", "计算过程"])
    expect(page).toContain(text);
  const files = unzip(await readFile(at("p.xlsx")));
  const names = [...(files.get("xl/workbook.xml") ?? "").matchAll(/<sheet\b[^>]*\bname="([^"]+)"/g)].map(
    ([, name]) => name,
  );
  expect(names).toEqual(["价格", "准许收入", "成本", "推定的规则", "计算过程"]);
  expect(files.get("xl/worksheets/sheet1.xml")).toContain("<v>11490.5424</v>");
  expect(files.get("xl/worksheets/sheet3.xml")).toContain("<v>60000</v>");
  const strings = files.get("xl/sharedStrings.xml") ?? "";
  for (const heading of ["单位成本", "上限收费标准", "不计入的原因", "凭证", "公式", "取舍"])
    expect(strings).toContain(heading);
});

const Simulated = z.object({
  before: Prices,
  after: Prices,
  curves: z.object({ prices: z.array(z.object({ product: z.string(), points: z.array(Row) })), income: z.array(Row) }),
});

test("G5, G20: with λ of 3 for one product the common factor is shown, before and after, in text, page, workbook and JSON", async () => {
  const directory = await temporaryDirectory();
  const at = (name: string) => join(directory, name);
  const words = ["price", "simulate", PRICES, "--lambda", "credit-api=3"];
  const text = (await sluice(words)).stdout;
  expect(text).toMatch(/^统一下调系数 +无 +0.447513812443$/m);
  expect(text).toMatch(/^credit-api .* 1 +3 +1.14905424 +1.542652930939 +\+0.393598690939$/m);
  const made = await sluice([...words, "--json", "--html", at("s.html"), "--xlsx", at("s.xlsx")]);
  const { before, after, curves } = Simulated.parse(JSON.parse(made.stdout));
  expect([before.totals["factor"], after.totals["factor"]]).toEqual([undefined, "0.447513812443"]);
  expect(curves.prices.map(({ product }) => product)).toEqual(["credit-api"]);
  const point = curves.prices[0]?.points.find(({ multiple }) => multiple === "1");
  expect(point).toMatchObject({ use: "1000000", unitCost: "1", before: "1.14905424", after: "1.542652930939" });
  const page = await readFile(at("s.html"), "utf8");
  expect(page.match(/<svg/g)).toHaveLength(2);
  expect(page).toContain(`stroke-dasharray="6 4"`);
  const files = unzip(await readFile(at("s.xlsx")));
  expect(files.get("xl/worksheets/sheet1.xml")).toContain("<v>1.542652930939</v>");
  expect(files.get("xl/sharedStrings.xml")).toContain("上限收费标准（假设）");
});

test("with half of the use a unit costs twice as much; income by the same actual use is drawn beside the permitted", async () => {
  const words = ["price", "simulate", PRICES, "--use", "all=0.5", "--use", "corpus=1", "--json"];
  const { after, curves } = Simulated.parse(JSON.parse((await sluice(words)).stdout));
  // 1 620 000 over 780 000 + 60 000 units of K·v, in shares of whole fen.
  expect(after.products.map(({ use }) => use)).toEqual(["500000", "3000", "60000000", "50000", "20"]);
  expect(after.products[1]?.["cost"]).toBe("57857.14");
  expect(curves.prices.map(({ product }) => product)).toEqual(["corpus"]);
  const half = curves.income.find(({ multiple }) => multiple === "0.5");
  expect(half).toMatchObject({ before: "930733.9344", permitted: "1861467.87" });
  const all = Simulated.parse(
    JSON.parse((await sluice(["price", "simulate", PRICES, "--use", "all=0.5", "--json"])).stdout),
  );
  // 500 000 × 2.29810848 + 3 000 × 22.9810848 + 30 000 000 × 0.00229810848 + 50 000 × 2.29810848 + 20 × 22 981.0848.
  expect(all.curves.income.find(({ multiple }) => multiple === "0.5")).toMatchObject({ after: "1861467.8688" });
  const alike = Simulated.parse(JSON.parse((await sluice(["price", "simulate", PRICES, "--json"])).stdout));
  expect(alike.after).toEqual(alike.before);
  expect(alike.curves.prices).toHaveLength(5);
});

test("curves are given up when the person interrupts, and nothing is written or printed", async () => {
  const page = join(await temporaryDirectory(), "page.html");
  const signal = AbortSignal.abort();
  const { code, stdout, stderr } = await sluice(["price", "simulate", PRICES, "--html", page], { signal });
  expect([code === 0, stdout]).toEqual([false, ""]);
  expect(stderr).toContain("ERR_CANCELLED");
  await expect(readFile(page)).rejects.toThrow("ENOENT");
});

/** The example with the text of one place replaced. */
async function changed(file: string, from: string, to: string): Promise<string> {
  const text = await readFile(file, "utf8");
  expect(text).toContain(from);
  const path = join(await temporaryDirectory(), "file.json");
  await writeFile(path, text.replace(from, to));
  return path;
}

test.each<[string, string, string, string, string]>([
  ["a negative quantity", `"calls": "1000000"`, `"calls": "-1"`, "INPUT", "products/0 (credit-api)/estimate/0/calls"],
  ["no source of the yield", `"yieldSource": "CCDC-2025-12-31",`, "", "INPUT", "price/profit/yieldSource"],
  [
    "a spread of 6.01",
    `"spreadPercent": "6"`,
    `"spreadPercent": "6.01"`,
    "REFUSED",
    "profit/spreadPercent is refused by rule G3",
  ],
  [
    "an unknown class",
    `"class": "acquisition-push"`,
    `"class": "entertainment"`,
    "INPUT",
    "costs/lines/0 (push)/class",
  ],
  ["a line without evidence", `"evidence": "HT-2026-011",`, "", "INPUT", "costs/lines/0 (push)/evidence"],
  [
    "mixed years of products",
    `"form": "alert",\n      "year": "2026"`,
    `"form": "alert",\n      "year": "2025"`,
    "PERIOD",
    "products/risk-alert",
  ],
  [
    "mixed years of lines",
    `"year": "2026",\n        "evidence": "HT-2026-011"`,
    `"year": "2025",\n        "evidence": "HT-2026-011"`,
    "PERIOD",
    "costs/push",
  ],
  ["an amount of NaN", `"405000.00"`, `"NaN"`, "INPUT", "costs/lines/0 (push)/expense/amount"],
  ["an amount of 1e5", `"405000.00"`, `"1e5"`, "INPUT", "costs/lines/0 (push)/expense/amount"],
  ["an amount of Infinity", `"405000.00"`, `"Infinity"`, "INPUT", "costs/lines/0 (push)/expense/amount"],
  ["an amount that is no text", `"405000.00"`, "405000", "INPUT", "costs/lines/0 (push)/expense/amount"],
  [
    "a contract without tender",
    `"value": "162000.00"`,
    `"value": "1000000.01"`,
    "REFUSED",
    "costs/security is refused by rule G17",
  ],
  [
    "a title that starts a line of its own",
    `"政务云资源"`,
    `"政务云\\n合计 0.00"`,
    "INPUT",
    "costs/lines/2 (cloud)/title/zh",
  ],
  [
    "a title that moves the cursor",
    `"government cloud"`,
    `"\\u001b[2Jcloud"`,
    "INPUT",
    "costs/lines/2 (cloud)/title/en",
  ],
  [
    "a reason that turns the direction of writing",
    `"基础价值"`,
    `"基础\\u202e价值"`,
    "INPUT",
    "price/assessments/0/value/reason",
  ],
  ["no use at all", `"calls": "1000000"`, `"calls": "0"`, "DIVISOR", "products/credit-api"],
  ["an unknown member", `"jurisdiction"`, `"note": "x", "jurisdiction"`, "INPUT", "price"],
  ["an unknown city", `"futian"`, `"atlantis"`, "RULES", "atlantis"],
])(
  "%s: `price explain` and `price simulate` name the line, write nothing and print nothing",
  async (_, from, to, code, line) => {
    const file = await changed(PRICES, from, to);
    const page = join(await temporaryDirectory(), "page.html");
    for (const words of [
      ["price", "explain", file, "--html", page],
      ["price", "simulate", file, "--use", "all=0.5", "--html", page],
    ]) {
      const refused = await sluice(words);
      expect([refused.code, refused.stdout]).toEqual([1, ""]);
      expect(refused.stderr).toContain(`ERR_SETTLEMENT_${code}`);
      expect(refused.stderr).toContain(line);
    }
    await expect(readFile(page)).rejects.toThrow("ENOENT");
  },
);

test.each<[string, string, string, string, string]>([
  [
    "a discount of 100.01 %",
    `"smallFirmDiscountPercent": "20"`,
    `"smallFirmDiscountPercent": "100.01"`,
    "INPUT",
    "tariffs/0 (credit-2026)/smallFirmDiscountPercent",
  ],
  ["a negative use", `"quantity": "104"`, `"quantity": "-104"`, "INPUT", "uses/0/quantity"],
  ["a price of NaN", `"price": "1.10"`, `"price": "NaN"`, "INPUT", "tariffs/0 (credit-2026)/tiers/0/price"],
  ["a product of another year", `"year": "2026"`, `"year": "2025"`, "PERIOD", "products/credit-api"],
])("%s: `settle statement` names the line and prints nothing", async (_, from, to, code, line) => {
  const file = await changed(SETTLEMENT, from, to);
  const refused = await sluice(["settle", "statement", file, "--month", "2026-03"]);
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toContain(`ERR_SETTLEMENT_${code}`);
  expect(refused.stderr).toContain(line);
});

test.each<[string[], number, string]>([
  [["--lambda", "credit-api=3.01"], 1, "simulation/lambdas/credit-api is refused by rule G20"],
  [["--lambda", "other=3"], 1, "products/other"],
  [["--lambda", "credit-api=NaN"], 1, "simulation/lambdas/0/lambda"],
  [["--use", "corpus=-1"], 1, "simulation/uses/0/multiple"],
  [["--use", "corpus=1", "--use", "corpus=2"], 1, "simulation/uses/corpus"],
  [["--use", "all=0"], 1, "simulation/useOfAll"],
  [["--use", "all=1", "--use", "all=2"], 2, "given twice"],
  [["--use", "corpus"], 2, "PRODUCT=NUMBER"],
  [["--use", "corpus=1=2"], 2, "PRODUCT=NUMBER"],
])("`price simulate` refuses %j", async (options, code, named) => {
  const refused = await sluice(["price", "simulate", PRICES, ...options]);
  expect([refused.code, refused.stdout]).toEqual([code, ""]);
  expect(refused.stderr).toContain(named);
});

test("G33: a rule set of the file goes before those that come with the program, and one of another shape is refused", async () => {
  const set = {
    id: "province-2026",
    title: { zh: "省", en: "province" },
    level: "province",
    jurisdictions: ["*"],
    from: "2026-01-01",
    parameters: { vatPercent: { value: "3", source: "x" } },
  };
  const file = await changed(PRICES, `"jurisdiction"`, `"ruleSets": [${JSON.stringify(set)}], "jurisdiction"`);
  const made = Explained.parse(JSON.parse((await sluice(["price", "explain", file, "--json"])).stdout));
  expect(made.totals["vat"]).toBe("52327.62");
  // Prices are scaled: the factor and five ceilings were rounded too, each once.
  expect(made.roundings).toHaveLength(51 + 1 + 5);
  const refused = await sluice(["price", "explain", await changed(file, `"level":"province"`, `"level":"galaxy"`)]);
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toContain("rule set");
});

test("a file that cannot be written is named, and nothing is printed", async () => {
  const refused = await sluice(["price", "explain", PRICES, "--html", "/nowhere/page.html"]);
  expect([refused.code, refused.stdout]).toEqual([2, ""]);
  expect(refused.stderr).toContain("/nowhere/page.html");
});

test("the example's statement: a small firm's discount, a tier, and welfare within its free quota", async () => {
  const made = await sluice(["settle", "statement", SETTLEMENT, "--month", "2026-03"]);
  expect([made.code, made.stderr]).toEqual([0, ""]);
  // 100 × 1.10 + 4 × 1.00; 80 % of 50 × 1.10; 900 of 1 000 free calls.
  expect(made.stdout).toMatch(/^bank .* 104 +0 +114.00$/m);
  expect(made.stdout).toMatch(/^shop .* 50 +0 +44.00$/m);
  expect(made.stdout).toMatch(/^clinic .* 900 +900 +0.00$/m);
  expect(made.stdout).toMatch(/^total +158.00$/m);
});

test.each(["examples/pricing/README.md", "docs/pricing.md", "docs/settlement.md"])(
  "the commands of %s work as they stand there",
  async (page) => {
    const directory = await temporaryDirectory();
    const text = await readFile(new URL(`../../../${page}`, import.meta.url), "utf8");
    const lines = [...text.matchAll(/^sluice ((?:price|settle) .*)$/gm)].map(([, words = ""]) => words.split(" "));
    expect(lines.length).toBeGreaterThan(2);
    for (const words of lines) {
      const outputs = words.filter((word) => /^[\w-]+\.(?:html|xlsx|json)$/.test(word));
      const placed = words.map((word) => {
        if (outputs.includes(word)) return join(directory, word);
        return word.startsWith("examples/pricing/") ? new URL(`../../../${word}`, import.meta.url).pathname : word;
      });
      const made = await sluice(placed);
      expect([made.code, made.stderr], words.join(" ")).toEqual([0, ""]);
      for (const file of outputs) expect((await readFile(join(directory, file))).length).toBeGreaterThan(500);
    }
  },
);
