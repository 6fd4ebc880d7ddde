/** The figures of a pricing that are shown, each under the name that documents, tables, pages and workbooks share.
 *  @module */
import {
  explain,
  type CostedLine,
  type Derivation,
  type Explanation,
  type ExplanationRow,
  type Figure,
  type Label,
  type Pricing,
  type ProductPrice,
  type RuleReference,
} from "@sluice/settlement";

/** A column of figures: its name in documents, its heading, and the figure of a row where it has one. */
export interface FigureColumn<T> {
  readonly key: string;
  readonly heading: Label;
  readonly of: (row: T) => Figure | undefined;
}

/** What is shown of each product. */
export const PRODUCT_COLUMNS: readonly FigureColumn<ProductPrice>[] = [
  { key: "use", heading: { zh: "预估年使用量", en: "use" }, of: ({ cost }) => cost.use },
  { key: "cost", heading: { zh: "年度成本", en: "cost" }, of: ({ cost }) => cost.total },
  { key: "unitCost", heading: { zh: "单位成本", en: "unit cost" }, of: ({ unitCost }) => unitCost },
  { key: "base", heading: { zh: "基础收费标准P", en: "base price P" }, of: ({ base }) => base },
  { key: "f1", heading: { zh: "f1", en: "f1" }, of: ({ scene }) => scene.sensitivity },
  { key: "f2", heading: { zh: "f2", en: "f2" }, of: ({ scene }) => scene.value },
  { key: "lambda", heading: { zh: "λ", en: "λ" }, of: ({ scene }) => scene.lambda },
  { key: "self", heading: { zh: "自评上限", en: "own ceiling" }, of: ({ self }) => self },
  { key: "thirdParty", heading: { zh: "第三方上限", en: "third party's" }, of: ({ thirdParty }) => thirdParty },
  { key: "ceiling", heading: { zh: "上限收费标准", en: "ceiling" }, of: ({ ceiling }) => ceiling },
];

/** What is shown of each line of the cost accounts. */
export const COST_COLUMNS: readonly FigureColumn<CostedLine>[] = [
  { key: "charged", heading: { zh: "本年度列支", en: "charged" }, of: ({ charged }) => charged },
  { key: "excess", heading: { zh: "不计入", en: "excluded" }, of: ({ excess }) => excess?.amount },
  { key: "subsidy", heading: { zh: "财政补贴", en: "subsidy" }, of: ({ subsidy }) => subsidy },
  { key: "counted", heading: { zh: "核定", en: "counted" }, of: ({ counted }) => counted },
];

/** Rate, taxes, permitted income and expected income, in the order in which they follow from one another. */
export const TOTALS: readonly FigureColumn<Pricing>[] = [
  { key: "rAllow", heading: { zh: "准许利润率R", en: "permitted profit rate R_allow" }, of: ({ rate }) => rate },
  {
    key: "acquisition",
    heading: { zh: "数据资源获取成本", en: "cost of acquiring" },
    of: ({ costs }) => costs.acquisition,
  },
  { key: "operating", heading: { zh: "数据运营成本", en: "cost of operating" }, of: ({ costs }) => costs.operating },
  { key: "cost", heading: { zh: "核定经营成本C", en: "accepted cost C" }, of: ({ costs }) => costs.total },
  {
    key: "profit",
    heading: { zh: "准许利润C·R", en: "permitted profit C·R" },
    of: ({ permitted }) => permitted.profit,
  },
  { key: "vat", heading: { zh: "增值税", en: "value-added tax" }, of: ({ permitted }) => permitted.vat },
  { key: "surcharges", heading: { zh: "附加税费", en: "surcharges" }, of: ({ permitted }) => permitted.surcharges },
  {
    key: "deducted",
    heading: { zh: "扣减上一周期超额收益", en: "taken off for the last period" },
    of: ({ permitted }) => permitted.carryOver?.deducted,
  },
  {
    key: "left",
    heading: { zh: "尚未扣减", en: "not yet taken off" },
    of: ({ permitted }) => permitted.carryOver?.left,
  },
  {
    key: "rMax",
    heading: { zh: "最高准许收入R_max", en: "highest permitted income R_max" },
    of: ({ permitted }) => permitted.rMax,
  },
  { key: "before", heading: { zh: "评估上限的Σp·q", en: "Σ p·q as assessed" }, of: ({ capped }) => capped.before },
  { key: "factor", heading: { zh: "统一下调系数", en: "common factor" }, of: ({ capped }) => capped.factor },
  {
    key: "income",
    heading: { zh: "上限收费标准的Σp·q", en: "Σ p·q of the ceilings" },
    of: ({ capped }) => capped.income,
  },
];

/** Figures from which everything else of the pricing is reached: rate, permitted and expected income, ceilings, and what is left out. */
export function figuresOf({ rate, permitted, capped, products, costs }: Pricing): Figure[] {
  const excluded = costs.lines.flatMap(({ line, excess }) =>
    excess === undefined
      ? []
      : [{ ...excess.amount, label: { zh: `不计入：${line.title.zh}`, en: `excluded: ${line.title.en}` } }],
  );
  const factor = capped.factor === undefined ? [] : [capped.factor];
  const left = permitted.carryOver === undefined ? [] : [permitted.carryOver.left];
  const ceilings = [...products.values()].map(({ ceiling }) => ceiling);
  return [rate, permitted.rMax, ...left, ...ceilings, ...factor, capped.income, ...excluded];
}

/** An explained pricing: the rows, those among them that were rounded, and the assumed rules under any. */
export interface ExplainedPricing {
  readonly explanation: Explanation;
  readonly rounded: readonly ExplanationRow[];
  readonly assumptions: readonly RuleReference[];
}

/** Explains figures, and gathers every rounding and every assumed rule under them, each once. */
export function explainPricing(figures: readonly Figure[]): ExplainedPricing {
  const explanation = explain(figures);
  const fresh = explanation.rows.filter(({ explainedAt }) => explainedAt === undefined);
  const assumptions = new Map<string, RuleReference>();
  // A figure that was given another label for its place is the same rounding.
  const roundings = new Map<Derivation, ExplanationRow>();
  for (const row of fresh) {
    const { figure } = row;
    const { derivation } = figure;
    if (derivation?.rounding !== undefined && !roundings.has(derivation)) roundings.set(derivation, row);
    for (const rule of [figure.rule, figure.derivation?.rule, figure.derivation?.rounding?.rule]) {
      if (rule?.assumed !== undefined) assumptions.set(`${rule.set} ${rule.id} ${rule.assumed.en}`, rule);
    }
  }
  return {
    explanation,
    rounded: [...roundings.values()],
    assumptions: [...assumptions.values()],
  };
}
