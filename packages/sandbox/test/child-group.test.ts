import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openGroups, type ChildGroups } from "../src/child-group.ts";
import { childLimits, groupLimits } from "../src/child-limits.ts";
import { findGroupPlace, type GroupPlace } from "../src/group-place.ts";
import { checkEngine, createSandboxRunner } from "../src/index.ts";
import { probeGroups } from "../src/probe-groups.ts";
import { thisOwner } from "../src/process-owner.ts";
import { openScriptPool } from "../src/script-pool.ts";
import { killChild, startChild } from "../src/start-child.ts";
import { supervise } from "../src/supervise.ts";
import { LIMITS, bundleOf, sealed } from "./jobs.ts";

const MEBIBYTE = 2 ** 20;
const READY = "process.stdout.write(Buffer.from([1, 0, 0, 0, 1, 0]));";

let place: GroupPlace | undefined;
let groups: ChildGroups | undefined;
beforeAll(async () => {
  groups = await probeGroups();
  place = groups === undefined ? undefined : await findGroupPlace();
  if (groups === undefined) process.stdout.write("skipped: no control group is delegated to these tests\n");
});
afterAll(() => groups?.close());

/** Names of groups of this process, or of `owner`, in either hierarchy. */
async function groupsOf(owner = thisOwner()): Promise<string[]> {
  if (place === undefined) return [];
  const directories = place.version === 2 ? [place.directory] : [place.memory, place.pids];
  const names = (await Promise.all(directories.map((directory) => readdir(directory)))).flat();
  return names.filter((name) => name.startsWith(`sluice-${owner}-`));
}

/** A Node that says that it is ready and then does \`script\`, in a group. */
async function grouped(script: string, limits: { memoryBytes: number; tasks: number }) {
  const group = await groups?.open(limits);
  if (group === undefined) throw new Error("no groups");
  const command = { program: process.execPath, args: ["-e", READY + script], filter: undefined };
  const hold = { take: (pid: number) => group.add(pid), end: () => group.end() };
  return { group, child: await startChild(command, [], undefined, hold) };
}

test("a child that takes more memory than its group has is ended by the kernel, and the job is refused for it", async () => {
  if (groups === undefined) return;
  const take = "process.stdin.once('data', () => { const kept = []; for (;;) kept.push(Buffer.alloc(1048576, 1)); });";
  const { child } = await grouped(take, { memoryBytes: 128 * MEBIBYTE, tasks: 64 });
  const outcome = await supervise({
    child,
    input: [new Uint8Array(1)],
    environment: "production",
    limits: { wallTimeLimitMs: 30_000, memoryLimitBytes: 64 * MEBIBYTE },
    layers: ["process", "cgroup"],
  });
  const memoryLimitBytes = 64 * MEBIBYTE;
  expect(outcome).toMatchObject({ ok: false, code: "ERR_JOB_MEMORY", details: { memoryLimitBytes } });
});

test("a child that ends by itself is not said to have wanted memory", async () => {
  if (groups === undefined) return;
  const { child } = await grouped("process.exit(3);", { memoryBytes: 128 * MEBIBYTE, tasks: 64 });
  const outcome = await supervise({
    child,
    input: [],
    environment: "production",
    limits: { wallTimeLimitMs: 30_000, memoryLimitBytes: 1 },
    layers: [],
  });
  expect(outcome).toMatchObject({ ok: false, code: "ERR_JOB_CRASHED" });
  expect(await child.ended).toMatchObject({ outOfMemory: false });
});

test("limits of a group are what the kernel says, and one that it does not take is not said to hold", async () => {
  if (groups === undefined) return;
  const group = await groups.open({ memoryBytes: 64 * MEBIBYTE, tasks: 9 });
  expect(await group.limit({ memoryBytes: 32 * MEBIBYTE, tasks: 8 })).toBe(true);
  expect(await group.limit({ memoryBytes: 64 * MEBIBYTE, tasks: Number.NaN })).toBe(false);
  await expect(group.add(2 ** 30)).rejects.toThrow("ESRCH");
  await group.end();
  await expect(groups.open({ memoryBytes: Number.NaN, tasks: 8 })).rejects.toThrow("do not hold");
  await groups.close();
  expect(await groupsOf()).toEqual([]);
});

test("each child is in a group of its own with the limits of its claim, and no group is left when it is gone", async () => {
  if (groups === undefined || place === undefined) return;
  const [large, small] = [childLimits({ ...LIMITS, memoryLimitBytes: 2 ** 30 }, 0), childLimits(LIMITS, 0)];
  const [wrappers, engine] = [{ libraries: [] }, checkEngine()];
  const common = { script: "decoder", wrappers, addonFile: engine.addonFile } as const;
  const pool = openScriptPool({ ...common, groups, size: 1, expected: large });
  for (const asked of [large, small]) {
    await pool.filled();
    const child = await pool.claim(asked);
    const [memory, pids] = await limitsOf(child.pid ?? 0);
    const { memoryBytes, tasks } = groupLimits(asked);
    expect([memory, pids]).toEqual([Math.floor(memoryBytes / 4_096) * 4_096, tasks]);
    await killChild(child);
  }
  await pool.close();
  await groups.close();
  expect(await groupsOf()).toEqual([]);
});

/** What the kernel holds the group of `pid` to, found by way of the process. */
async function limitsOf(pid: number): Promise<[memory: number, pids: number]> {
  const own = await readFile(`/proc/${pid}/cgroup`, "utf8");
  const read = async (version: 1 | 2, controller: string, file: string): Promise<number> => {
    const line = version === 2 ? /^0::(.*)$/m : new RegExp(`^\\d+:${controller}:(.*)$`, "m");
    const name = line.exec(own)?.[1]?.split("/").at(-1) ?? "";
    expect(name).toMatch(/^sluice-\d+\.\d+\.\d+-\d+$/);
    const [directory] = place?.version === 1 ? [controller === "pids" ? place.pids : place.memory] : [place?.directory];
    return Number(await readFile(join(directory ?? "", name, file), "utf8"));
  };
  const version = place?.version ?? 2;
  return [
    await read(version, "memory", version === 2 ? "memory.max" : "memory.limit_in_bytes"),
    await read(version, "pids", "pids.max"),
  ];
}

test("a runner whose children have groups says so in each outcome, and leaves no group behind", async () => {
  if (groups === undefined) return;
  const runner = await createSandboxRunner({ warmChildren: 1 });
  expect((await runner.run(sealed(bundleOf("")), {})).layers.at(-1)).toBe("cgroup");
  expect(await groupsOf()).not.toEqual([]);
  await runner.close();
  expect(await groupsOf()).toEqual([]);
});

test("a group whose owner was killed is removed with all that is in it; one whose owner lives stays", async () => {
  if (groups === undefined || place === undefined) return;
  const other = owner();
  try {
    const [text] = (await once(other.stdout ?? other, "data")) as [Buffer];
    const { left, pid } = JSON.parse(text.toString()) as { left: string; pid: number };
    await (await openGroups(place)).close();
    expect(await groupsOf(left)).not.toEqual([]);
    other.kill("SIGKILL");
    await once(other, "exit");
    await openGroups(place);
    await expect.poll(() => groupsOf(left)).toEqual([]);
    await expect.poll(() => existsSync(`/proc/${pid}/root`)).toBe(false);
  } finally {
    other.kill("SIGKILL");
  }
});

/** A process with one group, in it a process that outlives it. */
function owner(): ChildProcess {
  const url = (name: string): string => JSON.stringify(new URL(`../src/${name}.ts`, import.meta.url).href);
  const source = `
    const { openGroups } = await import(${url("child-group")});
    const { thisOwner } = await import(${url("process-owner")});
    const { spawn } = await import("node:child_process");
    const group = await (await openGroups(${JSON.stringify(place)})).open({ memoryBytes: 2 ** 28, tasks: 64 });
    const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
    await group.add(child.pid);
    process.stdout.write(JSON.stringify({ left: thisOwner(), pid: child.pid }));
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "pipe", "inherit"] });
}

test("in version 2 both controllers are asked for, memory counts without swap, and a group ends as one", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-group-"));
  try {
    const ended = (thisOwner() ?? "").replace(/\d+$/, "1");
    await mkdir(join(directory, `sluice-${ended}-0`));
    await mkdir(join(directory, "sluice-1.1.1-0"));
    const fake = await openGroups({ version: 2, directory });
    const group = await fake.open({ memoryBytes: 12_288, tasks: 7 });
    const name = (await readdir(directory)).find((each) => each.startsWith(`sluice-${thisOwner()}-`)) ?? "";
    await writeFile(join(directory, name, "cgroup.procs"), "");
    await group.add(4_711);
    const written = await Promise.all(
      ["memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cgroup.procs"].map((file) =>
        readFile(join(directory, name, file), "utf8"),
      ),
    );
    expect(written).toEqual(["12288", "0", "1", "7", "4711"]);
    expect(await readFile(join(directory, "cgroup.subtree_control"), "utf8")).toBe("+memory +pids");
    // Of another namespace of processes: whether its owner lives cannot be known here.
    expect(existsSync(join(directory, "sluice-1.1.1-0"))).toBe(true);
    expect(existsSync(join(directory, `sluice-${ended}-0`))).toBe(false);
  } finally {
    await rm(directory, { recursive: true });
  }
});
