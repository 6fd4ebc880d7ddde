/** What the system lets one child use, and how it is set from outside: a limit of the system is only ever lowered, which
 *  needs no privilege.
 *  @module */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { SealedJob } from "@sluice/protocol";
import type { GroupLimits } from "./child-group.ts";

/** Limits of one child. */
export interface ChildLimits {
  /** Heap of the isolate that is prepared in it; a job with large columns gets another. */
  readonly heapMebibytes: number;
  /** `RLIMIT_AS`. */
  readonly addressSpaceBytes: number;
  /** `RLIMIT_CPU`. */
  readonly cpuSeconds: number;
}

/** Address space of Node and the engine before a job has allocated anything, with room for threads. */
const BASE_ADDRESS_SPACE_BYTES = 2.2 * 2 ** 30;
/** Resident memory of Node and the engine, with what the kernel keeps for a process and its pipes. */
const BASE_MEMORY_BYTES = 160 * 2 ** 20;
/** Node's threads (its own, one for delays, four of the compiler and collector, four for files), two processes of bubblewrap,
 *  and as much again for those that end while others start. */
const BASE_TASKS = 24;
/** Processor time a run may use per wall time: the collector and the compiler have threads of their own. */
const CPU_PER_WALL = 2;
/** Columns up to this size are counted as this size, and above it as the next power of two, so that tables of about
 *  one size share their limits and a child that waits fits them. */
const LEAST_DATA_BYTES = 16 * 2 ** 20;

/** Limits of a child for a job with `dataBytes` of columns. */
export function childLimits(limits: SealedJob["limits"], dataBytes: number): ChildLimits {
  const countedBytes = Math.max(LEAST_DATA_BYTES, 2 ** Math.ceil(Math.log2(Math.max(dataBytes, 1))));
  return {
    // Columns and header count against the heap: a child's isolate is of this size, or is made anew in it.
    heapMebibytes: Math.ceil((limits.memoryLimitBytes + Math.max(dataBytes, 1)) / 2 ** 20),
    addressSpaceBytes: Math.ceil(BASE_ADDRESS_SPACE_BYTES + 2 * (countedBytes + limits.memoryLimitBytes)),
    cpuSeconds: Math.ceil((limits.wallTimeLimitMs * CPU_PER_WALL) / 1_000) + 2,
  };
}

/** Limits of the control group of a child with `limits`: as much memory as its address space allows beyond that of an idle
 *  child, and the threads of Node and of the engine, which starts as many as there are processors. */
export function groupLimits({ addressSpaceBytes }: ChildLimits): GroupLimits {
  return {
    memoryBytes: BASE_MEMORY_BYTES + Math.max(0, addressSpaceBytes - Math.ceil(BASE_ADDRESS_SPACE_BYTES)),
    tasks: BASE_TASKS + 2 * availableParallelism(),
  };
}

/** Whether a child with limits `a` is one with limits `b`. */
export function sameLimits(a: ChildLimits, b: ChildLimits): boolean {
  return a.heapMebibytes === b.heapMebibytes && canLower(a, b) && canLower(b, a);
}

/** Whether the system's limits `a` can be lowered to `b`. */
export function canLower(a: ChildLimits, b: ChildLimits): boolean {
  return a.addressSpaceBytes >= b.addressSpaceBytes && a.cpuSeconds >= b.cpuSeconds;
}

/** What sets limits of another process: a program, run as the user that the process runs as. */
export interface LimitSetter {
  readonly prlimit: string;
  readonly userId?: number | undefined;
}

/** Lowers the limits of the process `pid`, soft and hard. Whether the process has them then. */
export function lowerLimits(setter: LimitSetter, pid: number, limits: ChildLimits): Promise<boolean> {
  const { addressSpaceBytes, cpuSeconds } = limits;
  const wanted = [
    { option: "as", name: "Max address space", most: addressSpaceBytes },
    { option: "cpu", name: "Max cpu time", most: cpuSeconds },
  ];
  return setLimits(setter, pid, wanted);
}

/** Lowers the number of threads that the user of `pid` may have in its user namespace. Whether it holds then. */
export function limitThreads(setter: LimitSetter, pid: number, tasks: number): Promise<boolean> {
  return setLimits(setter, pid, [{ option: "nproc", name: "Max processes", most: tasks }]);
}

/** A limit: as `prlimit` calls it, as the kernel lists it. */
interface WantedLimit {
  readonly option: string;
  readonly name: string;
  readonly most: number;
}

function setLimits({ prlimit, userId }: LimitSetter, pid: number, wanted: readonly WantedLimit[]): Promise<boolean> {
  const args = ["--pid", String(pid), ...wanted.map(({ option, most }) => `--${option}=${most}`)];
  return new Promise((resolve) => {
    const child = spawn(prlimit, args, {
      stdio: "ignore",
      env: {},
      cwd: "/",
      ...(userId !== undefined && { uid: userId, gid: userId }),
    });
    child.on("error", () => resolve(false));
    child.on("exit", (code) => resolve(code === 0 && holdsLimits(pid, wanted)));
  });
}

/** Whether the kernel holds the process to `wanted` or less, soft and hard. */
async function holdsLimits(pid: number, wanted: readonly WantedLimit[]): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/limits`, "utf8").catch(() => "");
  return wanted.every(({ name, most }) => {
    const [, soft, hard] = new RegExp(`^${name} +(\\d+) +(\\d+) `, "m").exec(text) ?? [];
    return soft !== undefined && hard !== undefined && Number(soft) <= most && Number(hard) <= most;
  });
}
