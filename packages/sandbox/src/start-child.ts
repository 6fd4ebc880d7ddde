/** The start of a single-use child: until it says that it is ready, nothing of a job is in it. What it is then sent, and
 *  what it answers, is for whoever claims it.
 *
 *  Every script that is started so reads its preparation from stdin, writes one `ready` frame and waits for its input.
 *  @module */
import { SluiceError, type Bytes } from "@sluice/protocol";
import type { Feed } from "./feeds.ts";
import { FrameReader } from "./frames.ts";
import { startProcess, workingPid, type LaunchCommand, type StartedProcess } from "./launch.ts";

/** Longest wait for a child's first frame. */
const START_TIMEOUT_MS = 15_000;

/** Longest wait for the process id of a child that is to be ended while it starts. */
const PID_TIMEOUT_MS = 2_000;

/** What holds a child from outside, from its start to its end. */
export interface ChildHold {
  /** Takes hold of one of its processes; of the one that does the work, when it is in its namespaces. @throws SluiceError when that cannot be; then the child is not used. */
  take(pid: number, isWorking: boolean): Promise<void>;
  /** Called once, when its outermost process has ended. */
  end(): Promise<ChildEnd>;
}

/** How a child ended, by the kernel's word. */
export interface ChildEnd {
  /** Whether it was ended because it wanted more memory. */
  readonly outOfMemory: boolean;
}

/** A child that waits for its input. */
export interface ReadyChild {
  /** The outermost of its processes: its death is the death of all. */
  readonly process: StartedProcess;
  /** The process that will do the work, as this process counts; undefined when no wrapper told it. */
  readonly pid: number | undefined;
  /** Its own pipe for a job's columns; closed when it has exited. */
  readonly feed?: Feed | undefined;
  /** Whether Node's permission model holds in it, by its own word. */
  readonly permission: boolean;
  /** Settle when it has exited, and when its pipes are closed too. */
  readonly exited: Promise<void>;
  readonly closed: Promise<void>;
  /** Settles after `exited`. */
  readonly ended: Promise<ChildEnd>;
}

/** Starts a child and waits until it is ready.
 *  @throws ERR_SANDBOX_START, ERR_CANCELLED; then the child is gone. */
export async function startChild(
  command: LaunchCommand,
  preparation: readonly Bytes[],
  signal?: AbortSignal,
  hold: ChildHold = NO_HOLD,
): Promise<ReadyChild> {
  if (signal?.aborted === true) {
    await hold.end();
    throw new SluiceError("ERR_CANCELLED", {});
  }
  const child = startProcess(command);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const ended = exited.then(() => hold.end());
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  child.stdin.on("error", () => {});
  child.stdout.on("error", () => {});
  const pid = workingPid(child);
  const held = takeHold(hold, child, pid);
  // Looked at when the child is ready.
  held.catch(() => {});
  for (const part of preparation) child.stdin.write(part);
  let timer: NodeJS.Timeout | undefined;
  const stop = Promise.withResolvers<"late" | "cancelled">();
  const cancel = () => stop.resolve("cancelled");
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    timer = setTimeout(() => stop.resolve("late"), START_TIMEOUT_MS);
    const ready = await Promise.race([firstFrame(child), closed, stop.promise]);
    if (ready === "cancelled") throw new SluiceError("ERR_CANCELLED", {});
    if (typeof ready !== "object") throw new SluiceError("ERR_SANDBOX_START");
    await held;
    return { process: child, pid: await pid, permission: ready.permission, exited, closed, ended };
  } catch (error) {
    await endStarting({ process: child, exited }, pid);
    await ended;
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}

const NO_HOLD: ChildHold = { take: () => Promise.resolve(), end: () => Promise.resolve({ outOfMemory: false }) };

/** The outermost process at once, so that what it starts is held too; what it had started by then, when it is known. */
async function takeHold(hold: ChildHold, child: StartedProcess, working: Promise<number | undefined>): Promise<void> {
  if (child.pid !== undefined) await hold.take(child.pid, false);
  const inner = await working;
  if (inner === undefined) throw new SluiceError("ERR_SANDBOX_START");
  await hold.take(inner, true);
}

/** Ends a child while it starts. bubblewrap's inner process waits for the outer one before it is bound to its life: killing
 *  the outer one alone could leave it behind, so it is waited for and killed by its own id. */
async function endStarting(
  starting: Pick<ReadyChild, "process" | "exited">,
  pid: Promise<number | undefined>,
): Promise<void> {
  const { process: child, exited } = starting;
  const timer = Promise.withResolvers<undefined>();
  const late = setTimeout(() => timer.resolve(undefined), PID_TIMEOUT_MS);
  const inner = await Promise.race([pid, exited.then(() => undefined), timer.promise]);
  clearTimeout(late);
  child.kill("SIGKILL");
  try {
    if (inner !== undefined) process.kill(inner, "SIGKILL");
  } catch {
    // It ended with the outer one.
  }
  await killChild(starting);
}

/** Ends a child that is not needed. */
export async function killChild(child: Pick<ReadyChild, "process" | "exited">): Promise<void> {
  child.process.stdout.destroy();
  child.process.stdin.destroy();
  child.process.kill("SIGKILL");
  await child.exited;
}

/** What the child says first, or "wrong" when that is not that it is ready; what follows it stays in the pipe. */
function firstFrame({ stdout }: StartedProcess): Promise<{ permission: boolean } | "wrong"> {
  const reader = new FrameReader();
  return new Promise((resolve) => {
    const read = (chunk: Bytes): void => {
      try {
        for (const frame of reader.push(chunk)) {
          stdout.off("data", read);
          stdout.pause();
          const rest = reader.unread();
          if (rest.length > 0) stdout.unshift(rest);
          return resolve(frame.kind === "ready" ? { permission: frame.body[0] === 1 } : "wrong");
        }
      } catch {
        resolve("wrong");
      }
    };
    stdout.on("data", read);
  });
}
