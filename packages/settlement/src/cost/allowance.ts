/** Caps (核算上限): how much of what a line charges may count. What is above the cap is the operator's own affair, and is listed with the
 *  reason (G14–G16).
 *  @module */
import { exact, fraction, ONE, ZERO, type Exact } from "../exact.ts";
import type { Figure, FigureUnit, Label, RuleReference } from "../figure.ts";
import { derivedFigure, givenFigure, roundedFigure, ruledFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import type { CostLine } from "./cost-line.ts";
import { lineName } from "./read-costs.ts";

/** What counts of a charge before subsidies, and what does not. */
export interface Allowance {
  readonly allowed: Figure;
  readonly excess?: { readonly amount: Figure; readonly reason: Label };
}

const REASONS = {
  municipal: { zh: "超过市级政务云采购价，自行承担", en: "above the municipal price of government cloud" },
  labour: { zh: "超过政府技术岗位人力服务采购均价的上限", en: "above the share of the government's price of the post" },
  guide: { zh: "超过写字楼租金指导价", en: "above the guide price of offices" },
  filing: { zh: "未提供租赁备案证明，不予计入", en: "no proof that the lease was filed" },
} as const;

/** What counts of `charged`, the charge of `line`. */
export function allowanceOf(line: CostLine, charged: Figure, rules: Rules): Allowance {
  const { expense } = line;
  switch (expense.kind) {
    case "cloud":
    case "network":
      return atMost(charged, municipalCap(line, expense, rules), REASONS.municipal);
    case "labour":
      return atMost(charged, labourCap(line, expense, rules), REASONS.labour);
    case "rent": {
      if (expense.leaseFiling !== undefined) return atMost(charged, rentCap(line, expense, rules), REASONS.guide);
      const rule = rules.of("rentCap").reference;
      const cap = derivedFigure(
        { id: "cap", label: REASONS.filing, unit: "yuan", rule, formula: "0", inputs: [] },
        ZERO,
      );
      return atMost(charged, { cap, rule }, REASONS.filing);
    }
    case "fee":
    case "calls":
    case "governance":
    case "development":
    case "construction":
    case "third-party":
    case "compliance":
    case "marketing":
      return { allowed: charged };
  }
}

/** A cap and the rule it is from. */
interface Cap {
  readonly cap: Figure;
  readonly rule: RuleReference;
}

type OfKind<K> = Extract<CostLine["expense"], { readonly kind: K }>;

function municipalCap(line: CostLine, expense: OfKind<"cloud" | "network">, rules: Rules): Cap {
  return capFigure(line, rules, rules.of("municipalPriceCap").reference, "v × p", [
    factor(line, "used", { zh: "核定使用量v", en: "accepted use v" }, "use", expense.used),
    factor(
      line,
      "municipalPrice",
      { zh: "市级政务云采购价p", en: "municipal price p" },
      "unit-price",
      expense.municipalPrice,
      expense.priceEvidence,
    ),
  ]);
}

function labourCap(line: CostLine, expense: OfKind<"labour">, rules: Rules): Cap {
  const { value, reference } = rules.of("labourCapPercent");
  return capFigure(line, rules, reference, "n × p × r", [
    factor(line, "personMonths", { zh: "人月n", en: "person-months n" }, "count", expense.personMonths),
    factor(
      line,
      "governmentPrice",
      { zh: "政府岗位采购均价p（元/人月）", en: "government's price of a month p" },
      "unit-price",
      expense.governmentPrice,
      expense.priceEvidence,
    ),
    ruledFigure(
      { id: "share", label: { zh: "人工成本上限比例r", en: "highest share of that price r" }, unit: "percent" },
      exact(value),
      reference,
    ),
  ]);
}

function rentCap(line: CostLine, expense: OfKind<"rent">, rules: Rules): Cap {
  return capFigure(line, rules, rules.of("rentCap").reference, "S × n × p", [
    factor(line, "squareMetres", { zh: "面积S（平方米）", en: "square metres S" }, "count", expense.squareMetres),
    factor(line, "months", { zh: "月数n", en: "months n" }, "count", expense.months),
    factor(
      line,
      "guidePrice",
      { zh: "租金指导价p（元/平方米·月）", en: "guide price p" },
      "unit-price",
      expense.guidePrice,
      expense.priceEvidence,
    ),
  ]);
}

function factor(
  line: CostLine,
  id: string,
  label: Label,
  unit: FigureUnit,
  text: string,
  evidence = line.evidence,
): Figure {
  return givenFigure({ id, label, unit }, exact(text), `${lineName(line)}/${id}`, evidence);
}

/** The product of the factors, per cent as their hundredth part, rounded as caps are. */
function capFigure(line: CostLine, rules: Rules, rule: RuleReference, formula: string, inputs: readonly Figure[]): Cap {
  const label = { zh: `核算上限B：${line.title.zh}`, en: `cap B: ${line.title.en}` };
  const value = inputs.reduce<Exact>(
    (product, input) => product.times(input.unit === "percent" ? fraction(input.value) : input.value),
    ONE,
  );
  const making = { id: "cap", label, unit: "yuan", rule, formula, inputs } as const;
  return { cap: roundedFigure(making, value, rules.of("capRounding")), rule };
}

function atMost(charged: Figure, { cap, rule }: Cap, reason: Label): Allowance {
  const over = charged.value.isGreaterThan(cap.value);
  const allowed = derivedFigure(
    {
      id: "allowed",
      label: { zh: "核定额a（扣减补贴前）", en: "allowed a, before subsidies" },
      unit: "yuan",
      rule,
      formula: "min(A, B)",
      inputs: [charged, cap],
    },
    over ? cap.value : charged.value,
  );
  if (!over) return { allowed };
  const amount = derivedFigure(
    {
      id: "excess",
      label: { zh: "不予计入", en: "not allowed" },
      unit: "yuan",
      rule,
      formula: "A − B",
      inputs: [charged, cap],
    },
    charged.value.minus(cap.value),
  );
  return { allowed, excess: { amount, reason } };
}
