/** Roles on threads of their own: as they are elsewhere, whatever becomes of the thread. @module */
import { isSluiceError, SESSION_ID_BYTES } from "@sluice/protocol";
import { expect, test } from "vitest";
import { postSession } from "../src/session/http-session.ts";
import { SessionHost } from "../src/session/session-host.ts";
import { threadedRole, type ThreadedRole } from "../src/session/threaded-session.ts";
import { BlocksRole, digestOf, type BlocksPlan } from "./session-blocks.ts";

const workerFile = new URL("./session-threads.ts", import.meta.url);
const PLAN: BlocksPlan = { asked: 20, answered: 11, blockBytes: 300 };
const NEVER = new AbortController().signal;

const roleOf = (role: string, signal = NEVER): Promise<ThreadedRole> =>
  threadedRole({ workerFile, role, input: PLAN }, signal);

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => null,
    (error: unknown) => error,
  );
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await errorOf(work);
  return isSluiceError(error) ? error.code : String(error);
}

test("a role on a thread gives what it gives elsewhere", async () => {
  const { role, close } = await roleOf("blocks");
  const host = new SessionHost({ maxSessions: 1, maxPerGroup: 1 });
  const id = new Uint8Array(SESSION_ID_BYTES);
  const asked = host.run({ id, role, group: "one" });
  expect(await postSession(new BlocksRole(0, PLAN), { id, post: (packet) => host.answer(packet, NEVER) })).toBe(
    digestOf(PLAN),
  );
  expect(await asked).toBe(digestOf(PLAN));
  await close();
  host.close();
  expect(await codeOf(role.step())).toBe("ERR_CANCELLED");
});

test("what a role refuses crosses as its code, a fault without its words, and a thread that dies is a fault of the machine", async () => {
  const codes: Record<string, string> = {
    refusing: "ERR_PSI_SET_TOO_LARGE",
    faulty: "ERR_INTERNAL",
    dying: "ERR_POOL_WORKER",
  };
  for (const [name, code] of Object.entries(codes)) {
    const { role, close } = await roleOf(name);
    const error = await errorOf(role.step());
    expect([name, isSluiceError(error) && error.code]).toEqual([name, code]);
    expect(JSON.stringify([error, String(error), (error as Error).cause])).not.toContain("a value of data");
    await close();
  }
  expect(await codeOf(roleOf("unmade"))).toBe("ERR_OPRF_INPUT");
  expect(await codeOf(roleOf("unknown"))).toBe("ERR_NOT_FOUND");
  const nowhere = threadedRole(
    { workerFile: new URL("./nowhere.ts", import.meta.url), role: "blocks", input: PLAN },
    NEVER,
  );
  expect(await codeOf(nowhere)).toBe("ERR_POOL_WORKER");
});

test("cancelling ends a step that never would, and the thread with it", async () => {
  const cancel = new AbortController();
  const { role, close } = await roleOf("endless", cancel.signal);
  const step = codeOf(role.step());
  cancel.abort();
  expect(await step).toBe("ERR_CANCELLED");
  await close();
  expect(await codeOf(roleOf("blocks", cancel.signal))).toBe("ERR_CANCELLED");
});
