/** A running domain whose configuration names a worker: its lookups are answered by it, with the same results, and by the
 *  domain before the worker has the database and after it has gone. @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LookupClient } from "@sluice/mpc/lookup/client";
import { decodeAnswer, decodeLabelRecord, documentHash, SignedLookupSnapshot } from "@sluice/protocol";
import { afterAll, expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import { closeAll, SECRET, startWorker } from "./lookup-workers-fixture.ts";
import {
  deliverGrant,
  get,
  openFixture,
  plainBand,
  random,
  sealedCall,
  send,
  serveProduct,
  snapshotOf,
  type Fixture,
} from "./serving-fixture.ts";

afterAll(closeAll);

async function lookUp(fixture: Fixture, grant: string, key: string): Promise<string | null> {
  const snapshot = SignedLookupSnapshot.parse(await snapshotOf(fixture, "bands"));
  const snapshotHash = await documentHash(snapshot.body);
  const hint = await get(fixture, `/v1/products/bands/snapshots/${snapshotHash}/hint`);
  const asked = (await LookupClient.open({ snapshot: snapshot.body, snapshotHash, hints: [hint] })).start(key, random);
  const ask = async (operation: "lookup.evaluate" | "lookup.query", content: Uint8Array) => {
    const call = await sealedCall(fixture, content, { operation, grant, key: fixture.parties.caller });
    return await call.open(decodeAnswer(await send(fixture, "/v1/calls", call.envelope)).frame);
  };
  const query = await asked.evaluated(await ask("lookup.evaluate", asked.frame));
  const record = await query.finish(await ask("lookup.query", query.frame));
  return record === null ? null : (snapshot.body.vocabulary[decodeLabelRecord(record)] ?? null);
}

test("lookups go to the worker once it has the database, and are right before, with and after it", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture);
  await serveProduct(fixture, grant);
  await fixture.domain.close();
  const worker = await startWorker({ maxBytes: 64 * 1_048_576 });
  const secretFile = "lookup-worker.secret";
  await writeFile(join(fixture.directory, secretFile), Buffer.from(SECRET).toString("hex"), { mode: 0o600 });
  const file = join(fixture.directory, "domain.json");
  const config = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...config, workers: [{ url: worker.url, secretFile }] }));
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, metricsPort: 0 });
  const metric = async (name: string): Promise<string | undefined> => {
    const text = await (await fetch(`http://127.0.0.1:${fixture.domain.metricsPort ?? 0}/metrics`)).text();
    return text.split("\n").find((line) => line.startsWith(name));
  };

  expect(await lookUp(fixture, grant, "P1")).toBe(plainBand(1));
  expect(await metric("sluice_worker_fallbacks_total")).toBe("sluice_worker_fallbacks_total 1");
  await expect.poll(() => worker.partitions.load().partitions, { timeout: 20_000 }).toBe(1);
  for (const row of [3, 4]) expect(await lookUp(fixture, grant, `P${row}`)).toBe(plainBand(row));
  expect(await lookUp(fixture, grant, "nobody")).toBeNull();
  expect(worker.pool.tasks).toHaveLength(3);
  expect(await metric("sluice_worker_up")).toBe(`sluice_worker_up{worker="${worker.url}"} 1`);

  // A worker that lies spoils answers: it is found out by the noise, or hides a hit.
  worker.pool.lie = 2 ** 23;
  await expect(lookUp(fixture, grant, "P3")).rejects.toMatchObject({ code: "ERR_LOOKUP_CORRUPT" });
  worker.pool.lie = 2 ** 24;
  expect(await lookUp(fixture, grant, "P3")).toBeNull();

  await worker.close();
  expect(await lookUp(fixture, grant, "P5")).toBe(plainBand(5));
  expect(await metric("sluice_worker_up")).toBe(`sluice_worker_up{worker="${worker.url}"} 0`);
  expect(await metric("sluice_worker_fallbacks_total")).toBe("sluice_worker_fallbacks_total 2");
});
