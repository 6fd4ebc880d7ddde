import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JobManifest } from "@sluice/protocol";
import { createWorkshop, type Workshop } from "../src/work/index.ts";
import { bundleOf, developRun, HONEST_DEVELOP } from "./work-fixture.ts";

let workshop: Workshop;
let honest: Uint8Array;
let manifest: JobManifest;

beforeAll(async () => {
  workshop = createWorkshop();
  honest = await bundleOf(HONEST_DEVELOP);
  ({ manifest } = await workshop.describe(honest));
});
afterAll(() => workshop.close());

function kill(pid: number | undefined): void {
  if (pid === undefined) throw new Error("no process to kill");
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

test("a broker killed in the middle of a run gives a coded refusal, and the next run works", async () => {
  const loop = await bundleOf("progress(0.1); for (;;) {}");
  const limits = { wallTimeLimitMs: 60_000, memoryLimitBytes: 64 * 1_048_576 };
  const onEvent = (): void => kill(workshop.pids().broker);
  const outcome = await workshop.runGuarded(developRun(loop, manifest, { limits, onEvent }));
  expect(outcome).toMatchObject({
    ok: false,
    code: "ERR_POOL_WORKER",
    refusedBy: "sandbox",
    details: { task: "sandbox" },
  });
  expect(await workshop.runGuarded(developRun(honest, manifest))).toMatchObject({ ok: true });
});

test("a bundle above what is usual is described only when its manifest asks for its size", async () => {
  const filler = `const text = "${"x".repeat(1_100_000)}"; if (text === "") throw new Error();`;
  const large = await bundleOf(HONEST_DEVELOP, undefined, filler);
  await expect(workshop.describe(large)).rejects.toMatchObject({
    code: "ERR_JOB_MANIFEST",
    details: { pointer: "/limits/bundleLimitBytes" },
  });
  const asked = await bundleOf(HONEST_DEVELOP, undefined, filler, "limits: { bundleLimitBytes: 2_000_000 },");
  expect((await workshop.describe(asked)).manifest.limits).toEqual({ bundleLimitBytes: 2_000_000 });
});

test("a broker that lacked a layer is asked again when the layer is there", async () => {
  const find = (name: string): string =>
    spawnSync("sh", ["-c", 'command -v "$0"', name], { encoding: "utf8" }).stdout.trim();
  if (find("bwrap") === "") return void process.stdout.write("skipped: bwrap is missing\n");
  const programs = await mkdtemp(join(tmpdir(), "sluice-programs-"));
  const late = createWorkshop({ requireLayers: ["namespaces"], searchPath: programs });
  try {
    await expect(late.describe(honest)).rejects.toMatchObject({ code: "ERR_SANDBOX_LAYER_MISSING" });
    for (const name of ["bwrap", "prlimit"]) await symlink(find(name), join(programs, name));
    await expect.poll(() => late.describe(honest).catch(() => null), { timeout: 30_000 }).toMatchObject({ manifest });
  } finally {
    await late.close();
    await rm(programs, { recursive: true });
  }
});

test("a broker that dies takes every run with it that it had, and no other", async () => {
  const loop = await bundleOf("progress(0.1); for (;;) {}");
  const limits = { wallTimeLimitMs: 60_000, memoryLimitBytes: 64 * 1_048_576 };
  let started = 0;
  const onEvent = (): void => {
    if (++started === 2) kill(workshop.pids().broker);
  };
  const run = developRun(loop, manifest, { limits, onEvent });
  const outcomes = await Promise.all([
    workshop.runGuarded(run),
    workshop.runGuarded(run),
    workshop.runGuarded(developRun(honest, manifest)),
  ]);
  expect(outcomes.map((outcome) => outcome.ok)).toEqual([false, false, true]);
});

test("a guard killed while it judges gives a coded refusal, and the next run works", async () => {
  const running = workshop.runGuarded(developRun(honest, manifest));
  const settled = running.then(() => true);
  kill(workshop.pids().guard);
  // Every guard that starts dies before it can answer.
  while (!(await Promise.race([settled, nextTurn(false)]))) {
    const { guard } = workshop.pids();
    if (guard !== undefined) kill(guard);
  }
  expect(await running).toMatchObject({
    ok: false,
    code: "ERR_POOL_WORKER",
    refusedBy: "guard",
    details: { task: "guard" },
  });
  expect(await workshop.runGuarded(developRun(honest, manifest))).toMatchObject({ ok: true });
});

test("helpers killed while nothing runs are started again", async () => {
  const before = workshop.pids();
  kill(before.broker);
  kill(before.guard);
  while (workshop.pids().broker !== undefined || workshop.pids().guard !== undefined) await nextTurn();
  expect(await workshop.runGuarded(developRun(honest, manifest))).toMatchObject({ ok: true });
  expect(workshop.pids().broker).not.toBe(before.broker);
});

test("closing ends runs with a code and leaves no process", async () => {
  const closing = createWorkshop();
  const loop = await bundleOf("progress(0.1); for (;;) {}");
  const limits = { wallTimeLimitMs: 60_000, memoryLimitBytes: 64 * 1_048_576 };
  let closed: Promise<void> | undefined;
  const outcome = await closing.runGuarded(
    developRun(loop, manifest, { limits, onEvent: () => void (closed ??= closing.close()) }),
  );
  await closed;
  expect(outcome.ok).toBe(false);
  expect(closing.pids()).toEqual({ broker: undefined, guard: undefined });
  expect(await closing.runGuarded(developRun(honest, manifest))).toMatchObject({ ok: false, code: "ERR_POOL_WORKER" });
});

test.runIf(process.platform === "linux")("helpers end when the process that started them is killed", async () => {
  const source = JSON.stringify(new URL("../src/work/index.ts", import.meta.url).href);
  const program = `
    import { createWorkshop } from ${source};
    const workshop = createWorkshop();
    await workshop.describe(Uint8Array.from(${JSON.stringify([...honest])}));
    process.stdout.write(JSON.stringify(workshop.pids()) + "\\n");
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const pids = JSON.parse(line) as { broker: number; guard: number };
  expect([pids.broker, pids.guard].every(alive)).toBe(true);
  child.kill("SIGKILL");
  while (alive(pids.broker) || alive(pids.guard)) await nextTurn();
});

/** Whether a process runs: one that has ended may stay listed until somebody asks for its code. */
function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/u.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
