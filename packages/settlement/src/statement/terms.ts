/** Terms of charging: for each caller and product the licence, whether its use is free, and the tariff it pays.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { tariffClass, type Licence } from "../metering/licence.ts";
import type { Product } from "../metering/product.ts";
import { checkTariff, tariffOf, type Tariff } from "../metering/tariff.ts";
import type { Rules } from "../rules/resolve.ts";
import { checkCeiling, type CeilingsByProduct } from "./filed-ceilings.ts";

/** How the use of one caller and product is charged. */
export interface Terms {
  readonly licence: Licence;
  readonly product: Product;
  /** Null where all use is free. */
  readonly tariff: Tariff | null;
  readonly free: boolean;
}

/** Terms by caller, then product. */
export type TermsTable = ReadonlyMap<string, ReadonlyMap<string, Terms>>;

/** Terms of every licence.
 *  @throws ERR_SETTLEMENT_MISSING for a licence without its product, a paid one without a tariff, a free one without its evidence;
 *  ERR_SETTLEMENT_REFUSED for a prohibited use, and for a tariff that the rules or the filed ceilings do not let be used. */
export function termsOf(
  licences: readonly Licence[],
  tariffs: readonly Tariff[],
  {
    month,
    products,
    filed,
    rules,
  }: { month: string; products: ReadonlyMap<string, Product>; filed: CeilingsByProduct; rules: Rules },
): TermsTable {
  const byProduct = Map.groupBy(tariffs, ({ product }) => product);
  const chosen = new Map<string, Tariff | null>();
  const checked = new Set<string>();
  const terms = new Map<string, Map<string, Terms>>();
  for (const licence of licences) {
    const product = products.get(licence.product);
    if (product === undefined) {
      const line = `product ${licence.product} of licences/${licence.id}`;
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line, rule: "G1" });
    }
    const free = tariffClass(licence, product.uses, rules) === "free";
    const choice = `${product.id} ${licence.purpose}`;
    let found = chosen.get(choice);
    if (found === undefined) {
      found = tariffOf(licence, byProduct.get(product.id) ?? [], month);
      chosen.set(choice, found);
    }
    const tariff = free && found?.freeQuota === undefined ? null : found;
    if (tariff === null && !free) {
      const line = `tariff of ${product.id} for ${licence.purpose} in ${month}`;
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line, rule: "G28" });
    }
    if (tariff !== null && !checked.has(tariff.id)) {
      checkTariff(tariff, rules);
      checkCeiling(tariff, filed, month, rules);
      checked.add(tariff.id);
    }
    const ofCaller = terms.get(licence.caller) ?? new Map<string, Terms>();
    if (ofCaller.size === 0) terms.set(licence.caller, ofCaller);
    ofCaller.set(product.id, { licence, product, free, tariff });
  }
  return terms;
}
