import { afterAll, beforeAll, expect, test } from "vitest";
import type { SandboxRunner } from "@sluice/protocol";
import { createSandboxRunner } from "../src/index.ts";
import { bundleOf, sealed } from "./jobs.ts";

let runner: SandboxRunner;
beforeAll(async () => {
  runner = await createSandboxRunner();
});
afterAll(() => runner.close());

/** Walks everything that a job can reach from syntax, globals, prototypes, properties and accessors. */
const WALK = `
  const seen = new Set();
  const queue = [globalThis, log, progress, rows, arguments, function* () {}, async function () {}, async function* () {}, () => 1,
    class {}, (function* () {})(), (async function* () {})(), Promise.resolve(), new Error("x"), /x/g, "x"[Symbol.iterator](), [][Symbol.iterator](),
    new Map().entries(), new Set().values(), "x".matchAll(/x/g), new Uint8Array(1), new Float64Array(1).buffer, new DataView(new ArrayBuffer(1)),
    new Date(), new Intl.DateTimeFormat(), new Intl.NumberFormat(), new Intl.Segmenter().segment("x")[Symbol.iterator](), new Proxy({}, {}),
    Iterator.from([]).map((x) => x), Iterator.from({ next() {} }), Symbol(), 1n, 1, true, Array.fromAsync([]), Intl, (function () { return this; })()];
  const evaluated = (source) => { try { queue.push((0, eval)(source)); } catch {} };
  for (const source of ["this", "new.target", "import.meta", "arguments", "WeakRef", "Temporal"]) evaluated(source);
  for (const made of [Function, async function () {}.constructor, function* () {}.constructor, async function* () {}.constructor]) {
    try { queue.push(made("return this")()); } catch {}
  }
  while (queue.length > 0) {
    const value = queue.pop();
    if (Object(value) !== value) { if (value !== null && value !== undefined) queue.push(Object.getPrototypeOf(value)); continue; }
    if (seen.has(value)) continue;
    seen.add(value);
    queue.push(Object.getPrototypeOf(value));
    for (const key of Reflect.ownKeys(value)) {
      const { get, set, value: member } = Reflect.getOwnPropertyDescriptor(value, key);
      queue.push(get, set, member);
      try { queue.push(value[key]); } catch {}
    }
  }
`;

async function linesOf(body: string): Promise<string[]> {
  const lines: string[] = [];
  const outcome = await runner.run(sealed(bundleOf(body)), {
    onEvent: (event) => event.kind === "log" && lines.push(event.line),
  });
  expect(outcome).toMatchObject({ ok: true });
  return lines;
}

test("no way through everything that a job reaches leads to what was taken away", async () => {
  const body = `${WALK}
    const gone = /^(get )?(Memory|Instance|SharedArrayBuffer|grow|growable|resize|resizable|maxByteLength|transfer|transferToFixedLength|WeakRef|deref|FinalizationRegistry|register|wait|waitAsync|notify|getFunction|getThis|importValue|Instant|now)$/;
    const found = [];
    const years = new Intl.DateTimeFormat("en", { year: "numeric" });
    for (const value of seen) {
      if (typeof value !== "function") continue;
      if (gone.test(value.name) && value !== Date.now) found.push(value.name);
      // A constructor without our limits, whatever it is called.
      try { if (Reflect.construct(value, [8, { maxByteLength: 16 }]) instanceof ArrayBuffer && value !== ArrayBuffer) found.push("buffer " + value.name); } catch {}
      try { const made = Reflect.construct(value, []); if (made instanceof Date && +made !== 946684800000 && value !== Date) found.push("date " + value.name); } catch {}
      try { const year = String(value.call(years)); if (/^\\d{4}$/.test(year) && year !== "2000") found.push("clock " + value.name); } catch {}
    }
    log("reached", seen.size > 700 || seen.size, found.join());`;
  // Some of what it calls logs.
  expect((await linesOf(body)).at(-1)).toBe("reached true ");
});
