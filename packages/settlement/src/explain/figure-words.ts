/** Figures in words: values with their units, rules, formulas and roundings, in Chinese and English.
 *  @module */
import { exactText } from "../exact.ts";
import type { Figure, FigureUnit, Label, Rounding, RuleReference } from "../figure.ts";

/** What each unit is called. */
export const UNIT_WORDS: Readonly<Record<FigureUnit, Label>> = {
  yuan: { zh: "元", en: "yuan" },
  "unit-price": { zh: "元/单位", en: "yuan per unit" },
  percent: { zh: "%", en: "%" },
  factor: { zh: "", en: "" },
  use: { zh: "单位", en: "units" },
  normalised: { zh: "归一化单位", en: "normalised units" },
  count: { zh: "", en: "" },
  year: { zh: "年", en: "" },
};

const GROUPED = new Set<FigureUnit>(["yuan", "use", "normalised", "count"]);

/** Places that are shown at least: those of fen for money and prices. */
export function leastPlaces(unit: FigureUnit): number {
  return unit === "yuan" || unit === "unit-price" ? 2 : 0;
}

/** The value with all its digits: money and prices with two places at least, thousands apart where amounts grow large. */
export function valueText({ value, unit }: Pick<Figure, "value" | "unit">): string {
  const text = exactText(value, leastPlaces(unit));
  if (!GROUPED.has(unit)) return text;
  const [whole = "", places] = text.split(".");
  const grouped = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
  return places === undefined ? grouped : `${grouped}.${places}`;
}

/** `G2 · 003 六(二)1 · futian-2025`, with a mark where the rule is assumed. */
export function ruleText(rule: RuleReference, language: keyof Label): string {
  const assumed = rule.assumed === undefined ? "" : ` · ${ASSUMED[language]}${rule.assumed[language]}`;
  return `${rule.id} · ${rule.source} · ${rule.set}${assumed}`;
}

const ASSUMED: Label = { zh: "【推定】", en: "[assumed] " };

const MODES: Readonly<Record<Rounding["mode"], Label>> = {
  "half-up": { zh: "四舍五入", en: "half up" },
  down: { zh: "舍去尾数", en: "down" },
  "largest-remainder": { zh: "按最大余数分尾差", en: "by largest remainder" },
};

/** What was rounded, to how many places and how. */
export function roundingText({ exact, places, mode }: Rounding, language: keyof Label): string {
  return language === "zh"
    ? `${exact} → ${places} 位小数，${MODES[mode].zh}`
    : `${exact} → ${places} places, ${MODES[mode].en}`;
}
