/** A caller, a product and its terms, from which tests of statements begin.
 *  @module */
import { monthlyStatement, type Licence, type Rules, type Statement, type Tariff } from "../src/index.ts";
import { futianRules } from "./city-products.ts";

/** A product of the form `api`, named `p`. */
export const PRODUCT = {
  id: "p",
  title: { zh: "产品", en: "product" },
  form: "api",
  year: "2026",
  resources: [],
  uses: ["public-service"],
  estimate: [{ calls: "1000000" }],
} as const;

/** A paid licence of caller `bank`. */
export const LICENCE: Licence = { id: "l", caller: "bank", product: "p", purpose: "finance", uses: ["public-service"] };

/** What a free licence shows. */
export const FREE_EVIDENCE = { approval: "approval-7", "welfare-agreement": "agreement-9" } as const;

/** One yuan a call. */
export const TARIFF: Tariff = {
  id: "t",
  product: "p",
  from: "2026-01",
  span: "year",
  tiers: [{ above: "0", price: "1.00" }],
};

/** A filing that no price of a test comes near. */
export const FILING = {
  id: "f",
  jurisdiction: "futian",
  filedOn: "2024-12-15",
  ceilings: [{ product: "p", ceiling: "1000000" }],
};

/** A statement of November 2026 with these members changed. */
export function november(
  changes: {
    products?: unknown;
    licences?: unknown;
    tariffs?: unknown;
    filings?: unknown;
    uses?: unknown;
    month?: string;
  },
  rules: Rules = futianRules(),
): Statement {
  const base = {
    month: "2026-11",
    products: [PRODUCT],
    licences: [LICENCE],
    tariffs: [TARIFF],
    filings: [{ ...FILING, jurisdiction: rules.jurisdiction }],
    uses: [{ caller: "bank", product: "p", quantity: "5", before: "0" }],
  };
  return monthlyStatement({ ...base, ...changes }, rules);
}

/** The code and the message of what `run` throws. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
  return "not refused";
}
