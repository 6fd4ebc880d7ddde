/** The monthly statement (结算单): what each caller owes for each product, by the rules and tariffs of the month's first day. A free use
 *  stands in it with an amount of zero (H5).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import type { Exact } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { Month, readInput } from "../input.ts";
import { sumFigure } from "../make-figure.ts";
import { readLicences, tariffClass, type Licence } from "../metering/licence.ts";
import { readMonthlyUses, type MonthlyUse } from "../metering/monthly-use.ts";
import { readProducts, type Product } from "../metering/product.ts";
import { checkTariff, readTariffs, tariffOf, type Tariff } from "../metering/tariff.ts";
import type { Rules } from "../rules/resolve.ts";
import { chargeUse } from "./charge-use.ts";
import { pricedTariff, type PricedTariff } from "./priced-tariff.ts";

/** What a statement is made from; each member is read before anything is computed. */
export interface StatementInput {
  readonly month: string;
  readonly products: unknown;
  readonly licences: unknown;
  readonly tariffs: unknown;
  /** Use by caller and product: from {@link monthlyUses}, or aggregated where records are stored. */
  readonly uses: unknown;
}

/** One caller's use of one product, charged. */
export interface StatementLine {
  readonly caller: string;
  readonly product: string;
  readonly form: Product["form"];
  readonly licence: string;
  readonly purpose: string;
  /** Absent where all use is free. */
  readonly tariff?: string;
  /** Evidence of a small or micro firm, where its discount was given. */
  readonly smallFirm?: string;
  readonly use: Figure;
  /** Units of the use for which nothing is paid. */
  readonly free: Exact;
  /** In yuan, whole fen. */
  readonly amount: Figure;
}

/** A statement with its derivations. */
export interface Statement {
  readonly month: string;
  readonly rules: Rules;
  /** By caller, then product. */
  readonly lines: readonly StatementLine[];
  readonly total: Figure;
}

/** The statement of a month. `rules` are those of its first day.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_TWICE, ERR_SETTLEMENT_PERIOD, ERR_SETTLEMENT_MISSING and ERR_SETTLEMENT_REFUSED, naming
 *  the line; nothing is computed then. */
export function monthlyStatement(input: StatementInput, rules: Rules): Statement {
  const month = readInput(Month, input.month, "month");
  if (rules.on !== `${month}-01`) throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: "rules", period: month });
  const products = new Map(readProducts(input.products).map((product) => [product.id, product]));
  for (const { id, year } of products.values()) {
    if (!month.startsWith(`${year}-`)) {
      throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: `products/${id}`, period: month });
    }
  }
  const terms = termsOf(readLicences(input.licences), readTariffs(input.tariffs), { month, products, rules });
  const uses = readMonthlyUses(input.uses).map((use) => ({ use, terms: neededTerms(terms, use) }));
  uses.sort((a, b) => byCallerThenProduct(a.use, b.use));
  const lines = uses.map(({ use, terms: { licence, product, priced, free } }): StatementLine => {
    const { tariff } = priced ?? {};
    return {
      caller: use.caller,
      product: use.product,
      form: product.form,
      licence: licence.id,
      purpose: licence.purpose,
      ...(tariff === undefined ? {} : { tariff: tariff.id }),
      ...(tariff?.smallFirmDiscountPercent === undefined || licence.smallFirm === undefined
        ? {}
        : { smallFirm: licence.smallFirm }),
      ...chargeUse(use, { priced, free }, rules),
    };
  });
  return { month, rules, lines, total: totalOf(lines, rules) };
}

/** The part of a statement that is one caller's. */
export function statementFor(statement: Statement, caller: string): Statement {
  const lines = statement.lines.filter((line) => line.caller === caller);
  return { ...statement, lines, total: totalOf(lines, statement.rules) };
}

/** How the use of one caller and product is charged. */
interface Terms {
  readonly licence: Licence;
  readonly product: Product;
  readonly priced: PricedTariff | null;
  readonly free: boolean;
}

function termsOf(
  licences: readonly Licence[],
  tariffs: readonly Tariff[],
  { month, products, rules }: { month: string; products: ReadonlyMap<string, Product>; rules: Rules },
): Map<string, Terms> {
  const byProduct = Map.groupBy(tariffs, ({ product }) => product);
  const priced = new Map<string, PricedTariff>();
  const terms = new Map<string, Terms>();
  for (const licence of licences) {
    const product = products.get(licence.product);
    if (product === undefined) {
      const line = `product ${licence.product} of licences/${licence.id}`;
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line, rule: "G1" });
    }
    const free = tariffClass(licence, product.uses ?? [], rules) === "free";
    const found = tariffOf(licence, byProduct.get(product.id) ?? [], month);
    const tariff = free && found?.freeQuota === undefined ? null : found;
    if (tariff === null && !free) {
      const line = `tariff of ${product.id} for ${licence.purpose} in ${month}`;
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line, rule: "G28" });
    }
    const smallFirm = licence.smallFirm !== undefined;
    const key = `${tariff?.id ?? ""} ${smallFirm}`;
    if (tariff !== null && !priced.has(key)) {
      checkTariff(tariff, rules);
      priced.set(key, pricedTariff(tariff, smallFirm, rules));
    }
    terms.set(`${licence.caller}/${product.id}`, { licence, product, free, priced: priced.get(key) ?? null });
  }
  return terms;
}

function neededTerms(terms: ReadonlyMap<string, Terms>, { caller, product }: MonthlyUse): Terms {
  const found = terms.get(`${caller}/${product}`);
  if (found === undefined) {
    throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `licence of ${caller} for ${product}`, rule: "G1" });
  }
  return found;
}

function totalOf(lines: readonly StatementLine[], rules: Rules): Figure {
  return sumFigure({
    id: "total",
    label: { zh: "应收合计（元）", en: "total in yuan" },
    unit: "yuan",
    rule: rules.of("postingRounding").reference,
    inputs: lines.map(({ amount }) => amount),
  });
}

function byCallerThenProduct(a: MonthlyUse, b: MonthlyUse): number {
  if (a.caller !== b.caller) return a.caller < b.caller ? -1 : 1;
  return a.product < b.product ? -1 : 1;
}
