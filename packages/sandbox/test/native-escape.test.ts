import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkEngine } from "../src/index.ts";
import { findProgram, launchCommand, startProcess, type LaunchScript, type Wrappers } from "../src/launch.ts";
import { probeKernelLayers } from "../src/probe.ts";

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
async function native(script: LaunchScript, attempt: string): Promise<{ lines: string[]; code: unknown }> {
  const resources = { addonFile: engine.addonFile, addressSpaceBytes: 2 ** 30, cpuSeconds: 5 };
  const command = launchCommand(wrappers, { script, ...resources });
  const args = [...command.args.map((arg) => (arg === process.execPath ? (program ?? "") : arg)), attempt];
  const child = startProcess({ ...command, args });
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
