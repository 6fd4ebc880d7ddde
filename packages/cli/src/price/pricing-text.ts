/** A pricing as text: a line for each product, the totals, what is excluded, what was rounded, what is assumed.
 *  @module */
import {
  explanationText,
  FORM_LABELS,
  roundingText,
  ruleText,
  UNIT_WORDS,
  valueText,
  type Figure,
  type Label,
  type Pricing,
} from "@sluice/settlement";
import { formatTable } from "../table.ts";
import { COST_COLUMNS, explainPricing, figuresOf, PRODUCT_COLUMNS, TOTALS } from "./pricing-figures.ts";

/** A language of the text. */
export type Language = keyof Label;

const WORDS = {
  prices: { zh: "收费标准", en: "Prices" },
  rules: { zh: "规则集", en: "rules" },
  product: { zh: "产品", en: "product" },
  form: { zh: "形态", en: "form" },
  totals: { zh: "准许收入", en: "Permitted income" },
  costs: { zh: "成本明细（元）", en: "Lines of the accounts (yuan)" },
  line: { zh: "明细", en: "line" },
  evidence: { zh: "凭证", en: "evidence" },
  reason: { zh: "不计入的原因", en: "reason of exclusion" },
  rounded: { zh: "取舍", en: "Roundings" },
  assumed: { zh: "推定的规则", en: "Assumed rules" },
  steps: { zh: "计算过程", en: "Derivation" },
  none: { zh: "无", en: "none" },
  within: { zh: "无（未超出R_max）", en: "none (within R_max)" },
} as const satisfies Record<string, Label>;

/** The text, with the whole derivation when it is wanted. */
export function pricingText(
  pricing: Pricing,
  { language, derivation }: { language: Language; derivation: boolean },
): string {
  const word = (key: keyof typeof WORDS): string => WORDS[key][language];
  const { explanation, rounded, assumptions } = explainPricing(figuresOf(pricing));
  const { rules, year } = pricing;
  const roundings = rounded.flatMap(({ number, figure }) => {
    const rounding = figure.derivation?.rounding;
    const rule = rounding?.rule ?? figure.derivation?.rule;
    return rounding === undefined || rule === undefined
      ? []
      : [[number, figure.label[language], roundingText(rounding, language), rule.id]];
  });
  const sections = [
    `${word("prices")} ${year} · ${rules.jurisdiction} · ${word("rules")} ${rules.sets.join(", ")} (${rules.on})`,
    productTable(pricing, language),
    `${word("totals")}\n${totalsTable(pricing, language)}`,
    `${word("costs")}\n${costTable(pricing, language)}`,
    `${word("rounded")} (${roundings.length})\n${roundings.length === 0 ? word("none") : formatTable(roundings)}`,
    `${word("assumed")} (${assumptions.length})\n${
      assumptions.length === 0 ? word("none") : assumptions.map((rule) => ruleText(rule, language)).join("\n")
    }`,
    ...(derivation ? [`${word("steps")}\n${explanationText(explanation, language)}`] : []),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** A value, empty where there is none. */
export function cell(figure: Figure | undefined): string {
  return figure === undefined ? "" : valueText(figure);
}

/** A value with its unit. */
export function withUnit(figure: Figure, language: Language): string {
  const unit = UNIT_WORDS[figure.unit][language];
  return unit === "" ? valueText(figure) : `${valueText(figure)} ${unit}`;
}

function productTable({ products }: Pricing, language: Language): string {
  return formatTable([
    [WORDS.product[language], WORDS.form[language], ...PRODUCT_COLUMNS.map(({ heading }) => heading[language])],
    ...[...products].map(([id, price]) => [
      id,
      FORM_LABELS[price.cost.product.form].name[language],
      ...PRODUCT_COLUMNS.map(({ of }) => cell(of(price))),
    ]),
  ]);
}

function totalsTable(pricing: Pricing, language: Language): string {
  const rows = TOTALS.flatMap(({ key, heading, of }) => {
    const figure = of(pricing);
    if (figure !== undefined) return [[heading[language], withUnit(figure, language)]];
    return key === "factor" ? [[heading[language], WORDS.within[language]]] : [];
  });
  return formatTable(rows);
}

function costTable({ costs }: Pricing, language: Language): string {
  return formatTable([
    [
      WORDS.line[language],
      ...COST_COLUMNS.map(({ heading }) => heading[language]),
      WORDS.evidence[language],
      WORDS.reason[language],
    ],
    ...costs.lines.map((line) => [
      `${line.line.id} ${line.line.title[language]}`,
      ...COST_COLUMNS.map(({ of }) => cell(of(line))),
      line.line.evidence,
      line.excess?.reason[language] ?? "",
    ]),
  ]);
}
