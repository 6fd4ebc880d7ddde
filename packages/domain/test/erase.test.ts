/** Erasing who asked: nothing in the state links a receipt to the key any more, and receipts, log and quotas stay.
 *  @module */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { blind } from "@sluice/mpc/oprf/client";
import { verifyLogDirectory, verifyReceipt } from "@sluice/evidence";
import {
  decodeAnswer,
  documentHash,
  encodeEvaluateRequest,
  fromUtf8,
  Run,
  utf8,
  type EvidencedReceipt,
  type KeyId,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { erasePartyOfDomain, startDomain } from "../src/index.ts";
import { eventsOf, explanations, logEntries, withState } from "./domain-log.ts";
import {
  clock,
  deliverGrant,
  get,
  JOB,
  openFixture,
  random,
  sealedCall,
  send,
  serveProduct,
  trustOf,
  use,
  type Fixture,
  type SealedCall,
} from "./serving-fixture.ts";

/** Served products take seconds to make: these run in the long run. */
const long = test.runIf(process.env["SLOW"] === "1");

let fixture: Fixture;
let grant: string;
let call: SealedCall;
let answered: EvidencedReceipt;
let developed: Run;
const refusal = (code: string) => expect.objectContaining({ code, refusedBy: "domain" });
const { blindedElement } = blind(utf8("P1"), random);
const frame = (snapshot: Uint8Array): Uint8Array => encodeEvaluateRequest({ snapshot, elements: [blindedElement] });

beforeAll(async () => {
  fixture = await openFixture();
  grant = await deliverGrant(fixture);
  ({ developed } = await serveProduct(fixture, grant));
  call = await sealedCall(fixture, frame, { operation: "lookup.evaluate", grant, key: fixture.parties.caller });
  answered = decodeAnswer(await send(fixture, "/v1/calls", call.envelope)).receipt;
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

/** How often a text stands in the bytes of the state's files. */
async function occurrences(text: string): Promise<number> {
  let count = 0;
  for (const name of await readdir(fixture.directory)) {
    if (!name.startsWith("state.sqlite")) continue;
    count += (await readFile(join(fixture.directory, name), "latin1")).split(text).length - 1;
  }
  return count;
}

/** How often documents of the authorisation name a key. */
function namedInDocuments(keyId: KeyId): number {
  return withState(fixture.directory, (db) => {
    const rows = db.prepare("SELECT document FROM grants UNION ALL SELECT document FROM party").all();
    return rows.reduce((sum, row) => sum + String(row["document"]).split(keyId).length - 1, 0);
  });
}

/** Receipts with salt and place of their entry in the log. */
function keptReceipts(): unknown[] {
  const sql = "SELECT call_id, receipt, salt, log_index, certificate FROM answer ORDER BY call_id";
  return withState(fixture.directory, (db) => db.prepare(sql).all());
}

long("a key with a run that has not ended is not erased", async () => {
  await fixture.domain.close();
  const set = (state: string): void =>
    withState(fixture.directory, (db) => {
      db.prepare("UPDATE run SET state = ? WHERE call_id = ?").run(state, developed.callId);
    });
  set("running");
  const { keyId } = fixture.parties.developer;
  await expect(erasePartyOfDomain(fixture.directory, { keyId, clock })).rejects.toMatchObject({ code: "ERR_STATE" });
  set("completed");
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
});

long(
  "the key of a caller and that of a developer leave the state with everything that would lead back to them",
  async () => {
    const directory = fixture.directory;
    await expect(erasePartyOfDomain(directory, { keyId: fixture.parties.caller.keyId, clock })).rejects.toMatchObject({
      code: "ERR_DIRECTORY_LOCKED",
    });
    await fixture.domain.close();
    const used = withState(directory, (db) => db.prepare("SELECT * FROM quota").all());
    const receipts = keptReceipts();
    const parties = [fixture.parties.caller, fixture.parties.developer];
    expect(await erasePartyOfDomain(directory, { keyId: fixture.parties.caller.keyId, clock })).toEqual({
      receipts: 1,
      runs: 0,
    });
    expect(await erasePartyOfDomain(directory, { keyId: fixture.parties.developer.keyId, clock })).toEqual({
      receipts: 1,
      runs: 1,
    });
    for (const { keyId } of parties) {
      // Again changes nothing, and writes no event.
      expect(await erasePartyOfDomain(directory, { keyId, clock })).toEqual({ receipts: 0, runs: 0 });
      expect(await occurrences(keyId)).toBe(namedInDocuments(keyId));
    }
    expect(eventsOf(directory).filter(({ kind }) => kind === "erased")).toHaveLength(2);
    // What someone could test known keys against.
    for (const [evidenced, keyId] of [
      [answered, fixture.parties.caller.keyId],
      [developed.receipt, fixture.parties.developer.keyId],
    ] as const) {
      expect(evidenced?.openings.party?.value).toBe(keyId);
      expect(await occurrences(evidenced?.openings.party?.salt ?? "-")).toBe(0);
    }
    const { nonce, issuedAt: _i, expiresAt: _e, ...repeated } = call.envelope.request.body;
    expect(await occurrences(await documentHash({ ...repeated, keyId: fixture.parties.caller.keyId }))).toBe(0);
    expect(await occurrences(nonce)).toBe(0);
    const binding = withState(directory, (db) =>
      db.prepare("SELECT binding FROM spend WHERE call_id = ?").get(developed.callId),
    );
    expect(binding).toEqual({ binding: "" });
    expect(withState(directory, (db) => db.prepare("SELECT * FROM quota").all())).toEqual(used);
    expect(keptReceipts()).toEqual(receipts);
  },
);

long("receipts, log and other parties go on as before, and erased calls are not answered again", async () => {
  const { directory, config } = fixture;
  fixture.domain = await startDomain(directory, { workerThreads: 1, publishIntervalMs: 0 });
  await expect(send(fixture, "/v1/calls", await call.again())).rejects.toEqual(refusal("ERR_CALL_REUSED"));
  await expect(send(fixture, "/v1/calls", call.envelope)).rejects.toEqual(refusal("ERR_CALL_REUSED"));
  const { callId, bundle } = developed;
  const resubmitted = await use({
    operation: "develop",
    grant,
    frame: JOB,
    key: fixture.parties.developer,
    bundle,
    callId,
  });
  await expect(send(fixture, "/v1/jobs", resubmitted)).rejects.toEqual(refusal("ERR_CALL_REUSED"));
  const run = Run.parse(JSON.parse(fromUtf8(await get(fixture, `/v1/runs/${developed.callId}`))));
  if (run.receipt === undefined) throw new Error("the run keeps its receipt");
  expect((await verifyReceipt(run.receipt, trustOf(fixture))).erased).toEqual(["party"]);
  expect(run.receipt.receipt).toEqual(developed.receipt?.receipt);
  expect(run.receipt.openings.snapshot).toEqual(developed.receipt?.openings.snapshot);
  // A copy that its party keeps still verifies, and still opens.
  expect((await verifyReceipt(answered, trustOf(fixture))).erased).toEqual([]);
  const next = await sealedCall(fixture, frame, { operation: "lookup.evaluate", grant, key: fixture.parties.caller });
  await send(fixture, "/v1/calls", next.envelope);
  await fixture.domain.close();
  await verifyLogDirectory(join(directory, "log"), { origin: config.logOrigin, logKey: config.logKey });
  const entries = await logEntries(directory);
  for (const { entry, logIndex } of explanations(directory)) expect(entries[logIndex ?? -1]).toBe(entry);
  fixture.domain = await startDomain(directory, { workerThreads: 1 });
});
