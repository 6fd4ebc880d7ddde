import { expect, test } from "vitest";
import type { JobEvent, RunOutcome } from "@sluice/protocol";
import { cutIntoBatches, type Batches } from "../src/batches.ts";
import { startChild } from "../src/start-child.ts";
import { supervise } from "../src/supervise.ts";

// What a child that a job took over may write. `frame(kind, body)` builds honest frames.
const PREAMBLE = `
  const { writeSync } = require("node:fs");
  const write = (bytes) => { for (let o = 0; o < bytes.length;) try { o += writeSync(1, bytes, o); } catch (e) { if (e.code !== "EAGAIN") throw e; } };
  const head = (kind, length) => { const b = Buffer.alloc(5); b[0] = kind; b.writeUInt32BE(length, 1); return b; };
  const frame = (kind, text) => { const body = Buffer.from(text); write(Buffer.concat([head(kind, body.length), body])); };
  const ready = () => frame(1, [0]);
  setInterval(() => {}, 1000);
`;

async function superviseScript(
  script: string,
  change: {
    production?: boolean;
    events?: JobEvent[];
    signal?: AbortSignal;
    wallTimeLimitMs?: number;
    batches?: Batches;
    arrived?: (bytes: Uint8Array) => Promise<void>;
  } = {},
) {
  const command = { program: process.execPath, args: ["-e", PREAMBLE + script], filter: undefined };
  return await supervise({
    child: await startChild(command, [], change.signal),
    input: [new Uint8Array(8)],
    environment: change.production === true ? "production" : "development",
    limits: { wallTimeLimitMs: change.wallTimeLimitMs ?? 5_000, memoryLimitBytes: 1 },
    layers: ["isolate", "process"],
    ...(change.signal && { signal: change.signal }),
    batches: change.batches,
    ...(change.arrived && { arrived: change.arrived }),
    onEvent: (event) => change.events?.push(event),
  });
}

test("gives a result as the bytes that the child wrote, and ends the child", async () => {
  expect(await superviseScript("ready(); frame(4, [1, 2, 3]);")).toMatchObject({
    ok: true,
    output: new Uint8Array([1, 2, 3]),
    layers: ["isolate", "process"],
  });
});

test.each([
  ["case 62: garbage", "ready(); write(Buffer.from('garbage, and more of it'));"],
  ["case 62: an unknown kind", "ready(); frame(9, [1]);"],
  ["case 62: a kind of 0", "ready(); frame(0, []);"],
  ["case 62: a frame that claims 4 GiB", "ready(); write(head(4, 0xffffffff));"],
  ["case 62: a length that would be negative", "ready(); write(head(4, 0x80000000));"],
  ["case 62: a result one byte above its limit", "ready(); write(head(4, 64 * 1048576 + 1));"],
  ["a log line above its limit", "ready(); frame(3, 'x'.repeat(801));"],
  ["a second ready", "ready(); ready();"],
  ["a failure that is no JSON", "ready(); frame(5, '{');"],
  ["a failure outside the list", `ready(); frame(5, '{"failure":"ERR_INTERNAL","text":""}');`],
  ["a failure with more members", `ready(); frame(5, '{"failure":"threw","text":"","code":"x"}');`],
  ["case 64: nothing and ends with 0", "ready(); process.exit(0);"],
  ["case 64: half a result and ends with 0", "ready(); write(head(4, 10)); write(Buffer.from([1])); process.exit(0);"],
  ["nothing and kills itself", "ready(); process.kill(process.pid, 'SIGSEGV');"],
])("%s: a child that writes this is taken for crashed", async (_name, script) => {
  expect(await superviseScript(script)).toMatchObject({ ok: false, code: "ERR_JOB_CRASHED", details: {} });
});

test("case 65: reads the first of two results only", async () => {
  expect(await superviseScript("ready(); frame(4, [1]); frame(4, [2]);")).toMatchObject({
    ok: true,
    output: new Uint8Array([1]),
  });
});

test("case 63: ends a child that floods its pipe after the result", async () => {
  expect(await superviseScript("ready(); frame(4, [1]); for (;;) write(Buffer.alloc(65536));")).toMatchObject({
    ok: true,
  });
});

test("case 63: ends a child that only floods, and never exits", async () => {
  expect(await superviseScript("ready(); for (;;) write(Buffer.alloc(65536, 7));")).toMatchObject({
    ok: false,
    code: "ERR_JOB_CRASHED",
  });
});

test.each([
  ["case 63: lines without end", "ready(); for (;;) frame(3, 'x');"],
  ["case 63: nothing, and never exits", "ready();"],
])("%s: the wall clock of the parent ends a child that writes this", async (_name, script) => {
  expect(await superviseScript(script, { wallTimeLimitMs: 200 })).toMatchObject({ ok: false, code: "ERR_JOB_TIMEOUT" });
});

test("counts lines and progress itself", async () => {
  const events: JobEvent[] = [];
  const script = `ready(); for (let i = 0; i < 2000; i++) frame(3, "a\\u202eb\\n" + i); for (const p of [7, 3, 255, 9]) frame(2, [p]); frame(4, []);`;
  expect(await superviseScript(script, { events })).toMatchObject({ ok: true });
  expect(events.filter(({ kind }) => kind === "log")).toHaveLength(500);
  expect(events[0]).toEqual({ kind: "log", line: "a b 0" });
  expect(events.filter(({ kind }) => kind === "progress")).toEqual([
    { kind: "progress", percent: 7 },
    { kind: "progress", percent: 100 },
  ]);
});

test("lets no line and no chosen word out of a production run, whatever the child sends", async () => {
  const events: JobEvent[] = [];
  const script = `ready(); frame(3, "secret"); for (let p = 0; p <= 100; p++) frame(2, [p]); frame(5, '{"failure":"threw","text":"secret"}');`;
  const outcome = await superviseScript(script, { production: true, events });
  expect(JSON.stringify([outcome, events])).not.toContain("secret");
  expect(events).toHaveLength(21);
});

test("names only listed capabilities", async () => {
  const script = `ready(); frame(5, '{"failure":"capability","text":"secret"}');`;
  expect(await superviseScript(script)).toMatchObject({
    code: "ERR_JOB_CAPABILITY",
    details: { capability: "module" },
  });
});

test("says that a child did not start when it ends before it is ready", async () => {
  await expect(superviseScript("process.exit(3);")).rejects.toMatchObject({ code: "ERR_SANDBOX_START" });
});

test.each([
  ["a result", "frame(4, [1]);"],
  ["a frame of no kind", "frame(0, []);"],
])("says that a child did not start when it begins with %s", async (_name, script) => {
  await expect(superviseScript(script)).rejects.toMatchObject({ code: "ERR_SANDBOX_START" });
});

test("says that a child did not start when there is no such program", async () => {
  const command = { program: "/nonexistent/program", args: [], filter: undefined };
  await expect(startChild(command, [])).rejects.toMatchObject({ code: "ERR_SANDBOX_START" });
});

test("kills the child when the signal aborts", async () => {
  const controller = new AbortController();
  const events: JobEvent[] = [];
  const running = superviseScript(`ready(); frame(3, String(process.pid)); for (;;);`, {
    events,
    signal: controller.signal,
  });
  await expect.poll(() => events.length).toBe(1);
  controller.abort();
  expect(await running).toMatchObject({ ok: false, code: "ERR_CANCELLED" } satisfies Partial<RunOutcome>);
  const pid = events[0]?.kind === "log" ? Number(events[0].line) : 0;
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

test("starts nothing when the signal has aborted before", async () => {
  const starting = superviseScript("ready();", { signal: AbortSignal.abort() });
  await expect(starting).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});

test("tells metrics of a child in development only, those with a name and a finite number, and so many", async () => {
  const script = `ready();
    const metric = (name, value) => { const b = Buffer.alloc(8); b.writeDoubleBE(value); frame(6, Buffer.concat([b, Buffer.from(name)])); };
    metric("", 1); metric("a b", 1); metric("\\u202e", 1); metric("a", NaN); metric("a", -Infinity); frame(6, [1, 2]);
    for (let i = 0; i < 1_200; i++) metric("loss", i);
    frame(4, [1]);`;
  const events: JobEvent[] = [];
  await superviseScript(script, { events });
  expect(events).toHaveLength(1_000);
  expect(events[0]).toEqual({ kind: "metric", name: "loss", value: 0 });
  const none: JobEvent[] = [];
  expect(await superviseScript(script, { events: none, production: true })).toMatchObject({ ok: true });
  expect(none).toEqual([]);
});

// 4,100 rows of int32 in two batches of 4,096 rows and 4: what a child may ask for.
const INTEGERS = Int32Array.from({ length: 4_100 }, (_, i) => i);
const BATCHES = cutIntoBatches({ rowCount: 4_100, columns: { n: { type: "i32", values: INTEGERS } } }, 4_096);
const ASK = `
  const { readSync } = require("node:fs");
  const read = (length) => { const b = Buffer.alloc(length); for (let o = 0; o < length;) try { o += readSync(0, b, o, length - o); } catch (e) { if (e.code !== "EAGAIN") throw e; } return b; };
  const word = (value) => { const b = Buffer.alloc(4); b.writeUInt32BE(value); return b; };
  const want = (index) => frame(7, word(index));
  ready(); read(8);
`;

test("gives a child each batch that it asks for, as often as it asks", async () => {
  const script = `${ASK} const got = []; for (let epoch = 0; epoch < 50; epoch++) for (const index of [1, 0]) { want(index); got.push(read(index === 0 ? 16384 : 16)); }
    frame(4, Buffer.concat(got.slice(-2)));`;
  const outcome = await superviseScript(script, { batches: BATCHES });
  if (!outcome.ok) throw new Error(outcome.code);
  const numbers = new Int32Array(new Uint8Array(outcome.output).buffer);
  expect(numbers).toEqual(new Int32Array([...INTEGERS.subarray(4_096), ...INTEGERS.subarray(0, 4_096)]));
});

test("gives a batch when its columns have arrived, not before", async () => {
  const coming = new Int32Array(16);
  const batches = cutIntoBatches({ rowCount: 16, columns: { n: { type: "i32", values: coming } } }, 8);
  const arrived = async ({ buffer }: Uint8Array): Promise<void> => {
    if (buffer !== coming.buffer) return;
    await new Promise((resolve) => setImmediate(resolve));
    coming.fill(7);
  };
  const outcome = await superviseScript(`${ASK} want(1); frame(4, read(32));`, { batches, arrived });
  if (!outcome.ok) throw new Error(outcome.code);
  expect(new Int32Array(new Uint8Array(outcome.output).buffer)).toEqual(new Int32Array(8).fill(7));
});

test.each([
  ["a batch beyond the last", "want(2);"],
  ["a batch far beyond the last", "want(0xffffffff);"],
  ["a batch by a number that is not whole", "frame(7, [0, 0, 1]);"],
  ["a batch without a number", "frame(7, []);"],
  ["a batch by a longer number", "write(head(7, 8));"],
  ["batches without end, and reads none", "for (;;) want(0);"],
  ["three batches at once", "frame(3, 'x'); write(Buffer.concat([0, 1, 0].flatMap((i) => [head(7, 4), word(i)])));"],
])("ends a child that asks for %s", async (_name, script) => {
  const outcome = await superviseScript(ASK + script, { batches: BATCHES });
  expect(outcome).toMatchObject({ ok: false, code: "ERR_JOB_CRASHED" });
});

test("ends a child that asks for a batch of a job that reads whole columns", async () => {
  expect(await superviseScript(`${ASK} want(0);`)).toMatchObject({ ok: false, code: "ERR_JOB_CRASHED" });
});

test("the wall clock ends a child that asks for a large batch and does not read it", async () => {
  const large = cutIntoBatches(
    { rowCount: 2 ** 20, columns: { n: { type: "f64", values: new Float64Array(2 ** 20) } } },
    2 ** 20,
  );
  const outcome = await superviseScript(`${ASK} want(0);`, { batches: large, wallTimeLimitMs: 300 });
  expect(outcome).toMatchObject({ ok: false, code: "ERR_JOB_TIMEOUT" });
});
