/** The memory of both roles of an intersection by oblivious transfer, each in a process of its own. With SLOW=1.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const MAIN = fileURLToPath(new URL("psi-memory-main.ts", import.meta.url));
/** So many that rows which were held would show: at half of it they lie within what a collector leaves. */
const ITEMS = 2 ** 21;
const MIB = 2 ** 20;

/** What docs/psi-transfer.md says of roles over as many entries on both sides. */
const BOUND_BYTES = { domain: 256 * MIB + 180 * ITEMS, caller: 384 * MIB + 250 * ITEMS };

/** Starts a role; its lines of JSON, one after another. */
function started(...args: readonly string[]): { next(): Promise<Record<string, unknown>> } {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill();
    await exited;
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async next() {
      const { value } = await lines.next();
      return JSON.parse(value ?? "null") as Record<string, unknown>;
    },
  };
}

test.runIf(process.env["SLOW"] === "1")(
  "two million entries with two million take each role the memory that the documentation names",
  { timeout: 600_000 },
  async () => {
    const domain = started("domain", String(ITEMS));
    const { port } = await domain.next();
    const caller = started("caller", String(ITEMS), String(port));
    const [asked, answered] = await Promise.all([caller.next(), domain.next()]);
    expect(asked).toMatchObject({ found: ITEMS / 2, right: true });
    expect(asked["peakBytes"]).toBeLessThan(BOUND_BYTES.caller);
    expect(answered["peakBytes"]).toBeLessThan(BOUND_BYTES.domain);
  },
);
