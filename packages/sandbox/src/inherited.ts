/** Descriptors that this process was given and would hand on: a child of it must get none but its pipes. Node closes
 *  those that it opened itself; those that came from whoever started it stay open in every program that it starts.
 *  @module */
import { openSync, readFileSync, readdirSync } from "node:fs";

/** First descriptor after stdin, stdout and stderr. */
const FIRST_FOREIGN_FD = 3;
/** `O_CLOEXEC` in the octal flags of `/proc/self/fdinfo`. */
const CLOSE_ON_EXEC = 0o2_000_000;

/** What stands in the place of a descriptor: one that leads nowhere, or "ignore", which leaves it as it is. */
export type Cover = number | "ignore";

let covers: readonly Cover[] | undefined;

/** For each descriptor from the fourth on: what a child gets in its place, so that none of this process's own stays open
 *  in it. Looked up once: what is opened later is closed by Node. */
export function inheritedCovers(): readonly Cover[] {
  if (covers !== undefined) return covers;
  const open = openOnExec().filter((fd) => fd >= FIRST_FOREIGN_FD);
  const nowhere = open.length === 0 ? -1 : openSync("/dev/null", "r+");
  const count = Math.max(0, ...open.map((fd) => fd - FIRST_FOREIGN_FD + 1));
  covers = Array.from({ length: count }, (_, i) => (open.includes(FIRST_FOREIGN_FD + i) ? nowhere : "ignore"));
  return covers;
}

function openOnExec(): number[] {
  try {
    return readdirSync("/proc/self/fd").map(Number).filter(staysOpen);
  } catch {
    // No such file system: no Linux, and no wrapper that would hand anything on to a job.
    return [];
  }
}

function staysOpen(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "0";
    return (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // The one that listed the directory is gone by now.
    return false;
  }
}
