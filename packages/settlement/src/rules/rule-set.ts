/** Rule sets (规则集): what a jurisdiction's plan fixes about metering, cost, price and revenue, as dated data. A value that stands in for a
 *  rule which the documents lost or do not give says so in `assumed`.
 *  @module */
import { z } from "zod";
import { Day, LineId, PercentText, QuantityText, Text, Words, YuanText } from "../input.ts";

/** A rule's value, where it is written, and why it is assumed if it is. */
function ruled<T extends z.ZodType>(value: T) {
  return z.strictObject({ value, source: Text, assumed: Words.optional() });
}

const Rounding = z.strictObject({ places: z.int().min(0).max(12), mode: z.enum(["half-up", "down"]) });

/** Parts of a plan that can be ruled; a set gives those of which it speaks. */
export const RuleParameters = z
  .strictObject({
    /** Purposes for which use is free (G1), what a free licence needs (C9), and uses that one never allows (C10). */
    freePurposes: ruled(z.array(LineId).min(1)),
    freeConditions: ruled(z.array(z.enum(["approval", "welfare-agreement"]))),
    freeProhibitedUses: ruled(z.array(LineId)),
    /** Uses that free data may have; any other is refused, so that a prohibited one cannot go by another word. */
    freeUses: ruled(z.array(LineId).min(1)),
    /** How use of each form is counted: the product of the factors that its row of the table names. */
    measures: ruled(z.literal("product-of-factors")),
    /** K of each form, by which use becomes comparable. */
    normalisation: ruled(
      z.strictObject({
        api: QuantityText,
        alert: QuantityText,
        dataset: QuantityText,
        label: QuantityText,
        report: QuantityText,
      }),
    ),
    /** Calls of one calling party in a calendar year, the shares at which it is alerted, and the time zone of that year. */
    useThreshold: ruled(
      z.strictObject({
        calls: QuantityText,
        alertPercents: z.array(PercentText).min(1),
        timeZone: z.literal("Asia/Shanghai"),
      }),
    ),
    /** How the permitted profit rate is found: the yield of 10-year treasury bonds and a spread, or a rate that was approved. */
    profitRate: ruled(
      z.discriminatedUnion("method", [
        z.strictObject({ method: z.literal("yield-plus-spread"), maxSpreadPercent: PercentText }),
        z.strictObject({ method: z.literal("approved") }),
      ]),
    ),
    vatPercent: ruled(PercentText),
    /** How costs that several products bear are shared, by the rows of their classes (G8–G12). */
    costAllocation: ruled(z.literal("normalised-use")),
    /** How the highest permitted income and the base price follow from cost, rate and tax. */
    permittedIncome: ruled(z.literal("cost-plus")),
    basePrice: ruled(z.literal("cost-plus")),
    /** What counts of cloud and network, and of rent. */
    municipalPriceCap: ruled(z.literal("use-at-municipal-price")),
    rentCap: ruled(z.literal("guide-price-if-lease-filed")),
    subsidyDeduction: ruled(z.literal("proportional")),
    amortisationYears: ruled(z.int().min(1).max(50)),
    labourCapPercent: ruled(PercentText),
    tenderAbove: ruled(YuanText),
    /** f1 by what a field locates, else by its grade. */
    sensitivity: ruled(
      z.strictObject({
        person: QuantityText,
        enterprise: QuantityText,
        general: QuantityText,
        important: QuantityText,
        core: QuantityText,
      }),
    ),
    /** Values that f2 may have. */
    valueFactors: ruled(z.array(QuantityText).min(1)),
    /** Which of the operator's own and the third party's assessment holds. */
    assessment: ruled(z.literal("higher")),
    /** To whom ceilings are filed before they are used. */
    filingAddressees: ruled(z.array(z.enum(["price-authority", "data-bureau"])).min(1)),
    /** What becomes of prices whose sum would pass the permitted income. */
    excessOfPrices: ruled(z.literal("common-factor")),
    /** Deviation of the actual from the permitted income, in either direction, from which prices are adjusted, and how. */
    adjustment: ruled(z.strictObject({ fromPercent: PercentText, formula: z.literal("proportional") })),
    periodYears: ruled(z.int().min(1).max(20)),
    /** What becomes of income above the permitted: taken off the next period's, or paid to the public pool. */
    excessIncome: ruled(z.enum(["next-period", "public-pool"])),
    /** In what order a line of use is charged: the free quota of welfare first, then the discount on each price, then the tiers. */
    chargeOrder: ruled(z.literal("quota-discount-tiers")),
    /** Services of the platform for which a partner pays a fee. */
    platformServices: ruled(z.array(LineId).min(1)),
    /** By what a source department is rewarded beside its fee, and how the per cent of it are rounded. */
    sourceIncentive: ruled(z.strictObject({ by: z.literal("fulfilment-of-estimate"), percentRounding: Rounding })),
    /** Whether a tariff must have a discount for small and micro firms, and be announced before it is used. */
    smallFirmDiscount: ruled(z.enum(["required", "optional"])),
    publicityBeforeUse: ruled(z.boolean()),
    publicityDays: ruled(z.int().min(1).max(366)),
    costNoteMonths: ruled(z.int().min(1).max(12)),
    costAuditMonths: ruled(z.int().min(1).max(24)),
    /** Whether a resource fee is owed to the treasury. */
    treasuryFee: ruled(z.enum(["required", "by-agreement"])),
    /** Places of a unit's cost, of caps on costs, of prices of one unit; what a ceiling loses, how deviations and margins are shown, and how
     *  amounts are posted. */
    unitCostRounding: ruled(Rounding),
    capRounding: ruled(Rounding),
    unitPriceRounding: ruled(Rounding),
    ceilingRounding: ruled(Rounding),
    deviationRounding: ruled(Rounding),
    postingRounding: ruled(Rounding),
  })
  .partial();
export type RuleParameters = z.infer<typeof RuleParameters>;

/** A part of a plan that can be ruled. */
export type RuleName = keyof RuleParameters;

/** Levels of those who make rules, the lowest first: a higher one goes before a lower one. */
export const RULE_LEVELS = ["district", "city", "province", "national"] as const;

/** One version of a jurisdiction's rules. */
export const RuleSet = z.strictObject({
  id: LineId,
  title: Words,
  level: z.enum(RULE_LEVELS),
  /** Jurisdictions for which it holds: `["*"]` for all. */
  jurisdictions: z.array(z.union([LineId, z.literal("*")])).min(1),
  /** First day on which it holds. */
  from: Day,
  /** Last day; absent while it has no end. */
  until: Day.optional(),
  parameters: RuleParameters,
});
export type RuleSet = z.infer<typeof RuleSet>;

/** Row of the requirements under which each rule is cited. */
export const RULE_ROWS: Readonly<Record<RuleName, string>> = {
  freePurposes: "G1",
  freeConditions: "C9",
  freeProhibitedUses: "C10",
  freeUses: "C10",
  measures: "G6",
  normalisation: "G7",
  useThreshold: "C11",
  profitRate: "G3",
  vatPercent: "G4",
  costAllocation: "G8",
  permittedIncome: "G2",
  basePrice: "G19",
  municipalPriceCap: "G14",
  rentCap: "G16",
  subsidyDeduction: "G18",
  amortisationYears: "G13",
  labourCapPercent: "G15",
  tenderAbove: "G17",
  sensitivity: "G20",
  valueFactors: "G20",
  assessment: "G21",
  filingAddressees: "G22",
  excessOfPrices: "G5",
  adjustment: "G26",
  periodYears: "G24",
  excessIncome: "G24",
  chargeOrder: "H6",
  platformServices: "G30",
  sourceIncentive: "G31",
  smallFirmDiscount: "G28",
  publicityBeforeUse: "G28",
  publicityDays: "G27",
  costNoteMonths: "G25",
  costAuditMonths: "G25",
  treasuryFee: "H3",
  unitCostRounding: "G10",
  capRounding: "G14",
  unitPriceRounding: "G19",
  ceilingRounding: "G21",
  deviationRounding: "G23",
  postingRounding: "G2",
};
