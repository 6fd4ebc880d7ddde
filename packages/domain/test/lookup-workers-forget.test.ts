/** What workers may hold: nothing that an earlier process of the domain sent, and nothing of a database that it was told to forget,
 *  however an upload, its end and the request to forget it are interleaved. @module */
import type { Timers } from "@sluice/mpc/remote/client";
import { afterEach, expect, test } from "vitest";
import { ManualTimers } from "../../mpc/test/remote-manual-timers.ts";
import { LookupWorkers } from "../src/serve/lookup-workers.ts";
import { CLEAR_RETRY_MS } from "../src/serve/supplied-worker.ts";
import {
  asked,
  closeAll,
  database,
  expected,
  linkTo,
  newQuery,
  spreadOver,
  startWorker,
  type Worker,
} from "./lookup-workers-fixture.ts";

afterEach(closeAll);

const held = (...workers: Worker[]): number[] => workers.map(({ partitions }) => partitions.load().partitions);
const never = new AbortController().signal;

const urlOf = (input: Parameters<typeof fetch>[0]): string =>
  input instanceof Request ? input.url : input instanceof URL ? input.href : input;

/** A way to the worker that the test cuts for the requests that `isCut` names. */
function cutLink(worker: Worker, timers: Timers, isCut: (method: string) => boolean) {
  return linkTo(worker, {
    timers,
    fetch: async (input, init) => {
      if (isCut(init?.method ?? "GET")) throw new TypeError("no way");
      return await fetch(input, init);
    },
  });
}

test("a domain that begins has its workers forget what it sent before, without a lookup", async () => {
  const [one, two] = [await startWorker(), await startWorker()];
  const before = await spreadOver([linkTo(one), linkTo(two)]);
  await before.workers.close();
  expect(held(one, two)).toEqual([2, 2]);
  const faults: unknown[] = [];
  const onFault = (error: unknown): number => faults.push(error);
  const again = new LookupWorkers({ workers: [linkTo(one), linkTo(two)], timers: new ManualTimers(), onFault });
  await again.settled();
  expect(held(one, two)).toEqual([0, 0]);
  expect(faults).toEqual([]);
  await again.close();
});

test("a worker that cannot be cleared then is asked nothing and sent nothing until it is", async () => {
  // Nothing gets through, or everything but what would clear it.
  for (const methods of [["GET", "POST", "PUT", "DELETE"], ["DELETE"]]) {
    const worker = await startWorker();
    await (await spreadOver([linkTo(worker)])).workers.close();
    expect(held(worker)).toEqual([1]);
    const timers = new ManualTimers();
    let isCut = true;
    const link = cutLink(worker, timers, (method) => isCut && methods.includes(method));
    const { ask, workers, faults } = await spreadOver([link], timers);
    for (let i = 0; i < 3; i++) {
      timers.advance(CLEAR_RETRY_MS);
      await workers.settled();
      await link.probe();
      expect(await ask(newQuery())).toBeNull();
    }
    expect(faults).toMatchObject([{ code: "ERR_UNREACHABLE" }]);
    expect([held(worker), worker.pool.tasks.length]).toEqual([[1], 0]);

    isCut = false;
    timers.advance(CLEAR_RETRY_MS);
    await workers.settled();
    expect([held(worker), workers.load().workers[0]?.up]).toEqual([[0], true]);
    expect(await ask(newQuery())).toBeNull();
    await workers.settled();
    const query = newQuery();
    expect(await ask(query)).toEqual(expected(query));
    expect([held(worker), worker.pool.tasks.length]).toEqual([[1], 1]);
    expect(faults).toHaveLength(1);
  }
});

test("an upload under way ends when its database is forgotten, and what it sent is not kept", async () => {
  const worker = await startWorker();
  const { workers, faults, ask } = await spreadOver([linkTo(worker)]);
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let reads = 0;
  const rows = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    reads += 1;
    yield database.subarray(0, 100).with(0, 1);
    if (reads === 2) {
      reached.resolve();
      await go.promise;
    }
    yield database.subarray(100);
  };
  await workers.answer({ ...asked, name: "indexes/two/database.bin", rows }, newQuery(), never);
  await reached.promise;
  await expect.poll(() => worker.partitions.load().sizeBytes).toBe(2 * (database.length + 16));
  const forgotten = workers.forget("indexes/two/");
  go.resolve();
  await forgotten;
  await workers.settled();
  expect(reads).toBe(2);
  expect(worker.partitions.load()).toEqual({ partitions: 0, sizeBytes: 0 });
  // The worker was cleared whole; what is still asked for is sent again.
  await ask(newQuery());
  await workers.settled();
  const query = newQuery();
  expect(await ask(query)).toEqual(expected(query));
  expect([held(worker), faults]).toEqual([[1], []]);
});

test("an upload that the network still carries when its database is forgotten is not taken later", async () => {
  for (const isGivenUp of [false, true]) {
    const worker = await startWorker();
    const sent = Promise.withResolvers<RequestInit & { url: string }>();
    const carrying: typeof fetch = async (input, init) => {
      if (init?.method !== "PUT") return await fetch(input, init);
      const body = new Uint8Array(await new Response(init.body).arrayBuffer());
      sent.resolve({ url: urlOf(input), method: "PUT", headers: init.headers ?? {}, body });
      const { promise, reject } = Promise.withResolvers<Response>();
      init.signal?.addEventListener("abort", () => reject(new TypeError("cut")));
      if (isGivenUp) reject(new TypeError("lost"));
      return await promise;
    };
    const faults: unknown[] = [];
    const onFault = (error: unknown): number => faults.push(error);
    const link = linkTo(worker, { fetch: carrying });
    const workers = new LookupWorkers({ workers: [link], timers: new ManualTimers(), onFault });
    await workers.answer(asked, newQuery(), never);
    const { url, ...request } = await sent.promise;
    if (isGivenUp) await workers.settled();
    await workers.forget("indexes/one/");
    const late = await fetch(url, request);
    expect(await late.json()).toMatchObject({ code: "ERR_WORKER_SESSION" });
    expect([held(worker), faults.length]).toEqual([[0], isGivenUp ? 1 : 0]);
    await workers.close();
  }
});

test("a worker that did not hear what to forget is cleared when it can be reached", async () => {
  const [one, two] = [await startWorker(), await startWorker()];
  const timers = new ManualTimers();
  let isCut = false;
  const links = [cutLink(one, timers, () => isCut), linkTo(two, { timers })];
  const { ask, workers } = await spreadOver(links, timers);
  isCut = true;
  await workers.forget("indexes/one/");
  expect(held(one, two)).toEqual([2, 0]);
  isCut = false;
  timers.advance(CLEAR_RETRY_MS);
  await workers.settled();
  expect(held(one, two)).toEqual([0, 0]);
  expect(await ask(newQuery())).toBeNull();
  await workers.settled();
  expect(held(one, two)).toEqual([2, 2]);
});

test("a database that makes room for the plans of others is forgotten by the workers too", async () => {
  const worker = await startWorker();
  const { workers } = await spreadOver([linkTo(worker)]);
  for (let i = 0; i < 32; i++) {
    const rows = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      yield database.with(0, i).with(1, 1);
    };
    await workers.answer({ ...asked, name: `indexes/other/${i}`, rows }, newQuery(), never);
    await workers.settled();
  }
  expect(held(worker)).toEqual([32]);
  await workers.forget("indexes/other/");
  expect(held(worker)).toEqual([0]);
});
