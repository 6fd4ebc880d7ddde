/** Whether the threads of a child can be counted without a control group: by `RLIMIT_NPROC`, which since Linux 5.14 counts
 *  those of one user in one user namespace, and so those of one child. Before, it counts all that the user has anywhere; and
 *  it never holds the user 0.
 *  @module */
import { once } from "node:events";
import { release } from "node:os";
import { limitThreads, type LimitSetter } from "./child-limits.ts";
import { launchCommand, startProcess, workingPid, type Wrappers } from "./launch.ts";

const TRIAL_TIMEOUT_MS = 30_000;
const TRIAL_ADDRESS_SPACE_BYTES = 4 * 2 ** 30;
/** Above what Node takes to start, below what `child/probe.mjs` takes then. */
const TRIAL_TASKS = 48;
/** Above both. */
const MANY_TASKS = 512;
const FIRST_KERNEL = [5, 14] as const;

/** Means of counting the threads of a child behind `wrappers`, or undefined where they do not hold it. */
export async function probeThreadLimit(wrappers: Wrappers): Promise<LimitSetter | undefined> {
  const { prlimit, userId } = wrappers;
  const isRoot = (userId ?? process.getuid?.()) === 0;
  if (
    prlimit === undefined ||
    (wrappers.bwrap ?? wrappers.unshare) === undefined ||
    isRoot ||
    !countsByNamespace(release())
  )
    return undefined;
  const setter = { prlimit, userId };
  const [few, many] = await Promise.all([TRIAL_TASKS, MANY_TASKS].map((tasks) => getsThreads(wrappers, setter, tasks)));
  return few === false && many === true ? setter : undefined;
}

/** Whether a kernel counts threads by user namespace, by its release. */
export function countsByNamespace(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  return major > FIRST_KERNEL[0] || (major === FIRST_KERNEL[0] && minor >= FIRST_KERNEL[1]);
}

/** Whether a child gets the threads that it wants when `tasks` are allowed; undefined when it could not be tried. */
async function getsThreads(wrappers: Wrappers, setter: LimitSetter, tasks: number): Promise<boolean | undefined> {
  const resources = { addressSpaceBytes: TRIAL_ADDRESS_SPACE_BYTES, cpuSeconds: 10 };
  const request = { script: "probe", addonFile: process.execPath, argument: "threads", ...resources } as const;
  const child = startProcess(launchCommand(wrappers, request));
  const closed = once(child, "close").catch(() => undefined);
  const timer = setTimeout(() => child.kill("SIGKILL"), TRIAL_TIMEOUT_MS);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stdin.on("error", () => {});
  try {
    const pid = await workingPid(child);
    if (pid === undefined || !(await limitThreads(setter, pid, tasks))) return undefined;
    child.stdin.end(Uint8Array.of(0));
    await closed;
    return text === "taken";
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
}
