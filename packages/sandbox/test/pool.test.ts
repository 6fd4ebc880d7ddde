import { expect, test } from "vitest";
import { childLimits } from "../src/child-limits.ts";
import { openPool, type ChildPool, type PoolOptions } from "../src/pool.ts";
import { startChild } from "../src/start-child.ts";

const SMALL = childLimits({ wallTimeLimitMs: 10_000, memoryLimitBytes: 64 * 2 ** 20 }, 0);
const LARGE = childLimits({ wallTimeLimitMs: 10_000, memoryLimitBytes: 1024 * 2 ** 20 }, 0);

/** A pool of processes that say that they are ready and wait, and what was done to them. */
function fakePool(change: Partial<PoolOptions> & { script?: string } = {}): ChildPool & {
  started: number[];
  lowered: number[];
} {
  const ready = 'process.stdout.write(Buffer.from([1, 0, 0, 0, 1, 1])); process.stdin.on("end", () => process.exit());';
  const args = ["-e", `${change.script ?? ready} setInterval(() => {}, 1000); process.stdin.resume();`];
  const started: number[] = [];
  const lowered: number[] = [];
  const pool = openPool({
    size: 2,
    expected: SMALL,
    start: (limits, signal) => {
      started.push(limits.addressSpaceBytes);
      return startChild({ program: process.execPath, args, filter: undefined }, [], signal);
    },
    lower: (_child, limits) => Promise.resolve(void lowered.push(limits.addressSpaceBytes)),
    ...change,
  });
  return Object.assign(pool, { started, lowered });
}

function alive(pid: number | undefined): boolean {
  try {
    return process.kill(pid ?? 0, 0);
  } catch {
    return false;
  }
}

test("gives each child once, and starts another in its place", async () => {
  const pool = fakePool();
  await pool.filled();
  const first = pool.waiting();
  const claimed = [await pool.claim(SMALL), await pool.claim(SMALL)].map(({ process: { pid } }) => pid);
  expect(new Set(claimed)).toEqual(new Set(first));
  await pool.filled();
  expect(pool.waiting()).toHaveLength(2);
  expect(pool.waiting().filter((pid) => claimed.includes(pid))).toEqual([]);
  expect(pool.lowered).toEqual([]);
  for (const pid of claimed) process.kill(pid ?? 0, "SIGKILL");
  await pool.close();
});

test("replaces a child that was killed while it waited, and never gives it away", async () => {
  const pool = fakePool();
  await pool.filled();
  const [victim = 0] = pool.waiting();
  process.kill(victim, "SIGKILL");
  await expect.poll(() => pool.waiting()).not.toContain(victim);
  const child = await pool.claim(SMALL);
  expect(child.process.pid).not.toBe(victim);
  expect(alive(child.process.pid)).toBe(true);
  await expect.poll(async () => (await pool.filled(), pool.waiting().length)).toBe(2);
  expect(pool.waiting()).not.toContain(victim);
  child.process.kill("SIGKILL");
  await pool.close();
});

test("lowers the limits of a child that waits with higher ones, and never raises them", async () => {
  const pool = fakePool({ expected: LARGE, size: 1 });
  await pool.filled();
  (await pool.claim(SMALL)).process.kill("SIGKILL");
  expect(pool.lowered).toEqual([SMALL.addressSpaceBytes]);
  await pool.close();

  const small = fakePool({ size: 1 });
  await small.filled();
  const [waited] = small.waiting();
  const child = await small.claim(LARGE);
  expect(child.process.pid).not.toBe(waited);
  expect(small.lowered).toEqual([]);
  // The next such job finds one.
  await small.filled();
  const next = await small.claim(LARGE);
  expect(small.started).toEqual([SMALL, LARGE, LARGE].map((limits) => limits.addressSpaceBytes));
  for (const each of [child, next]) each.process.kill("SIGKILL");
  await small.close();
});

test("kills a child whose limits cannot be lowered, and refuses the job", async () => {
  const pool = fakePool({ expected: LARGE, size: 1, lower: () => Promise.reject(new Error("not lowered")) });
  await pool.filled();
  const [pid] = pool.waiting();
  await expect(pool.claim(SMALL)).rejects.toThrow("not lowered");
  expect(alive(pid)).toBe(false);
  await pool.close();
});

test("gives up starting children that do not start, until a claim starts one", async () => {
  const pool = fakePool({ script: "process.exit(1);" });
  await pool.filled();
  const tried = pool.started.length;
  expect(tried).toBeLessThan(8);
  await expect(pool.claim(SMALL)).rejects.toMatchObject({ code: "ERR_SANDBOX_START" });
  expect(pool.started).toHaveLength(tried + 1);
  await pool.close();
});

test("has children waiting again once a claim was given one, after it had given up on those that died", async () => {
  const pool = fakePool();
  for (;;) {
    await pool.filled();
    const pids = pool.waiting();
    if (pids.length < 2) break;
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await expect.poll(() => pool.waiting().filter((pid) => pids.includes(pid))).toEqual([]);
  }
  const child = await pool.claim(SMALL);
  await expect.poll(() => pool.waiting().length).toBe(2);
  child.process.kill("SIGKILL");
  await pool.close();
});

test("ends what waits when it is closed, and claims that come then or have no child yet", async () => {
  const pool = fakePool();
  await pool.filled();
  const pids = pool.waiting();
  await pool.close();
  expect(pids).toHaveLength(2);
  expect(pids.filter(alive)).toEqual([]);
  expect(pool.waiting()).toEqual([]);

  const busy = fakePool({ size: 0 });
  const late = busy.claim(SMALL);
  await busy.close();
  await expect(late).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  await expect(busy.claim(SMALL)).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});
