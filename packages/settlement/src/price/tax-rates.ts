/** Rates of tax (应缴税金): value-added tax by rule, and surcharges on that tax as given (G4).
 *  @module */
import { exact } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { givenFigure, ruledFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import type { PriceInput } from "./price-input.ts";

/** Both rates, in per cent: of C·(1+R), and of the value-added tax. */
export interface TaxRates {
  readonly vat: Figure;
  readonly surcharges: Figure;
}

/** The rates for a price file. */
export function taxRatesOf({ percent, evidence }: PriceInput["surcharges"], rules: Rules): TaxRates {
  const { value, reference } = rules.of("vatPercent");
  return {
    vat: ruledFigure(
      { id: "vat-percent", label: { zh: "增值税税率t", en: "rate of value-added tax t" }, unit: "percent" },
      exact(value),
      reference,
    ),
    surcharges: givenFigure(
      {
        id: "surcharge-percent",
        label: { zh: "附加税费率a（按增值税额）", en: "surcharges a on that tax" },
        unit: "percent",
      },
      exact(percent),
      "surcharges/percent",
      evidence,
    ),
  };
}
