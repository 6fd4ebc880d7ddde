/** Whether control groups hold here. Two processes are each moved into a group and then take more memory, or more threads,
 *  than it allows: both must end by it, and the kernel must say that this is why.
 *  @module */
import { once } from "node:events";
import { openGroups, type ChildGroups, type GroupEnd } from "./child-group.ts";
import { findGroupPlace } from "./group-place.ts";
import { launchCommand, startProcess, type Wrappers } from "./launch.ts";

const TRIAL_TIMEOUT_MS = 30_000;
/** A layer that is there is found, also on a busy machine: receipts name it, and a replay wants it again. */
const ATTEMPTS = 3;
/** Above what Node takes to start, below what `child/probe.mjs` takes then. */
const TRIAL_LIMITS = { memoryBytes: 128 * 2 ** 20, tasks: 48 };
const PLAIN: Wrappers = { libraries: [] };

let opened: ChildGroups | undefined;

/** Groups for the children of this process, or undefined where none can be made or they do not hold. Tried once: what held
 *  for this process holds as long as it stays in its group. */
export async function probeGroups(): Promise<ChildGroups | undefined> {
  if (opened !== undefined) return opened;
  const place = await findGroupPlace();
  if (place === undefined) return undefined;
  for (let attempt = 0; attempt < ATTEMPTS && opened === undefined; attempt++) {
    try {
      const groups = await openGroups(place);
      if (await holds(groups)) opened = groups;
      await groups.close();
    } catch {
      // Tried again: on a busy machine a process may end before it is moved.
    }
  }
  return opened;
}

/** Both trials end as they must. @throws as `trial` does */
async function holds(groups: ChildGroups): Promise<boolean> {
  const [memory, threads] = await Promise.all([trial(groups, "memory"), trial(groups, "threads")]);
  return memory.outOfMemory && threads.outOfTasks && !memory.outOfTasks && !threads.outOfMemory;
}

/** @throws when the process got what it wanted, or could not be held. */
async function trial(groups: ChildGroups, argument: "memory" | "threads"): Promise<GroupEnd> {
  const group = await groups.open(TRIAL_LIMITS);
  const resources = { addressSpaceBytes: 0, cpuSeconds: 0 };
  const child = startProcess(launchCommand(PLAIN, { script: "probe", addonFile: "", argument, ...resources }));
  const closed = once(child, "close");
  const timer = setTimeout(() => child.kill("SIGKILL"), TRIAL_TIMEOUT_MS);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stdin.on("error", () => {});
  try {
    await group.add(child.pid ?? 0);
    child.stdin.end(Uint8Array.of(0));
    await closed;
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
    await group.end();
  }
  if (text !== "") throw new Error("a control group does not hold");
  return await group.end();
}
