import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { checkEngine, checkEngineVersion } from "../src/index.ts";
import { seccompFilter } from "../src/seccomp.ts";

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

test("filters by whole instructions that jump inside the program, and end it by allowing", () => {
  for (const architecture of ["x64", "arm64"]) {
    const filter = seccompFilter(architecture) ?? new Uint8Array();
    const view = new DataView(filter.buffer);
    const count = filter.length / 8;
    expect(Number.isInteger(count) && count > 50).toBe(true);
    for (let i = 0; i < count; i++) {
      expect(i + 1 + Math.max(view.getUint8(i * 8 + 2), view.getUint8(i * 8 + 3))).toBeLessThanOrEqual(count);
    }
    expect([view.getUint16((count - 1) * 8, true), view.getUint32((count - 1) * 8 + 4, true)]).toEqual([6, 0x7fff0000]);
  }
  expect(seccompFilter("mips")).toBeUndefined();
});
