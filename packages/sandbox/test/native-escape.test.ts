import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { childLimits, groupLimits } from "../src/child-limits.ts";
import { checkEngine } from "../src/index.ts";
import { findProgram } from "../src/find-program.ts";
import { launchCommand, startProcess, type LaunchScript, type Wrappers } from "../src/launch.ts";
import { probeGroups } from "../src/probe-groups.ts";
import { probeThreadLimit } from "../src/probe-threads.ts";
import { probeKernelLayers } from "../src/probe.ts";
import { openScriptPool, type ScriptPoolOptions } from "../src/script-pool.ts";
import { killChild } from "../src/start-child.ts";
import { findUnshareTools } from "../src/unshare.ts";
import { LIMITS } from "./jobs.ts";

const engine = checkEngine();
/** Exit status by which bubblewrap says that SIGSYS ended the program. */
const ENDED_BY_FILTER = 128 + 31;

let directory: string;
let program: string | undefined;
let wrappers: Wrappers;

beforeAll(async () => {
  const compiler = await findProgram("cc");
  const probed = await probeKernelLayers(engine);
  wrappers = probed.wrappers;
  directory = await mkdtemp(join(tmpdir(), "native-escape-"));
  if (compiler === undefined || !probed.layers.includes("namespaces") || !probed.layers.includes("seccomp")) return;
  // Another user, in another namespace, has to find it.
  await chmod(directory, 0o755);
  program = join(directory, "native-escape");
  const source = fileURLToPath(new URL("./fixtures/native-escape.c", import.meta.url));
  await promisify(execFile)(compiler, ["-static", "-O1", "-o", program, source]);
});
afterAll(() => rm(directory, { recursive: true }));

/** The program, in the place of Node behind the wrappers of `script`: what it printed, and how it ended. */
async function native(
  script: LaunchScript,
  attempt: string,
  behind = wrappers,
): Promise<{ lines: string[]; code: unknown }> {
  const resources = { addonFile: engine.addonFile, addressSpaceBytes: 2 ** 30, cpuSeconds: 5 };
  const command = launchCommand(behind, { script, ...resources });
  const args = [...command.args.map((arg) => arg.replaceAll(process.execPath, program ?? "")), attempt];
  const child = startProcess({ ...command, args });
  // Where no filter refuses to receive, nothing comes.
  child.stdin.end();
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "close")) as [unknown];
  return { lines: text.split("\n").filter((line) => line !== ""), code };
}

function missing(): boolean {
  if (program !== undefined) return false;
  if ((process.env["SLUICE_REQUIRE"] ?? "").includes("programs")) throw new Error("cc or bwrap is missing");
  process.stdout.write("skipped: cc or bwrap is missing\n");
  return true;
}

test.each(["child", "decoder"] as const)(
  "case 61: raw system calls from where a %s stands open no file, socket, process or descriptor",
  async (script) => {
    if (missing()) return;
    const { lines, code } = await native(script, "all");
    expect(code).toBe(0);
    expect(lines.filter((line) => line.endsWith(" ok"))).toEqual([]);
    expect(lines.filter((line) => !line.startsWith("descriptor"))).toHaveLength(35);
    // It is the filter that answers, not a lack of things to reach.
    const answers = new Map(lines.map((line) => line.split(" ") as [string, string]));
    for (const name of [
      "socketUnix",
      "socketNetlink",
      "memoryFile",
      "ring",
      "process",
      "sendDescriptor",
      "becomeRoot",
    ]) {
      expect([name, answers.get(name)]).toEqual([name, "EPERM"]);
    }
    expect([answers.get("shell"), answers.get("createFile"), answers.get("createBeside")]).toEqual([
      "ENOENT",
      expect.stringMatching(/^(?:ENOENT|EROFS)$/u),
      "EROFS",
    ]);
  },
);

test("case 61: the first call that Node never makes ends the process, in a child and in a decoder", async () => {
  if (missing()) return;
  const { lines: names } = await native("child", "names");
  expect(names.length).toBeGreaterThanOrEqual(15);
  const attempts = process.arch === "x64" ? [...names, "i386"] : names;
  for (const [i, attempt] of attempts.entries()) {
    const ended = await native(i % 2 === 0 ? "child" : "decoder", attempt);
    expect([attempt, ended]).toEqual([attempt, { lines: [], code: ENDED_BY_FILTER }]);
  }
});

test("case 61: without bubblewrap raw system calls reach no file, program, namespace, mount or other user", async () => {
  if (missing()) return;
  const unshare = await findUnshareTools();
  const { bwrap: _bwrap, seccomp: _seccomp, ...bare } = wrappers;
  if (unshare === undefined || (await native("child", "names", { ...bare, unshare })).lines.length === 0) {
    return void process.stdout.write("skipped: unshare does not work here\n");
  }
  const { lines } = await native("child", "all", { ...bare, unshare });
  const answers = new Map(lines.map((line) => line.split(" ") as [string, string]));
  for (const name of ["openPasswords", "openDevice", "createFile", "createBeside", "createNameless", "tuneKernel"]) {
    expect([name, answers.get(name)]).toEqual([name, expect.stringMatching(/^(?:ENOENT|EROFS|EACCES)$/u)]);
  }
  expect([answers.get("shell"), answers.get("becomeRoot")]).toEqual([
    "ENOENT",
    expect.stringMatching(/^E(?:PERM|INVAL)$/u),
  ]);
  for (const name of ["unshare", "joinNamespace", "mount", "mountNew", "fileHandle", "module", "bpf"]) {
    const ended = await native("child", name, { ...bare, unshare });
    expect(ended).toEqual({ lines: [expect.stringMatching(new RegExp(`^${name} E`, "u"))], code: 0 });
  }
});

const ASKED = childLimits(LIMITS, 0);

/** Threads that the program gets in the place of a claimed child's Node, and why no more. */
async function threads(held: Pick<ScriptPoolOptions, "groups" | "threads">): Promise<[count: number, why: string]> {
  const node = process.execPath;
  // What a pool starts is what this process runs as.
  process.execPath = program ?? node;
  const pool = openScriptPool({
    script: "child",
    wrappers,
    addonFile: engine.addonFile,
    size: 0,
    expected: ASKED,
    ...held,
  });
  try {
    const child = await pool.claim(ASKED);
    let text = "";
    child.process.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.process.stdin.write(Uint8Array.of(0));
    child.process.stdout.resume();
    await child.closed;
    await killChild(child);
    const [count = "", why = ""] = text.trim().split(" ");
    return [Number(count), why];
  } finally {
    process.execPath = node;
    await pool.close();
  }
}

test("native code in a child gets no more threads than its control group or its user may have", async () => {
  if (missing()) return;
  const most = groupLimits(ASKED).tasks;
  // What holds it is one of the two, and without both nothing does.
  const [free] = await threads({});
  expect(free).toBeGreaterThan(2 * most);
  const [groups, setter] = [await probeGroups(), await probeThreadLimit(wrappers)];
  if (groups === undefined && setter === undefined) process.stdout.write("skipped: nothing counts threads here\n");
  for (const held of [groups && { groups }, setter && { threads: setter }]) {
    if (held === undefined) continue;
    const [count, why] = await threads(held);
    expect(why).toBe("EAGAIN");
    expect(count).toBeLessThan(most);
    expect(count).toBeGreaterThan(most / 2);
  }
  await groups?.close();
});
