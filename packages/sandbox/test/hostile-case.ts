/** Hostile jobs as numbered tests: each runs in production behind all layers, over a row that must not get out.
 *  @module */
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromUtf8, type ErrorCode, type JobEvent, type SandboxRunner, type SealedJob } from "@sluice/protocol";
import { createSandboxRunner } from "../src/index.ts";
import { LIMITS, bundleOf, sealed } from "./jobs.ts";

/** One hostile job. */
export interface HostileCase {
  /** `case N: …`, with the numbers that `test/hostile-numbers.test.ts` counts. */
  readonly title: string;
  /** Body of `develop`; `secret` is a value of the table. */
  readonly body: string;
  /** Codes with which it may end; "harmless" is the answer of an honest job. */
  readonly ends: readonly (ErrorCode | "harmless")[];
  /** Runs in every `npm test`, not with `SLOW=1` only. */
  readonly always?: true;
  /** Development shows lines of the log, bounded; production none. */
  readonly environment?: "development";
}

/** Wall clock of a case that the wall clock may end: one that runs always, and the others. */
const QUICK_WALL_MS = 400;
const SLOW_WALL_MS = 2_000;
/** From the wall clock to the end of the child, and the longest start of a child: a run beyond both hangs. */
const AFTER_WALL_MS = 2_000;
const START_MS = 15_000;
const PARENT_GROWTH_BYTES = 50 * 2 ** 20;
const SECRET = "person-4711";
const HONEST = '{"outputs":{"fit":{"kind":"metrics","values":{"n":1}}}}';

const slow = process.env["SLOW"] === "1";
let runner: SandboxRunner;

/** A runner for the file's tests; the last test shows that it still works. */
export function useRunner(): {
  run: (job: SealedJob, onEvent?: (event: JobEvent) => void) => ReturnType<SandboxRunner["run"]>;
} {
  beforeAll(async () => {
    runner = await createSandboxRunner();
  });
  afterAll(() => runner.close());
  return { run: (job, onEvent) => runner.run(job, onEvent === undefined ? {} : { onEvent }) };
}

/** Registers the cases, and after them an honest job. */
export function hostileCases(cases: readonly HostileCase[]): void {
  for (const { title, ...rest } of cases) {
    const timeout = START_MS + wallOf(rest) + AFTER_WALL_MS;
    test.runIf(slow || rest.always === true)(title, { timeout }, () => endsAsItMust(rest));
  }
  test("an honest job runs after them", async () => {
    const outcome = await runner.run(sealed(bundleOf("")), {});
    expect(outcome.ok && jsonOf(outcome.output)).toBe(HONEST);
  });
}

function wallOf({ ends, always }: Omit<HostileCase, "title">): number {
  if (!ends.includes("ERR_JOB_TIMEOUT")) return LIMITS.wallTimeLimitMs;
  return always === true ? QUICK_WALL_MS : SLOW_WALL_MS;
}

async function endsAsItMust(hostile: Omit<HostileCase, "title">): Promise<void> {
  const { body, ends, environment = "production" } = hostile;
  const before = process.memoryUsage.rss();
  const events: JobEvent[] = [];
  const job = sealed(bundleOf(`const secret = rows.a.dictionary[0]; log(secret); progress(0.12);\n${body}`), {
    environment,
    table: { rowCount: 1, columns: { a: { type: "dict", values: new Uint32Array(1), dictionary: [SECRET] } } },
    limits: { ...LIMITS, wallTimeLimitMs: wallOf(hostile) },
  });
  const outcome = await runner.run(job, { onEvent: (event) => events.push(event) });
  expect(ends).toContain(outcome.ok ? "harmless" : outcome.code);
  expect(process.memoryUsage.rss() - before).toBeLessThan(PARENT_GROWTH_BYTES);
  if (outcome.ok) expect(jsonOf(outcome.output)).toBe(HONEST);
  if (environment === "development") return expectBounded(events);
  expect(JSON.stringify([outcome, events])).not.toContain(SECRET);
  expect(events.filter((event) => event.kind !== "progress" || event.percent % 5 !== 0)).toEqual([]);
}

function expectBounded(events: readonly JobEvent[]): void {
  const lines = events.filter((event) => event.kind === "log").map(({ line }) => line);
  expect(lines.length).toBeLessThanOrEqual(500);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(200);
  const percents = events.filter((event) => event.kind === "progress").map(({ percent }) => percent);
  expect(percents).toEqual([...new Set(percents)].sort((a, b) => a - b));
  expect(percents.length).toBeLessThanOrEqual(101);
}

/** JSON text of a child's output. */
export function jsonOf(output: Uint8Array): string {
  const length = new DataView(output.buffer, output.byteOffset).getUint32(0);
  return fromUtf8(output.subarray(4, 4 + length));
}
