/** The worker side of a task pool: a worker file's default export answers named tasks with plain data.
 *  Errors cross the thread boundary as code and declared facts; the message of an unexpected error stays behind,
 *  because it may hold a value of data.
 *  @module */
import { SluiceError, type ErrorCode, type ErrorDetails } from "@sluice/protocol";

/** One task as the pool posts it. */
export type TaskMessage = { task: string; input: unknown };

/** What a worker answers. `frames` is the stack of an unexpected error without its message. */
export type TaskOutcome =
  | { ok: true; value: unknown }
  | { ok: false; code: ErrorCode; details: ErrorDetails; name: string; frames: string };

/** Functions of a worker by task name. They check their input: it crossed a boundary. */
export type TaskHandlers = Readonly<Record<string, (input: unknown) => unknown>>;

/** The default export of a worker file: `export default serveTasks({ "oprf.evaluate": evaluate })`. */
export function serveTasks(handlers: TaskHandlers): (message: TaskMessage) => Promise<TaskOutcome> {
  return async ({ task, input }) => {
    try {
      const handler = Object.hasOwn(handlers, task) ? handlers[task] : undefined;
      if (handler === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "task", name: task });
      return { ok: true, value: await handler(input) };
    } catch (error) {
      return outcomeOf(error, task);
    }
  };
}

/** Frees what a task was sent, which is this thread's alone, when the task is done with it. Left to the collector, megabytes of each
 *  request have it run as often as every thirty requests. */
export function letGo(input: Uint8Array): void {
  if (input.buffer instanceof ArrayBuffer) input.buffer.transfer(0);
}

/** An error that tells where something failed, not what it said. */
export function withoutMessage(failure: unknown): Error {
  const { name, frames } = isFailure(failure) ? failure : describe(failure);
  const bare = new Error("the message is withheld");
  bare.name = name;
  bare.stack = `${name}: the message is withheld\n${frames}`;
  return bare;
}

function outcomeOf(error: unknown, task: string): TaskOutcome {
  if (error instanceof SluiceError) return { ok: false, code: error.code, details: error.details, ...describe(error) };
  return { ok: false, code: "ERR_INTERNAL", details: { reference: task }, ...describe(error) };
}

function isFailure(value: unknown): value is Extract<TaskOutcome, { ok: false }> {
  return typeof value === "object" && value !== null && "frames" in value;
}

function describe(error: unknown): { name: string; frames: string } {
  if (error instanceof Error) {
    const lines = error.stack?.split("\n") ?? [];
    return { name: error.name, frames: lines.filter((line) => /^ {4}at /.test(line)).join("\n") };
  }
  return { name: typeof error, frames: "" };
}
