/** A running domain whose configuration names a worker: its lookups are answered by it, with the same results, and by the
 *  domain before the worker has the database and after it has gone. @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compactProductOfDomain, startDomain, workerName } from "../src/index.ts";
import { buildAgain, CHANGED, lookUp, openCurrent, OTHER } from "./lookup-fixture.ts";
import { closeAll, SECRET, startWorker, type Worker } from "./lookup-workers-fixture.ts";
import {
  deliverGrant,
  importPersons,
  openFixture,
  plainBand,
  ROWS,
  serveProduct,
  type Fixture,
} from "./serving-fixture.ts";

afterAll(closeAll);

/** Makes `worker` one of the domain, which is not running. */
async function configureWorker({ directory }: Fixture, worker: Worker): Promise<void> {
  const secretFile = "lookup-worker.secret";
  await writeFile(join(directory, secretFile), Buffer.from(SECRET).toString("hex"), { mode: 0o600 });
  const file = join(directory, "domain.json");
  const config = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...config, workers: [{ url: worker.url, secretFile }] }));
}

test("lookups go to the worker once it has the database, and are right before, with and after it", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture);
  await serveProduct(fixture, grant);
  await fixture.domain.close();
  const worker = await startWorker({ maxBytes: 64 * 1_048_576 });
  await configureWorker(fixture, worker);
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, metricsPort: 0 });
  const metric = async (name: string): Promise<string | undefined> => {
    const text = await (await fetch(`http://127.0.0.1:${fixture.domain.metricsPort ?? 0}/metrics`)).text();
    return text.split("\n").find((line) => line.startsWith(name));
  };

  const opened = await openCurrent(fixture);
  const ask = (key: string): Promise<string | null> => lookUp({ fixture, grant }, opened, key);
  expect(await ask("P1")).toBe(plainBand(1));
  expect(await metric("sluice_worker_fallbacks_total")).toBe("sluice_worker_fallbacks_total 1");
  await expect.poll(() => worker.partitions.load().partitions, { timeout: 20_000 }).toBe(1);
  for (const row of [3, 4]) expect(await ask(`P${row}`)).toBe(plainBand(row));
  expect(await ask("nobody")).toBeNull();
  expect(worker.pool.tasks).toHaveLength(3);
  expect(await metric("sluice_worker_up")).toBe(`sluice_worker_up{worker="${worker.url}"} 1`);

  const log = await readFile(join(fixture.directory, "domain.log"), "utf8");
  const said = log.split("\n").filter((line) => line.includes('"event":"worker"'));
  const worker1 = { worker: await workerName(worker.url), partitions: 1, up: true };
  expect(JSON.parse(said.at(-1) ?? "{}")).toMatchObject(worker1);

  // A worker that lies spoils answers: it is found out by the noise, or hides a hit.
  worker.pool.lie = 2 ** 23;
  await expect(ask("P3")).rejects.toMatchObject({ code: "ERR_LOOKUP_CORRUPT" });
  worker.pool.lie = 2 ** 24;
  expect(await ask("P3")).toBeNull();

  await worker.close();
  expect(await ask("P5")).toBe(plainBand(5));
  expect(await metric("sluice_worker_up")).toBe(`sluice_worker_up{worker="${worker.url}"} 0`);
  expect(await metric("sluice_worker_fallbacks_total")).toBe("sluice_worker_fallbacks_total 2");
});

test("an update's delta never leaves the domain, and nothing of before a start or a compaction stays at workers", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture);
  await serveProduct(fixture, grant);
  const worker = await startWorker({ maxBytes: 64 * 1_048_576 });
  const restart = async (between: () => Promise<unknown>): Promise<void> => {
    await fixture.domain.close();
    await between();
    fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, pause: () => Promise.resolve() });
  };
  await restart(() => configureWorker(fixture, worker));
  const ask = async (key: string): Promise<string | null> => {
    return await lookUp({ fixture, grant }, await openCurrent(fixture), key);
  };
  const held = (): number => worker.partitions.load().partitions;
  expect(await ask("P1")).toBe(plainBand(1));
  await expect.poll(held, { timeout: 20_000 }).toBe(1);
  const base = worker.partitions.load();
  const { snapshot: before } = await openCurrent(fixture);

  await restart(() => importPersons(fixture.directory, CHANGED));
  await expect.poll(held, { timeout: 20_000 }).toBe(0);
  await buildAgain(fixture, grant);
  expect((await openCurrent(fixture)).snapshot.delta).toBeDefined();
  const keys = ["P0", "P1", "P2", `P${ROWS}`, "nobody"];
  const expected = [plainBand(0), null, plainBand(OTHER), plainBand(OTHER), null];
  const answers = async (): Promise<(string | null)[]> => {
    const found = [];
    for (const key of keys) found.push(await ask(key));
    return found;
  };
  expect(await ask("P2")).toBe(plainBand(OTHER));
  await expect.poll(held, { timeout: 20_000 }).toBe(1);
  const asked = worker.pool.tasks.length;
  expect(await answers()).toEqual(expected);
  expect(worker.pool.tasks.length - asked).toBe(keys.length);
  expect(worker.partitions.load()).toEqual(base);

  // Compacted, the base is another, and the one of the epoch before, with the rows that were deleted, has left the worker before a
  // lookup is made. The new one is sent, and the worker answers again.
  await restart(() => compactProductOfDomain(fixture.directory, "bands"));
  await expect
    .poll(async () => (await openCurrent(fixture)).snapshot.epoch, { timeout: 20_000 })
    .toBe(before.epoch + 1);
  await expect.poll(held, { timeout: 20_000 }).toBe(0);
  await expect
    .poll(
      async () => {
        expect(await answers()).toEqual(expected);
        return worker.pool.tasks.length - asked;
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(2 * keys.length);
  expect(worker.partitions.load()).toEqual(base);
});
