/** Which isolation layers work here. They are tried, never assumed: a container may refuse namespaces that
 *  its kernel has.
 *  @module */
import { createServer } from "node:net";
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import type { Engine } from "./engine.ts";
import { findProgram } from "./find-program.ts";
import { NOBODY, launchCommand, startProcess, type Wrappers } from "./launch.ts";
import { seccompFilter } from "./seccomp.ts";
import { findUnshareTools } from "./unshare.ts";

/** Layers around a job, inside out. `isolate` and `process` are there in every run. */
export const SANDBOX_LAYERS = [
  "isolate",
  "process",
  "permission",
  "rlimit",
  "namespaces",
  "seccomp",
  "cgroup",
] as const;
export type SandboxLayer = (typeof SANDBOX_LAYERS)[number];

/** Layers without which no production job runs, unless whoever starts a domain says that fewer will do. */
export const PRODUCTION_LAYERS: readonly SandboxLayer[] = ["permission", "rlimit", "namespaces", "seccomp"];

/** What helps when a layer is missing. */
export const LAYER_REMEDIES: Readonly<Record<SandboxLayer, string>> = {
  isolate: "install isolated-vm as pinned",
  process: "allow this user to start processes",
  permission: "start through `npm start`, which brings a Node with the permission model",
  rlimit: "install util-linux (prlimit)",
  namespaces: "install bubblewrap (bwrap) and allow user namespaces",
  seccomp: "install bubblewrap (bwrap) on x64 or arm64 Linux",
  cgroup: "delegate a control group to the domain (docs/sandbox.md): Delegate=memory pids of its unit",
};

/** What `child/probe.mjs` prints. */
const Facts = z.object({
  pid: z.int(),
  read: z.string(),
  write: z.string(),
  tune: z.string(),
  spawn: z.string(),
  connect: z.string(),
  unprivileged: z.boolean(),
  root: z.array(z.string()),
  coreBytes: z.union([z.int(), z.string()]).optional(),
  addressSpaceBytes: z.union([z.int(), z.string()]).optional(),
  libraries: z.array(z.string()).default([]),
});
type Facts = z.infer<typeof Facts>;

const PROBE_TIMEOUT_MS = 30_000;
const PROBE_ADDRESS_SPACE_BYTES = 4 * 2 ** 30;
const PROBE_CPU_SECONDS = 10;
const MAX_PROBE_BYTES = 65_536;
/** In a namespace of its own a job's process is the second one. */
const MAX_NAMESPACE_PID = 8;

/** Layers that the kernel gives. */
type KernelLayer = Extract<SandboxLayer, "rlimit" | "namespaces" | "seccomp">;

/** Wrappers that work here, and the layers that they prove to give. */
export interface KernelLayers {
  readonly wrappers: Wrappers;
  readonly layers: readonly KernelLayer[];
}

/** Tries the strongest wrapping first. `searchPath` is where programs are looked for.
 *  @throws ERR_SANDBOX_START when not even a plain process starts. */
export async function probeKernelLayers(engine: Engine, searchPath?: string): Promise<KernelLayers> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    const plain = await probe({ libraries: [] }, engine, port);
    if (plain === undefined) throw new SluiceError("ERR_SANDBOX_START");
    const libraries = plain.libraries.filter((file) => file.startsWith("/"));
    const prlimit = await findProgram("prlimit", searchPath);
    const bwrap = await findProgram("bwrap", searchPath);
    const seccomp = seccompFilter(process.arch);
    const limited = { ...(prlimit && { prlimit }), libraries };
    const attempts: Wrappers[] = [limited, { libraries }];
    const unshare = await findUnshareTools(searchPath);
    if (unshare !== undefined) attempts.unshift({ ...limited, unshare }, { unshare, libraries });
    if (bwrap !== undefined) {
      attempts.unshift({ ...limited, bwrap, ...(seccomp && { seccomp }) }, { ...limited, bwrap }, { bwrap, libraries });
    }
    for (const wrappers of attempts.flatMap(withoutRoot)) {
      const facts = await probe(wrappers, engine, port);
      if (facts !== undefined) return { wrappers, layers: provenLayers(facts, wrappers) };
    }
    throw new SluiceError("ERR_SANDBOX_START");
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** Root outside is root over the files of /proc, whatever user a namespace shows: first try to be nobody. */
function withoutRoot(wrappers: Wrappers): Wrappers[] {
  return process.getuid?.() === 0 ? [{ ...wrappers, userId: NOBODY }, wrappers] : [wrappers];
}

function provenLayers(facts: Facts, wrappers: Wrappers): KernelLayers["layers"] {
  const layers: KernelLayer[] = [];
  if (wrappers.prlimit !== undefined && facts.coreBytes === 0 && Number.isFinite(facts.addressSpaceBytes)) {
    layers.push("rlimit");
  }
  const confined = [facts.read, facts.write, facts.tune, facts.spawn, facts.connect].every(
    (outcome) => outcome !== "ok",
  );
  const isWrapped = wrappers.bwrap !== undefined || wrappers.unshare !== undefined;
  // Every file system of a machine has one of these, and none of them is bound.
  const isEmpty = !facts.root.some((name) => ["etc", "home", "root", "var"].includes(name));
  if (isWrapped && confined && isEmpty && facts.unprivileged && facts.pid <= MAX_NAMESPACE_PID)
    layers.push("namespaces");
  // Namespaces alone answer that nobody listens; the filter answers that there are no sockets.
  if (wrappers.seccomp !== undefined && facts.connect === "EPERM") layers.push("seccomp");
  return layers;
}

/** What the probe found behind `wrappers`, or undefined when it did not run. */
function probe(wrappers: Wrappers, engine: Engine, port: number): Promise<Facts | undefined> {
  const command = launchCommand(wrappers, {
    script: "probe",
    addonFile: engine.addonFile,
    argument: String(port),
    addressSpaceBytes: PROBE_ADDRESS_SPACE_BYTES,
    cpuSeconds: PROBE_CPU_SECONDS,
  });
  return new Promise((resolve) => {
    const child = startProcess(command);
    const timer = setTimeout(() => child.kill("SIGKILL"), PROBE_TIMEOUT_MS);
    let text = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > MAX_PROBE_BYTES) child.kill("SIGKILL");
    });
    child.on("error", () => resolve(undefined));
    child.stdin.on("error", () => {});
    child.on("close", () => {
      clearTimeout(timer);
      resolve(parseFacts(text));
    });
  });
}

function parseFacts(text: string): Facts | undefined {
  try {
    return Facts.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
