/** How the allow-list of `src/seccomp.ts` was derived, and is again for another Node: runs jobs of every sort, the probe and
 *  the decoder under `strace`, and prints each system call that a process made after its filter was set, with the number of
 *  calls and how many failed; then the calls that the list lacks, and those of the list that nothing made.
 *
 *  Usage: node packages/sandbox/tools/trace-syscalls.ts (needs strace and bubblewrap)
 *  @module */
import { once } from "node:events";
import { chmod, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8, type Bytes } from "@sluice/protocol";
import { readBootstrap } from "../src/bootstrap.ts";
import { checkEngine } from "../src/engine.ts";
import { encodePreparation, encodeRunInput } from "../src/run-input.ts";
import { columnBytes } from "../src/table-shape.ts";
import { findProgram } from "../src/find-program.ts";
import { launchCommand, startProcess, type LaunchCommand, type LaunchRequest } from "../src/launch.ts";
import { probeKernelLayers } from "../src/probe.ts";
import { ALLOWED, BY_ARGUMENT, numbersOf } from "../src/seccomp-calls.ts";
import { startChild } from "../src/start-child.ts";
import { supervise } from "../src/supervise.ts";

/** Bodies of jobs that between them use threads, the collector, much memory, compiled code, regular expressions, Intl,
 *  promises, numbers of every width, and every way to end. */
const BODIES = {
  plain: "",
  compute: "let x = 0; for (let i = 0; i < 3e7; i++) x += Math.sin(i) * Math.exp(-i / 1e7);",
  collect: "let a = []; for (let i = 0; i < 4e6; i++) { a.push({ i, s: 'x' + i }); if (i % 4e5 === 0) a = []; }",
  memory: "const a = []; for (let i = 0; i < 40; i++) a.push(new Float64Array(1e6).fill(i));",
  exhaust: "const a = []; for (;;) a.push(new Float64Array(1e6).fill(1));",
  heap: "const a = []; for (;;) a.push({});",
  strings: "let s = 'ab'; for (let i = 0; i < 24; i++) s += s; s.split('b').join('c').normalize('NFKD').length;",
  regex:
    "for (let i = 0; i < 300; i++) /(\\p{L}+)\\d*$/u.exec('é'.repeat(20000) + i); try { /^(a+)+$/.exec('a'.repeat(28) + 'b'); } catch {}",
  intl: "new Intl.DateTimeFormat('zh', { dateStyle: 'full' }).format(0); new Intl.NumberFormat('de').format(1e9); ['ä', 'b'].sort(new Intl.Collator('sv').compare); new Date().toLocaleString('ar');",
  promises: "for (let i = 0; i < 1e5; i++) await i; await Promise.all(Array.from({ length: 1e4 }, async (_, i) => i));",
  bigints:
    "let b = 3n; for (let i = 0; i < 16; i++) b *= b; String(b).length; Math.random(); JSON.parse(JSON.stringify(Array.from({ length: 1e5 }, (_, i) => i)));",
  recurse: "const f = () => f(); try { f(); } catch {}",
  logs: "for (let i = 0; i < 400; i++) { log('line', i); progress(i / 400); }",
  throws: "throw new Error('no');",
  loops: "for (;;) {}",
  rejects: "for (let i = 0; i < 1000; i++) Promise.reject(new Error('x'));",
} as const;

const LIMITS = { wallTimeLimitMs: 12_000, memoryLimitBytes: 512 * 2 ** 20 };
const SHORT = { wallTimeLimitMs: 2_000, memoryLimitBytes: 64 * 2 ** 20 };

const engine = checkEngine();
const bootstrap = await readBootstrap();
const { wrappers } = await probeKernelLayers(engine);
const architecture = process.arch === "arm64" ? "arm64" : "x64";
const strace = (await findProgram("strace")) ?? "strace";
const directory = await mkdtemp(join(tmpdir(), "sluice-trace-"));
await chmod(directory, 0o777);
let runs = 0;

function underStrace({ args, program, filter, userId }: LaunchCommand): LaunchCommand {
  // strace would hold the descriptor open on which bubblewrap tells the process id.
  const info = args.indexOf("--info-fd");
  const silent = info === -1 ? args : [...args.slice(0, info), ...args.slice(info + 2)];
  const own = ["-f", "-ff", "-qq", "-s", "0", "-o", join(directory, `run${runs++}`), program];
  return { program: strace, args: [...own, ...silent], filter, ...(userId !== undefined && { userId }) };
}

/** Runs one child to its end. A probe is none that takes a job: it ends by itself. */
async function run(input: Bytes[], request: LaunchRequest, limits = LIMITS): Promise<void> {
  const command = underStrace(launchCommand(wrappers, request));
  if (request.script === "probe") {
    const child = startProcess(command);
    child.stdout.resume();
    await once(child, "close");
    return;
  }
  const preparation = request.script === "child" ? encodePreparation(256, bootstrap) : [];
  const outcome = await supervise({
    child: await startChild(command, preparation),
    input,
    environment: "development",
    limits,
    layers: [],
  });
  process.stdout.write(`  ${outcome.ok ? "ok" : outcome.code}\n`);
}

const resources = { addonFile: engine.addonFile, addressSpaceBytes: 6 * 2 ** 30, cpuSeconds: 60 };
for (const [name, body] of Object.entries(BODIES)) {
  process.stdout.write(name);
  const bundle =
    utf8(`var sluiceJob = { default: { name: "trace", purpose: "trace", input: {}, outputs: { n: { kind: "metrics", keys: ["n"] } },
    async develop(rows, { progress, log }) { ${body}\n return { n: { n: 1 } }; } } };`);
  const values = new Float64Array(1_000_000);
  const table = { rowCount: 1_000_000, columns: { x: { type: "f64", values } } } as const;
  const limits = ["loops", "exhaust", "heap", "regex"].includes(name) ? SHORT : LIMITS;
  const job = { bundle, entry: "develop", environment: "development", seed: 1, limits, table } as const;
  await run([...encodeRunInput(job).parts(0), ...columnBytes(table)], { script: "child", ...resources }, limits);
}
process.stdout.write("decoder");
const output = utf8('\0\0\0\0{"outputs":{}}\0\0\0\0');
output[3] = output.length - 8;
const length = new Uint8Array([0, 0, 0, output.length]);
await run([new Uint8Array(4), length, output], { script: "decoder", ...resources });
process.stdout.write("probe\n");
await run([], { script: "probe", argument: "9", ...resources });

/** Calls and failures by name. */
const seen = new Map<string, { calls: number; failed: number; arguments: Set<string> }>();
for (const file of await readdir(directory)) {
  const lines = (await readFile(join(directory, file), "latin1")).split("\n");
  // A process or thread that a filtered one started is filtered from its first line on.
  const start = lines.findIndex((line) => /PR_SET_SECCOMP|^seccomp\(/.test(line));
  const own = lines.some((line) =>
    /^(?:unshare|pivot_root|mount)\(|^execve\("\/usr\/bin\/(?:prlimit|bwrap)/.test(line),
  );
  for (const line of lines.slice(start === -1 ? (own ? lines.length : 0) : start + 1)) {
    const [, name, rest = ""] = /^([a-z_0-9]+)\((.*)/.exec(line) ?? [];
    if (name === undefined) continue;
    const entry = seen.get(name) ?? { calls: 0, failed: 0, arguments: new Set<string>() };
    entry.calls++;
    if (/= -1 /.test(rest)) entry.failed++;
    const index = name === "ioctl" ? 1 : 0;
    if (["prctl", "ioctl", "clone", "madvise"].includes(name)) entry.arguments.add(rest.split(", ")[index] ?? "");
    if (name === "clone") entry.arguments.add(/flags=[^,]*/.exec(rest)?.[0] ?? "");
    seen.set(name, entry);
  }
}
const allowed = new Set([...numbersOf(ALLOWED, architecture).values(), ...Object.keys(BY_ARGUMENT)]);
for (const [name, { calls, failed, arguments: values }] of [...seen].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const words = values.size === 0 ? "" : ` [${[...values].join(" ").slice(0, 400)}]`;
  process.stdout.write(`${allowed.has(name) ? " " : "!"} ${name} ${calls} (${failed} failed)${words}\n`);
}
process.stdout.write(`lacking: ${[...seen.keys()].filter((name) => !allowed.has(name)).join(" ")}\n`);
process.stdout.write(`not seen: ${[...allowed].filter((name) => !seen.has(name)).join(" ")}\n`);
await rm(directory, { recursive: true });
