/** The task pool under load, cancellation and dying threads. @module */
import { SluiceError, type TaskPool } from "@sluice/protocol";
import { inspect } from "node:util";
import { afterEach, expect, test } from "vitest";
import { createTaskPool } from "../src/pool.ts";

const workerFile = new URL("./pool-worker.ts", import.meta.url);
const open: TaskPool[] = [];

function pool(
  options: { maxThreads?: number; maxQueue?: number; workerFile?: URL; heapLimitBytes?: number } = {},
): TaskPool {
  const made = createTaskPool({ workerFile, maxThreads: 1, ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((made) => made.close()));
});

/** A task that holds its thread until it is released. */
function gate(of: TaskPool, signal?: AbortSignal) {
  const shared = new SharedArrayBuffer(8);
  const words = new Int32Array(shared);
  return {
    done: of.run<string>("wait", shared, signal === undefined ? {} : { signal }),
    started: () => Atomics.waitAsync(words, 0, 0).value,
    release: () => {
      Atomics.store(words, 1, 1);
      Atomics.notify(words, 1);
    },
  };
}

test("a task's result comes back as plain data, and buffers can be handed over", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const result = await pool().run<Uint8Array>("echo", bytes, { transfer: [bytes.buffer] });
  expect(result).toEqual(Uint8Array.of(1, 2, 3));
  expect(bytes).toHaveLength(0);
});

test("a refusal keeps its code and its facts across the thread", async () => {
  await expect(pool().run("refuse", null, {})).rejects.toSatisfy(
    (error) =>
      error instanceof SluiceError && error.code === "ERR_LOOKUP_TABLE" && error.details["reason"] === "because",
  );
});

test("an unexpected error tells where it failed and not what it said", async () => {
  const failed = pool().run("fail", "11010119900101001X", {});
  await expect(failed).rejects.toMatchObject({ code: "ERR_INTERNAL", details: { reference: "fail" } });
  const error = await failed.catch((caught: unknown) => caught);
  expect(inspect(error, { depth: 5 })).not.toContain("1101011990");
  expect(inspect(error, { depth: 5 })).toContain("pool-worker.ts");
});

test("an unknown task is refused, also one named like a member of every object", async () => {
  for (const task of ["unknown", "constructor", "__proto__"]) {
    await expect(pool().run(task, null, {})).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  }
});

test("input that cannot be cloned fails its task only", async () => {
  const one = pool();
  await expect(one.run("echo", () => 1, {})).rejects.toMatchObject({ code: "ERR_POOL_WORKER" });
  expect(await one.run("echo", 1, {})).toBe(1);
});

test("a full queue refuses the next task and takes one again when there is room", async () => {
  const one = pool({ maxQueue: 1 });
  const first = gate(one);
  await first.started();
  const waiting = one.run("echo", 2, {});
  await expect(one.run("echo", 3, {})).rejects.toMatchObject({ code: "ERR_POOL_FULL", details: { maxQueue: 1 } });
  await expect(one.run("echo", 3, { signal: new AbortController().signal })).rejects.toMatchObject({
    code: "ERR_POOL_FULL",
  });
  first.release();
  expect(await first.done).toBe("released");
  expect(await waiting).toBe(2);
  expect(await one.run("echo", 4, {})).toBe(4);
});

test("cancelling a running task ends it and frees its thread", async () => {
  const one = pool();
  const controller = new AbortController();
  const stuck = gate(one, controller.signal);
  await stuck.started();
  const waiting = one.run("echo", 5, {});
  controller.abort();
  await expect(stuck.done).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  expect(await waiting).toBe(5);
});

test("cancelling a waiting task leaves the others alone", async () => {
  const one = pool();
  const first = gate(one);
  await first.started();
  const controller = new AbortController();
  const cancelled = one.run("echo", 6, { signal: controller.signal });
  const kept = one.run("echo", 7, {});
  controller.abort();
  await expect(cancelled).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  first.release();
  await first.done;
  expect(await kept).toBe(7);
});

test("a task whose signal is already aborted never starts", async () => {
  await expect(pool().run("echo", 8, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});

test("a worker that dies fails its task, and the tasks behind it still run", async () => {
  const one = pool();
  const dying = one.run("exit", null, {});
  const behind = one.run("echo", 9, {});
  await expect(dying).rejects.toMatchObject({ code: "ERR_POOL_WORKER", details: { task: "exit" } });
  expect(await behind).toBe(9);
});

test("a thread that runs out of heap, or fails outside its task, fails that task only and is replaced", async () => {
  const one = pool({ heapLimitBytes: 32 * 2 ** 20 });
  let before = await one.run<{ thread: number }>("warm", null, {});
  for (const task of ["fill", "strayError", "strayRejection"]) {
    const dying = one.run(task, null, {}).catch((caught: unknown) => caught);
    const behind = one.run<{ thread: number; tasksSeen: number }>("warm", null, {});
    const error = await dying;
    expect(error).toMatchObject({ code: "ERR_POOL_WORKER", details: { task } });
    expect(inspect(error, { depth: 5 })).not.toContain("1101011990");
    const after = await behind;
    expect(after.thread).not.toBe(before.thread);
    expect(after.tasksSeen).toBe(1);
    before = after;
  }
});

test("a dying thread leaves the task of another thread alone", async () => {
  const two = pool({ maxThreads: 2 });
  const held = gate(two);
  await held.started();
  await expect(two.run("exit", null, {})).rejects.toMatchObject({ code: "ERR_POOL_WORKER" });
  held.release();
  expect(await held.done).toBe("released");
});

test("what a thread keeps is there for its next task, and gone with the thread", async () => {
  const one = pool();
  const seen = async () => (await one.run<{ tasksSeen: number }>("warm", null, {})).tasksSeen;
  expect(await seen()).toBe(1);
  expect(await seen()).toBe(2);
  await expect(one.run("refuse", null, {})).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
  expect(await seen()).toBe(3);
  await expect(one.run("exit", null, {})).rejects.toMatchObject({ code: "ERR_POOL_WORKER" });
  expect(await seen()).toBe(1);
});

test("shared memory reaches a thread without a copy, and a refused task keeps the buffers it would have given", async () => {
  const one = pool({ maxQueue: 0 });
  const first = gate(one);
  await first.started();
  const bytes = Uint8Array.of(1, 2, 3);
  await expect(one.run("echo", bytes, { transfer: [bytes.buffer] })).rejects.toMatchObject({ code: "ERR_POOL_FULL" });
  expect(bytes).toHaveLength(3);
  first.release();
  expect(await first.done).toBe("released");
});

test("a worker file that cannot be loaded fails every task, early and late", async () => {
  const broken = pool({ workerFile: new URL("./broken-worker.ts", import.meta.url) });
  for (let i = 0; i < 3; i++) {
    const error = await broken.run("echo", i, {}).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "ERR_POOL_WORKER" });
    expect(inspect(error, { depth: 5 })).not.toContain("never loads");
  }
});

test("closing cancels what runs and what waits, and nothing starts afterwards", async () => {
  const one = pool();
  const first = gate(one);
  await first.started();
  const outcomes = Promise.allSettled([first.done, one.run("echo", 10, {})]);
  await one.close();
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: "ERR_CANCELLED" } });
  await expect(one.run("echo", 11, {})).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});
