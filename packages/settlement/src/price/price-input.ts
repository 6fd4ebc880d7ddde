/** What a price is reckoned from: the profit rate's basis, taxes, products with their estimates, cost accounts, and each product's
 *  assessment. All of it is read and checked before anything is computed.
 *  @module */
import { FieldGrade, FieldName, Name, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import type { CostPool } from "../cost/cost-line.ts";
import { readCosts } from "../cost/read-costs.ts";
import { exact } from "../exact.ts";
import {
  Day,
  EvidenceId,
  LineId,
  MAX_LINES,
  PercentText,
  PriceText,
  QuantityText,
  readInput,
  Text,
  YuanText,
} from "../input.ts";
import { readProducts, type Product } from "../metering/product.ts";
import { rulesFor, type Rules } from "../rules/resolve.ts";
import type { RuleSet } from "../rules/rule-set.ts";

/** From what the permitted profit rate follows (G3). */
export const ProfitBasis = z.discriminatedUnion("method", [
  z.strictObject({
    method: z.literal("yield-plus-spread"),
    /** Yield of 10-year treasury bonds, the day it is of, and where it was published. */
    yieldPercent: PercentText,
    yieldOn: Day,
    yieldSource: EvidenceId,
    spreadPercent: PercentText,
  }),
  z.strictObject({ method: z.literal("approved"), percent: PercentText, approval: EvidenceId }),
]);
export type ProfitBasis = z.infer<typeof ProfitBasis>;

/** A field that a grant names, with what the catalogue says of it. */
export const GrantedField = z.strictObject({
  resource: Name,
  field: FieldName,
  grade: FieldGrade,
  /** What its values point at: a person, an enterprise, or neither. */
  locates: z.enum(["person", "enterprise", "none"]),
});
export type GrantedField = z.infer<typeof GrantedField>;

/** What is assessed of a product: its sensitivity by its fields, its value, and a third party's ceiling where there is one. */
export const Assessment = z.strictObject({
  product: LineId,
  fields: z.array(GrantedField).min(1).max(MAX_LINES),
  value: z.strictObject({ factor: QuantityText, reason: Text, evidence: EvidenceId }),
  thirdParty: z.strictObject({ ceiling: PriceText, by: Text, on: Day, evidence: EvidenceId }).optional(),
});
export type Assessment = z.infer<typeof Assessment>;

const PriceFile = z.strictObject({
  jurisdiction: LineId,
  /** Day of the filing; the rules of that day hold. */
  filedOn: Day,
  profit: ProfitBasis,
  /** Surcharges (附加税费) as a share of the value-added tax. */
  surcharges: z.strictObject({ percent: PercentText, evidence: EvidenceId }),
  products: z.unknown(),
  costs: z.unknown(),
  assessments: z.array(Assessment).min(1).max(MAX_LINES),
  /** Income above the permitted of the last period, as far as this year takes it off (G24). */
  carryOver: z.strictObject({ amount: YuanText, evidence: EvidenceId }).optional(),
});

/** Everything a price is reckoned from, read and checked. */
export interface PriceInput {
  readonly rules: Rules;
  readonly filedOn: string;
  readonly profit: ProfitBasis;
  readonly surcharges: { readonly percent: string; readonly evidence: string };
  readonly products: readonly Product[];
  readonly costs: CostPool;
  /** By product; one for each. */
  readonly assessments: ReadonlyMap<string, Assessment>;
  readonly carryOver?: { readonly amount: string; readonly evidence: string };
}

/** Reads a price file under the rules of its jurisdiction and day among `sets`.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_RULES, ERR_SETTLEMENT_TWICE, ERR_SETTLEMENT_PERIOD, ERR_SETTLEMENT_MISSING and
 *  ERR_SETTLEMENT_REFUSED, each naming the line. */
export function readPriceInput(value: unknown, sets: readonly RuleSet[]): PriceInput {
  const { jurisdiction, filedOn, profit, surcharges, carryOver, ...file } = readInput(PriceFile, value, "price");
  const rules = rulesFor({ sets, jurisdiction, on: filedOn });
  checkProfit(profit, filedOn, rules);
  checkCarryOver(carryOver, rules);
  const products = readProducts(file.products);
  const costs = readCosts(file.costs, products, rules);
  const assessments = assessmentsByProduct(file.assessments, products, rules);
  const read = { rules, filedOn, profit, surcharges, products, costs, assessments };
  return carryOver === undefined ? read : { ...read, carryOver };
}

/** Where excess is paid to the public pool, it is not taken off the next income too. */
function checkCarryOver(carryOver: PriceInput["carryOver"], rules: Rules): void {
  const { value, reference } = rules.of("excessIncome");
  if (carryOver === undefined || value === "next-period") return;
  const reason = "excess goes to the public pool, and is not taken off a second time";
  throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: "price/carryOver", rule: reference.id, reason });
}

/** The basis is the one that the rules ask for; the yield is of the year before the filing, the spread within its limit. */
function checkProfit(profit: ProfitBasis, filedOn: string, rules: Rules): void {
  const { value, reference } = rules.of("profitRate");
  const refuse = (line: string, reason: string) =>
    new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `profit/${line}`, rule: reference.id, reason });
  if (profit.method !== value.method) throw refuse("method", `the profit rate is found by ${value.method}`);
  if (profit.method === "approved" || value.method === "approved") return;
  if (Number(profit.yieldOn.slice(0, 4)) !== Number(filedOn.slice(0, 4)) - 1) {
    throw refuse("yieldOn", "the yield is of the year before the filing");
  }
  if (exact(profit.spreadPercent).isGreaterThan(value.maxSpreadPercent)) {
    throw refuse("spreadPercent", `the spread is at most ${value.maxSpreadPercent} percentage points`);
  }
}

/** One assessment for each product, its value factor among those that the rules know. */
function assessmentsByProduct(list: readonly Assessment[], products: readonly Product[], rules: Rules) {
  const { value: factors, reference } = rules.of("valueFactors");
  const ids = new Set(products.map(({ id }) => id));
  const assessments = new Map<string, Assessment>();
  for (const assessment of list) {
    const line = `assessments/${assessment.product}`;
    if (assessments.has(assessment.product)) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line });
    assessments.set(assessment.product, assessment);
    if (!ids.has(assessment.product)) {
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `products/${assessment.product}`, rule: line });
    }
    if (!factors.some((factor) => exact(factor).eq(assessment.value.factor))) {
      const reason = `the value factor is one of ${factors.join(", ")}`;
      throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `${line}/value`, rule: reference.id, reason });
    }
  }
  const without = products.find(({ id }) => !assessments.has(id));
  if (without !== undefined) {
    throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `assessments/${without.id}`, rule: reference.id });
  }
  return assessments;
}
