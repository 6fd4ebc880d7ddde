/** A simulation as text: prices and totals before and after.
 *  @module */
import type { SimulatedPrices, Simulation } from "@sluice/settlement";
import { formatTable } from "../table.ts";
import { TOTALS } from "./pricing-figures.ts";
import { cell, withUnit, type Language } from "./pricing-text.ts";
import { CHANGE_COLUMNS, changesOf, changeText, SIDES, suppositionsText } from "./simulation-columns.ts";

const WORDS = {
  simulation: { zh: "测算", en: "Simulation" },
  rules: { zh: "规则集", en: "rules" },
  supposed: { zh: "假设", en: "supposed" },
  product: { zh: "产品", en: "product" },
  change: { zh: "上限变化", en: "change" },
  item: { zh: "项目", en: "item" },
  none: { zh: "无", en: "none" },
} as const;

/** The text. */
export function simulationText(prices: SimulatedPrices, simulation: Simulation, language: Language): string {
  const word = (key: keyof typeof WORDS): string => WORDS[key][language];
  const { before, after } = prices;
  const { rules, year } = before;
  const products = formatTable([
    [word("product"), ...CHANGE_COLUMNS.map(({ heading }) => heading[language]), word("change")],
    ...changesOf(prices).map((change) => [
      change.id,
      ...CHANGE_COLUMNS.map(({ of }) => cell(of(change))),
      changeText(change),
    ]),
  ]);
  const totals = TOTALS.flatMap(({ heading, of }) => {
    const [old, supposed] = [of(before), of(after)];
    if (old === undefined && supposed === undefined) return [];
    const shown = [old, supposed].map((figure) => (figure === undefined ? word("none") : withUnit(figure, language)));
    return [[heading[language], ...shown]];
  });
  const table = formatTable([[word("item"), SIDES.before[language], SIDES.after[language]], ...totals]);
  const head = `${word("simulation")} ${year} · ${rules.jurisdiction} · ${word("rules")} ${rules.sets.join(", ")} (${rules.on})`;
  return `${head}\n${word("supposed")}: ${suppositionsText(simulation, language)}\n\n${products}\n\n${table}\n`;
}
