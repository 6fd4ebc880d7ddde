import { afterAll, beforeAll, expect, test } from "vitest";
import type { JobManifest, SandboxRunner } from "@sluice/protocol";
import { decodeInChild } from "../src/decoder.ts";
import { createSandboxRunner } from "../src/index.ts";
import { createRng } from "../src/kit.ts";
import { readJobOutput } from "../src/output.ts";
import { startChild } from "../src/start-child.ts";
import { formOf } from "./decoding.ts";
import { KINDS, outputOfText, spoiled } from "./outputs.ts";

const SLOW = process.env["SLOW"] === "1";
const MANIFEST = KINDS[4]?.manifest as JobManifest;
const HEAD = "const ready = Buffer.from([1, 0, 0, 0, 1, 1]); const { writeSync } = require('node:fs');";

let runner: SandboxRunner;
beforeAll(async () => {
  runner = await createSandboxRunner();
});
afterAll(() => runner.close());

/** What a decoder that does this, taken over, amounts to. */
function takenOver(body: string, wallTimeLimitMs = 20_000): ReturnType<typeof decodeInChild> {
  const command = { program: process.execPath, args: ["-e", `${HEAD}${body}`], filter: undefined };
  const request = { output: new Uint8Array(8), manifest: MANIFEST, layers: ["rlimit"] };
  const claim = (): ReturnType<typeof startChild> => startChild(command, []);
  return decodeInChild(claim, { ...request, signal: new AbortController().signal, wallTimeLimitMs });
}

test("the child writes the form that the same code writes here, with the layers of a job's child", async () => {
  const rng = createRng(7);
  for (const { manifest, honest } of KINDS) {
    const output = honest(rng);
    const decoded = await runner.decode(output, manifest);
    expect(decoded).toMatchObject({ ok: true, form: formOf(output, manifest) });
  }
  const ran = await runner.layers();
  const decoded = await runner.decode(outputOfText("{}"), null);
  expect([...decoded.layers, "isolate"].toSorted()).toEqual(ran.toSorted());
});

test("a million labels and a table of a million rows pass", async () => {
  const rows = 1_000_000;
  const labels = Uint8Array.from({ length: rows }, (_, row) => row % 3);
  const decoded = await runner.decode(
    outputOfText('{"outputs":{"band":{"kind":"labels","buffer":0}}}', [labels]),
    MANIFEST,
  );
  if (!decoded.ok) throw new Error(decoded.code);
  const output = readJobOutput(decoded.form, MANIFEST);
  expect(Buffer.compare((output.values["band"] as { codes: Uint8Array }).codes, labels)).toBe(0);

  const manifest = KINDS[6]?.manifest as JobManifest;
  const base = new Float64Array(rows).map((_, row) => row / 7);
  const numbers = new Uint8Array(base.buffer);
  const json =
    '{"outputs":{"ages":{"kind":"table","dimensions":{"age":0,"constructor":1},"measures":{"base":2,"days":3}}}}';
  const table = await runner.decode(
    outputOfText(json, [labels.map((code) => code & 1), labels, numbers, numbers]),
    manifest,
  );
  if (!table.ok) throw new Error(table.code);
  const ages = readJobOutput(table.form, manifest).values["ages"];
  expect(
    ages?.kind === "table-rows" &&
      Buffer.compare(new Uint8Array(ages.measures["days"]?.buffer as ArrayBuffer), numbers),
  ).toBe(0);
});

test.each([
  ["dies at once", "process.exit(0)", "ERR_SANDBOX_START"],
  ["dies after it started", "writeSync(1, ready); process.exit(0)", "decoder-failed"],
  ["is killed", "writeSync(1, ready); process.kill(process.pid, 'SIGKILL')", "decoder-failed"],
  ["says it failed", "writeSync(1, ready); writeSync(1, Buffer.from([5, 0, 0, 0, 2, 123, 125]))", "decoder-failed"],
  ["writes what is no frame", "writeSync(1, ready); writeSync(1, Buffer.alloc(64, 9))", "decoder-failed"],
  ["writes too much", "writeSync(1, ready); writeSync(1, Buffer.from([4, 255, 255, 255, 255]))", "decoder-failed"],
  [
    "floods with lines",
    "writeSync(1, ready); for (;;) writeSync(1, Buffer.from([3, 0, 0, 0, 1, 65]))",
    "decoder-failed",
  ],
  ["hangs", "writeSync(1, ready); for (;;);", "decoder-failed"],
])("a decoder that %s is a coded refusal", async (_name, body, word) => {
  const outcome = await takenOver(body, /for \(;;\)/u.test(body) ? 300 : 20_000);
  if (outcome.ok) throw new Error("it passed");
  expect([outcome.code, outcome.details["rule"]]).toContain(word);
});

test("what a decoder that was taken over writes is handed on unread, and refused by who reads it", async () => {
  const outcome = await takenOver("writeSync(1, ready); writeSync(1, Buffer.from([4, 0, 0, 0, 3, 7, 7, 7]))");
  if (!outcome.ok) throw new Error(outcome.code);
  expect([...outcome.form]).toEqual([7, 7, 7]);
  expect(() => readJobOutput(outcome.form, MANIFEST)).toThrow(expect.objectContaining({ code: "ERR_GUARD_OUTPUT" }));
});

test("an aborted decoding is cancelled, and one of too many bytes never starts", async () => {
  const signal = AbortSignal.abort();
  expect(await runner.decode(outputOfText("{}"), null, { signal })).toMatchObject({ ok: false, code: "ERR_CANCELLED" });
  const tooLong = new Uint8Array(64 * 1_048_576 + 1);
  expect(await runner.decode(tooLong, null)).toMatchObject({ ok: false, details: { rule: "output-size" } });
});

test.runIf(SLOW)("spoiled outputs come out of the child as they do here, or are refused in code", async () => {
  const rng = createRng(65);
  for (let i = 0; i < 300; i++) {
    const { manifest, honest } = KINDS[i % KINDS.length] ?? { manifest: MANIFEST, honest: () => new Uint8Array() };
    const output = spoiled(honest(rng), rng);
    const decoded = await runner.decode(output, manifest);
    expect(decoded).toMatchObject({ ok: true, form: formOf(output, manifest) });
  }
});
