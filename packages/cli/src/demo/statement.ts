/** The walk's last account: its calls as a month's statement, by the prices of the grants, held against the receipts. What a person needs to
 *  make it again with `sluice settle statement` is kept beside the city.
 *  @module */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EvidencedReceipt, KeyId, Operation } from "@sluice/protocol";
import {
  againstReceipts,
  chinaMonth,
  isMetered,
  issueStatement,
  meteredCalls,
  monthlyStatement,
  monthlyUses,
  receiptSums,
  receiptTotal,
  recordOfReceipt,
  yuanText,
  type CalledReceipt,
  type Form,
} from "@sluice/settlement";
import { readSettlementFile, rulesOf } from "../settle/settlement-file.ts";
import { statementPage, statementWorkbook } from "../settle/statement-page.ts";
import type { City } from "./city.ts";
import { PARTIES, type PartyName } from "./parties.ts";
import type { ProductPlan } from "./plan.ts";
import { priceOf, type SceneSpec } from "./scene.ts";

/** What the walk's calls come to. */
export interface StatementResult {
  readonly month: string;
  /** Yuan with two places. */
  readonly total: string;
  /** The same by the prices that stand in the receipts. */
  readonly receipts: string;
  readonly lines: number;
  /** Whether every line agrees with its receipts. */
  readonly ok: boolean;
}

/** Jurisdiction whose rules the walk's statement follows. */
const JURISDICTION = "futian";
const DAY_MS = 86_400_000;
/** Form as which each answer is counted. */
const FORMS: Readonly<Partial<Record<Operation, Form>>> = {
  "lookup.query": "api",
  "psi.ids": "api",
  "psi.cardinality": "api",
  "psi.sum": "api",
  score: "label",
  report: "report",
  dataset: "dataset",
  aggregate: "api",
  "selection.sum": "api",
};
/** One unit of each form: what a product is estimated to be used, where nobody has estimated it. */
const ONE_UNIT: Readonly<Record<Form, object>> = {
  api: { calls: "1" },
  alert: { months: "1", objects: "1" },
  dataset: { rows: "1", fields: "1", days: "1" },
  label: { dimensions: "1", labels: "1" },
  report: { dimensions: "1", reports: "1" },
};

/** Folder of a city's statements. */
export const settlementDirectory = (city: City): string => join(city.directory, "settlement");

/** Makes the statement of the month of the latest receipt, and writes it, as data, page and workbook, with the file it was made from. None
 *  where nothing was called, or a scene says neither what a unit costs nor why its use is free. */
export async function settleWalk(
  city: City,
  products: readonly ProductPlan[],
  receipts: readonly EvidencedReceipt[],
): Promise<StatementResult | null> {
  const callers = new Map((Object.keys(PARTIES) as PartyName[]).map((name) => [city.keys[name].keyId, name]));
  const called = calledReceipts(receipts, callers);
  const month = called.map(({ receipt }) => chinaMonth(receipt.at)).reduce((a, b) => (a > b ? a : b), "");
  if (month === "" || products.some(({ spec }) => spec.price === undefined && spec.free === undefined)) return null;
  const ofMonth = called.filter(({ receipt }) => chinaMonth(receipt.at) === month);
  const content = settlementContent(ofMonth, products, { callers, month });
  const file = readSettlementFile(content);
  const records = ofMonth.flatMap((one) => recordOfReceipt(one) ?? []);
  const uses = monthlyUses(meteredCalls(records, file.products), month);
  const statement = monthlyStatement({ ...file, month, uses }, rulesOf(file, month));
  const sums = receiptSums(ofMonth);
  const issued = await issueStatement(statement);
  const directory = settlementDirectory(city);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "settlement.json"), `${JSON.stringify(content, null, 2)}\n`);
  await writeFile(join(directory, `statement-${month}.json`), `${JSON.stringify(issued, null, 2)}\n`);
  await writeFile(join(directory, `statement-${month}.html`), statementPage(statement, issued.digest));
  await writeFile(join(directory, `statement-${month}.xlsx`), await statementWorkbook(statement));
  return {
    month,
    total: issued.statement.total,
    receipts: yuanText(receiptTotal(statement, sums)),
    lines: statement.lines.length,
    ok: againstReceipts(statement, sums).length === 0,
  };
}

function calledReceipts(receipts: readonly EvidencedReceipt[], callers: ReadonlyMap<KeyId, string>): CalledReceipt[] {
  return receipts.flatMap(({ receipt, openings }) => {
    const caller = callers.get(openings.party?.value ?? "");
    return caller === undefined || !isMetered(receipt.body) ? [] : [{ receipt: receipt.body, caller }];
  });
}

/** Products, licences and tariffs by the grants of the walk's scenes. A product beyond them was granted on the terms of a scene of its form. */
export function settlementContent(
  called: readonly CalledReceipt[],
  plans: readonly Pick<ProductPlan, "product" | "spec">[],
  { callers, month }: { readonly callers: ReadonlyMap<KeyId, string>; readonly month: string },
): object {
  const specOf = (product: string, operation: Operation): SceneSpec | undefined =>
    (
      plans.find((plan) => plan.product === product) ??
      plans.find(({ spec }) => operation.startsWith(OPERATION_OF[spec.form]))
    )?.spec;
  const products = new Map<string, object>();
  const tariffs = new Map<string, object>();
  const licences = new Map<string, object>();
  const ceilings = new Map<string, object>();
  for (const { receipt, caller } of called) {
    const { product, operation } = receipt;
    const form = FORMS[operation];
    const spec = specOf(product, operation);
    if (form === undefined || spec === undefined) continue;
    const title = { zh: spec.title, en: spec.title };
    const year = month.slice(0, "2026".length);
    const uses = spec.free?.uses ?? [];
    products.set(product, { id: product, title, form, year, resources: [], uses, estimate: [ONE_UNIT[form]] });
    const price = priceOf(spec);
    if (price.kind === "per-unit") {
      const tiers = [{ above: "0", price: price.amount }];
      ceilings.set(product, { product, ceiling: price.amount });
      tariffs.set(product, { id: `tariff.${product}`, product, from: month, span: "month", tiers });
    }
    const held = `${caller} ${product}`;
    if (licences.has(held)) continue;
    licences.set(held, {
      id: `licence.${licences.size + 1}`,
      caller,
      product,
      ...termsOf(spec, receipt.grant),
    });
  }
  return {
    kind: "settlement",
    jurisdiction: JURISDICTION,
    callers: [...callers].map(([key, id]) => ({ id, keys: [key] })),
    products: [...products.values()],
    licences: [...licences.values()],
    tariffs: [...tariffs.values()],
    filings: ceilings.size === 0 ? [] : [{ ...filingBefore(month), ceilings: [...ceilings.values()] }],
  };
}

/** Purpose of a scene's licence, and what makes it free: the grant, which the agency signed, and the scene's agreement. */
function termsOf({ purpose, free }: SceneSpec, grant: string): object {
  if (free === undefined) return { purpose };
  const evidence = { approval: `grant.${grant.slice(0, 16)}`, "welfare-agreement": free.agreement };
  return { purpose: free.purpose, uses: free.uses, evidence };
}

/** The walk files no prices, so its statement supposes that those of the grants were filed on the day before the month. */
function filingBefore(month: string): object {
  const last = new Date(Date.parse(`${month}-01T00:00:00.000Z`) - DAY_MS).toISOString();
  return { id: "supposed", jurisdiction: JURISDICTION, filedOn: last.slice(0, "2026-10-31".length) };
}

/** How operations of each form begin. */
const OPERATION_OF: Readonly<Record<SceneSpec["form"], string>> = {
  "label-lookup": "lookup.",
  "psi-ids": "psi.ids",
  "psi-cardinality": "psi.cardinality",
  "join-sum": "psi.sum",
  score: "score",
  report: "report",
  dataset: "dataset",
  "hidden-selection": "selection.",
};
