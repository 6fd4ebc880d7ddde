import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { LookupClient } from "@sluice/mpc/lookup/client";
import { verifyReceipt } from "@sluice/evidence";
import { decodeAnswer, decodeLabelRecord, documentHash, SignedLookupSnapshot, sha256Hex } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSampleDesk, startDomain } from "../src/index.ts";
import { withState } from "./domain-log.ts";
import {
  clock,
  deliverGrant,
  develop,
  finishedRun,
  get,
  JOB,
  openFixture,
  plainBand,
  random,
  sealedCall,
  send,
  serveProduct,
  use,
  type Fixture,
  trustOf,
} from "./serving-fixture.ts";

let fixture: Fixture;
let grant: string;

beforeAll(async () => {
  fixture = await openFixture();
  grant = await deliverGrant(fixture);
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

async function lookup(key: string): Promise<string | null> {
  const snapshot = SignedLookupSnapshot.parse(
    JSON.parse(new TextDecoder().decode(await get(fixture, "/v1/products/bands/snapshot"))),
  );
  const snapshotHash = await documentHash(snapshot.body);
  const hint = await get(fixture, `/v1/products/bands/snapshots/${snapshotHash}/hint`);
  const client = await LookupClient.open({ snapshot: snapshot.body, snapshotHash, hints: [hint] });
  const asked = client.start(key, random);
  const ask = async (operation: "lookup.evaluate" | "lookup.query", content: Uint8Array) => {
    const call = await sealedCall(fixture, content, { operation, grant, key: fixture.parties.caller });
    const answer = decodeAnswer(await send(fixture, "/v1/calls", call.envelope));
    return { ...answer, content: await call.open(answer.frame) };
  };
  const first = await ask("lookup.evaluate", asked.frame);
  const query = await asked.evaluated(first.content);
  const second = await ask("lookup.query", query.frame);
  await verifyReceipt(first.receipt, trustOf(fixture));
  await verifyReceipt(second.receipt, trustOf(fixture));
  const { openings, receipt } = second.receipt;
  expect(receipt.body.answer).toBe(await sha256Hex(second.frame));
  expect([openings.party?.value, openings.snapshot?.value]).toEqual([fixture.parties.caller.keyId, snapshotHash]);
  expect([receipt.body.scene, receipt.body.policy]).toEqual(["bands", await documentHash(fixture.policy)]);
  const record = await query.finish(second.content);
  return record === null ? null : (snapshot.body.vocabulary[decodeLabelRecord(record)] ?? null);
}

test("takes a job from its sample to a served product whose private answers equal the plain computation", async () => {
  const { developed, built } = await serveProduct(fixture, grant);
  expect(developed.log).toEqual([`rows ${developed.certificate?.sampleRows}`]);
  expect(developed.certificate?.k).toBeGreaterThanOrEqual(5);
  expect(built).toMatchObject({ state: "completed", percent: 100 });
  for (const i of [0, 1, 5, 77, 399]) expect(await lookup(`P${i}`)).toBe(plainBand(i));
  expect(await lookup("P400")).toBeNull();
});

test("a job sees the columns that it declares, of those that its grant names, and no other", async () => {
  const text = new TextDecoder().decode(JOB);
  const looking = text.replace(
    'context.log("rows", rows.rowCount)',
    "context.log(Object.keys(rows).toSorted().join())",
  );
  const developed = await develop(fixture, grant, new TextEncoder().encode(looking), 2);
  expect(developed.log).toEqual(["age,rowCount"]);
});

test("a sample for an enclave is run on like any other, and no line of its log or step is told", async () => {
  const policy = { ...fixture.policy, sharing: "enclave" as const };
  const enclave = await deliverGrant({ ...fixture, policy });
  const developed = await develop(fixture, enclave);
  expect(developed).toMatchObject({ state: "completed", log: [], certificate: { sharing: "enclave", level: 3 } });
  // What the certificate names is kept.
  const kept = withState(fixture.directory, (db) => db.prepare("SELECT hash FROM risk_report").all());
  expect(kept.map(({ hash }) => hash)).toContain(developed.certificate?.report);
  expect(developed.metrics?.["fit"]?.values["rows"]).toBeGreaterThan(0);
  // A job that fails says what it read in the message of its error.
  const failing = new TextEncoder().encode(
    new TextDecoder().decode(JOB).replace("return { fit", 'throw new Error("R1"); return { fit'),
  );
  const failed = await develop(fixture, enclave, failing);
  expect(failed).toMatchObject({ state: "failed", failure: { code: "ERR_JOB_CRASHED", details: {} } });
  expect(JSON.stringify(failed)).not.toContain("R1");
});

test("a later sample of the table is cut along the lines of the first, of the same strata and persons, or refused", async () => {
  const run = async (change: Partial<typeof fixture.policy>): Promise<unknown> => {
    const policy = { ...fixture.policy, ...change };
    const developed = await develop(fixture, await deliverGrant({ ...fixture, policy }));
    return developed.state === "completed"
      ? "completed"
      : [developed.failure?.code, developed.failure?.details["pointer"]];
  };
  const byAge = (width: number) => ({
    columns: {
      ...fixture.policy.columns,
      age: { role: "quasi", transform: { kind: "bucket", width, min: 0, max: 100 } },
    } as const,
  });
  expect(await run(byAge(20))).toBe("completed");
  expect(await run(byAge(25))).toEqual(["ERR_POLICY", "/columns/age/transform"]);
  expect(await run({ sample: { rows: 250, strata: ["region"] } })).toBe("completed");
  expect(await run({ sample: { rows: 300, strata: [] } })).toEqual(["ERR_POLICY", "/sample/strata"]);
  expect(await run({ model: { algorithm: "mondrian" } })).toEqual(["ERR_POLICY", "/model"]);
});

test("serves the same product after a restart; while it stands still, an officer reads the report behind a run's certificate", async () => {
  const { callId, certificate } = await develop(fixture, grant, JOB);
  await fixture.domain.close();
  {
    await using desk = await openSampleDesk(fixture.directory, { clock, random });
    const { policy } = fixture;
    await expect(desk.inspect({ policy, key: "name" })).rejects.toMatchObject({ code: "ERR_USAGE" });
    expect(certificate).toMatchObject({ key: "person", fields: ["age", "region"] });
    // What officers write out binds later samples too.
    const masked = (keepFirst: number, keepLast: number) => {
      const name = { role: "direct", transform: { kind: "mask", keepFirst, keepLast } } as const;
      const sample = { ...policy.sample, rows: 250 };
      return { policy: { ...policy, sample, suppressionLimit: 0.5, columns: { ...policy.columns, name } } };
    };
    await desk.write(masked(1, 0), join(fixture.directory, "..", "rows.csv"));
    await expect(desk.write(masked(0, 1), join(fixture.directory, "..", "more.csv"))).rejects.toMatchObject({
      code: "ERR_POLICY",
      details: { pointer: "/columns/name/transform" },
    });
    const shown = await desk.ofRun(callId);
    expect(shown).toMatchObject({ same: true, certificate, report: { verdict: "passed", level: 3 } });
    expect(certificate?.report).toBe(await documentHash(shown.report));
    await expect(desk.ofRun("0".repeat(32))).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  }
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  expect(await lookup("P3")).toBe(plainBand(3));
});

test("goes on with a run that the end of the process cut off, and charges it once", async () => {
  const envelope = await use({ operation: "develop", grant, frame: JOB, key: fixture.parties.developer });
  await send(fixture, "/v1/jobs", envelope);
  await fixture.domain.close();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  const { callId } = envelope.request.body;
  expect(await finishedRun(fixture, callId)).toMatchObject({ state: "completed", callId });
  const retry = await use({ operation: "develop", grant, frame: JOB, key: fixture.parties.developer, callId });
  const run: unknown = JSON.parse(new TextDecoder().decode(await send(fixture, "/v1/jobs", retry)));
  expect(run).toMatchObject({ state: "completed", callId });
});

test("keeps the directories of served indexes alone", async () => {
  const orphan = join(fixture.directory, "indexes", "left-by-a-build");
  await mkdir(orphan);
  await fixture.domain.close();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  expect(await readdir(join(fixture.directory, "indexes"))).toHaveLength(1);
  expect(await lookup("P5")).toBe(plainBand(5));
});
