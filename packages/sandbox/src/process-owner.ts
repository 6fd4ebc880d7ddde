/** Who started a child, as text: by it a later process knows what a dead one left behind. A process id alone comes again;
 *  with the namespace it counts in and the moment the process started it does not.
 *  @module */
import { readFileSync, readlinkSync } from "node:fs";

// <process namespace>.<process id>.<start, in ticks since the machine's>
const OWNER = /^(\d+)\.(\d+)\.(\d+)$/;
/** Place of the start among the fields of `/proc/<pid>/stat` that follow the name, which may hold anything. */
const START_FIELD = 19;

let own: string | undefined;

/** This process, or undefined where the system does not tell. */
export function thisOwner(): string | undefined {
  const namespace = processNamespace();
  const start = startOf(process.pid);
  own ??= namespace === undefined || start === undefined ? undefined : `${namespace}.${process.pid}.${start}`;
  return own;
}

/** Whether `owner` has surely ended: a process that counts as this one does, of which nothing is left. */
export function hasEnded(owner: string): boolean {
  const [, namespace, id, start] = OWNER.exec(owner) ?? [];
  if (id === undefined || namespace !== processNamespace()) return false;
  const found = startOf(Number(id));
  if (found !== undefined) return found !== start;
  try {
    process.kill(Number(id), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function processNamespace(): string | undefined {
  try {
    return /^pid:\[(\d+)\]$/.exec(readlinkSync("/proc/self/ns/pid"))?.[1];
  } catch {
    return undefined;
  }
}

function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[START_FIELD];
  } catch {
    return undefined;
  }
}
