/** The harness of the benchmarks compares fairly and writes what it measured.
 *  @module */
import { expect, test } from "vitest";
import { writeTable } from "../benchmarks/results-table.ts";
import { compare, measure, median } from "../benchmarks/suite.ts";

const row = { name: "work", n: 10, unit: "1/s", peer: "other", pairs: 5 } as const;

test("a comparison alternates both sides, drops the first pair, and takes the median of the pairs' ratios", async () => {
  const order: string[] = [];
  const figures = [999, 10, 20, 30, 40, 1000];
  const ours = () =>
    Promise.resolve(figures[order.push("ours") && order.filter((each) => each === "ours").length - 1] ?? 0);
  const peer = () => Promise.resolve(order.push("peer") && 10);
  const higher = await compare({ ...row, better: "higher" }, ours, peer);
  expect(higher).toEqual({ name: "work", n: 10, unit: "1/s", peer: "other", value: 30, peerValue: 10, ratio: 3 });
  expect(order.join(" ")).toBe("peer ours ours peer peer ours ours peer peer ours ours peer");
});

test("where less is better, the ratio says how many times less", async () => {
  const ours = () => Promise.resolve(2);
  const peer = () => Promise.resolve(8);
  expect(await compare({ ...row, better: "lower" }, ours, peer)).toMatchObject({ ratio: 4 });
});

test("no ratio rests on fewer than five pairs, and there is none without a peer", async () => {
  let measured = 0;
  const ours = () => Promise.resolve((measured += 1));
  await compare({ ...row, pairs: 1, better: "higher" }, ours, () => Promise.resolve(1));
  expect(measured).toBe(6);
  expect(await measure({ name: "alone", n: 1, unit: "s" }, 3, ours)).not.toHaveProperty("ratio");
});

test("the median of an even number of values is the mean of the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
});

test("a table replaces what stands between its markers, and only that", () => {
  const results = {
    suite: "start",
    machine: "2 × processor",
    commit: "abc",
    rows: [
      { name: "lookups", n: 50, value: 20, unit: "1/s", peer: "plain", peerValue: 400, ratio: 0.05 },
      { name: "first answer", n: 1, value: 9, unit: "s" },
    ],
  };
  const page = "before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n";
  const written = writeTable(page, results, "en");
  expect(written).toContain("| lookups | 50 | 20 1/s | plain: 400 1/s | 0.05 |\n| first answer | 1 | 9 s | – | – |");
  expect(written).toMatch(/^before\n/);
  expect(written).toMatch(/<!-- bench:end -->\nafter\n$/);
  expect(written).not.toContain("old");
  expect(writeTable(written, results, "en")).toBe(written);
  expect(writeTable(page, results, "zh", [["lookups", "查询"]])).toContain("| 查询 | 50 |");
  expect(() => writeTable("no markers", results, "en")).toThrow("has no");
});
