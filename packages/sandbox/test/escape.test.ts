import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findProgram } from "../src/find-program.ts";
import { checkEngine } from "../src/index.ts";
import { childFile, launchCommand, startProcess } from "../src/launch.ts";
import { probeKernelLayers } from "../src/probe.ts";

const engine = checkEngine();

interface Found {
  readonly attempts: Record<string, string>;
  readonly environment: string[];
  /** Absent where Node's permission model refuses to list them. */
  readonly processes?: string[];
  readonly root?: string[];
  readonly descriptors?: string[];
}

interface Place {
  readonly script: "child" | "probe" | "decoder";
  /** Whether bubblewrap is not there. */
  readonly bare?: true;
  readonly user?: { readonly userId: number };
  /** Whether it starts Node again, and tries from there. */
  readonly again?: true;
}

/** Programs of util-linux alone. */
let tools: string;
beforeAll(async () => {
  tools = await mkdtemp(join(tmpdir(), "escape-tools-"));
  // Another user has to find them.
  await chmod(tools, 0o755);
  for (const name of ["prlimit", "unshare", "setpriv", "mount", "mkdir", "sh", "hostname"]) {
    const file = await findProgram(name);
    if (file !== undefined) await symlink(file, join(tools, name));
  }
});
afterAll(() => rm(tools, { recursive: true }));

test("where `unshare` makes namespaces, the layer is proved without bubblewrap, and a system-call filter is not claimed", async () => {
  const namespaces = ["--user", "--map-root-user", "--mount", "--pid", "--net", "--fork", "--mount-proc", "true"];
  const { status } = spawnSync(join(tools, "unshare"), namespaces, { stdio: "ignore" });
  if (status !== 0) return void process.stdout.write("skipped: unshare makes no namespaces here\n");
  const { layers } = await probeKernelLayers(engine, tools);
  expect(layers).toEqual(["rlimit", "namespaces"]);
});

/** As root outside, the namespaces alone must hold it. */
const user = { userId: process.getuid?.() ?? 0 };

test.each<[string, Place]>([
  ["a job's child, with Node's permissions given up", { script: "child" }],
  ["a decoder, with Node's permissions given up", { script: "decoder" }],
  ["a child without Node's permission model", { script: "probe" }],
  ["a child as the user of these tests", { script: "probe", user }],
  ["a Node that the child started in its own place", { script: "probe", again: true }],
  ["a job's child without bubblewrap", { script: "child", bare: true }],
  ["a decoder without bubblewrap", { script: "decoder", bare: true }],
  ["a child without bubblewrap and permission model", { script: "probe", bare: true }],
  ["a child without bubblewrap, as the user of these tests", { script: "probe", bare: true, user }],
])("case 61: from where %s stands there is no file, no socket, no program, no other process", async (_name, place) => {
  const { script, bare = false } = place;
  const { wrappers, layers } = await probeKernelLayers(engine, bare ? tools : undefined);
  if (bare) expect(layers).not.toContain("seccomp");
  if (!layers.includes("namespaces") || layers.includes("seccomp") === bare) {
    if (!bare && (process.env["SLUICE_REQUIRE"] ?? "").includes("programs")) throw new Error("bwrap is missing");
    process.stdout.write(`skipped: ${bare ? "unshare" : "bwrap"} is missing\n`);
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), "escape-test-"));
  const path = join(directory, "socket");
  const tcp = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  const unix = createServer((socket) => socket.destroy()).listen(path);
  await Promise.all([once(tcp, "listening"), once(unix, "listening")]);
  try {
    const address = tcp.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const resources = { addressSpaceBytes: 4 * 2 ** 30, cpuSeconds: 10 };
    const inside = script === "decoder" ? {} : { argument: "/sluice/engine.node" };
    const request = { script, addonFile: engine.addonFile, ...inside, ...resources };
    const command = launchCommand({ ...wrappers, ...place.user }, request);
    const escaped = fileURLToPath(new URL("./fixtures/escaped.mjs", import.meta.url));
    const replaced = command.args.map((arg) => arg.replaceAll(childFile(`${script}.mjs`), escaped));
    const words = ["127.0.0.1", port, path, String(process.pid), place.again === true ? "again" : "once"];
    const child = startProcess({ ...command, args: [...replaced, ...words] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await once(child, "close");
    const found = JSON.parse(text) as Found;
    const succeeded = Object.keys(found.attempts).filter((name) => found.attempts[name] === "ok");
    // Where no filter stands behind it, what is there may be used: an empty network, and Node itself.
    expect(succeeded.filter((name) => !bare || !["listen", "datagram", "spawnNode"].includes(name))).toEqual([]);
    expect(Object.keys(found.attempts)).toHaveLength(27);
    expect(found.environment.filter((name) => !["PWD", "TZ", "LD_LIBRARY_PATH"].includes(name))).toEqual([]);
    if (script === "probe") expectNothingElse(found);
    else expect([found.processes, found.root, found.descriptors]).toEqual([undefined, undefined, undefined]);
  } finally {
    tcp.close();
    unix.close();
    await rm(directory, { recursive: true });
  }
});

/** No other process and its memory, no directory, and no descriptor but the two pipes, Node's own and the null device. */
function expectNothingElse({ processes, root = [], descriptors = [] }: Found): void {
  expect(processes).toEqual(["1"]);
  expect(root.filter((name) => !["lib", "lib64", "proc", "sluice", "usr"].includes(name))).toEqual([]);
  const open = descriptors.map((line) => [line.split(" ")[0], line.slice(line.indexOf(" ") + 1)] as const);
  expect(open.filter(([fd]) => fd === "0" || fd === "1").map(([, what]) => what.split(":")[0])).toEqual([
    "socket",
    "socket",
  ]);
  const others = open.filter(([fd]) => fd !== "0" && fd !== "1");
  expect(others.filter(([, what]) => !/^(?:\/dev\/null|anon_inode:.*|pipe:.*|closed|own root)$/u.test(what))).toEqual(
    [],
  );
}
