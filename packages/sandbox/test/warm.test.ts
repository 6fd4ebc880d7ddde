import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, readdirSync } from "node:fs";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readBootstrap } from "../src/bootstrap.ts";
import { childLimits } from "../src/child-limits.ts";
import { encodePreparation, encodeRunInput } from "../src/run-input.ts";
import { findProgram } from "../src/find-program.ts";
import { checkEngine, createSandboxRunner, type WarmSandboxRunner } from "../src/index.ts";
import { launchCommand } from "../src/launch.ts";
import { probeKernelLayers } from "../src/probe.ts";
import { openScriptPool } from "../src/script-pool.ts";
import { killChild, startChild } from "../src/start-child.ts";
import { LIMITS, bundleOf, sealed } from "./jobs.ts";

const LONG = process.env["SLOW"] === "1";
const GIBIBYTE = 2 ** 30;
const FOREIGN_FD = 40;
const MARK = `cancelled-start-${process.pid}`;
const { addonFile } = checkEngine();
const LARGE = { ...LIMITS, memoryLimitBytes: GIBIBYTE };

let runner: WarmSandboxRunner;
beforeAll(async () => {
  runner = await createSandboxRunner({ expectedLimits: LIMITS });
});
afterAll(() => runner.close());

test("shows a job nothing of the jobs before it in a child that waited", async () => {
  const plant = `globalThis.left = 1; Object.prototype.left = 1; Array.prototype.left = 1; Math.left = 1; JSON.parse = null;`;
  const look = `log([typeof left, typeof [].left, typeof Math.left, typeof JSON.parse, Math.random()].join(" "));`;
  const lines: string[] = [];
  for (const body of [look, plant, look]) {
    await runner.filled();
    const outcome = await runner.run(sealed(bundleOf(body)), {
      onEvent: (event) => void (event.kind === "log" && lines.push(event.line)),
    });
    expect(outcome).toMatchObject({ ok: true });
  }
  expect(lines[0]).toMatch(/^undefined undefined undefined function 0\.\d+$/);
  expect(lines[1]).toBe(lines[0]);
});

test("holds a small job to its own memory after a large one, and a large one after a small one", async () => {
  const allocate = bundleOf(
    `const kept = []; for (let i = 0; i < 24; i++) kept.push(new Uint8Array(16 * 2 ** 20).fill(1));`,
  );
  const outcomes = [];
  for (const limits of [LARGE, LIMITS, LARGE, LIMITS]) {
    const outcome = await runner.run(sealed(allocate, { limits }), {});
    outcomes.push(outcome.ok ? "ok" : outcome.code);
  }
  expect(outcomes).toEqual(["ok", "ERR_JOB_MEMORY", "ok", "ERR_JOB_MEMORY"]);
});

test("the kernel holds each child to the limits of its claim, whatever the child was prepared for", async () => {
  const engine = checkEngine();
  const { wrappers, layers } = await probeKernelLayers(engine);
  if (!layers.includes("rlimit")) {
    process.stdout.write("skipped: prlimit is missing\n");
    return;
  }
  const bootstrap = await readBootstrap();
  const [large, small] = [childLimits(LARGE, 0), childLimits(LIMITS, 0)];
  const pool = openScriptPool({
    script: "child",
    wrappers,
    addonFile: engine.addonFile,
    preparation: ({ heapMebibytes }) => encodePreparation(heapMebibytes, bootstrap),
    size: 1,
    expected: large,
  });
  try {
    for (const asked of [small, large]) {
      await pool.filled();
      const child = await pool.claim(asked);
      const limits = readFileSync(`/proc/${child.pid}/limits`, "utf8");
      const found = (name: string): string | undefined =>
        new RegExp(`^${name} +(\\d+) +(\\d+) `, "m").exec(limits)?.[2];
      expect(found("Max address space")).toBe(String(asked.addressSpaceBytes));
      expect(found("Max cpu time")).toBe(String(asked.cpuSeconds));
      expect(found("Max core file size")).toBe("0");
      await killChild(child);
    }
  } finally {
    await pool.close();
  }
});

/** Runs `source`, which may import the modules of \`src/\`, in a process of its own. */
function helper(source: string, foreign: number | "ignore" = "ignore"): ChildProcess {
  const url = (name: string): string => JSON.stringify(new URL(`../src/${name}.ts`, import.meta.url).href);
  const text = source.replaceAll(/MODULE\((\w+)\)/g, (_match, name: string) => `(await import(${url(name)}))`);
  const args = ["--input-type=module", "-e", text];
  // Node closes the first sixteen of those it inherits by itself, and those that follow without a gap.
  const gap = Array.from({ length: FOREIGN_FD - 3 }, () => "ignore" as const);
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit", ...gap, foreign] });
}

test("a child gets none of the descriptors that its parent inherited", async () => {
  const foreign = openSync("/etc/passwd", "r");
  try {
    const list = `const { readdirSync, readlinkSync, writeSync } = require("fs");
      const at = (fd) => { try { return readlinkSync("/proc/self/fd/" + fd); } catch { return ""; } };
      writeSync(1, readdirSync("/proc/self/fd").map(at).join("\\n"));`;
    const parent = helper(
      `const { startProcess } = MODULE(launch);
       const child = startProcess({ program: process.execPath, args: ["-e", ${JSON.stringify(list)}], filter: undefined });
       child.stdout.pipe(process.stdout);`,
      foreign,
    );
    let text = "";
    parent.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await once(parent, "close");
    expect(text).toContain("/dev/null");
    expect(text).not.toContain("passwd");
  } finally {
    closeSync(foreign);
  }
});

test("a child that has answered waits in one call of the system, and ends with its input", async () => {
  const job = sealed(bundleOf(""));
  const command = launchCommand({ libraries: [] }, { script: "child", addonFile, ...childLimits(LIMITS, 0) });
  const child = await startChild(command, encodePreparation(64, await readBootstrap()));
  // The number of the call, and the descriptor that it is about.
  const call = (): string => readFileSync(`/proc/${child.pid}/syscall`, "utf8").split(" ").slice(0, 2).join(" ");
  const reading = `${process.arch === "arm64" ? 63 : 0} 0x0`;
  await expect.poll(call).toBe(reading);
  for (const part of encodeRunInput(job).parts(0)) child.process.stdin.write(part);
  const answered = once(child.process.stdout, "data");
  child.process.stdout.resume();
  await answered;
  // As it did before it had a job: no timer turns.
  await expect.poll(call).toBe(reading);
  child.process.stdin.end();
  await child.closed;
});

test.runIf(LONG).each(["bwrap", "unshare", "neither"])(
  "children that wait die with the process that started them, behind %s",
  async (wrapper) => {
    const directory = await mkdtemp(join(tmpdir(), "sluice-tools-"));
    try {
      await chmod(directory, 0o755);
      const names = { bwrap: ["bwrap"], unshare: ["unshare", "setpriv", "mount", "mkdir", "sh"] }[wrapper] ?? [];
      for (const name of ["prlimit", ...names]) {
        await symlink((await findProgram(name)) ?? "/nonexistent", join(directory, name));
      }
      await expectChildrenToDie(directory, wrapper !== "neither");
    } finally {
      await rm(directory, { recursive: true });
    }
  },
);

async function expectChildrenToDie(searchPath: string, hasNamespaces: boolean): Promise<void> {
  const parent = helper(
    `const runner = await MODULE(runner).createSandboxRunner({ searchPath: ${JSON.stringify(searchPath)} });
     await runner.filled();
     const { readFileSync } = await import("node:fs");
     const inner = (pid) => readFileSync("/proc/" + pid + "/task/" + pid + "/children", "utf8").trim().split(" ").filter(Boolean);
     const pids = runner.waiting().flatMap((pid) => [pid, ...inner(pid).map(Number)]);
     process.stdout.write(JSON.stringify({ pids, layers: await runner.layers() }));
     setInterval(() => {}, 1000);`,
  );
  const [text] = (await once(parent.stdout ?? parent, "data")) as [Buffer];
  const { pids, layers } = JSON.parse(text.toString()) as { pids: number[]; layers: string[] };
  expect(layers.includes("namespaces")).toBe(hasNamespaces);
  expect(pids.length).toBe(hasNamespaces ? 6 : 3);
  parent.kill("SIGKILL");
  await once(parent, "close");
  const gone = (pid: number): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8") === "";
    } catch {
      return true;
    }
  };
  await expect.poll(() => pids.every(gone), { timeout: 10_000 }).toBe(true);
}

test.runIf(LONG)("a start that is cancelled at any moment leaves no process behind, and is waited for", async () => {
  const engine = checkEngine();
  const { wrappers } = await probeKernelLayers(engine);
  const command = launchCommand(wrappers, { script: "child", addonFile: engine.addonFile, ...childLimits(LIMITS, 0) });
  // A word of its own, by which the processes of this test are known.
  const marked = { ...command, args: [...command.args, MARK] };
  for (let round = 0; round < 60; round++) {
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), round % 12);
    await expect(startChild(marked, [], cancel.signal)).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  }
  await expect.poll(() => running(MARK)).toEqual([]);
});

/** Process ids of commands that contain `word`. */
function running(word: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(word);
    } catch {
      return false;
    }
  });
}

test.runIf(LONG)("a burst beyond the children that wait is served by children started for it", async () => {
  const outcomes = await Promise.all(Array.from({ length: 12 }, () => runner.run(sealed(bundleOf("")), {})));
  expect(outcomes.map(({ ok }) => ok)).toEqual(outcomes.map(() => true));
  await runner.filled();
  expect(runner.waiting()).toHaveLength(3);
});
