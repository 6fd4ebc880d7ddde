/** The thread of one role: a worker file calls `serveRoles` with the roles that it can make, and is given one to run. Errors cross
 *  as codes and declared facts, as those of tasks do.
 *  @module */
import { SluiceError, type Bytes, type Session, type SessionStep } from "@sluice/protocol";
import { parentPort, workerData } from "node:worker_threads";
import { serveTasks, type TaskOutcome } from "../tasks.ts";

/** What a thread is given when it begins. */
export type RoleToMake = { readonly role: string; readonly input: unknown };
/** What a thread is asked, one step at a time. */
export type RoleRequest = { readonly frame?: Bytes };
/** What a thread says: once that its role is made, and then for each request. */
export type RoleReply = TaskOutcome;

/** Makes the role of this thread, and runs it as it is asked. Call it once, in the file of the thread.
 *  @param makers by the name of the role. They check their input: it crossed a boundary. */
export function serveRoles(makers: Readonly<Record<string, (input: unknown) => Promise<Session> | Session>>): void {
  const port = parentPort;
  if (port === null) throw new TypeError("roles run on a thread of their own");
  const { role, input } = workerData as RoleToMake;
  let session: Session | null = null;
  const held = (): Session => {
    if (session === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "role", name: role });
    return session;
  };
  const serve = serveTasks({
    make: async () => {
      const maker = Object.hasOwn(makers, role) ? makers[role] : undefined;
      session = (await maker?.(input)) ?? null;
      held();
    },
    step: (frame) => held().step(frame as Bytes | undefined),
  });
  port.on("message", ({ frame }: RoleRequest) => {
    void serve({ task: "step", input: frame }).then((reply) => port.postMessage(reply, buffersOf(reply)));
  });
  void serve({ task: "make", input: undefined }).then((reply) => port.postMessage(reply));
}

/** Frames go over without a copy, where they are all that is in their memory. */
function buffersOf(reply: TaskOutcome): ArrayBuffer[] {
  if (!reply.ok || typeof reply.value !== "object" || reply.value === null || !("send" in reply.value)) return [];
  const buffers = (reply.value as SessionStep).send.flatMap(({ buffer, byteLength }) =>
    buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [],
  );
  return [...new Set(buffers)];
}
