/** The monthly statement (结算单): what each caller owes for each product, by the rules and tariffs of the month's first day. A free use
 *  stands in it with an amount of zero (H5).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import type { Exact } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { Month, readInput } from "../input.ts";
import { sumFigure } from "../make-figure.ts";
import { readLicences } from "../metering/licence.ts";
import { readMonthlyUses, type MonthlyUse } from "../metering/monthly-use.ts";
import { readProducts, type Product } from "../metering/product.ts";
import { readTariffs } from "../metering/tariff.ts";
import type { Rules } from "../rules/resolve.ts";
import { chargeUse } from "./charge-use.ts";
import { readFilings } from "./filed-ceilings.ts";
import { pricedTariff, type PricedTariff } from "./priced-tariff.ts";
import { checkSpan } from "./span-start.ts";
import { termsOf, type Terms, type TermsTable } from "./terms.ts";

/** What a statement is made from; each member is read before anything is computed. */
export interface StatementInput {
  readonly month: string;
  readonly products: unknown;
  readonly licences: unknown;
  readonly tariffs: unknown;
  /** Filed ceilings ({@link FiledCeilings}) that the tariffs are held to; absent, no tariff can be used. */
  readonly filings?: unknown;
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
  /** Present when it has the lines of this caller only. */
  readonly caller?: string;
  readonly rules: Rules;
  /** By caller, then product. */
  readonly lines: readonly StatementLine[];
  readonly total: Figure;
}

/** Charged lines of a month, each computed when it is taken: what a large month is issued from without holding its derivations. */
export interface ChargedMonth {
  readonly month: string;
  /** Present when it has the lines of this caller only. */
  readonly caller?: string;
  readonly rules: Rules;
  /** By caller, then product. */
  readonly lines: Iterable<StatementLine>;
}

/** Reads and checks everything, then gives the lines. `rules` are those of the month's first day.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_TWICE, ERR_SETTLEMENT_PERIOD, ERR_SETTLEMENT_MISSING and ERR_SETTLEMENT_REFUSED, naming
 *  the line; nothing is computed then. */
export function chargedMonth(input: StatementInput, rules: Rules): ChargedMonth {
  const month = readInput(Month, input.month, "month");
  if (rules.on !== `${month}-01`) throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: "rules", period: month });
  const products = new Map(readProducts(input.products).map((product) => [product.id, product]));
  for (const { id, year } of products.values()) {
    if (!month.startsWith(`${year}-`)) {
      throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: `products/${id}`, period: month });
    }
  }
  const terms = termsOf(readLicences(input.licences), readTariffs(input.tariffs), {
    month,
    products,
    filed: readFilings(input.filings ?? [], rules.jurisdiction),
    rules,
  });
  const uses = readMonthlyUses(input.uses).map((use) => {
    const needed = neededTerms(terms, use);
    checkSpan(use, needed, month);
    return { use, terms: needed };
  });
  return { month, rules, lines: { [Symbol.iterator]: () => linesOf(uses, rules) } };
}

/** The statement of a month with every derivation; see {@link chargedMonth}. */
export function monthlyStatement(input: StatementInput, rules: Rules): Statement {
  const { month, lines: charged } = chargedMonth(input, rules);
  const lines = [...charged];
  return { month, rules, lines, total: totalOf(lines, rules) };
}

/** The part of a statement that is one caller's. */
export function statementFor(statement: Statement, caller: string): Statement {
  const lines = statement.lines.filter((line) => line.caller === caller);
  return { ...statement, caller, lines, total: totalOf(lines, statement.rules) };
}

/** One caller's use of one product, and how it is charged. */
interface ChargedUse {
  readonly use: MonthlyUse;
  readonly terms: Terms;
}

function* linesOf(uses: readonly ChargedUse[], rules: Rules): Generator<StatementLine, undefined> {
  // Prices are made with the lines: made before them they make V8 keep every number of a line till a full collection.
  const prices = { listed: new Map<string, PricedTariff>(), discounted: new Map<string, PricedTariff>() };
  for (const { use, terms } of uses) {
    const { tariff, licence } = terms;
    const smallFirm = licence.smallFirm !== undefined;
    const made = smallFirm ? prices.discounted : prices.listed;
    let priced = tariff === null ? null : (made.get(tariff.id) ?? null);
    if (tariff !== null && priced === null) {
      priced = pricedTariff(tariff, smallFirm, rules);
      made.set(tariff.id, priced);
    }
    yield lineOf(use, terms, priced, rules);
  }
}

function lineOf(
  use: MonthlyUse,
  { licence, product, tariff, free }: Terms,
  priced: PricedTariff | null,
  rules: Rules,
): StatementLine {
  const { smallFirm } = tariff?.smallFirmDiscountPercent === undefined ? {} : licence;
  return {
    caller: use.caller,
    product: use.product,
    form: product.form,
    licence: licence.id,
    purpose: licence.purpose,
    ...(tariff === null ? {} : { tariff: tariff.id }),
    ...(smallFirm === undefined ? {} : { smallFirm }),
    ...chargeUse(use, { priced, free }, rules),
  };
}

function neededTerms(terms: TermsTable, { caller, product }: MonthlyUse): Terms {
  const found = terms.get(caller)?.get(product);
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
