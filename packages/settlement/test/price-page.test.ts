/** The page on prices names every rule of cost and price that is assumed, and no other.
 *  @module */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FUTIAN_2025, RULE_ROWS, type RuleName } from "../src/index.ts";

/** Rows of metering and revenue, which the page does not tell of. */
const OTHERS = /^(?:[CH][0-9]+|G28|G30|G31)$/;

test("G33: the page lists as assumed what the rule set marks so", () => {
  const page = readFileSync(new URL("../../../docs/pricing.md", import.meta.url), "utf8");
  const [, section = ""] = page.split("## Assumed 推定");
  const cells = [...section.matchAll(/^\| ((?:[GH][0-9]+(?:, )?)+) \|/gm)].flatMap(([, ids = ""]) => ids.split(", "));
  const assumed = Object.entries(FUTIAN_2025.parameters).flatMap(([name, rule]) =>
    rule?.assumed === undefined ? [] : [RULE_ROWS[name as RuleName]],
  );
  const named = new Set(assumed.filter((row) => !OTHERS.test(row)));
  expect(new Set(cells)).toEqual(named);
  expect(cells.length).toBeGreaterThan(6);
});
