/** Filing of ceilings (备案): what is sent to the price authority and the data bureau before prices are used. A filing whose Σ p·q is above
 *  R_max is refused, and the excess shown (G5); a contract stays within what was filed (G22).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { exact } from "../exact.ts";
import { assumptionsUnder, type Figure, type RuleReference } from "../figure.ts";
import { Day, LineId, MAX_LINES, PriceText, readInput } from "../input.ts";
import { derivedFigure, givenFigure } from "../make-figure.ts";
import { incomeOf } from "./common-factor.ts";
import type { Pricing, ProductPrice } from "./price-products.ts";

/** Ceilings that an operator proposes instead of those that were reckoned: lower ones, or others within the same sum. */
export const ProposedCeilings = z
  .array(z.strictObject({ product: LineId, ceiling: PriceText }))
  .min(1)
  .max(MAX_LINES);
export type ProposedCeilings = z.infer<typeof ProposedCeilings>;

/** One product of a filing. */
export interface FiledProduct extends ProductPrice {
  readonly product: string;
  /** The ceiling that is filed. */
  readonly filed: Figure;
}

/** A filing of ceilings. */
export interface Filing {
  readonly id: string;
  readonly jurisdiction: string;
  readonly filedOn: string;
  readonly year: string;
  readonly addressees: readonly string[];
  readonly sets: readonly string[];
  readonly rate: Figure;
  readonly rMax: Figure;
  /** Σ p·q of the filed ceilings. */
  readonly income: Figure;
  /** The common factor by which the reckoned ceilings were scaled; absent when they were not. */
  readonly commonFactor?: Figure;
  readonly products: readonly FiledProduct[];
  /** Rules that stand in for what the documents do not give. */
  readonly assumptions: readonly RuleReference[];
}

/** Whether ceilings can be filed; if not, by how much their sum is too high. */
export type FilingResult =
  | { readonly kind: "accepted"; readonly filing: Filing }
  | { readonly kind: "refused"; readonly income: Figure; readonly rMax: Figure; readonly excess: Figure };

/** A filing of `proposed`, or of the ceilings that `pricing` reckoned.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_TWICE, ERR_SETTLEMENT_MISSING for a proposal that does not fit the products, and
 *  ERR_SETTLEMENT_REFUSED (G21) for a ceiling above the assessed one. */
export function fileCeilings(pricing: Pricing, id: string, proposed?: unknown): FilingResult {
  const { rules, permitted, capped } = pricing;
  const ceilings = proposed === undefined ? null : proposedBy(pricing, proposed);
  const products = [...pricing.products].map(([product, price]): FiledProduct => {
    const filed = ceilings === null ? price.ceiling : ceilings.get(product);
    if (filed === undefined) {
      const rule = rules.of("filingAddressees").reference.id;
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `ceilings/${product}`, rule });
    }
    return { ...price, product, filed };
  });
  const sum = products.map(({ product, filed, cost: { use } }) => ({ product, price: filed, use }));
  const income = incomeOf(sum, rules);
  const { rMax } = permitted;
  if (income.value.isGreaterThan(rMax.value)) {
    const label = { zh: "超出最高准许收入", en: "above the highest permitted income" };
    const { reference: rule } = rules.of("excessOfPrices");
    const excess = derivedFigure(
      { id: "excess", label, unit: "yuan", rule, formula: "Σ p·q − R_max", inputs: [income, rMax] },
      income.value.minus(rMax.value),
    );
    return { kind: "refused", income, rMax, excess };
  }
  const filing: Filing = {
    id: readInput(LineId, id, "filing"),
    jurisdiction: rules.jurisdiction,
    filedOn: rules.on,
    year: pricing.year,
    addressees: rules.of("filingAddressees").value,
    sets: rules.sets,
    rate: pricing.rate,
    rMax,
    income,
    ...(capped.factor === undefined || ceilings !== null ? {} : { commonFactor: capped.factor }),
    products,
    assumptions: assumptionsUnder(income),
  };
  return { kind: "accepted", filing };
}

function proposedBy({ rules, products }: Pricing, proposed: unknown): ReadonlyMap<string, Figure> {
  const ceilings = new Map<string, Figure>();
  for (const { product, ceiling } of readInput(ProposedCeilings, proposed, "ceilings")) {
    const line = `ceilings/${product}`;
    if (ceilings.has(product)) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line });
    const price = products.get(product);
    if (price === undefined) {
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `products/${product}`, rule: line });
    }
    const filed = givenFigure(
      { id: `filed:${product}`, label: price.ceiling.label, unit: "unit-price" },
      exact(ceiling),
      line,
    );
    if (filed.value.isGreaterThan(price.assessed.value)) {
      const reason = "it is above what was assessed";
      const rule = rules.of("assessment").reference.id;
      throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line, rule, reason });
    }
    ceilings.set(product, filed);
  }
  return ceilings;
}

/** A price agreed with a buyer. */
export const ContractPrice = z.strictObject({ contract: LineId, product: LineId, price: PriceText, signedOn: Day });
export type ContractPrice = z.infer<typeof ContractPrice>;

/** The agreed price, if the filing allows it.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_MISSING for a product that was not filed, ERR_SETTLEMENT_REFUSED (G22) for a price above the
 *  filed ceiling or agreed before the filing. */
export function agreedPrice(filing: Filing, agreed: unknown): Figure {
  const { contract, product, price, signedOn } = readInput(ContractPrice, agreed, "contract");
  const line = `contracts/${contract}/${product}`;
  const filed = filing.products.find((one) => one.product === product)?.filed;
  if (filed === undefined) throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `filing/${product}`, rule: "G22" });
  const refuse = (reason: string) => new SluiceError("ERR_SETTLEMENT_REFUSED", { line, rule: "G22", reason });
  if (signedOn < filing.filedOn) throw refuse("it was agreed before the ceiling was filed");
  if (filed.value.isLessThan(price)) throw refuse("it is above the filed ceiling");
  const label = { zh: `合同价：${contract}`, en: `price of contract ${contract}` };
  return givenFigure({ id: `price:${product}`, label, unit: "unit-price" }, exact(price), line, contract);
}
