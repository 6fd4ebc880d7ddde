/** A data set through a gateway: granted, developed, released, built, and read by a caller over two pages, with receipts that
 *  a stranger verifies.
 *  @module */
import { datasetQuantity, utf8, type EvidencedReceipt, type Policy, type ResourceField } from "@sluice/protocol";
import { expect, test } from "vitest";
import type { Asked, Asking } from "../packages/cli/src/demo/plan.ts";
import { realField, realScene, walkRealTable } from "./real-table.ts";

const slow = process.env["SLOW"] === "1";
const ROWS = 12_000;
const FIELDS: ResourceField[] = [
  realField("region", "text", "quasi"),
  realField("age", "integer", "quasi"),
  realField("name", "text", "direct"),
];
const POLICY: Policy = {
  version: 1,
  resource: "people",
  columns: {
    region: { role: "quasi", transform: { kind: "keep" } },
    age: { role: "quasi", transform: { kind: "bucket", width: 10, min: 0, max: 100 } },
  },
  sample: { rows: 6_000, strata: ["region"] },
  k: 10,
  suppressionLimit: 0.1,
  gate: { context: { control: "high", motive: "low" } },
};
const CODE = utf8(`var sluiceJob = { default: {
  name: "people", purpose: "people", input: { age: "f64", region: "dict" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] }, people: { kind: "dataset", fields: ["region", "age"], days: 30 } },
  develop(rows) { return { fit: { rows: rows.rowCount } }; },
} };`);
const rowOf = (i: number): readonly [string, number] => [`R${i % 4}`, 20 + ((i * 7) % 60)];

/** Reads the whole data set; its rows are some of the table's, in bands. */
async function readAll({ client }: Asking): Promise<Asked> {
  const handle = await client.openDataset("people");
  const { snapshot } = handle;
  const begun = await handle.begin();
  expect(begun.receipt.receipt.body.quantity.amount).toBe(String(datasetQuantity(snapshot)));
  const receipts: EvidencedReceipt[] = [begun.receipt];
  const started = performance.now();
  const left = new Map<string, number>();
  for (let i = 0; i < ROWS; i++) {
    const [region, age] = rowOf(i);
    const row = `${region} ${Math.floor(age / 10) * 10}`;
    left.set(row, (left.get(row) ?? 0) + 1);
  }
  let count = 0;
  for (const number of snapshot.pages.keys()) {
    const { page, receipt } = await handle.read(number);
    receipts.push(receipt);
    const [regions = [], ages = []] = page.columns;
    for (const [i, region] of regions.entries()) {
      const row = `${String(region)} ${String(ages[i])}`;
      left.set(row, (left.get(row) ?? 0) - 1);
      count += 1;
    }
  }
  const correct = count === snapshot.rows && [...left.values()].every((n) => n >= 0);
  return { result: { correct, count, p50Ms: performance.now() - started }, receipts };
}

test.runIf(slow)(
  "a data set is read through a gateway, and every receipt of it verifies",
  { timeout: 300_000 },
  async () => {
    const table = {
      domain: "people",
      resource: "people",
      title: "People",
      fields: FIELDS,
      rows: Array.from({ length: ROWS }, (_, i) => [...rowOf(i).map(String), `Name ${i}`]),
    };
    const spec = realScene("dataset", {
      domain: "people",
      purpose: "people",
      fields: ["region", "age"].map((name) => ({ name, need: "a data set" })),
      policy: POLICY,
      probe: { granted: "age", outside: "name" },
    });
    const { report } = await walkRealTable(table, [{ spec, product: "people", code: CODE, ask: readAll }], {
      refusals: false,
    });
    const [call] = report.calls;
    expect(call).toMatchObject({ kind: "dataset", correct: true });
    expect(call?.count).toBeGreaterThan(4_096);
    // Development, build, the term, and two pages.
    expect(report.receipts).toEqual({ issued: 5, verified: 5 });
  },
);
