/** The charge of one line of use (H6): the free quota of welfare goes first, the discount is on each price, and what is left is paid by
 *  tiers. Tiers count what is paid, from the beginning of the tariff's span; the amount is rounded to fen once.
 *  @module */
import { exact, sumOf, ZERO, type Exact } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { derivedFigure, givenFigure, roundedFigure } from "../make-figure.ts";
import type { MonthlyUse } from "../metering/monthly-use.ts";
import type { Rules } from "../rules/resolve.ts";
import type { PricedTariff } from "./priced-tariff.ts";

const USE = { id: "use", label: { zh: "本月使用量", en: "use of the month" }, unit: "use" } as const;
const BEFORE = {
  id: "before",
  label: { zh: "计费期内此前使用量", en: "use earlier in the span" },
  unit: "use",
} as const;
const FREE = { id: "free", label: { zh: "免费额度内用量", en: "use within the free quota" }, unit: "use" } as const;
const BILLED = { id: "billed", label: { zh: "计费使用量", en: "use that is paid" }, unit: "use" } as const;
const AMOUNT = { id: "amount", label: { zh: "应收金额（元）", en: "amount in yuan" }, unit: "yuan" } as const;

/** A charged line. */
export interface LineCharge {
  readonly use: Figure;
  /** Units for which nothing is paid. */
  readonly free: Exact;
  /** In yuan, whole fen. */
  readonly amount: Figure;
}

/** Charges `line`. `priced` is null where all use is free; its quota holds for free licences only. */
export function chargeUse(
  line: MonthlyUse,
  { priced, free }: { readonly priced: PricedTariff | null; readonly free: boolean },
  rules: Rules,
): LineCharge {
  const where = `uses/${line.caller}/${line.product}`;
  const use = givenFigure(USE, exact(line.quantity, where), where);
  if (priced === null) {
    const { reference } = rules.of("freePurposes");
    return {
      use,
      free: use.value,
      amount: derivedFigure({ ...AMOUNT, rule: reference, formula: "v × 0", inputs: [use] }, ZERO),
    };
  }
  const earlier = priced.tariff.span === "year" ? exact(line.before, where) : ZERO;
  const before = givenFigure(BEFORE, earlier, `${where}/before`);
  const quota = free ? priced.freeQuota : null;
  const order = rules.of("chargeOrder").reference;
  if (quota === null) return { use, free: ZERO, amount: amountOf(use, before, before.value, priced, rules) };
  const left = atLeastZero(quota.value.minus(before.value));
  const freeUse = derivedFigure(
    { ...FREE, rule: order, formula: "min(v, max(0, Q − v₀))", inputs: [use, quota, before] },
    smaller(use.value, left),
  );
  const billed = derivedFigure(
    { ...BILLED, rule: order, formula: "v − v_free", inputs: [use, freeUse] },
    use.value.minus(freeUse.value),
  );
  const billedBefore = atLeastZero(before.value.minus(quota.value));
  return { use, free: freeUse.value, amount: amountOf(billed, before, billedBefore, priced, rules) };
}

/** What `billed` units cost when `paidBefore` units of the span were paid before them. */
function amountOf(billed: Figure, before: Figure, paidBefore: Exact, { tiers }: PricedTariff, rules: Rules): Figure {
  const rule = rules.of("chargeOrder").reference;
  const posting = rules.of("postingRounding");
  const [only, second] = tiers;
  if (only !== undefined && second === undefined) {
    const inputs = [billed, only.price];
    return roundedFigure({ ...AMOUNT, rule, formula: "v × p", inputs }, billed.value.times(only.price.value), posting);
  }
  const paidAfter = paidBefore.plus(billed.value);
  const parts: Figure[] = [];
  for (const { above, upTo, price, use, amount } of tiers) {
    const from = larger(above, paidBefore);
    const to = upTo === null ? paidAfter : smaller(upTo, paidAfter);
    if (to.lte(from)) continue;
    const formula = "min(v₀ + v, to) − max(v₀, from)";
    const part = derivedFigure({ ...use, rule, formula, inputs: [billed, before] }, to.minus(from));
    parts.push(
      derivedFigure({ ...amount, rule, formula: "v × p", inputs: [part, price] }, part.value.times(price.value)),
    );
  }
  const sum = sumOf(parts.map(({ value }) => value));
  return roundedFigure({ ...AMOUNT, rule, formula: "Σ", inputs: parts }, sum, posting);
}

function smaller(a: Exact, b: Exact): Exact {
  return a.lt(b) ? a : b;
}

function larger(a: Exact, b: Exact): Exact {
  return a.gt(b) ? a : b;
}

function atLeastZero(value: Exact): Exact {
  return larger(value, ZERO);
}
