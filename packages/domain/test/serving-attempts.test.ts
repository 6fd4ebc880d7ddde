/** What one charge is good for, when computations end without an answer.
 *  @module */
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { encodeReportRequest, fromHex, sha256Hex } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import { deliverFormsGrant, serveForm, spentUnits, TABLE_JOB, type AnsweringProduct } from "./serving-forms-fixture.ts";
import { openFixture, sealedCall, send, type Fixture, type SealedCall } from "./serving-fixture.ts";

let fixture: Fixture;
let grant: string;
let report: AnsweringProduct;

beforeAll(async () => {
  fixture = await openFixture();
  grant = await deliverFormsGrant(fixture);
  report = await serveForm(fixture, grant, "groups", TABLE_JOB);
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

async function reportCall(): Promise<SealedCall> {
  return sealedCall(fixture, encodeReportRequest({ snapshot: fromHex(report.snapshotHash) }), {
    operation: "report",
    grant,
    product: "groups",
    bundle: await sha256Hex(report.code),
    key: fixture.parties.caller,
  });
}

/** Puts the file that answers are made of out of the way until what it returns is called. */
async function withoutReport(): Promise<() => Promise<void>> {
  const parent = join(fixture.directory, "indexes");
  const [name = ""] = await readdir(parent);
  const file = join(parent, name, "report.json");
  await rename(file, `${file}.away`);
  return () => rename(`${file}.away`, file);
}

test("a charged call that never gets its answer is computed four times and not again, across restarts", async () => {
  const [lost, found] = [await reportCall(), await reportCall()];
  const before = spentUnits(fixture, grant, "report");
  const restore = await withoutReport();
  const attempt = async (call: SealedCall): Promise<unknown> => send(fixture, "/v1/calls", await call.again());
  const faulty = expect.objectContaining({ code: "ERR_SEALED_FILE" });
  for (let made = 0; made < 3; made++) {
    await expect(attempt(lost)).rejects.toEqual(faulty);
    await expect(attempt(found)).rejects.toEqual(faulty);
  }
  await fixture.domain.close();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  await expect(attempt(lost)).rejects.toEqual(faulty);
  await restore();
  const used = expect.objectContaining({ code: "ERR_CALL_REUSED", refusedBy: "domain" });
  await expect(attempt(lost)).rejects.toEqual(used);
  // The fourth attempt of the other call is its first that succeeds: the answer is kept, however often it is fetched.
  for (let fetched = 0; fetched < 6; fetched++) await attempt(found);
  await expect(attempt(lost)).rejects.toEqual(used);
  expect(spentUnits(fixture, grant, "report") - before).toBe(2);
});
