/** A worker's hop and routes against whatever may arrive: codes, sessions, replays, sizes, deadlines, refusals. @module */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { SluiceError, type Problem } from "@sluice/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ANSWER_CODE_HEADER } from "@sluice/mpc/remote/server";
import { partitionChunks } from "@sluice/mpc/remote/client";
import { encodeTaskRequest, MAX_TASK_BYTES } from "../../mpc/src/remote/task-frame.ts";
import { MAX_IDLE_MS } from "../src/worker/partition-store.ts";
import {
  closeAll,
  isTask,
  linkTo,
  newQuery,
  parameters,
  rows,
  send,
  sessionOf,
  startWorker,
} from "./lookup-workers-fixture.ts";

let worker: Awaited<ReturnType<typeof startWorker>>;
let session: string;
let partition: Uint8Array<ArrayBuffer>;
let hash: string;

beforeEach(async () => {
  worker = await startWorker();
  session = await sessionOf(worker);
  const chunks: Uint8Array[] = [];
  for await (const chunk of partitionChunks(parameters, rows, { from: 1, to: 3 })) chunks.push(chunk);
  partition = new Uint8Array(Buffer.concat(chunks));
  hash = createHash("sha256").update(partition).digest("hex");
});
afterEach(closeAll);

const put = (body = partition, path = `/v1/partitions/${hash}`) => send(worker, { method: "PUT", path, session, body });
const task = (name: string, header: Uint8Array, ...parts: Uint8Array[]) =>
  new Uint8Array(encodeTaskRequest({ task: name, header, parts }));
const ask = (body: Uint8Array<ArrayBuffer>) => send(worker, { method: "POST", path: "/v1/tasks", session, body });
const codeOf = async (answer: Response) => ((await answer.json()) as Problem).code;
const question = () => task("pir.partition", Buffer.from(hash, "hex"), new Uint8Array(newQuery().buffer));

test("a partition is taken under its hash, told of, asked, and dropped", async () => {
  const path = `/v1/partitions/${hash}`;
  expect(await codeOf(await send(worker, { method: "GET", path, session }))).toBe("ERR_PARTITION_UNKNOWN");
  expect((await put()).status).toBe(200);
  expect((await send(worker, { method: "GET", path, session })).status).toBe(200);
  expect((await ask(question())).status).toBe(200);
  expect((await send(worker, { method: "DELETE", path, session })).status).toBe(200);
  expect(await codeOf(await ask(question()))).toBe("ERR_PARTITION_UNKNOWN");
});

test("without the secret nothing is read, nothing is done, and nothing is signed", async () => {
  for (const code of ["00".repeat(32), "zz"]) {
    const answer = await send(worker, {
      method: "PUT",
      path: `/v1/partitions/${hash}`,
      session,
      body: partition,
      code,
    });
    expect([answer.status, await codeOf(answer)]).toEqual([401, "ERR_WORKER_AUTH"]);
    expect(answer.headers.get(ANSWER_CODE_HEADER)).toBeNull();
  }
  for (const path of ["/v1/session", "/v1/tasks", "/openapi.json", "/%"]) {
    const answer = await fetch(worker.url + path);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers.get(ANSWER_CODE_HEADER)).toBeNull();
  }
  expect(worker.partitions.load()).toEqual({ partitions: 0, sizeBytes: 0 });
});

test("a request that was heard counts once, in its session only", async () => {
  let heard: RequestInit | undefined;
  const listening: typeof fetch = async (input, init) => {
    if (isTask(input)) {
      const body = new Uint8Array(await new Response(init?.body).arrayBuffer());
      heard = { method: "POST", headers: init?.headers ?? {}, body };
      return await fetch(input, heard);
    }
    return await fetch(input, init);
  };
  await put();
  const link = linkTo(worker, { fetch: listening });
  await link.run("pir.partition", { partition: hash, query: newQuery() }, { deadlineMs: 1_000 });
  expect(worker.pool.tasks).toHaveLength(1);
  expect(await codeOf(await fetch(`${worker.url}/v1/tasks`, heard))).toBe("ERR_REPLAY");
  const { port } = new URL(worker.url);
  await worker.close();
  const restarted = await startWorker({ port: Number(port) });
  const again = () => fetch(`${restarted.url}/v1/tasks`, heard);
  // A connection to the first process fails before anything is sent.
  expect(await codeOf(await again().catch(again))).toBe("ERR_WORKER_SESSION");
  expect([worker, restarted].map(({ pool }) => pool.tasks.length)).toEqual([1, 0]);
});

test("a body that is not the announced one is refused, and no partition of it stays", async () => {
  const altered = partition.slice();
  altered[100] = (altered[100] ?? 0) ^ 1;
  const path = `/v1/partitions/${hash}`;
  const wrong = [
    put(altered),
    send(worker, { method: "PUT", path, session, body: altered, digest: hash }),
    send(worker, { method: "PUT", path, session, body: partition.slice(0, -1), digest: hash }),
    send(worker, { method: "PUT", path, session, body: partition, digest: hash, length: partition.length - 1 }),
    send(worker, { method: "PUT", path, session, body: partition, digest: hash, length: partition.length + 1 }),
    send(worker, { method: "POST", path: "/v1/tasks", session, body: question(), digest: hash }),
  ];
  for (const answer of await Promise.all(wrong)) {
    expect(["ERR_BODY_DIGEST", "ERR_FRAME_MALFORMED"]).toContain(await codeOf(answer));
    expect(answer.headers.get(ANSWER_CODE_HEADER)).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(worker.partitions.load()).toEqual({ partitions: 0, sizeBytes: 0 });
  expect(worker.pool.tasks).toHaveLength(0);
});

test("an oversize body is refused by what it announces, before a byte of it is sent", async () => {
  const announced = { method: "POST", path: "/v1/tasks", session, length: MAX_TASK_BYTES + 1 };
  expect(await codeOf(await send(worker, announced))).toBe("ERR_FRAME_TOO_LARGE");
  const large = { method: "PUT", path: `/v1/partitions/${hash}`, session, digest: hash, length: 2 ** 31 };
  expect(await codeOf(await send(worker, large))).toBe("ERR_FRAME_TOO_LARGE");
});

test("the partition asked for longest ago makes room, and memory stays within its bound", async () => {
  const limit = partition.length + 10;
  worker = await startWorker({ maxBytes: limit });
  session = await sessionOf(worker);
  await put();
  const other = partition.slice();
  other[200] = (other[200] ?? 0) ^ 1;
  const otherHash = createHash("sha256").update(other).digest("hex");
  expect((await put(other, `/v1/partitions/${otherHash}`)).status).toBe(200);
  expect(worker.partitions.load()).toEqual({ partitions: 1, sizeBytes: partition.length });
  expect(await codeOf(await ask(question()))).toBe("ERR_PARTITION_UNKNOWN");
});

test("a partition that nobody asks for goes after a day, and one that is asked stays", async () => {
  await put();
  worker.timers.advance(MAX_IDLE_MS - 1);
  expect((await ask(question())).status).toBe(200);
  worker.timers.advance(MAX_IDLE_MS - 1);
  expect(worker.partitions.load().partitions).toBe(1);
  worker.timers.advance(1);
  expect(worker.partitions.load()).toEqual({ partitions: 0, sizeBytes: 0 });
  expect(await codeOf(await ask(question()))).toBe("ERR_PARTITION_UNKNOWN");
  // Nor does one stay that was never asked.
  await put();
  worker.timers.advance(MAX_IDLE_MS);
  expect(worker.partitions.load().partitions).toBe(0);
  await put();
  worker.partitions.forget(hash);
  expect(worker.timers.due(MAX_IDLE_MS)).toBe(0);
});

test("a partition that is forgotten while it arrives is not kept", async () => {
  for (const path of [`/v1/partitions/${hash}`, "/v1/partitions"]) {
    const go = Promise.withResolvers<void>();
    const chunks = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      yield partition.subarray(0, 100);
      await go.promise;
      yield partition.subarray(100);
    };
    const arriving = linkTo(worker).put({ hash, sizeBytes: partition.length, chunks }, { deadlineMs: 9_000 });
    await expect.poll(() => worker.partitions.load().sizeBytes).toBe(partition.length);
    expect((await send(worker, { method: "DELETE", path, session })).status).toBe(200);
    go.resolve();
    await expect(arriving).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(?:PARTITION_UNKNOWN|UNREACHABLE)$/) as string,
    });
    expect(worker.partitions.load()).toEqual({ partitions: 0, sizeBytes: 0 });
  }
});

test("a worker that is cleared holds nothing, and takes no request of before", async () => {
  await put();
  expect((await send(worker, { method: "DELETE", path: "/v1/partitions", session })).status).toBe(200);
  expect(worker.partitions.load()).toEqual({ partitions: 0, sizeBytes: 0 });
  expect(await codeOf(await put())).toBe("ERR_WORKER_SESSION");
  session = await sessionOf(worker);
  expect((await put()).status).toBe(200);
  const other = await fetch(`${worker.url}/v1/partitions`, { method: "DELETE" });
  expect(await codeOf(other)).toBe("ERR_WORKER_AUTH");
  expect(worker.partitions.load().partitions).toBe(1);
});

test("every task but the one of the list is refused, under a right code too", async () => {
  await put();
  for (const name of ["oprf.evaluate", "lookup.derive", "pir.answer", "psi.answer"]) {
    const answer = await ask(task(name, Buffer.from(hash, "hex"), new Uint8Array(4)));
    expect([answer.status, await codeOf(answer)]).toEqual([403, "ERR_WORKER_TASK"]);
  }
  expect(worker.pool.tasks).toHaveLength(0);
});

test("errors cross with the code that they have in the domain's own pool, and unforeseen ones without their message", async () => {
  await put();
  const short = task("pir.partition", Buffer.from(hash, "hex"), new Uint8Array(8));
  expect(await codeOf(await ask(short))).toBe("ERR_LOOKUP_QUERY");
  expect(await codeOf(await ask(task("pir.partition", Buffer.from(hash, "hex"))))).toBe("ERR_FRAME_MALFORMED");
  expect(await codeOf(await ask(Uint8Array.of(9, 9)))).toBe("ERR_FRAME_MALFORMED");
  worker.pool.fails = new SluiceError("ERR_POOL_FULL", { maxQueue: 3 });
  const full = await ask(question());
  expect(full.status).toBe(503);
  expect(await full.json()).toMatchObject({ code: "ERR_POOL_FULL", details: { maxQueue: 3 } });
  worker.pool.fails = new TypeError("11010119900101001X");
  const failed = await ask(question());
  const text = await failed.text();
  expect(text).toContain("ERR_INTERNAL");
  expect(text).not.toContain("1101011990");
  expect(worker.faults).toHaveLength(1);
});

test("the worker gives up by itself when the domain's time has passed, and when the domain has gone", async () => {
  await put();
  worker.pool.hold();
  const late = ask(question());
  await worker.pool.started();
  worker.timers.advance(1_000);
  const stopped = worker.pool.tasks.at(-1);
  expect(stopped?.signal.aborted).toBe(true);
  expect(await codeOf(await late)).toBe("ERR_TIMEOUT");

  worker.pool.hold();
  const controller = new AbortController();
  const link = linkTo(worker);
  const gone = link.run(
    "pir.partition",
    { partition: hash, query: newQuery() },
    { deadlineMs: 9_000, signal: controller.signal },
  );
  await worker.pool.started();
  const left = worker.pool.tasks.at(-1);
  controller.abort();
  await expect(gone).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  await expect.poll(() => left?.signal.aborted).toBe(true);
});

test("bytes that are no HTTP, and addresses that are none, end their connection only", async () => {
  for (const text of ["\0\0\0\0\r\n\r\n", "GET /%zz HTTP/1.1\r\nhost: x\r\n\r\n", "PUT * HTTP/1.1\r\n\r\n"]) {
    const socket = connect(Number(new URL(worker.url).port), "127.0.0.1");
    socket.end(text);
    socket.resume();
    await once(socket, "close");
  }
  expect(await sessionOf(worker)).toBe(session);
});
