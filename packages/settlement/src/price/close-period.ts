/** The end of a period (周期重置): costs are surveyed anew, and what was earned above the permitted over the period's years is taken off the
 *  next period's years in equal parts, or goes to the public pool, as the rules say (G24).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { apportion } from "../apportion.ts";
import { exact, exactText, ONE, ZERO } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { EvidenceId, readInput, Year, YuanText } from "../input.ts";
import { apportionedFigure, derivedFigure, givenFigure, sumFigure } from "../make-figure.ts";
import { wholeFen } from "../money.ts";
import type { Rules } from "../rules/resolve.ts";

/** Most years of a period that a file lists. */
const MAX_YEARS = 20;

/** Permitted and actual income of the years of a period. */
export const PeriodYears = z
  .array(z.strictObject({ year: Year, permitted: YuanText, actual: YuanText, evidence: EvidenceId }))
  .min(1)
  .max(MAX_YEARS);
export type PeriodYears = z.infer<typeof PeriodYears>;

/** What a period leaves behind. */
export interface ClosedPeriod {
  /** First year of the next period, before which costs are surveyed anew. */
  readonly surveyFor: string;
  readonly permitted: Figure;
  readonly actual: Figure;
  /** max(0, actual − permitted). */
  readonly excess: Figure;
  readonly destination: "next-period" | "public-pool";
  /** What each year of the next period takes off its permitted income; empty when there is nothing, or it goes to the public pool. */
  readonly deductions: ReadonlyMap<string, Figure>;
}

/** Closes the period of `years`.
 *  @throws ERR_SETTLEMENT_INPUT; ERR_SETTLEMENT_PERIOD when the years are not those of one whole period, one after the other. */
export function closePeriod(years: unknown, rules: Rules): ClosedPeriod {
  const list = readInput(PeriodYears, years, "years").toSorted((a, b) => (a.year < b.year ? -1 : 1));
  const { value: length, reference: rule } = rules.of("periodYears");
  const { value: destination, reference: excessRule } = rules.of("excessIncome");
  const first = Number(list[0]?.year);
  const wrong = list.find(({ year }, i) => Number(year) !== first + i);
  if (list.length !== length || wrong !== undefined) {
    const line = wrong === undefined ? "years" : `years/${wrong.year}`;
    throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line, period: `${length} years from ${first}` });
  }
  const sum = (name: "permitted" | "actual", zh: string, en: string, symbol: string) =>
    sumFigure({
      id: name,
      label: { zh: `周期${zh}合计Σ${symbol}`, en: `${en} income of the period Σ${symbol}` },
      unit: "yuan",
      rule,
      inputs: list.map((one) => {
        const head = {
          id: `${name}:${one.year}`,
          label: { zh: `${one.year}年${zh}`, en: `${en} income of ${one.year}` },
          unit: "yuan",
        } as const;
        return givenFigure(head, exact(one[name]), `years/${one.year}/${name}`, one.evidence);
      }),
    });
  const permitted = sum("permitted", "准许收入", "permitted", "R_max");
  const actual = sum("actual", "实际收入", "actual", "R");
  const over = actual.value.minus(permitted.value);
  const excess = derivedFigure(
    {
      id: "excess",
      label: { zh: "超额收益X", en: "income above the permitted X" },
      unit: "yuan",
      rule: excessRule,
      formula: "max(0, ΣR − ΣR_max)",
      inputs: [actual, permitted],
    },
    over.isNegative() ? ZERO : over,
  );
  const next = Array.from({ length }, (_, i) => String(first + length + i));
  const taken = destination === "next-period" && !excess.value.isZero();
  const parts = taken
    ? apportion(wholeFen(excess.value, "excess"), new Map(next.map((year) => [year, ONE])), "excess")
    : [];
  const deductions = new Map(
    [...parts].map(([year, fen]): [string, Figure] => {
      const label = { zh: `${year}年扣减`, en: `taken off ${year}` };
      const making = {
        id: `deduction:${year}`,
        label,
        unit: "yuan",
        rule: excessRule,
        formula: "X ÷ n",
        inputs: [excess],
      } as const;
      return [year, apportionedFigure(making, fen, `${exactText(excess.value)} ÷ ${length}`)];
    }),
  );
  return { surveyFor: String(first + length), permitted, actual, excess, destination, deductions };
}
