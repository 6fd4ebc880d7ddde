/** Reading of the cost accounts: every line is checked, against the products and against the rules that forbid, before any is computed.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { exact, sumOf } from "../exact.ts";
import { readInput } from "../input.ts";
import type { Product } from "../metering/product.ts";
import type { Rules } from "../rules/resolve.ts";
import { CostPool, type CostLine } from "./cost-line.ts";

/** Most shares of lines by products that one pool may have; beyond it, lines of one kind are to be summed in the books first. */
export const MAX_COST_SHARES = 200_000;

/** Reads the accounts of the products' year.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_TWICE, ERR_SETTLEMENT_PERIOD, ERR_SETTLEMENT_MISSING and ERR_SETTLEMENT_REFUSED, each
 *  naming the line. */
export function readCosts(value: unknown, products: readonly Product[], rules: Rules): CostPool {
  const pool = readInput(CostPool, value, "costs");
  const byId = new Map(products.map((product) => [product.id, product]));
  const other = products.find(({ year }) => year !== pool.year);
  if (other !== undefined) {
    throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: `products/${other.id}`, period: pool.year });
  }
  const lines = new Set<string>();
  for (const line of pool.lines) {
    const name = lineName(line);
    if (lines.has(line.id)) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line: name });
    lines.add(line.id);
    if (line.year !== pool.year) throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: name, period: pool.year });
    if (!("product" in line)) continue;
    const product = byId.get(line.product);
    if (product === undefined) {
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `products/${line.product}`, rule: name });
    }
    if ("resource" in line && !product.resources.includes(line.resource)) {
      throw new SluiceError("ERR_SETTLEMENT_MISSING", {
        line: `products/${line.product}/resources/${line.resource}`,
        rule: name,
      });
    }
  }
  checkShares(pool.lines, products);
  checkContracts(pool.lines, rules);
  const subsidies = new Set<string>();
  for (const subsidy of pool.subsidies ?? []) {
    const name = `subsidies/${subsidy.id}`;
    if (subsidies.has(subsidy.id) || new Set(subsidy.lines).size < subsidy.lines.length) {
      throw new SluiceError("ERR_SETTLEMENT_TWICE", { line: name });
    }
    subsidies.add(subsidy.id);
    const missing = subsidy.lines.find((id) => !lines.has(id));
    if (missing !== undefined) {
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `costs/${missing}`, rule: name });
    }
  }
  return pool;
}

/** What a line of the accounts is called in errors and figures. */
export function lineName({ id }: CostLine): string {
  return `costs/${id}`;
}

/** Lines that several products bear have a share for each, which is a figure of its own. */
function checkShares(lines: readonly CostLine[], products: readonly Product[]): void {
  const users = new Map<string, number>();
  for (const { resources } of products) {
    for (const resource of new Set(resources)) users.set(resource, (users.get(resource) ?? 0) + 1);
  }
  let shares = 0;
  for (const line of lines) {
    if ("product" in line) shares += 1;
    else shares += "resource" in line ? (users.get(line.resource) ?? 0) : products.length;
  }
  if (shares <= MAX_COST_SHARES) return;
  const expected = `at most ${MAX_COST_SHARES} shares of lines by products`;
  throw new SluiceError("ERR_SETTLEMENT_INPUT", { line: "costs/lines", expected });
}

/** A service whose contract is above the threshold was tendered for, so that one above it names a contract; lines of one contract agree on it and stay within it (G17). */
function checkContracts(lines: readonly CostLine[], rules: Rules): void {
  const { value, reference } = rules.of("tenderAbove");
  const refuse = (line: CostLine, reason: string) =>
    new SluiceError("ERR_SETTLEMENT_REFUSED", { line: lineName(line), rule: reference.id, reason });
  const contracts = new Map<string, CostLine[]>();
  for (const line of lines) {
    const contract = contractOf(line);
    if (contract === undefined) {
      const { expense } = line;
      const isBought = expense.kind === "marketing" || expense.kind === "compliance";
      if (isBought && exact(expense.amount).isGreaterThan(value)) {
        throw refuse(line, "a service above the threshold names its contract and its open tender");
      }
      continue;
    }
    if (exact(contract.value).isGreaterThan(value) && contract.tender === undefined) {
      throw refuse(line, "a contract above the threshold needs its open tender");
    }
    const known = contracts.get(contract.id);
    const first = known?.[0] === undefined ? contract : contractOf(known[0]);
    if (first === undefined || !exact(first.value).eq(contract.value) || first.tender !== contract.tender) {
      throw refuse(line, "another line states the same contract differently");
    }
    if (known === undefined) contracts.set(contract.id, [line]);
    else known.push(line);
  }
  for (const known of contracts.values()) {
    const last = known.at(-1);
    const contract = last === undefined ? undefined : contractOf(last);
    if (last === undefined || contract === undefined) continue;
    const paid = sumOf(known.map(({ expense }) => exact("amount" in expense ? expense.amount : "0")));
    if (paid.isGreaterThan(contract.value)) throw refuse(last, "its contract is worth less than its lines together");
  }
}

function contractOf({ expense }: CostLine) {
  return "contract" in expense ? expense.contract : undefined;
}
