/** Lookups over workers on other machines, as the domain sees it: joined answers, failures, restarts, altered answers.
 *  Workers listen on loopback in this process; time passes when a test says so. @module */
import { WorkerSecret } from "@sluice/mpc/remote/client";
import { SluiceError } from "@sluice/protocol";
import { afterEach, expect, test } from "vitest";
import { ManualTimers } from "../../mpc/test/remote-manual-timers.ts";
import {
  asked,
  closeAll,
  expected,
  isTask,
  linkTo,
  newQuery,
  spreadOver,
  startWorker,
  type Worker,
} from "./lookup-workers-fixture.ts";

afterEach(closeAll);

/** Two workers and what the domain's side makes of them. */
async function setUp(options: { fetch?: typeof fetch } = {}) {
  const workers = [await startWorker(), await startWorker()] as const;
  const timers = new ManualTimers();
  const links = workers.map((worker) => linkTo(worker, { ...options, timers }));
  return { ...(await spreadOver(links, timers)), one: workers[0], two: workers[1] };
}

const tasksOf = (...workers: Worker[]) => workers.map(({ pool }) => pool.tasks.length);

test("two workers hold both partitions, each answers for its own, and the joined answer is the whole database's", async () => {
  const { before, ask, one, two, workers, faults } = await setUp();
  expect(before).toBeNull();
  expect([one, two].map(({ partitions }) => partitions.load().partitions)).toEqual([2, 2]);
  for (let i = 0; i < 3; i++) {
    const query = newQuery();
    expect(await ask(query)).toEqual(expected(query));
  }
  expect(tasksOf(one, two)).toEqual([3, 3]);
  expect(faults).toEqual([]);
  expect(workers.load()).toMatchObject({
    hedges: 0,
    fallbacks: 1,
    workers: [
      { url: one.url, up: true, waiting: 0, failures: 0 },
      { url: two.url, up: true, waiting: 0, failures: 0 },
    ],
  });
});

test("a domain without workers answers itself, and says nothing of it", async () => {
  const { before, workers } = await spreadOver([]);
  expect(before).toBeNull();
  expect(workers.load()).toEqual({ workers: [], hedges: 0, fallbacks: 0 });
});

test("a partition whose arrival a worker could not tell is not sent again", async () => {
  const worker = await startWorker();
  let puts = 0;
  const losing: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (init?.method !== "PUT") return response;
    puts += 1;
    throw new TypeError("the answer is lost");
  };
  const timers = new ManualTimers();
  const { ask, workers, faults } = await spreadOver([linkTo(worker, { fetch: losing, timers })], timers);
  expect(faults).toMatchObject([{ code: "ERR_UNREACHABLE" }]);
  timers.advance(60_000);
  expect(await ask(newQuery())).toBeNull();
  await expect.poll(() => workers.load().workers[0]?.up).toBe(true);
  const query = newQuery();
  expect(await ask(query)).toEqual(expected(query));
  await workers.settled();
  expect(puts).toBe(1);
});

test("a worker that ends in mid-query is stood in for by the other, and asked no more until it answers again", async () => {
  const { ask, one, two, workers, timers } = await setUp();
  one.pool.hold();
  const query = newQuery();
  const answer = ask(query);
  await one.pool.started();
  await one.close();
  expect(await answer).toEqual(expected(query));
  expect(workers.load().workers[0]).toMatchObject({ up: false, failures: 1 });
  expect(await ask(query)).toEqual(expected(query));
  expect(tasksOf(two)).toEqual([4]);

  // It is back, in the same place, and has forgotten everything.
  const restarted = await startWorker({ port: Number(new URL(one.url).port) });
  timers.advance(60_000);
  expect(await ask(query)).toEqual(expected(query));
  await expect.poll(() => workers.load().workers[0]?.up).toBe(true);
  expect(await ask(query)).toEqual(expected(query));
  await workers.settled();
  expect(restarted.partitions.load().partitions).toBe(1);
  expect(await ask(query)).toEqual(expected(query));
  expect(restarted.pool.tasks).toHaveLength(1);
});

test("a restarted worker that was not missed begins a session, and the request goes through", async () => {
  const { ask, one, workers } = await setUp();
  const { port } = new URL(one.url);
  await one.close();
  const restarted = await startWorker({ port: Number(port) });
  const query = newQuery();
  for (let i = 0; i < 3; i++) {
    expect(await ask(query)).toEqual(expected(query));
    await workers.settled();
  }
  expect(restarted.faults).toEqual([]);
});

test("a session that is full gives way to a new one, and no request is lost", async () => {
  const worker = await startWorker({ maxNonces: 3 });
  const { ask } = await spreadOver([linkTo(worker)]);
  for (let i = 0; i < 10; i++) {
    const query = newQuery();
    expect(await ask(query)).toEqual(expected(query));
  }
});

test("a slow worker's partition is asked of the other, within the budget, and the slow task is told to stop", async () => {
  const { ask, one, timers, workers } = await setUp();
  for (let i = 0; i < 5; i++) await ask(newQuery());
  one.pool.hold();
  const query = newQuery();
  const answer = ask(query);
  await one.pool.started();
  const held = one.pool.tasks.at(-1);
  timers.advance(1_000);
  expect(await answer).toEqual(expected(query));
  await expect.poll(() => held?.signal.aborted).toBe(true);
  expect(workers.load()).toMatchObject({ hedges: 1, fallbacks: 1 });
});

test("when the workers of a partition are down the domain answers itself, and counts it", async () => {
  const { ask, one, two, workers } = await setUp();
  await Promise.all([one.close(), two.close()]);
  expect(await ask(newQuery())).toBeNull();
  expect(await ask(newQuery())).toBeNull();
  expect(workers.load()).toMatchObject({ fallbacks: 3, workers: [{ up: false }, { up: false }] });
});

test("an answer that somebody altered on the way is not used", async () => {
  for (const alter of [alterBody, alterStatus, withoutCode]) {
    let altered = 0;
    const meddling: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!isTask(input)) return response;
      altered += 1;
      return await alter(response);
    };
    const { ask, workers } = await setUp({ fetch: meddling });
    expect(await ask(newQuery())).toBeNull();
    expect(altered).toBeGreaterThanOrEqual(2);
    expect(workers.load().workers.map(({ up }) => up)).toEqual([false, false]);
    await closeAll();
  }
});

async function alterBody(response: Response): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return new Response(bytes, response);
}

async function alterStatus(response: Response): Promise<Response> {
  return new Response(await response.arrayBuffer(), { headers: response.headers, status: 201 });
}

async function withoutCode(response: Response): Promise<Response> {
  return new Response(await response.arrayBuffer(), { status: 200 });
}

test("an answer to another request is not used, whole and authentic as it is", async () => {
  const kept: Response[] = [];
  const replaying: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!isTask(input)) return response;
    const old = kept.at(0);
    if (old === undefined) kept.push(response.clone());
    return old?.clone() ?? response;
  };
  const worker = await startWorker();
  const { ask } = await spreadOver([linkTo(worker, { fetch: replaying })]);
  const query = newQuery();
  expect(await ask(query)).toEqual(expected(query));
  expect(await ask(query)).toBeNull();
});

test("what is known of a worker is told when it changes: partitions that it holds, whether it answered", async () => {
  const { workers, standings, ask, one, two } = await setUp();
  const known = (): unknown[] => standings.splice(0).map(({ url, ...rest }) => [url === one.url ? 1 : 2, rest]);
  const last = (told: unknown[]): unknown => Object.fromEntries(told as [number, unknown][]);
  expect(last(known())).toEqual({ 1: { partitions: 2, up: true }, 2: { partitions: 2, up: true } });
  for (let i = 0; i < 3; i++) await ask(newQuery());
  await workers.settled();
  expect(known()).toEqual([]);
  await one.close();
  for (let i = 0; i < 3; i++) await ask(newQuery());
  expect(known()).toEqual([[1, { partitions: 2, up: false }]]);
  await workers.forget("indexes/one/");
  expect(last(known())).toEqual({ 1: { partitions: 0, up: false }, 2: { partitions: 0, up: true } });
  expect(two.partitions.load().partitions).toBe(0);
});

test("a worker with another secret gets no partition and no query", async () => {
  const worker = await startWorker();
  const stranger = linkTo(worker, { secret: new WorkerSecret(new Uint8Array(32).fill(8)) });
  const { ask, faults, standings } = await spreadOver([stranger]);
  expect(await ask(newQuery())).toBeNull();
  expect(faults).toMatchObject([{ code: "ERR_WORKER_AUTH" }]);
  expect(worker.partitions.load()).toEqual({ partitions: 0, sizeBytes: 0 });
  expect(worker.pool.tasks).toHaveLength(0);
  expect(standings.at(-1)).toEqual({ url: stranger.url, partitions: 0, up: false });
});

test("a worker that refuses the question is stood in for like one that is down, and its words reach nobody", async () => {
  const { ask, one, two, workers } = await setUp();
  for (const code of ["ERR_LOOKUP_QUERY", "ERR_WORKER_TASK", "ERR_FRAME_TOO_LARGE"] as const) {
    one.pool.fails = new SluiceError(code, { reason: "the worker's own words" });
    const query = newQuery();
    expect(await ask(query)).toEqual(expected(query));
  }
  two.pool.fails = one.pool.fails;
  expect(await ask(newQuery())).toBeNull();
  expect(workers.load().fallbacks).toBe(2);
});

test("a query of another length is refused before a worker is asked", async () => {
  const { ask, one, two } = await setUp();
  for (const length of [0, 95, 97]) {
    await expect(ask(new Uint32Array(length))).rejects.toMatchObject({
      code: "ERR_LOOKUP_QUERY",
      details: { reason: "it needs 96 words" },
    });
  }
  expect(tasksOf(one, two)).toEqual([0, 0]);
});

test("a cancelled query stops at every worker, and is no answer of the domain's own", async () => {
  const { ask, one, two, workers } = await setUp();
  one.pool.hold();
  two.pool.hold();
  const controller = new AbortController();
  const answer = ask(newQuery(), controller.signal);
  await Promise.all([one.pool.started(), two.pool.started()]);
  controller.abort();
  await expect(answer).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  for (const { pool } of [one, two]) await expect.poll(() => pool.tasks[0]?.signal.aborted).toBe(true);
  expect(workers.load().fallbacks).toBe(1);
  expect(workers.load().workers.every(({ up }) => up)).toBe(true);
});

test("a forgotten database is gone from the workers, and its content never reaches one that was slow to be told", async () => {
  const { workers, one, two } = await setUp();
  await workers.forget("indexes/one/");
  expect([one, two].map(({ partitions }) => partitions.load())).toEqual([
    { partitions: 0, sizeBytes: 0 },
    { partitions: 0, sizeBytes: 0 },
  ]);
  const cut = workers.answer({ ...asked, name: "indexes/two/database.bin" }, newQuery(), new AbortController().signal);
  await workers.forget("indexes/two/");
  expect(await cut).toBeNull();
  await workers.settled();
  expect(one.partitions.load().partitions).toBe(0);
});

test("a worker without memory for a partition is not sent it over and over", async () => {
  const worker = await startWorker({ maxBytes: 64 });
  const { ask, faults, timers, workers } = await spreadOver([linkTo(worker)]);
  for (let i = 0; i < 5; i++) expect(await ask(newQuery())).toBeNull();
  await workers.settled();
  expect(faults).toMatchObject([{ code: "ERR_FRAME_TOO_LARGE" }]);
  timers.advance(60_000);
  expect(await ask(newQuery())).toBeNull();
  await workers.settled();
  expect(faults).toHaveLength(2);
});
