/** Logs: bounded in size, of one schema, and silent about messages.
 *  @module */
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CappedFile } from "../src/observe/capped-file.ts";
import { fastifyLog, ProcessLog, readLogLine, type LogEvent } from "../src/observe.ts";

const clock = { now: () => new Date("2026-03-01T12:00:00.000Z") };

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-observe-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function recorded(): { log: ProcessLog; lines: string[] } {
  const lines: string[] = [];
  return { log: new ProcessLog({ write: (line) => void lines.push(line) }, { service: "gateway", clock }), lines };
}

test("a log and its predecessor never take more than twice the limit, and lose no line in between", async () => {
  const file = join(await temporaryDirectory(), "domain.log");
  const log = new CappedFile(file, 1_000);
  for (let i = 0; i < 100; i++) log.write(`line ${i} ${"x".repeat(80)}`);
  log.close();
  const [now, before] = await Promise.all([readFile(file, "utf8"), readFile(`${file}.1`, "utf8")]);
  expect(Math.max(now.length, before.length)).toBeLessThanOrEqual(1_000);
  const numbers = `${before}${now}`.match(/(?<=^line )\d+/gm)?.map(Number) ?? [];
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 100 - numbers.length + i));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("a log goes on where an earlier process stopped", async () => {
  const file = join(await temporaryDirectory(), "domain.log");
  for (const line of ["first", "second"]) {
    const log = new CappedFile(file, 8);
    log.write(line);
    log.close();
  }
  expect([await readFile(`${file}.1`, "utf8"), await readFile(file, "utf8")]).toEqual(["first\n", "second\n"]);
});

test("a log that cannot be written counts its lines and throws nothing", async () => {
  const log = new CappedFile(join(await temporaryDirectory(), "missing", "domain.log"));
  log.write("one");
  log.write("two");
  expect(log.linesLost).toBe(2);
});

test("a fault is its class and its places, whatever its message holds", () => {
  const { log, lines } = recorded();
  const canary = "110105194912310021";
  const error = new TypeError(`bad value ${canary}\n    at ${canary} (${canary})`);
  log.fault(error, "0123456789abcdef");
  log.fault(Object.assign(new Error(canary), { name: canary.repeat(9) }));
  log.fault(canary);
  fastifyLog(log).error({ err: new Error(canary) }, canary);
  fastifyLog(log)
    .child({ canary })
    .info({ req: { url: canary } }, canary);
  expect(lines.join("\n")).not.toContain(canary);
  expect(lines.map((line) => readLogLine(line).level)).toEqual(["error", "error", "error", "error"]);
  expect(readLogLine(lines[0] ?? "").event).toMatchObject({ fault: "TypeError", reference: "0123456789abcdef" });
  expect(readLogLine(lines[0] ?? "").event).toHaveProperty("frames.0", expect.stringMatching(/^at .*process-log.test/));
});

test("an event outside the schema is not written; that it was tried is", () => {
  const { log, lines } = recorded();
  log.write({ event: "started", version: "1", node: "24", address: "x", body: "secret" } as LogEvent);
  log.write({ event: "party", party: "Zhang San", status: "active" });
  expect(lines.map((line) => readLogLine(line).event)).toEqual(
    [1, 2].map(() => ({ event: "fault", fault: "LogEvent", frames: [] })),
  );
});
