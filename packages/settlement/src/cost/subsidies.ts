/** Subsidies (成本扣减机制): public money is shared over the lines of its project by their whole cost, and each line counts less in the
 *  proportion of its part to its whole cost (G18). Caps come first: the proportion is taken off what the cap allows.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { apportion } from "../apportion.ts";
import { exact, exactText, ZERO } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { apportionedFigure, givenFigure, quotientFigure, sumFigure } from "../make-figure.ts";
import { wholeFen } from "../money.ts";
import type { Rules } from "../rules/resolve.ts";
import type { CostPool } from "./cost-line.ts";

/** Public money that went into each line, by line; a line without any is absent. `whole` has the whole cost of each line.
 *  @throws ERR_SETTLEMENT_WEIGHTS when the lines of a subsidy cost nothing. */
export function subsidiesByLine(
  pool: CostPool,
  whole: ReadonlyMap<string, Figure>,
  rules: Rules,
): ReadonlyMap<string, Figure> {
  const { reference: rule } = rules.of("subsidyDeduction");
  const parts = new Map<string, Figure[]>();
  for (const subsidy of pool.subsidies ?? []) {
    const line = `subsidies/${subsidy.id}`;
    const amount = givenFigure(
      { id: subsidy.id, label: { zh: "财政补贴S", en: "subsidy S" }, unit: "yuan" },
      exact(subsidy.amount),
      line,
      subsidy.evidence,
    );
    const costs = subsidy.lines.flatMap((id) => whole.get(id) ?? []);
    const weights = new Map(subsidy.lines.map((id) => [id, whole.get(id)?.value ?? ZERO]));
    const all = sumFigure({
      id: "project",
      label: { zh: "项目成本合计ΣA", en: "cost of the project ΣA" },
      unit: "yuan",
      rule,
      inputs: costs,
    });
    for (const [id, fen] of apportion(wholeFen(amount.value, line), weights, line)) {
      const cost = whole.get(id);
      if (cost === undefined || fen === 0n) continue;
      const part = apportionedFigure(
        {
          id: `part:${subsidy.id}`,
          label: { zh: "分摊的财政补贴", en: "part of the subsidy" },
          unit: "yuan",
          rule,
          formula: "S × A ÷ ΣA",
          inputs: [amount, cost, all],
        },
        fen,
        `${exactText(amount.value.times(cost.value))} ÷ ${exactText(all.value)}`,
      );
      parts.set(id, [...(parts.get(id) ?? []), part]);
    }
  }
  const label = { zh: "财政补贴合计S", en: "subsidies of the line S" };
  return new Map(
    [...parts].map(([id, inputs]) => [id, sumFigure({ id: "subsidy", label, unit: "yuan", rule, inputs })]),
  );
}

/** What counts of `allowed` after the subsidy of its line, whose whole cost is `whole`.
 *  @throws ERR_SETTLEMENT_REFUSED when more public money went into the line than it cost. */
export function countedAfter(
  {
    allowed,
    whole,
    subsidy,
    line,
  }: {
    readonly allowed: Figure;
    readonly whole: Figure;
    readonly subsidy: Figure;
    readonly line: string;
  },
  rules: Rules,
): Figure {
  const { reference: rule } = rules.of("subsidyDeduction");
  const left = whole.value.minus(subsidy.value);
  if (left.isNegative()) {
    const reason = "its subsidies are above its cost";
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line, rule: rule.id, reason });
  }
  return quotientFigure(
    {
      id: "counted",
      label: { zh: "计入成本", en: "counted cost" },
      unit: "yuan",
      rule,
      formula: "a × (A − S) ÷ A",
      inputs: [allowed, whole, subsidy],
    },
    { dividend: allowed.value.times(left), divisor: whole.value, where: line },
    rules.of("postingRounding"),
  );
}
