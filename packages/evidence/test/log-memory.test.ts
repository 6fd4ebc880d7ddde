import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { inDirectory } from "./log-fixture.ts";

const CHILD = fileURLToPath(new URL("bulk-child.ts", import.meta.url));
const MIB = 2 ** 20;
const slow = process.env["SLOW"] === "1";

/** Bytes held after a quarter of the entries, after all, and after verification; in a process with a small heap. */
async function heldWith(entries: number): Promise<number[]> {
  return await inDirectory(async (directory) => {
    const args = ["--expose-gc", "--max-old-space-size=96", CHILD, directory, String(entries)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout) as number[];
  });
}

test.runIf(slow)(
  "memory does not grow with the log: from a quarter of a million entries to a million, and over its verification",
  async () => {
    const [quarter = 0, all = Number.NaN, verified = Number.NaN] = await heldWith(1_000_000);
    expect(all - quarter).toBeLessThan(6 * MIB);
    expect(verified - quarter).toBeLessThan(6 * MIB);
  },
  900_000,
);
