/** Who started a child, as text: by it a later process knows what a dead one left behind. A process id alone comes again;
 *  with the namespace it counts in and the moment the process started it does not.
 *  @module */
import { readFileSync, readlinkSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";

// <process namespace>.<process id>.<start, in ticks since the machine's>
const OWNER = /^(\d+)\.(\d+)\.(\d+)$/;
/** Place of the start among the fields of `/proc/<pid>/stat` that follow the name, which may hold anything. */
const START_FIELD = 19;

let own: string | undefined;

/** Last argument of a child and of what wraps it: whose it is. It tells a child nothing that it could use. */
const MARK = /\0sluice-owner=(\d+\.\d+\.\d+)\0$/;

/** The argument by which children of this process are known; none where the system does not tell processes apart. */
export function ownerMark(): string[] {
  const owner = thisOwner();
  return owner === undefined ? [] : [`sluice-owner=${owner}`];
}

/** Ends children whose owner has ended, as far as this user may: one that was killed in the very moment in which it
 *  started a child could not bind it to its own life. */
export async function endLeftChildren(): Promise<void> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  await Promise.all(
    pids.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      const [, owner] = MARK.exec(command) ?? [];
      if (owner === undefined || !hasEnded(owner)) return;
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended, or is another user's.
      }
    }),
  );
}

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
