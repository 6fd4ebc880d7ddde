/** Accounts for tests: one line or several over products whose use is small.
 *  @module */
import {
  accountCosts,
  productUse,
  readCosts,
  readProducts,
  type CostedLine,
  type Costs,
  type Product,
} from "../src/index.ts";
import { futianRules } from "./city-products.ts";

/** Products with calls, and the resources that each uses. */
export function callProducts(list: readonly (readonly [id: string, calls: string, ...resources: string[]])[]) {
  return readProducts(
    list.map(([id, calls, ...resources]) => ({
      id,
      title: { zh: id, en: id },
      form: "api",
      year: "2026",
      resources,
      estimate: [{ calls }],
    })),
  );
}

/** A with 1 call and B with 3 use `r1`; C with 1 does not. */
export const ABC = callProducts([
  ["a", "1", "r1"],
  ["b", "3", "r1"],
  ["c", "1"],
]);

/** A line with what every line has. */
export function costLine<M extends object>(id: string, members: M) {
  return { id, title: { zh: id, en: id }, year: "2026", evidence: `FP-${id}`, ...members };
}

/** Accounts of `lines` over `products`. */
export function accountsOf(
  lines: readonly object[],
  products: readonly Product[] = ABC,
  more: Readonly<Record<string, unknown>> = {},
): Costs {
  const rules = futianRules();
  const pool = readCosts({ year: "2026", lines, ...more }, products, rules);
  return accountCosts(pool, productUse(products, "estimate", rules), rules);
}

/** What became of a single line. */
export function accountOf(members: Readonly<Record<string, unknown>>): CostedLine {
  const [line] = accountsOf([costLine("line", members)]).lines;
  if (line === undefined) throw new Error("there is no line");
  return line;
}
