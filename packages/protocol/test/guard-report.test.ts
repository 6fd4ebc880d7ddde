import { expect, test } from "vitest";
import { GuardReport, verdictOf, type GuardFinding } from "../src/index.ts";

const found = (...results: GuardFinding["result"][]): GuardFinding[] =>
  results.map((result) => ({ output: "model", rule: "model-ratio", result, note: "" }));

test("the verdict is the strictest word of the findings", () => {
  expect(verdictOf([])).toBe("release");
  expect(verdictOf(found("passed", "passed"))).toBe("release");
  expect(verdictOf(found("changed", "passed"))).toBe("transform");
  expect(verdictOf(found("passed", "review", "changed"))).toBe("review");
  expect(verdictOf(found("review", "refused", "changed"))).toBe("refuse");
});

test("a report whose verdict is milder than its findings is no report", () => {
  const report = (verdict: string, findings: GuardFinding[]): unknown => ({
    bundle: "0".repeat(64),
    class: "released",
    verdict,
    findings,
    at: "2026-01-01T00:00:00.000Z",
  });
  expect(GuardReport.safeParse(report("review", found("passed", "review"))).success).toBe(true);
  for (const milder of ["release", "transform"]) {
    expect(GuardReport.safeParse(report(milder, found("passed", "review"))).success).toBe(false);
  }
  expect(GuardReport.safeParse(report("review", found("refused"))).success).toBe(false);
  expect(GuardReport.safeParse(report("pass", found("passed"))).success).toBe(false);
});
