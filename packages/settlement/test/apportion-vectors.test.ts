/** Apportionment by the vectors that were worked by hand.
 *  @module */
import { expect, test } from "vitest";
import { apportion, exact, wholeFen, yuanText } from "../src/index.ts";
import { vectorTable } from "./vector-tables.ts";

test.each(vectorTable("rounding", "G8"))("G8: $total over $A : $B : $C", (row) => {
  const names = ["A", "B", "C"];
  const weights = new Map(names.map((name) => [name, exact(row[name] ?? "")]));
  const shares = apportion(wholeFen(exact(row["total"] ?? ""), "total"), weights, "total");
  for (const name of names) expect(yuanText(shares.get(name) ?? -1n)).toBe(row[`share of ${name}`]);
});
