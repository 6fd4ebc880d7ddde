/** The source's incentive (数源激励, G31): beside its fee for a resource, a department is rewarded by how far the year's estimated use of the
 *  products made from it came true. The steps are those of its agreement.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { exact, fraction, ZERO } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { LineId, MAX_LINES, PercentText, readInput, Year, YuanText } from "../input.ts";
import { givenFigure, quotientFigure, roundedFigure, sumFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import { normalisedUseOf } from "./normalised-use.ts";
import { readProducts, type Product } from "./product.ts";
import type { Occasion } from "./quantity.ts";

/** Most steps of one agreement. */
const MAX_STEPS = 20;

/** What was agreed for one resource and year. */
export const IncentiveTerms = z.strictObject({
  id: LineId,
  resource: LineId,
  /** The source department. */
  source: LineId,
  year: Year,
  /** Its fee of the year, in yuan, on which the bonus is counted. */
  baseFee: YuanText,
  /** The agreement. */
  evidence: LineId,
  /** From `from` per cent of the estimate on, the bonus is `bonus` per cent of the fee. */
  steps: z
    .array(z.strictObject({ from: PercentText, bonus: PercentText }))
    .min(1)
    .max(MAX_STEPS)
    .refine(
      (steps) => steps.every(({ from }, i) => i === 0 || Number(from) > Number(steps[i - 1]?.from)),
      "steps from less to more per cent",
    ),
});
export type IncentiveTerms = z.infer<typeof IncentiveTerms>;

/** What one department has earned. */
export interface SourceIncentive {
  readonly terms: IncentiveTerms;
  /** Actual per cent of estimated normalised use. */
  readonly fulfilment: Figure;
  /** In yuan, whole fen. */
  readonly bonus: Figure;
}

/** Incentives of a year, by the id of their terms. Every product that uses a named resource must have its actual use.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_TWICE, ERR_SETTLEMENT_PERIOD for terms of another year than the products',
 *  ERR_SETTLEMENT_MISSING when no product uses a resource or its actual use is not given, ERR_SETTLEMENT_DIVISOR without an estimate. */
export function sourceIncentives(
  input: { readonly terms: unknown; readonly products: unknown },
  rules: Rules,
): SourceIncentive[] {
  const products = readProducts(input.products);
  const all = readInput(z.array(IncentiveTerms).max(MAX_LINES), input.terms, "terms");
  const seen = new Set<string>();
  for (const { id, resource, source, year } of all) {
    for (const name of [id, `${resource} of ${source}`]) {
      if (seen.has(name)) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line: `terms/${name}` });
      seen.add(name);
    }
    const period = products[0]?.year ?? "";
    if (year !== period) throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: `terms/${id}`, period });
  }
  return all.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((terms) => incentiveOf(terms, products, rules));
}

function incentiveOf(terms: IncentiveTerms, products: readonly Product[], rules: Rules): SourceIncentive {
  const where = `terms/${terms.id}`;
  const { value: how, reference: rule } = rules.of("sourceIncentive");
  const users = products.filter(({ resources }) => resources.includes(terms.resource));
  if (users.length === 0) {
    throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `a product that uses ${terms.resource}`, rule: rule.id });
  }
  const useOf = (occasion: Occasion, zh: string): Figure =>
    sumFigure({
      id: `${occasion}-of-resource:${terms.resource}`,
      label: { zh: `${zh}（归一化）`, en: `${occasion} normalised use of the resource` },
      unit: "normalised",
      rule,
      inputs: users.map((product) => normalisedUseOf(product, occasion, rules)),
    });
  const estimate = useOf("estimate", "资源预估使用量");
  const actual = useOf("actual", "资源实际使用量");
  const fulfilment = quotientFigure(
    {
      id: `fulfilment:${terms.id}`,
      label: { zh: "预估使用量完成率（%）", en: "fulfilment of the estimated use, per cent" },
      unit: "percent",
      rule,
      formula: "V_actual × 100 ÷ V_estimate",
      inputs: [actual, estimate],
    },
    { dividend: actual.value.shiftedBy(2), divisor: estimate.value, where },
    { value: how.percentRounding, reference: rule },
  );
  const reached = terms.steps.findLastIndex(({ from }) => exact(from, where).lte(fulfilment.value));
  const step = terms.steps[reached];
  const rate = givenFigure(
    { id: `rate:${terms.id}`, label: { zh: "激励比例（%）", en: "rate of the bonus, per cent" }, unit: "percent" },
    step === undefined ? ZERO : exact(step.bonus, where),
    step === undefined ? `${where}/steps` : `${where}/steps/${reached}/bonus`,
    terms.evidence,
  );
  const fee = givenFigure(
    { id: `base-fee:${terms.id}`, label: { zh: "资源基础年费（元）", en: "fee of the year in yuan" }, unit: "yuan" },
    exact(terms.baseFee, where),
    `${where}/baseFee`,
    terms.evidence,
  );
  const bonus = roundedFigure(
    {
      id: `bonus:${terms.id}`,
      label: { zh: "数源激励（元）", en: "incentive of the source in yuan" },
      unit: "yuan",
      rule,
      formula: "F × b, b by the step of V_actual ÷ V_estimate",
      inputs: [fee, rate, fulfilment],
    },
    fee.value.times(fraction(rate.value)),
    rules.of("postingRounding"),
  );
  return { terms, fulfilment, bonus };
}
