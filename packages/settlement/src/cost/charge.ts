/** What a cost line charges to the year: its amount, its calls at their price, or the year's part of what is spread over years (G9, G13).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { apportion } from "../apportion.ts";
import { exact, exactText, ONE, ZERO } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { apportionedFigure, derivedFigure, givenFigure, roundedFigure, ruledFigure } from "../make-figure.ts";
import { wholeFen } from "../money.ts";
import type { Rules } from "../rules/resolve.ts";
import type { CostLine } from "./cost-line.ts";
import { lineName } from "./read-costs.ts";

/** A line's whole cost, by which subsidies are measured, and what of it falls to the year. */
export interface Charge {
  readonly whole: Figure;
  readonly charged: Figure;
}

/** What `line` charges to its year. Calls of a source's interface are those of the product's answers, so that they follow the `multiple` of
 *  its use which a simulation supposes.
 *  @throws ERR_SETTLEMENT_PERIOD for a platform that is in service only later. */
export function chargeOf(line: CostLine, rules: Rules, multiple?: Figure): Charge {
  const name = lineName(line);
  const { expense } = line;
  if (expense.kind === "calls") {
    const rule = { ...rules.of("costAllocation").reference, id: "G9" };
    const head = {
      id: "calls",
      label: { zh: "查询接口调用次数n", en: "calls of the interface n" },
      unit: "use",
    } as const;
    const made = givenFigure(head, exact(expense.calls), `${name}/calls`, line.evidence);
    const calls =
      multiple === undefined
        ? made
        : derivedFigure(
            { ...head, rule, formula: "n × m", inputs: [made, multiple] },
            made.value.times(multiple.value),
          );
    const inputs = [
      calls,
      givenFigure(
        { id: "unit-price", label: { zh: "接口查询单价p", en: "price of a call p" }, unit: "unit-price" },
        exact(expense.unitPrice),
        `${name}/unitPrice`,
        line.evidence,
      ),
    ];
    const cost = roundedFigure(
      {
        id: "charged",
        label: line.title,
        unit: "yuan",
        rule,
        formula: "n × p",
        inputs,
      },
      calls.value.times(expense.unitPrice),
      rules.of("postingRounding"),
    );
    return { whole: cost, charged: cost };
  }
  const whole = givenFigure(
    { id: "amount", label: line.title, unit: "yuan" },
    exact(expense.amount),
    name,
    line.evidence,
  );
  if (expense.kind !== "construction") return { whole, charged: whole };
  return { whole, charged: amortised({ whole, name, year: line.year, since: expense.inServiceSince }, rules) };
}

/** The year's part of a sum that is spread evenly over years: equal to a fen, and together the whole. */
function amortised(
  {
    whole,
    name,
    year,
    since,
  }: { readonly whole: Figure; readonly name: string; readonly year: string; readonly since: string },
  rules: Rules,
): Figure {
  const { value: years, reference } = rules.of("amortisationYears");
  const first = Number(since);
  const nth = Number(year) - first;
  if (nth < 0) throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: `${name}/inServiceSince`, period: year });
  const term = Array.from({ length: years }, (_, i) => String(first + i));
  const total = wholeFen(whole.value, name);
  const parts = apportion(total, new Map(term.map((each) => [each, ONE])), name);
  const count = ruledFigure(
    { id: "years", label: { zh: "摊销年限n", en: "years of amortisation n" }, unit: "count" },
    exact(String(years)),
    reference,
  );
  const inputs = [
    whole,
    count,
    givenFigure(
      { id: "since", label: { zh: "起始年度", en: "first year" }, unit: "year" },
      exact(since),
      `${name}/inServiceSince`,
    ),
  ];
  const part = parts.get(year);
  const head = {
    id: "charged",
    label: { zh: part === undefined ? "摊销期满" : "本年度摊销额", en: "the year's part" },
    unit: "yuan",
  } as const;
  if (part === undefined) {
    return derivedFigure({ ...head, rule: reference, formula: "0", inputs }, ZERO);
  }
  const making = { ...head, rule: reference, formula: "A ÷ n", inputs };
  return apportionedFigure(making, part, `${exactText(whole.value)} ÷ ${years}`);
}
