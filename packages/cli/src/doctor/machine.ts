/** Facts of the machine, read by probes that tests replace.
 *  @module */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { statfs } from "node:fs/promises";
import { promisify } from "node:util";

/** What the checks ask of the machine. */
export interface Machine {
  readonly nodeVersion: string;
  readonly platform: string;
  readonly architecture: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): Date;
  /** Memory that this process may use. */
  memoryBytes(): number;
  /** Soft limit of open files; undefined when there is none or it cannot be known. */
  openFilesLimit(): number | undefined;
  freeBytes(directory: string): Promise<number>;
  /** Whether the clock is synchronised; undefined when that cannot be known. */
  isClockSynchronised(): Promise<boolean | undefined>;
  /** User namespaces that this user may have; undefined where the system does not tell. */
  maxUserNamespaces(): Promise<number | undefined>;
  /** Swap devices and files in use; undefined where the system does not tell. */
  swapSpaces(): Promise<number | undefined>;
  fetch(url: string, signal: AbortSignal): Promise<Response>;
}

const PROGRAM_TIMEOUT_MS = 3_000;
const NAMESPACE_LIMITS = [
  "/proc/sys/user/max_user_namespaces",
  "/proc/sys/kernel/unprivileged_userns_clone", // Debian's own switch
] as const;

/** The machine that this process runs on. */
export function thisMachine(env: Machine["env"]): Machine {
  return {
    nodeVersion: process.versions.node,
    platform: process.platform,
    architecture: process.arch,
    env,
    now: () => new Date(),
    memoryBytes: () => Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY),
    openFilesLimit,
    async freeBytes(directory) {
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
    isClockSynchronised,
    async maxUserNamespaces() {
      const limits = await Promise.all(NAMESPACE_LIMITS.map(readNumber));
      const known = limits.filter((limit) => limit !== undefined);
      return known.length === 0 ? undefined : Math.min(...known);
    },
    swapSpaces,
    fetch: (url, signal) => fetch(url, { signal, redirect: "error" }),
  };
}

function openFilesLimit(): number | undefined {
  const report: unknown = process.report.getReport();
  if (typeof report !== "object" || report === null || !("userLimits" in report)) return undefined;
  const limits = report.userLimits;
  if (typeof limits !== "object" || limits === null || !("open_files" in limits)) return undefined;
  const files = limits.open_files;
  if (typeof files !== "object" || files === null || !("soft" in files)) return undefined;
  return typeof files.soft === "number" ? files.soft : undefined;
}

async function isClockSynchronised(): Promise<boolean | undefined> {
  try {
    const run = promisify(execFile);
    const { stdout } = await run("timedatectl", ["show", "--property=NTPSynchronized", "--value"], {
      timeout: PROGRAM_TIMEOUT_MS,
    });
    return { yes: true, no: false }[stdout.trim()];
  } catch {
    return undefined;
  }
}

/** Lines of the table after its head. */
async function swapSpaces(): Promise<number | undefined> {
  try {
    return (await readFile("/proc/swaps", "utf8")).trim().split("\n").length - 1;
  } catch {
    return undefined;
  }
}

async function readNumber(file: string): Promise<number | undefined> {
  try {
    const value = Number((await readFile(file, "utf8")).trim());
    return Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
