/** Which reports a domain keeps.
 *  @module */
import { expect, test } from "vitest";
import { StateDatabase } from "../src/state/database.ts";
import { RiskReportStore, type KeptReport } from "../src/state/risk-reports.ts";

const report = (i: number): KeptReport => ({
  hash: String(i).padStart(64, "0"),
  resource: "people",
  snapshot: "a".repeat(64),
  policy: "b".repeat(64),
  at: `2026-01-02T03:04:${String(i % 60).padStart(2, "0")}.000Z`,
});

test("as many reports are kept as may be, the oldest go, and one that is noted again stays where it is", () => {
  const db = new StateDatabase(":memory:");
  const store = new RiskReportStore(db);
  for (let i = 0; i < 5; i++) store.put(report(i), 3);
  expect(store.list()).toEqual([report(2), report(3), report(4)]);
  store.put({ ...report(2), at: report(9).at }, 3);
  expect(store.list()).toEqual([report(2), report(3), report(4)]);
  expect([store.has(report(1).hash), store.has(report(4).hash)]).toEqual([false, true]);
  db.close();
});
