/** Rules of Futian (福田, Shenzhen), from its plan for the authorised operation of public data (draft for comments, 2025), chapters 六 and 七.
 *  @module */
import type { RuleSet } from "./rule-set.ts";

const LOST = {
  zh: "原文公式为图片，未能取得；按其图例推定",
  en: "the formula is a lost image of the document; inferred from its legend",
};
const SILENT = { zh: "原文未规定，暂定", en: "the document is silent; set until it is ruled" };
const DUE = {
  zh: "报送期限原文未规定，暂定为下一周期末日",
  en: "the document gives the period and no day; due by the end of the next period until it is ruled",
};

/** The only plan of the four that gives formulas. */
export const FUTIAN_2025: RuleSet = {
  id: "futian-2025",
  title: {
    zh: "福田区公共数据资源授权运营实施方案（试行，征求意见稿）",
    en: "Futian plan for authorised operation (draft)",
  },
  level: "district",
  jurisdictions: ["futian"],
  from: "2025-01-01",
  parameters: {
    freePurposes: { value: ["public-governance", "public-welfare"], source: "003 六(一)1" },
    freeConditions: { value: ["approval", "welfare-agreement"], source: "003 六(一)1" },
    freeProhibitedUses: { value: ["business-analysis", "marketing"], source: "003 六(八)5" },
    freeUses: {
      value: [
        "public-service",
        "supervision",
        "policy-making",
        "emergency-response",
        "statistics",
        "teaching",
        "scientific-research",
      ],
      source: "003 六(八)5",
      assumed: {
        zh: "原文仅列举禁止用途；可用于的用途清单为暂定，未列入的一律不免费",
        en: "the document lists prohibited uses only; the list of allowed ones is set until it is ruled, and nothing else is free",
      },
    },
    measures: { value: "product-of-factors", source: "003 六(四)" },
    normalisation: {
      value: { api: "1", alert: "10", dataset: "0.001", label: "1", report: "10000" },
      source: "003 六(四)",
      assumed: { zh: `V=ΣK·v：${LOST.zh}`, en: `V = ΣK·v: ${LOST.en}` },
    },
    useThreshold: {
      value: { calls: "1000000", alertPercents: ["50", "80", "100"], timeZone: "Asia/Shanghai" },
      source: "003 六(八)5",
      assumed: {
        zh: "预警档位50%、80%、100%原文未规定",
        en: "the document gives the million of calls; the steps of 50, 80 and 100 % are set until they are ruled",
      },
    },
    profitRate: { value: { method: "yield-plus-spread", maxSpreadPercent: "6" }, source: "003 六(二)1" },
    vatPercent: { value: "6", source: "003 六(二)1" },
    costAllocation: { value: "normalised-use", source: "003 六(五)" },
    permittedIncome: { value: "cost-plus", source: "003 六(二)1" },
    basePrice: { value: "cost-plus", source: "003 六(六)" },
    municipalPriceCap: { value: "use-at-municipal-price", source: "003 六(五)3" },
    rentCap: { value: "guide-price-if-lease-filed", source: "003 六(五)4" },
    subsidyDeduction: {
      value: "proportional",
      source: "003 六(五)5",
      assumed: {
        zh: "先按上限核定，再按补贴占项目总价的比例扣减；先后次序原文未规定",
        en: "the cap first, then the subsidy's share of the project's price; the document does not give the order",
      },
    },
    amortisationYears: { value: 8, source: "003 六(五)3" },
    labourCapPercent: { value: "120", source: "003 六(五)3、4" },
    tenderAbove: { value: "1000000.00", source: "003 六(五)4" },
    sensitivity: {
      value: { person: "1.5", enterprise: "1.2", general: "1", important: "1.2", core: "1.5" },
      source: "003 六(七)1",
    },
    valueFactors: { value: ["1", "1.5", "2"], source: "003 六(七)1" },
    assessment: { value: "higher", source: "003 六(七)3" },
    filingAddressees: { value: ["price-authority", "data-bureau"], source: "003 六(七)3" },
    excessOfPrices: {
      value: "common-factor",
      source: "003 六(二)2",
      assumed: {
        zh: "Σp·q≤Rmax据图例推定；超出时以同一系数Rmax/Σp·q下调",
        en: "Σp·q ≤ R_max is inferred from a legend; above it all prices are scaled by R_max/Σp·q",
      },
    },
    adjustment: {
      value: { fromPercent: "10", formula: "proportional" },
      source: "003 六(八)1、4",
      assumed: {
        zh: `d=(实际收入−Rmax)/Rmax，|d|≥10%时p改为p·(1−d)：${LOST.zh}`,
        en: `d = (actual − R_max)/R_max; from 10 % on p becomes p·(1 − d): ${LOST.en}`,
      },
    },
    periodYears: { value: 3, source: "003 六(八)1" },
    excessIncome: {
      value: "next-period",
      source: "003 六(八)1",
      assumed: {
        zh: "按整个周期合计计算超额收益，由下一周期各年平均扣减；原文未规定",
        en: "the excess of the period as a whole, taken off the next period's years in equal parts; the document does not say how",
      },
    },
    chargeOrder: {
      value: "quota-discount-tiers",
      source: "003 一",
      assumed: {
        zh: "原文仅规定优先保障公益免费额度；先折扣后阶梯为暂定",
        en: "the document says that the free quota of welfare goes first; discount before tiers is set until it is ruled",
      },
    },
    platformServices: {
      value: ["resource-use", "desensitisation", "model-publication", "result-export"],
      source: "003 十(二)1",
    },
    sourceIncentive: {
      value: { by: "fulfilment-of-estimate", percentRounding: { places: 6, mode: "down" } },
      source: "003 六(五)1",
      assumed: {
        zh: "原文未给激励比例，档位由协议约定；完成率向下取",
        en: "the document gives no rates, so an agreement sets the steps; fulfilment is rounded down, so that no step is reached early",
      },
    },
    smallFirmDiscount: { value: "optional", source: "003 六", assumed: SILENT },
    publicityBeforeUse: { value: false, source: "003 六(七)3", assumed: SILENT },
    publicityDays: { value: 30, source: "003 六(八) 注" },
    costNoteMonths: { value: 1, source: "003 六(八)2", assumed: DUE },
    costAuditMonths: { value: 6, source: "003 六(八)2", assumed: DUE },
    treasuryFee: { value: "by-agreement", source: "003 七(三)", assumed: SILENT },
    unitCostRounding: { value: { places: 12, mode: "half-up" }, source: "003 六(五)", assumed: SILENT },
    capRounding: { value: { places: 2, mode: "down" }, source: "003 六(五)", assumed: SILENT },
    unitPriceRounding: { value: { places: 12, mode: "half-up" }, source: "003 六(六)", assumed: SILENT },
    ceilingRounding: {
      value: { places: 12, mode: "down" },
      source: "003 六(七)",
      assumed: {
        zh: "上限向下取，不使Σp·q超过Rmax",
        en: "a ceiling is rounded down, so that rounding cannot pass R_max",
      },
    },
    deviationRounding: { value: { places: 6, mode: "half-up" }, source: "003 六(八)1", assumed: SILENT },
    postingRounding: { value: { places: 2, mode: "half-up" }, source: "003 六(二)", assumed: SILENT },
  },
};
