/** A simulation as one JSON document; values are decimal texts.
 *  @module */
import { exactText, type Exact, type SimulatedPrices, type Simulation } from "@sluice/settlement";
import { pricesDocument } from "./pricing-document.ts";
import type { SimulationCurves } from "./simulation-curves.ts";

/** The document. */
export function simulationDocument(prices: SimulatedPrices, simulation: Simulation, curves: SimulationCurves): object {
  const { before, after } = prices;
  const { rules, year } = before;
  return {
    year,
    rules: { jurisdiction: rules.jurisdiction, sets: rules.sets, on: rules.on },
    supposed: simulation,
    before: pricesDocument(before),
    after: pricesDocument(after),
    curves: {
      prices: curves.prices.map(({ product, points }) => ({ product, points: points.map(pointDocument) })),
      leftOut: curves.leftOut,
      income: curves.income.map(pointDocument),
    },
  };
}

function pointDocument(point: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(point).map(([name, value]: [string, string | Exact]) => [
      name,
      typeof value === "string" ? value : exactText(value),
    ]),
  );
}
