/** What was stopped stays stopped: revocation, suspension and term hold between admission and work, in runs that wait,
 *  and across the end of the process.
 *  @module */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { generateKey, signDocument } from "@sluice/evidence";
import { documentHash, Run, sha256Hex, toHex, utf8, type Bytes, type CallEnvelope } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import {
  deliverGrant,
  develop,
  finishedRun,
  get,
  JOB,
  openFixture,
  postJson,
  random,
  send,
  serveProduct,
  use,
  type Fixture,
} from "./serving-fixture.ts";

const long = test.runIf(process.env["SLOW"] === "1");

let fixture: Fixture;
const refusal = (code: string) => expect.objectContaining({ code, refusedBy: "domain" });

beforeAll(async () => {
  fixture = await openFixture();
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

/** A grant of its own for one test. */
const sceneGrant = (scene: string): Promise<string> =>
  deliverGrant(fixture, { scene: { scene, title: "Bands", purpose: "bands", value: "test" } });

/** The job, with a loop before it. */
const slowToLoad = (): Bytes => utf8(`for (let i = 0; i < 3e8; i++);\n${new TextDecoder().decode(JOB)}`);

async function submission(grant: string, code: Bytes, key = fixture.parties.developer): Promise<CallEnvelope> {
  const bundle = await sha256Hex(code);
  return use({ operation: "develop", grant, frame: code, key, bundle });
}

/** The job, with a loop in its development. */
const slowToDevelop = (): Bytes =>
  utf8(
    new TextDecoder()
      .decode(JOB)
      .replace("context.progress(1);", "for (let i = 0; i < 3e8; i++); context.progress(1);"),
  );

/** Waits until a run has begun. */
async function runningRun(callId: string): Promise<void> {
  for (let state = "submitted"; state === "submitted";) {
    state = Run.parse(JSON.parse(new TextDecoder().decode(await get(fixture, `/v1/runs/${callId}`)))).state;
  }
}

async function revoke(grant: string): Promise<void> {
  const at = new Date().toISOString();
  const body = { type: "revocation", domain: "test", grant, reason: "test", at } as const;
  await postJson(fixture, "/v1/revocations", await signDocument(body, fixture.parties.department));
}

async function stateParty(party: string, keyId: string, status: "active" | "suspended", at: number): Promise<void> {
  const title = party;
  const body = {
    type: "party",
    party,
    title,
    role: "developer",
    keyId,
    status,
    at: new Date(at).toISOString(),
  } as const;
  await postJson(fixture, "/v1/parties", await signDocument(body, fixture.parties.agency));
}

/** Makes a finished run look as a process leaves it that ends before its last note of the run. */
async function restartBeforeLastNote(run: Run, change: (state: DatabaseSync) => void = () => {}): Promise<void> {
  await fixture.domain.close();
  const state = new DatabaseSync(join(fixture.directory, "state.sqlite"));
  const { certificate: _c, guardReport: _g, metrics: _me, model: _mo, receipt: _r, snapshot: _s, ...started } = run;
  const document = JSON.stringify({ ...started, state: "running", percent: 0 });
  state.prepare("UPDATE run SET state = 'running', document = ? WHERE call_id = ?").run(document, run.callId);
  change(state);
  state.close();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
}

test("refuses a grant whose consent rule it cannot keep", async () => {
  const consent = { kind: "subject-consent", field: "region" } as const;
  await expect(deliverGrant(fixture, { consent })).rejects.toEqual(refusal("ERR_BODY_INVALID"));
});

test("a grant that names two quotas for one operation gives the smaller one", async () => {
  const quotas = [
    { operation: "develop", amount: "5" },
    { operation: "develop", amount: "1" },
  ] as const;
  const scene = { scene: "two-quotas", title: "Bands", purpose: "bands", value: "test" };
  const grant = await deliverGrant(fixture, { scene, quotas: [...quotas] });
  await develop(fixture, grant);
  await expect(develop(fixture, grant)).rejects.toEqual(refusal("ERR_QUOTA_SPENT"));
});

test("runs no code under a grant that has ended, not even to read its manifest", async () => {
  const term = { notBefore: "2020-01-01T00:00:00.000Z", notAfter: "2020-12-31T00:00:00.000Z" };
  const ended = await deliverGrant(fixture, term);
  const throwing = await submission(ended, utf8("throw new Error('this ran')"));
  await expect(send(fixture, "/v1/jobs", throwing)).rejects.toEqual(refusal("ERR_GRANT_EXPIRED"));
});

test("a signature is good for running new code once, and a spent quota for none", async () => {
  const scene = { scene: "once", title: "Bands", purpose: "bands", value: "test" };
  const grant = await deliverGrant(fixture, { scene, quotas: [{ operation: "develop", amount: "1" }] });
  const throwing = utf8("throw new Error('this ran')");
  const envelope = await submission(grant, throwing);
  await expect(send(fixture, "/v1/jobs", envelope)).rejects.toMatchObject({ code: "ERR_JOB_THREW" });
  await expect(send(fixture, "/v1/jobs", envelope)).rejects.toEqual(refusal("ERR_REPLAY"));
  await develop(fixture, grant);
  const another = await submission(grant, throwing);
  await expect(send(fixture, "/v1/jobs", another)).rejects.toEqual(refusal("ERR_QUOTA_SPENT"));
});

test("a revocation that arrives while a job is being read stops it", async () => {
  const grant = await sceneGrant("raced");
  // Slow to load, so that the revocation falls into the reading of its manifest.
  const envelope = await submission(grant, slowToLoad());
  const submitted = send(fixture, "/v1/jobs", envelope);
  await Promise.all([
    expect(submitted).rejects.toEqual(refusal("ERR_GRANT_REVOKED")),
    new Promise((resolve) => setTimeout(resolve, 50)).then(() => revoke(grant)),
  ]);
});

test("a key that the agency replaces ends the runs of the old one, that run or wait, whatever was stated before", async () => {
  const known = "known";
  const submitted: string[] = [];
  const submit = async (party: string, code: Bytes): Promise<string> => {
    const key = await generateKey();
    if (party === known) await stateParty(party, key.keyId, "active", Date.now());
    const scene = { scene: party, title: "Bands", purpose: "bands", value: "test" };
    const grant = await deliverGrant(fixture, { scene, developer: { party, keyId: key.keyId } });
    const envelope = await submission(grant, code, key);
    await send(fixture, "/v1/jobs", envelope);
    submitted.push(envelope.request.body.callId);
    return envelope.request.body.callId;
  };
  const running = await submit(known, slowToDevelop());
  await submit("unknown", JOB);
  await submit("suspended-anew", JOB);
  await runningRun(running);
  await stateParty(known, (await generateKey()).keyId, "active", Date.now() + 1_000);
  await stateParty("unknown", (await generateKey()).keyId, "active", Date.now());
  await stateParty("suspended-anew", (await generateKey()).keyId, "suspended", Date.now());
  for (const callId of submitted) {
    const run = await finishedRun(fixture, callId);
    expect(run).toMatchObject({ state: "failed", failure: { code: "ERR_CANCELLED" } });
    expect(run.metrics).toBeUndefined();
  }
});

test("a run that is taken up again under a revoked grant fails as revoked", async () => {
  const grant = await sceneGrant("revoked");
  const run = await develop(fixture, grant);
  expect(run.state).toBe("completed");
  await restartBeforeLastNote(run, (state) => {
    state.prepare("INSERT INTO revocation (grant_hash, document) VALUES (?, '{}')").run(grant);
  });
  const again = await finishedRun(fixture, run.callId);
  expect(again).toMatchObject({ state: "failed", failure: { code: "ERR_GRANT_REVOKED" } });
  expect(again.metrics).toBeUndefined();
});

long(
  "runs that are taken up again keep the report, certificate and snapshot that their receipts are over",
  async () => {
    const { developed, built } = await serveProduct(fixture, await sceneGrant("again"));
    for (const run of [developed, built]) {
      await restartBeforeLastNote(run);
      const again = await finishedRun(fixture, run.callId);
      expect(again.state).toBe("completed");
      expect(again.snapshot).toBe(run.snapshot);
      expect(again.receipt?.receipt).toEqual(run.receipt?.receipt);
      expect(again.receipt?.openings).toEqual(run.receipt?.openings);
      const certificate = again.certificate === undefined ? undefined : await documentHash(again.certificate);
      expect(certificate).toBe(run.receipt?.receipt.body.certificate);
      expect(certificate === undefined).toBe(run.operation === "build");
      expect(await documentHash(again.guardReport)).toBe(run.receipt?.receipt.body.answer);
    }
  },
);

test("a request whose expiry is no instant is refused", async () => {
  const grant = await sceneGrant("timeless");
  const { request, frame } = await submission(grant, JOB);
  const body = { ...request.body, expiresAt: "2020-99-99T99:99:99.999Z" };
  const timeless = { request: await signDocument(body, fixture.parties.developer), frame };
  await expect(send(fixture, "/v1/jobs", timeless)).rejects.toEqual(refusal("ERR_FRAME_MALFORMED"));
});

test("a key that the agency has replaced is a stranger's, suspended before or not", async () => {
  const { developer } = fixture.parties;
  const grant = await sceneGrant("replaced");
  const replacement = await generateKey();
  const now = Date.now();
  await stateParty("developer", developer.keyId, "suspended", now);
  const submit = async (): Promise<Bytes> => send(fixture, "/v1/jobs", await submission(grant, JOB));
  await expect(submit()).rejects.toEqual(refusal("ERR_PARTY_SUSPENDED"));
  await stateParty("developer", replacement.keyId, "active", now + 1);
  await expect(submit()).rejects.toEqual(refusal("ERR_NOT_ADMITTED"));
  await stateParty(toHex(random.bytes(4)), developer.keyId, "active", now + 2);
  await expect(submit()).rejects.toEqual(refusal("ERR_NOT_ADMITTED"));
});
