/** One question to several workers: failure, slowness, the budget of second requests, and cancellation. Time and answers
 *  come when the test says so. @module */
import { SluiceError, type ErrorCode } from "@sluice/protocol";
import { expect, test } from "vitest";
import { FIRST_HEDGE_DELAY_MS, Hedging, MIN_HEDGE_DELAY_MS, REQUESTS_PER_HEDGE } from "../src/remote/hedging.ts";
import { RemoteTaskPool } from "../src/remote/remote-pool.ts";
import { ManualTimers } from "./remote-manual-timers.ts";

const query = { partition: "ab".repeat(32), query: Uint32Array.of(1) };

/** A worker whose answers wait for the test. */
class GatedWorker {
  readonly asked: { answer: (value: unknown) => void; fail: (code: ErrorCode) => void; signal: AbortSignal }[] = [];
  usable = true;

  isUsable(): boolean {
    return this.usable;
  }

  async run(_task: string, _input: unknown, { signal }: { signal?: AbortSignal | undefined }): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (signal === undefined) throw new TypeError("a remote task has a signal");
    this.asked.push({ answer: resolve, fail: (code) => reject(new SluiceError(code)), signal });
    return await promise;
  }

  last(): GatedWorker["asked"][number] {
    const last = this.asked.at(-1);
    if (last === undefined) throw new TypeError("it was not asked");
    return last;
  }
}

function setUp(options: { saved?: number; maxTasks?: number } = {}) {
  const [timers, hedging] = [new ManualTimers(), new Hedging()];
  for (let i = 0; i < (options.saved ?? REQUESTS_PER_HEDGE); i++) hedging.asked();
  const [first, second] = [new GatedWorker(), new GatedWorker()];
  const unknown: GatedWorker[] = [];
  const pool = new RemoteTaskPool({
    workers: [first, second],
    hedging,
    timers,
    onUnknown: (worker) => unknown.push(worker),
    ...(options.maxTasks === undefined ? {} : { maxTasks: options.maxTasks }),
  });
  return { pool, first, second, timers, hedging, unknown };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("the first worker alone is asked while it answers in time", async () => {
  const { pool, first, second, timers, hedging } = setUp();
  const answer = pool.run("pir.partition", query, {});
  timers.advance(FIRST_HEDGE_DELAY_MS - 1);
  first.last().answer("one");
  expect(await answer).toBe("one");
  timers.advance(FIRST_HEDGE_DELAY_MS);
  expect(second.asked).toHaveLength(0);
  expect(hedging.hedges).toBe(0);
});

test("a slow worker's question goes to the second, whose answer counts, and the slow one is told to stop", async () => {
  const { pool, first, second, timers, hedging } = setUp();
  const answer = pool.run("pir.partition", query, {});
  timers.advance(FIRST_HEDGE_DELAY_MS);
  second.last().answer("two");
  expect(await answer).toBe("two");
  expect(first.last().signal.aborted).toBe(true);
  expect(hedging.hedges).toBe(1);
  first.last().fail("ERR_CANCELLED");
});

test("a slow worker that answers first after all counts, and the second is told to stop", async () => {
  const { pool, first, second, timers } = setUp();
  const answer = pool.run("pir.partition", query, {});
  timers.advance(FIRST_HEDGE_DELAY_MS);
  first.last().answer("one");
  expect(await answer).toBe("one");
  expect(second.last().signal.aborted).toBe(true);
});

test("one request in ten is sent twice at most, however slow the first worker is", async () => {
  const { pool, second, first, timers, hedging } = setUp({ saved: 0 });
  for (let i = 1; i <= 200; i++) {
    const answer = pool.run("pir.partition", query, {});
    timers.advance(60_000);
    expect(hedging.hedges).toBeLessThanOrEqual(i / REQUESTS_PER_HEDGE);
    expect(second.asked).toHaveLength(hedging.hedges);
    first.last().answer(i);
    expect(await answer).toBe(i);
  }
  expect(hedging.hedges).toBe(20);
});

test("unused second requests are saved to a bound", () => {
  const hedging = new Hedging();
  for (let i = 0; i < 100_000; i++) hedging.asked();
  let taken = 0;
  while (hedging.take()) taken += 1;
  expect(taken).toBe(10);
});

test("the delay follows the slowest twentieth of recent answers, and has a floor", () => {
  const hedging = new Hedging();
  expect(hedging.delayMs()).toBe(FIRST_HEDGE_DELAY_MS);
  for (let i = 1; i <= 100; i++) hedging.answered(i * 10);
  expect(hedging.delayMs()).toBe(950);
  for (let i = 0; i < 1_000; i++) hedging.answered(1);
  expect(hedging.delayMs()).toBe(MIN_HEDGE_DELAY_MS);
});

test("a worker that lost a race counts as slow as it was", async () => {
  const { pool, second, timers, hedging } = setUp({ saved: 10 * REQUESTS_PER_HEDGE });
  for (let i = 0; i < 8; i++) {
    const answer = pool.run("pir.partition", query, {});
    timers.advance(FIRST_HEDGE_DELAY_MS + 50);
    second.last().answer(i);
    await answer;
  }
  expect(hedging.delayMs()).toBe(FIRST_HEDGE_DELAY_MS + 50);
});

test("a failed worker's question goes to the next at once, without a second request of the budget", async () => {
  for (const code of [
    "ERR_UNREACHABLE",
    "ERR_WORKER_AUTH",
    "ERR_TIMEOUT",
    "ERR_POOL_FULL",
    "ERR_POOL_WORKER",
    "ERR_PARTITION_UNKNOWN",
    "ERR_CANCELLED",
    "ERR_LOOKUP_QUERY",
    "ERR_WORKER_TASK",
    "ERR_FRAME_TOO_LARGE",
  ] as const) {
    const { pool, first, second, hedging, unknown } = setUp({ saved: 0 });
    const answer = pool.run("pir.partition", query, {});
    first.last().fail(code);
    await turn();
    second.last().answer("two");
    expect(await answer).toBe("two");
    expect(hedging.hedges).toBe(0);
    expect(unknown).toEqual(code === "ERR_PARTITION_UNKNOWN" ? [first] : []);
  }
});

test("when every worker fails the last reason is told; when none may be asked, that", async () => {
  const { pool, first, second } = setUp();
  const answer = pool.run("pir.partition", query, {});
  first.last().fail("ERR_UNREACHABLE");
  await turn();
  second.last().fail("ERR_POOL_FULL");
  await expect(answer).rejects.toMatchObject({ code: "ERR_POOL_FULL" });
  [first.usable, second.usable] = [false, false];
  await expect(pool.run("pir.partition", query, {})).rejects.toMatchObject({ code: "ERR_UNREACHABLE" });
});

test("cancelling tells every asked worker to stop, and starts none", async () => {
  const { pool, first, second, timers } = setUp();
  const controller = new AbortController();
  const answer = pool.run("pir.partition", query, { signal: controller.signal });
  timers.advance(FIRST_HEDGE_DELAY_MS);
  controller.abort();
  await expect(answer).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  expect([first, second].map((worker) => worker.last().signal.aborted)).toEqual([true, true]);
  await expect(pool.run("pir.partition", query, { signal: controller.signal })).rejects.toMatchObject({
    code: "ERR_CANCELLED",
  });
  expect(first.asked).toHaveLength(1);
});

test("more tasks than the limit are refused as a full pool refuses them; a closed one cancels", async () => {
  const { pool, first } = setUp({ maxTasks: 1 });
  const answer = pool.run("pir.partition", query, {});
  await expect(pool.run("pir.partition", query, {})).rejects.toMatchObject({
    code: "ERR_POOL_FULL",
    details: { maxQueue: 1 },
  });
  await pool.close();
  await expect(answer).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  await expect(pool.run("pir.partition", query, {})).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  expect(first.asked).toHaveLength(1);
});

test("no task with a key, a list or a table leaves: no worker is asked", async () => {
  const { pool, first, second } = setUp();
  const kept = [
    "oprf.evaluate",
    "lookup.derive",
    "pir.answer",
    "psi.answer",
    "score.answer",
    "constructor",
    "__proto__",
  ];
  for (const task of kept) {
    await expect(pool.run(task, { seed: new Uint8Array(32) }, {})).rejects.toMatchObject({
      code: "ERR_WORKER_TASK",
      details: { task },
    });
  }
  expect([...first.asked, ...second.asked]).toHaveLength(0);
});
