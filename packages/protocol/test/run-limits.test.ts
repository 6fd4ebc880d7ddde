/** @module */
import { expect, test } from "vitest";
import { JobManifest, MAX_RUN_LIMITS, refuseLargeBundle, runAllowance, USUAL_RUN_LIMITS } from "../src/index.ts";

const MEBIBYTE = 1_048_576;
const BASE = { name: "a", purpose: "a", input: {}, outputs: {} };

test("a job gets what is usual, or what it asks for up to the largest, or what its domain allows when that is less", () => {
  expect(runAllowance("development")).toEqual({ wallTimeLimitMs: 30_000, memoryLimitBytes: 256 * MEBIBYTE });
  expect(runAllowance("production")).toEqual({ wallTimeLimitMs: 300_000, memoryLimitBytes: 512 * MEBIBYTE });
  const most = { wallTimeLimitMs: 3_600_000, memoryLimitBytes: 4_096 * MEBIBYTE };
  expect(runAllowance("production", most)).toEqual(most);
  expect(runAllowance("development", most)).toEqual({ wallTimeLimitMs: 120_000, memoryLimitBytes: 1_024 * MEBIBYTE });
  expect(runAllowance("development", { wallTimeLimitMs: 500 })).toEqual({
    ...USUAL_RUN_LIMITS.development,
    wallTimeLimitMs: 500,
  });
  const cap = { memoryLimitBytes: 64 * MEBIBYTE };
  expect(runAllowance("production", most, cap)).toEqual({ ...MAX_RUN_LIMITS.production, ...cap });
  expect(runAllowance("production", {}, { wallTimeLimitMs: 7_200_000 })).toEqual(USUAL_RUN_LIMITS.production);
});

test.each([
  { wallTimeLimitMs: 99 },
  { wallTimeLimitMs: 3_600_001 },
  { memoryLimitBytes: 1 },
  { memoryLimitBytes: 4_096 * MEBIBYTE + 1 },
  { wallTimeLimitMs: 1.5 },
  { cpu: 4 },
  { bundleLimitBytes: 5 * MEBIBYTE + 1 },
  { bundleLimitBytes: 0 },
])("a manifest cannot ask for %j", (limits) => {
  expect(JobManifest.safeParse({ ...BASE, limits }).success).toBe(false);
});

test("a bundle has 1 MiB, or what its manifest asks for", () => {
  const ask = (bundleLimitBytes: number): JobManifest => JobManifest.parse({ ...BASE, limits: { bundleLimitBytes } });
  const refusal = {
    code: "ERR_JOB_MANIFEST",
    details: expect.objectContaining({ pointer: "/limits/bundleLimitBytes" }) as unknown,
  };
  expect(() => refuseLargeBundle(MEBIBYTE, {})).not.toThrow();
  expect(() => refuseLargeBundle(MEBIBYTE + 1, {})).toThrow(expect.objectContaining(refusal));
  expect(() => refuseLargeBundle(5 * MEBIBYTE, ask(5 * MEBIBYTE))).not.toThrow();
  expect(() => refuseLargeBundle(2_001, ask(2_000))).toThrow(expect.objectContaining(refusal));
});

test("at most 32 numbers leave as metrics, over all outputs", () => {
  const keys = (length: number): string[] => Array.from({ length }, (_, i) => `k${i}`);
  const outputs = (one: number, other: number): unknown => ({
    one: { kind: "metrics", keys: keys(one) },
    other: { kind: "metrics", keys: keys(other) },
  });
  expect(JobManifest.safeParse({ ...BASE, outputs: outputs(16, 16) }).success).toBe(true);
  expect(JobManifest.safeParse({ ...BASE, outputs: outputs(16, 17) }).success).toBe(false);
});
