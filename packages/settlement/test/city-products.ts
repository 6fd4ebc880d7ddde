/** Products of the worked example of the requirements: one of each form, all made from one resource.
 *  @module */
import { RULE_SETS, rulesFor, type Product, type Rules } from "../src/index.ts";

function titled<F extends Product["form"]>(id: string, form: F) {
  return { id, title: { zh: id, en: id }, form, year: "2026", resources: ["enterprises"] };
}

/** One product of each form, with the year's use of the example. */
export const CITY_PRODUCTS: readonly Product[] = [
  { ...titled("credit-api", "api"), estimate: [{ calls: "1000000" }] },
  { ...titled("risk-alert", "alert"), estimate: [{ months: "12", objects: "500" }] },
  { ...titled("corpus", "dataset"), estimate: [{ rows: "100000", fields: "20", days: "30" }] },
  { ...titled("tax-label", "label"), estimate: [{ dimensions: "5", labels: "20000" }] },
  { ...titled("city-report", "report"), estimate: [{ dimensions: "4", reports: "10" }] },
];

/** Futian's rules on the first day of a month of 2026. */
export function futianRules(on = "2026-11-01"): Rules {
  return rulesFor({ sets: RULE_SETS, jurisdiction: "futian", on });
}
