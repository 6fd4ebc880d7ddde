import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { checkEngine, checkEngineVersion } from "../src/index.ts";

test("finds the installed engine and its native file", () => {
  const engine = checkEngine();
  expect(engine.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(existsSync(engine.addonFile)).toBe(true);
});

test.each(["7.0.0", "6.2.0", "0.0.0", "7.0.1-beta.1", "7.0", "latest", ""])("refuses engine %j", (version) => {
  expect(() => checkEngineVersion(version)).toThrow("isolated-vm");
});

test.each(["7.0.1", "7.0.2", "7.1.0", "8.0.0", "10.0.0"])("accepts engine %s", (version) => {
  expect(() => checkEngineVersion(version)).not.toThrow();
});
