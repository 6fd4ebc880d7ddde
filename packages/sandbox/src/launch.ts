/** Command lines: what stands between a job's process and the system.
 *  @module */
import { spawn, type ChildProcess } from "node:child_process";
import { delimiter, dirname } from "node:path";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Bytes } from "@sluice/protocol";
import { z } from "zod";
import { inheritedCovers, type Cover } from "./inherited.ts";
import { ownerMark } from "./process-owner.ts";
import { unshareCommand, type UnshareTools } from "./unshare.ts";

/** Programs and files that the wrappers need, as found by probing. */
export interface Wrappers {
  /** Path of `prlimit`, when limits are set with it. */
  readonly prlimit?: string;
  /** Path of `bwrap`, when namespaces are made with it. */
  readonly bwrap?: string;
  /** What makes namespaces where `bwrap` is not there. */
  readonly unshare?: UnshareTools;
  /** System-call filter, set through `bwrap`. */
  readonly seccomp?: Bytes;
  /** User and group to become before anything else starts; absent where this process is not root. */
  readonly userId?: number;
  /** Shared libraries of Node and the engine: all that the namespaces show of the system. */
  readonly libraries: readonly string[];
}

/** Entries that are started, each with the files of `child/` that it loads. */
const SCRIPT_FILES = {
  child: ["child.mjs"],
  probe: ["probe.mjs"],
  decoder: [
    "decoder.mjs",
    "decode.mjs",
    "decode-manifest.mjs",
    "decode-model.mjs",
    "decode-released.mjs",
    "decode-network.mjs",
    "decode-served.mjs",
    "form.mjs",
    "records.mjs",
  ],
} as const;
export type LaunchScript = keyof typeof SCRIPT_FILES;

/** A file of `child/`. */
type ChildFile =
  | "enter.sh"
  | (typeof SCRIPT_FILES)[LaunchScript][number]
  | `${"bootstrap" | "globals" | "rows" | "shims" | "text"}.js`;

/** What to start. */
export interface LaunchRequest {
  readonly script: LaunchScript;
  /** Path of the engine's native file. */
  readonly addonFile: string;
  readonly argument?: string;
  readonly addressSpaceBytes: number;
  readonly cpuSeconds: number;
}

/** Open files of a job's process. */
const MAX_OPEN_FILES = 64;
/** Where a process finds its few files when it sees nothing else. */
const INSIDE = "/sluice";

/** Path of a file of `child/`, in the checkout and in the published package alike. */
export function childFile(name: ChildFile): string {
  return fileURLToPath(new URL(`../child/${name}`, import.meta.url));
}

/** A program to start. */
export interface LaunchCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** To be written to file descriptor `FILTER_FD`, then closed. */
  readonly filter: Bytes | undefined;
  readonly userId?: number;
  /** Reading end of the child's feed, which it inherits as `FEED_FD`. */
  readonly feedFd?: number | undefined;
  /** Whether the program tells on `PID_FD` which process does the work; else it is the started one. */
  readonly tellsPid?: boolean;
}

/** The user without files. */
export const NOBODY = 65_534;

/** File descriptor on which `bwrap` reads the system-call filter. */
const FILTER_FD = 3;
/** File descriptor on which `bwrap` tells the process id of what it has started. */
const PID_FD = 4;
/** File descriptor on which a child finds its feed, if it has one. */
export const FEED_FD = 5;

const MAX_INFO_CHARS = 4_096;
/** What `bwrap` tells on `PID_FD`. */
const PidInfo = z.object({ "child-pid": z.int().positive() });

/** The command that starts `request` behind `wrappers`. */
export function launchCommand(wrappers: Wrappers, request: LaunchRequest): LaunchCommand {
  const isInside = wrappers.bwrap !== undefined || wrappers.unshare !== undefined;
  const inside = isInside ? INSIDE : undefined;
  const node = inside === undefined ? process.execPath : `${inside}/node`;
  const addon = inside === undefined ? request.addonFile : `${inside}/engine.node`;
  const scripts = SCRIPT_FILES[request.script].map((name): [string, string] => {
    const file = childFile(name);
    return [file, inside === undefined ? file : `${inside}/${name}`];
  });
  const command = [node, "--no-warnings", "--disable-sigusr1"];
  if (request.script === "child" && !isolatesFitSnapshot()) command.push("--no-node-snapshot");
  if (request.script !== "probe") {
    command.push("--permission", ...scripts.map(([, path]) => `--allow-fs-read=${path}`));
  }
  if (request.script === "child") command.push("--allow-addons", `--allow-fs-read=${addon}`);
  command.push(scripts[0]?.[1] ?? "", ...argumentsOf(request, addon), ...ownerMark());
  const binds = [...wrappers.libraries.map((file): [string, string] => [file, file]), ...scripts];
  binds.push([process.execPath, node]);
  // A decoder has no engine.
  if (request.script !== "decoder") binds.push([request.addonFile, addon]);
  const limit = limitArguments(wrappers, request);
  const wrapped = wrap(wrappers, { binds, limit, command });
  const [program = node, ...args] = wrapped;
  const { userId } = wrappers;
  const filter = wrappers.bwrap === undefined ? undefined : wrappers.seccomp;
  return { program, args, filter, tellsPid: isInside, ...(userId !== undefined && { userId }) };
}

/** The limits of `request` as `prlimit` sets them for what follows. */
function limitArguments({ prlimit }: Wrappers, { addressSpaceBytes, cpuSeconds }: LaunchRequest): string[] {
  if (prlimit === undefined) return [];
  const limits = [`--as=${addressSpaceBytes}`, `--cpu=${cpuSeconds}`, `--nofile=${MAX_OPEN_FILES}`];
  return [prlimit, ...limits, "--core=0", "--fsize=0", "--"];
}

interface Unwrapped {
  readonly binds: [string, string][];
  readonly limit: string[];
  readonly command: string[];
}

function wrap(wrappers: Wrappers, { binds, limit, command }: Unwrapped): string[] {
  const { bwrap, unshare, libraries } = wrappers;
  if (bwrap !== undefined) return [...limit, bwrap, ...namespaceArguments(binds, wrappers), "--", ...command];
  if (unshare === undefined) return [...limit, ...command];
  const enterFile = childFile("enter.sh");
  return unshareCommand(unshare, { enterFile, binds, libraries, userId: NOBODY, limit, command });
}

function argumentsOf({ script, argument }: LaunchRequest, addon: string): string[] {
  if (script === "decoder") return [];
  return [argument ?? addon];
}

/** Whether isolates work in a Node that starts from its own snapshot, which halves its start. V8 shares the read-only
 *  part of the first snapshot with every later isolate; it is told so only where it was tried at length (ADR 25). */
function isolatesFitSnapshot(): boolean {
  return `${process.platform}-${process.arch}` === "linux-x64" && process.versions.modules === "137";
}

function namespaceArguments(binds: string[][], { libraries, seccomp }: Wrappers): string[] {
  const args = ["--unshare-all", "--die-with-parent", "--as-pid-1", "--new-session", "--cap-drop", "ALL"];
  args.push("--uid", String(NOBODY), "--gid", String(NOBODY), "--hostname", "sluice", "--clearenv");
  args.push("--setenv", "LD_LIBRARY_PATH", [...new Set(libraries.map((file) => dirname(file)))].join(delimiter));
  for (const [from = "", to = ""] of binds) args.push("--ro-bind", from, to);
  // A new /proc is writable where its files' owner is the real user; nothing in it is a job's to set.
  args.push("--proc", "/proc", "--remount-ro", "/proc", "--remount-ro", "/", "--chdir", "/");
  args.push("--info-fd", String(PID_FD));
  if (seccomp !== undefined) args.push("--seccomp", String(FILTER_FD));
  return args;
}

/** A process with both of its pipes. */
export type StartedProcess = ChildProcess & { stdin: Writable; stdout: Readable };

/** All of a child's environment outside of namespaces, where it would read the host's time zone. Inside there is neither. */
const CHILD_ENVIRONMENT = { TZ: "UTC" } as const;

/** Starts `command` with nothing of this process's environment. Its stderr goes nowhere: it may be written by a job. */
export function startProcess({
  program,
  args,
  filter,
  userId,
  feedFd,
  tellsPid = false,
}: LaunchCommand): StartedProcess {
  const stdio: ("pipe" | Cover)[] = ["pipe", "pipe", "ignore", ...inheritedCovers()];
  if (filter !== undefined || tellsPid) stdio[FILTER_FD] = "pipe";
  if (tellsPid) stdio[PID_FD] = "pipe";
  if (feedFd !== undefined) {
    while (stdio.length < FEED_FD) stdio.push("ignore");
    stdio[FEED_FD] = feedFd;
  }
  const child = spawn(program, args, {
    stdio,
    env: CHILD_ENVIRONMENT,
    cwd: "/",
    ...(userId !== undefined && { uid: userId, gid: userId }),
  });
  const filterPipe = child.stdio[FILTER_FD];
  if (filterPipe instanceof Writable) {
    filterPipe.on("error", () => {});
    filterPipe.end(filter ?? "");
  }
  return child as StartedProcess;
}

/** Process id of what does the work behind `child`'s wrappers, as this process counts; undefined when nothing was
 *  started. */
export async function workingPid(child: StartedProcess): Promise<number | undefined> {
  const pipe = child.stdio[PID_FD];
  if (!(pipe instanceof Readable)) return child.pid;
  let text = "";
  try {
    for await (const chunk of pipe) {
      text += String(chunk);
      if (text.length > MAX_INFO_CHARS) return undefined;
      // Not every wrapper closes it in all of its processes.
      if (text.includes("}")) break;
    }
    return PidInfo.parse(JSON.parse(text))["child-pid"];
  } catch {
    return undefined;
  }
}
