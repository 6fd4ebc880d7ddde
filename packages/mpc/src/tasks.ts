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

function outcomeOf(error: unknown, task: string): TaskOutcome {
  const name = error instanceof Error ? error.name : typeof error;
  const frames = error instanceof Error ? stackFrames(error) : "";
  if (error instanceof SluiceError) return { ok: false, code: error.code, details: error.details, name, frames };
  return { ok: false, code: "ERR_INTERNAL", details: { reference: task }, name, frames };
}

function stackFrames(error: Error): string {
  const lines = error.stack?.split("\n") ?? [];
  return lines.filter((line) => /^ {4}at /.test(line)).join("\n");
}
