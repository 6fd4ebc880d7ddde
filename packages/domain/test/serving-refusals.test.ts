import { signDocument, type KeyPair } from "@sluice/evidence";
import { SealKeyPair, sealQuery } from "@sluice/evidence/seal";
import { blind } from "@sluice/mpc/oprf/client";
import {
  decodeAnswer,
  documentHash,
  encodeCall,
  encodeEvaluateRequest,
  encodePirQuery,
  equalBytes,
  sha256Hex,
  toHex,
  utf8,
  type CallEnvelope,
  type Grant,
} from "@sluice/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import {
  deliverGrant,
  develop,
  finishedRun,
  grantBody,
  JOB,
  openFixture,
  post,
  postJson,
  random,
  releaseOf,
  sealedCall,
  send,
  serveProduct,
  use,
  type CallContent,
  type Fixture,
  type SealedCall,
  type UseOptions,
} from "./serving-fixture.ts";

let fixture: Fixture;
let grant: string;

const { blindedElement } = blind(utf8("P1"), random);
const frame = (snapshot: Uint8Array): Uint8Array => encodeEvaluateRequest({ snapshot, elements: [blindedElement] });
const sealed = (content: CallContent, change: Partial<UseOptions> = {}): Promise<SealedCall> =>
  sealedCall(fixture, content, { operation: "lookup.evaluate", grant, key: fixture.parties.caller, ...change });
type Change = Partial<Omit<UseOptions, "frame">> & { readonly frame?: CallContent };
const evaluate = async ({ frame: content = frame, ...change }: Change = {}): Promise<CallEnvelope> =>
  (await sealed(content, change)).envelope;
const call = (envelope: CallEnvelope): Promise<Uint8Array> => send(fixture, "/v1/calls", envelope);
const refusal = (code: string) => expect.objectContaining({ code, refusedBy: "domain" });

beforeAll(async () => {
  fixture = await openFixture();
  grant = await deliverGrant(fixture);
  await serveProduct(fixture, grant);
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

describe("documents", () => {
  test("refuses a grant that the department did not sign, whoever else did", async () => {
    const body = await grantBody(fixture);
    const { agency, gateway, department } = fixture.parties;
    for (const signers of [[gateway], [agency, gateway], [agency], [department]]) {
      const forged = await signDocument(body, ...signers);
      await expect(postJson(fixture, "/v1/grants", { grant: forged, policy: fixture.policy })).rejects.toEqual(
        refusal("ERR_SIGNATURE"),
      );
    }
  });

  test("refuses a grant with another policy than the one it names", async () => {
    const signed = await signDocument(await grantBody(fixture), fixture.parties.department, fixture.parties.agency);
    const policy = { ...fixture.policy, k: 2 };
    await expect(postJson(fixture, "/v1/grants", { grant: signed, policy })).rejects.toEqual(refusal("ERR_POLICY"));
  });

  test("refuses a grant of a field that its policy does not show, or that the table does not have", async () => {
    for (const [name, code] of [
      ["name", "ERR_POLICY"],
      ["income", "ERR_GRANT_FIELD"],
    ] as const) {
      const fields = [{ name, need: "test" }];
      await expect(deliverGrant(fixture, { fields })).rejects.toEqual(refusal(code));
    }
  });

  test("refuses a job that declares another type than the policy gives", async () => {
    const text = new TextDecoder().decode(JOB).replace('age: "f64"', 'age: "i32"');
    await expect(develop(fixture, grant, utf8(text))).rejects.toEqual(refusal("ERR_JOB_MANIFEST"));
  });

  test("refuses a release of a run that never was, and one that the gateway signed", async () => {
    const run = await develop(fixture, grant);
    const release = { ...(await releaseOf(fixture, run)), version: 2 };
    const forged = await signDocument(release, fixture.parties.gateway);
    await expect(postJson(fixture, "/v1/releases", forged)).rejects.toEqual(refusal("ERR_SIGNATURE"));
    const other = await signDocument({ ...release, model: toHex(random.bytes(32)) }, fixture.parties.department);
    await expect(postJson(fixture, "/v1/releases", other)).rejects.toEqual(refusal("ERR_RELEASE_MISSING"));
  });

  test("takes messages from the pinned gateway alone, each once", async () => {
    const bytes = encodeCall(await evaluate());
    await expect(post(fixture, "/v1/calls", bytes, "application/octet-stream", fixture.parties.agency)).rejects.toEqual(
      refusal("ERR_HTTP_SIGNATURE"),
    );
    const unsigned = await fetch(`${fixture.domain.url}/v1/calls`, {
      method: "POST",
      body: new Uint8Array(bytes),
      headers: { "content-type": "application/octet-stream" },
    });
    expect(unsigned.status).toBe(401);
  });
});

describe("uses", () => {
  test("a stranger gets one constant answer, whatever is wrong", async () => {
    const strangers = [
      await evaluate({ key: fixture.parties.gateway }),
      await evaluate({ key: fixture.parties.developer }),
      await evaluate({ grant: toHex(random.bytes(32)) }),
    ];
    const answers = await Promise.all(strangers.map((envelope) => call(envelope).catch((error: unknown) => error)));
    for (const answer of answers) expect(answer).toEqual(refusal("ERR_NOT_ADMITTED"));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  test("refuses a signed request of which one member was changed", async () => {
    const envelope = await evaluate();
    const { body, signatures } = envelope.request;
    const altered = { ...envelope, request: { body: { ...body, version: 2 }, signatures } };
    await expect(call(altered)).rejects.toEqual(refusal("ERR_NOT_ADMITTED"));
  });

  test("refuses a frame that was not signed, and a request outside of its time", async () => {
    const envelope = await evaluate();
    const changed = new Uint8Array(envelope.frame);
    changed[10] = (changed[10] ?? 0) ^ 1;
    await expect(call({ ...envelope, frame: changed })).rejects.toEqual(refusal("ERR_BODY_DIGEST"));
    for (const minutes of [-10, 10]) {
      const issuedAt = new Date(Date.now() + minutes * 60_000);
      await expect(call(await evaluate({ issuedAt }))).rejects.toEqual(refusal("ERR_REQUEST_EXPIRED"));
    }
  });

  test("refuses a replay, and answers a retry with the first answer at no charge", async () => {
    const first = await sealed(frame);
    const answer = decodeAnswer(await call(first.envelope));
    await expect(call(first.envelope)).rejects.toEqual(refusal("ERR_REPLAY"));
    const retry = decodeAnswer(await call(await first.again()));
    expect(equalBytes(retry.frame, answer.frame)).toBe(true);
    expect(retry.receipt.receipt).toEqual(answer.receipt.receipt);
    expect(retry.receipt.openings).toEqual(answer.receipt.openings);
    const elements = [blind(utf8("P2"), random).blindedElement];
    const other = (snapshot: Uint8Array): Uint8Array => encodeEvaluateRequest({ snapshot, elements });
    const { callId } = first.envelope.request.body;
    await expect(call(await evaluate({ callId, frame: other }))).rejects.toEqual(refusal("ERR_CALL_REUSED"));
  });

  test("refuses a frame that is not sealed, sealed to another key, or sealed for another call", async () => {
    const plain = await use({
      operation: "lookup.evaluate",
      grant,
      // As a sealed query begins.
      frame: frame(random.bytes(32)).with(1, 1),
      key: fixture.parties.caller,
    });
    await expect(call(plain)).rejects.toEqual(refusal("ERR_SEAL"));
    const stranger = await SealKeyPair.derive(random.bytes(32));
    const foreign = await sealQuery(stranger.sealKey, frame(random.bytes(32)), new Uint8Array(0));
    const elsewhere = await use({
      operation: "lookup.evaluate",
      grant,
      frame: foreign.frame,
      key: fixture.parties.caller,
    });
    await expect(call(elsewhere)).rejects.toEqual(refusal("ERR_SEAL"));
    const moved = { frame: (await evaluate()).frame, key: fixture.parties.caller };
    await expect(call(await use({ operation: "lookup.evaluate", grant, ...moved }))).rejects.toEqual(
      refusal("ERR_SEAL"),
    );
    expect((await call(await evaluate())).length).toBeGreaterThan(0);
  });

  test("refuses uses outside of term, operation, release and bundle, naming the fact", async () => {
    const past = { notBefore: "2020-01-01T00:00:00.000Z", notAfter: "2020-12-31T00:00:00.000Z" };
    const cases: [Partial<Grant>, string][] = [
      [past, "ERR_GRANT_EXPIRED"],
      [{ notBefore: "2090-01-01T00:00:00.000Z", notAfter: "2091-01-01T00:00:00.000Z" }, "ERR_GRANT_NOT_YET"],
      [{ operations: ["develop"] }, "ERR_GRANT_OPERATION"],
      [{ scene: { scene: "unbuilt", title: "x", purpose: "bands", value: "x" } }, "ERR_RELEASE_MISSING"],
    ];
    for (const [change, code] of cases) {
      const other = await deliverGrant(fixture, change);
      await expect(call(await evaluate({ grant: other }))).rejects.toEqual(refusal(code));
    }
    await expect(call(await evaluate({ bundle: toHex(random.bytes(32)) }))).rejects.toEqual(
      refusal("ERR_BUNDLE_CHANGED"),
    );
    await expect(call(await evaluate({ version: 9 }))).rejects.toEqual(refusal("ERR_RELEASE_MISSING"));
  });

  test("refuses elements that are no points, malformed frames and foreign snapshots", async () => {
    const zero = (snapshot: Uint8Array): Uint8Array =>
      encodeEvaluateRequest({ snapshot, elements: [new Uint8Array(32)] });
    await expect(call(await evaluate({ frame: zero }))).rejects.toEqual(refusal("ERR_OPRF_ELEMENT"));
    const cut = frame(random.bytes(32)).subarray(0, 20);
    const old = frame(random.bytes(32)).with(1, 1);
    const query = encodePirQuery({ snapshot: random.bytes(32), parts: [new Uint32Array(4)] });
    for (const frame of [cut, old]) {
      await expect(call(await evaluate({ frame }))).rejects.toEqual(refusal("ERR_FRAME_MALFORMED"));
    }
    await expect(call(await evaluate({ operation: "lookup.query", frame: query.with(1, 1) }))).rejects.toEqual(
      refusal("ERR_FRAME_MALFORMED"),
    );
    await expect(call(await evaluate({ operation: "lookup.query", frame: query }))).rejects.toEqual(
      refusal("ERR_SNAPSHOT"),
    );
    await expect(call(await evaluate({ frame: frame(random.bytes(32)) }))).rejects.toEqual(refusal("ERR_SNAPSHOT"));
  });

  test("refuses a job that reads a column outside of the grant, or of another purpose", async () => {
    const text = new TextDecoder().decode(JOB);
    const name = utf8(text.replace('age: "f64"', 'name: "dict"'));
    await expect(develop(fixture, grant, name)).rejects.toEqual(refusal("ERR_GRANT_FIELD"));
    const purpose = utf8(text.replace('purpose: "bands"', 'purpose: "other"'));
    await expect(develop(fixture, grant, purpose)).rejects.toEqual(refusal("ERR_GRANT_PURPOSE"));
  });

  test("spends exactly the quota under fifty calls at once, and not again after a restart", async () => {
    const quotas: Grant["quotas"] = [
      { operation: "develop", amount: "1" },
      { operation: "build", amount: "1" },
      { operation: "lookup.evaluate", amount: "10" },
      { operation: "lookup.query", amount: "10" },
    ];
    await using small = await openFixture();
    const limited = await deliverGrant(small, { quotas });
    await serveProduct(small, limited);
    const one = async (): Promise<CallEnvelope> =>
      (await sealedCall(small, frame, { operation: "lookup.evaluate", grant: limited, key: small.parties.caller }))
        .envelope;
    const envelopes = await Promise.all(Array.from({ length: 50 }, one));
    const outcomes = await Promise.allSettled(envelopes.map((envelope) => send(small, "/v1/calls", envelope)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
    const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    for (const reason of reasons) expect(reason).toEqual(refusal("ERR_QUOTA_SPENT"));
    await small.domain.close();
    small.domain = await startDomain(small.directory, { workerThreads: 1 });
    await expect(send(small, "/v1/calls", await one())).rejects.toEqual(refusal("ERR_QUOTA_SPENT"));
  });
});

describe("stopping", () => {
  test("a suspended party is refused until the agency lifts the suspension", async () => {
    const { agency, caller, gateway } = fixture.parties;
    const statement = (status: "active" | "suspended", at: number) =>
      ({
        type: "party",
        party: "caller",
        title: "Caller",
        role: "caller",
        keyId: caller.keyId,
        status,
        at: new Date(at).toISOString(),
      }) as const;
    const now = Date.now();
    await expect(
      postJson(fixture, "/v1/parties", await signDocument(statement("suspended", now), gateway)),
    ).rejects.toEqual(refusal("ERR_SIGNATURE"));
    await postJson(fixture, "/v1/parties", await signDocument(statement("suspended", now), agency));
    await expect(call(await evaluate())).rejects.toEqual(refusal("ERR_PARTY_SUSPENDED"));
    await postJson(fixture, "/v1/parties", await signDocument(statement("active", now - 1), agency));
    await expect(call(await evaluate())).rejects.toEqual(refusal("ERR_PARTY_SUSPENDED"));
    await postJson(fixture, "/v1/parties", await signDocument(statement("active", now + 1), agency));
    await call(await evaluate());
  });

  test("a revoked grant ends at once, by the department or the recovery key, not by the gateway", async () => {
    const { gateway, recovery, department } = fixture.parties;
    for (const signer of [recovery, department]) {
      const doomed = await deliverGrant(fixture, {
        scene: { scene: toHex(random.bytes(4)), title: "x", purpose: "bands", value: "x" },
      });
      const body = {
        type: "revocation",
        domain: "test",
        grant: doomed,
        reason: "test",
        at: new Date().toISOString(),
      } as const;
      await expect(postJson(fixture, "/v1/revocations", await signDocument(body, gateway))).rejects.toEqual(
        refusal("ERR_SIGNATURE"),
      );
      await postJson(fixture, "/v1/revocations", await signDocument(body, signer));
      await expect(call(await evaluate({ grant: doomed }))).rejects.toEqual(refusal("ERR_GRANT_REVOKED"));
    }
  });

  test("a suspension stops a run of that party that has started", async () => {
    const { agency, developer } = fixture.parties;
    const endless = utf8(
      new TextDecoder().decode(JOB).replace("develop(rows, context) {", "develop(rows, context) { for (;;);"),
    );
    const envelope = await use({
      operation: "develop",
      grant,
      frame: endless,
      key: developer,
      bundle: await sha256Hex(endless),
    });
    await send(fixture, "/v1/jobs", envelope);
    const statement = (status: "active" | "suspended", at: number) =>
      ({
        type: "party",
        party: "developer",
        title: "Developer",
        role: "developer",
        keyId: developer.keyId,
        status,
        at: new Date(at).toISOString(),
      }) as const;
    const now = Date.now();
    await postJson(fixture, "/v1/parties", await signDocument(statement("suspended", now), agency));
    const run = await finishedRun(fixture, envelope.request.body.callId);
    expect(run).toMatchObject({ state: "failed", failure: { code: "ERR_CANCELLED", refusedBy: "domain" } });
    await postJson(fixture, "/v1/parties", await signDocument(statement("active", now + 1), agency));
  });

  test("a revocation needs no gateway, and reaches a grant that was never delivered", async () => {
    const scene = { scene: toHex(random.bytes(4)), title: "x", purpose: "bands", value: "x" };
    const body = await grantBody(fixture, { scene });
    const revocation = {
      type: "revocation",
      domain: "test",
      grant: await documentHash(body),
      reason: "test",
      at: new Date().toISOString(),
    } as const;
    const direct = async (signer: KeyPair): Promise<number> => {
      const signed = JSON.stringify(await signDocument(revocation, signer));
      const headers = { "content-type": "application/json" };
      return (await fetch(`${fixture.domain.url}/v1/revocations`, { method: "POST", body: signed, headers })).status;
    };
    expect(await direct(fixture.parties.gateway)).toBe(403);
    expect(await direct(fixture.parties.recovery)).toBe(204);
    const grant = await signDocument(body, fixture.parties.department, fixture.parties.agency);
    await postJson(fixture, "/v1/grants", { grant, policy: fixture.policy });
    await expect(call(await evaluate({ grant: revocation.grant }))).rejects.toEqual(refusal("ERR_GRANT_REVOKED"));
  });

  test("a clock behind what was recorded refuses to start, and changes nothing", async () => {
    await call(await evaluate());
    await fixture.domain.close();
    const behind = { now: () => new Date(Date.now() - 600_000) };
    await expect(startDomain(fixture.directory, { clock: behind })).rejects.toThrow(
      expect.objectContaining({ code: "ERR_CLOCK" }),
    );
    fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
    await call(await evaluate());
  });
});
