/** Statlog German credit, 1,000 loans, as the data of one domain: the columns that products read, and the policy over them.
 *  @module */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Policy } from "@sluice/protocol";
import { realField } from "./real-table.ts";

const DATA = join(process.env["SLUICE_DATA_DIR"] ?? "", "german-credit", "german.data");

/** Whether SLUICE_DATA_DIR holds the table. */
export function hasGerman(): boolean {
  return process.env["SLUICE_DATA_DIR"] !== undefined && existsSync(DATA);
}

/** Fields by their place in the file. */
export const FIELDS = [
  [0, realField("status", "text", "other")],
  [1, realField("duration", "integer", "other")],
  [2, realField("history", "text", "sensitive")],
  [4, realField("amount", "integer", "sensitive")],
  [5, realField("savings", "text", "sensitive")],
  [7, realField("rate", "integer", "other")],
  [12, realField("age", "integer", "quasi")],
  [14, realField("housing", "text", "quasi")],
  [19, realField("foreign_worker", "text", "quasi")],
  [20, realField("bad", "boolean", "sensitive")],
] as const;
/** Steps of the numbers; no column that a product reads is hidden. */
export const POLICY: Policy = {
  version: 1,
  resource: "german",
  columns: {
    status: { role: "other", transform: { kind: "keep" } },
    duration: { role: "other", transform: { kind: "bucket", width: 3, min: 0, max: 72 } },
    history: { role: "sensitive", transform: { kind: "keep" } },
    amount: { role: "sensitive", transform: { kind: "bucket", width: 50, min: 0, max: 20_000 } },
    savings: { role: "sensitive", transform: { kind: "keep" } },
    rate: { role: "other", transform: { kind: "keep" } },
    age: { role: "quasi", transform: { kind: "bucket", width: 15, min: 15, max: 60 } },
    housing: { role: "quasi", transform: { kind: "keep" } },
    bad: { role: "sensitive", transform: { kind: "keep" } },
  },
  sample: { rows: 800, strata: ["bad"] },
  k: 5,
  suppressionLimit: 0.1,
};

/** Cells of every loan, in the order of the fields. */
export async function germanRows(): Promise<string[][]> {
  const lines = (await readFile(DATA, "utf8")).trim().split(/\r?\n/);
  return lines.map((line) => {
    const row = line.split(/\s+/);
    return FIELDS.map(([place, { name }]) => (name === "bad" ? String(row[place] === "2") : (row[place] ?? "")));
  });
}
