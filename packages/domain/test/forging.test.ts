/** Somebody has every key of the gateway: the one that signs the hop to the domain, and the one of its log. It can refuse,
 *  delay and repeat; it cannot invent. It tries calls, releases, grants, un-suspensions, statuses and replays: the domain
 *  refuses each with a code, spends nothing and logs no answer.
 *  @module */
import { generateKey, signCheckpoint, signDocument, type KeyPair } from "@sluice/evidence";
import { signHttp } from "@sluice/evidence/http";
import { blind } from "@sluice/mpc/oprf/client";
import {
  BINARY_MEDIA_TYPE,
  encodeCall,
  encodeEvaluateRequest,
  fromProblem,
  Operation,
  toHex,
  utf8,
  type Bytes,
  type CallEnvelope,
  type Release,
  type SignedParty,
  type UseRequest,
} from "@sluice/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { withState } from "./domain-log.ts";
import {
  clock,
  deliverGrant,
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
  type Fixture,
} from "./serving-fixture.ts";

let fixture: Fixture;
/** Everything that the thief has: the hop's key is pinned by the domain. */
let stolen: { hop: KeyPair; log: KeyPair };
let grant: string;
let release: Release;
/** A real call that the thief saw, spent and answered. */
let seen: CallEnvelope;
/** The same call as it came over the wire, to the byte. */
let recorded: { url: string; headers: Record<string, string>; body: Bytes };

const refusal = (code: string) => expect.objectContaining({ code, refusedBy: "domain" });
const { blindedElement } = blind(utf8("P1"), random);
const frame = (snapshot: Uint8Array): Uint8Array => encodeEvaluateRequest({ snapshot, elements: [blindedElement] });
const routeOf = (operation: Operation): string =>
  operation === "develop" ? "/v1/jobs" : operation === "build" ? "/v1/builds" : "/v1/calls";

/** What the domain has spent, answered, run and accepted. */
function memory(): Record<string, unknown> {
  const tables = ["spend", "quota", "answer", "run", "grants", "release", "party", "revocation", "status", "event"];
  return withState(fixture.directory, (db) =>
    Object.fromEntries(tables.map((table) => [table, db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]])),
  );
}

beforeAll(async () => {
  fixture = await openFixture(undefined, { statusKey: (await generateKey()).keyId });
  stolen = { hop: fixture.parties.gateway, log: await generateKey() };
  grant = await deliverGrant(fixture);
  const { developed } = await serveProduct(fixture, grant);
  release = await releaseOf(fixture, developed);
  seen = await question();
  const url = `${fixture.domain.url}/v1/calls`;
  const body = new Uint8Array(encodeCall(seen));
  const signature = await signHttp({ method: "POST", url, body }, stolen.hop, { clock, random });
  recorded = { url, headers: { "content-type": BINARY_MEDIA_TYPE, ...signature }, body };
  expect((await replayRecorded()).status).toBe(200);
});
afterAll(() => fixture[Symbol.asyncDispose]());

let before: Record<string, unknown>;
beforeEach(() => {
  before = memory();
});
afterEach(() => {
  expect(memory()).toEqual(before); // nothing spent, nothing answered, nothing run, nothing accepted
});

const question = async (): Promise<CallEnvelope> =>
  (await sealedCall(fixture, frame, { operation: "lookup.evaluate", grant, key: fixture.parties.caller })).envelope;

const replayRecorded = (): Promise<Response> =>
  fetch(recorded.url, { method: "POST", headers: recorded.headers, body: new Uint8Array(recorded.body) });

/** The seen call, altered and signed again with a key that the thief has. */
async function resigned(change: Partial<UseRequest>, key: KeyPair): Promise<CallEnvelope> {
  const fresh = { nonce: toHex(random.bytes(16)), callId: toHex(random.bytes(16)) };
  return { ...seen, request: await signDocument({ ...seen.request.body, ...fresh, ...change }, key) };
}

test.each(Operation.options)("a call of %s that the thief signs is a stranger's", async (operation) => {
  for (const key of [stolen.hop, stolen.log, await generateKey()]) {
    const forged = await use({ operation, grant, key, frame: operation === "develop" ? JOB : frame(random.bytes(32)) });
    await expect(send(fixture, routeOf(operation), forged)).rejects.toEqual(refusal("ERR_NOT_ADMITTED"));
    const copied = await resigned({ operation }, key);
    await expect(send(fixture, routeOf(operation), copied)).rejects.toEqual(refusal("ERR_NOT_ADMITTED"));
  }
});

test("a call that claims the caller's key, with a signature of the thief or of the caller over something else", async () => {
  const { caller } = fixture.parties;
  const forged = await resigned({}, stolen.hop);
  const [mine] = forged.request.signatures;
  const [theirs] = seen.request.signatures;
  if (mine === undefined || theirs === undefined) throw new Error("signatures");
  for (const signature of [{ ...mine, keyId: caller.keyId }, theirs]) {
    const claimed = { ...forged, request: { body: forged.request.body, signatures: [signature] } };
    await expect(send(fixture, "/v1/calls", claimed)).rejects.toEqual(refusal("ERR_NOT_ADMITTED"));
  }
  const both = { ...seen, request: { ...seen.request, signatures: [theirs, mine] } };
  await expect(send(fixture, "/v1/calls", both)).rejects.toEqual(refusal("ERR_NOT_ADMITTED"));
});

test.each<[string, Partial<UseRequest>]>([
  ["another operation", { operation: "lookup.query" }],
  ["another product", { product: "others" }],
  ["another version", { version: 2 }],
  ["another bundle", { bundle: "b".repeat(64) }],
  ["another call id", { callId: "c".repeat(32) }],
  ["a fresh nonce", { nonce: "d".repeat(32) }],
  ["a later expiry", { expiresAt: new Date(Date.now() + 240_000).toISOString() }],
  ["another digest", { bodyDigest: "e".repeat(64) }],
])("a real call with %s is not the caller's any more", async (_, change) => {
  const altered = { ...seen, request: { ...seen.request, body: { ...seen.request.body, ...change } } };
  await expect(send(fixture, "/v1/calls", altered)).rejects.toEqual(refusal("ERR_NOT_ADMITTED"));
});

test("a real call with another frame, or under another grant that the caller has too", async () => {
  const other = { ...seen, frame: utf8("another frame") };
  await expect(send(fixture, "/v1/calls", other)).rejects.toEqual(refusal("ERR_BODY_DIGEST"));
  const body = { ...seen.request.body, grant: "f".repeat(64) };
  const moved = { ...seen, request: { ...seen.request, body } };
  await expect(send(fixture, "/v1/calls", moved)).rejects.toEqual(refusal("ERR_NOT_ADMITTED"));
});

test("a whole HTTP request again, and its envelope in a new one, under every operation's route", async () => {
  const again = await replayRecorded();
  expect(fromProblem(await again.json())).toEqual(refusal("ERR_HTTP_SIGNATURE"));
  await expect(send(fixture, "/v1/calls", seen)).rejects.toEqual(refusal("ERR_REPLAY"));
  for (const route of ["/v1/jobs", "/v1/builds"]) {
    await expect(send(fixture, route, seen)).rejects.toEqual(refusal("ERR_GRANT_OPERATION"));
  }
});

test("a release that the department did not sign, or signed for something else", async () => {
  const { agency, department } = fixture.parties;
  const next: Release = { ...release, version: 2 };
  for (const signers of [[stolen.hop], [stolen.log], [agency, stolen.hop], [department, stolen.hop]]) {
    const forged = await signDocument(next, ...signers);
    await expect(postJson(fixture, "/v1/releases", forged)).rejects.toEqual(refusal("ERR_SIGNATURE"));
  }
  const real = await signDocument(release, department);
  for (const change of [{ version: 2 }, { product: "others" }, { bundle: "b".repeat(64) }, { grant: "a".repeat(64) }]) {
    const altered = { ...real, body: { ...release, ...change } };
    await expect(postJson(fixture, "/v1/releases", altered)).rejects.toEqual(refusal("ERR_SIGNATURE"));
  }
  // An old one, of a run that this domain never made: it may be real in another domain.
  const old = await signDocument({ ...release, guardReport: "0".repeat(64) }, department);
  await expect(postJson(fixture, "/v1/releases", old)).rejects.toEqual(refusal("ERR_RELEASE_MISSING"));
});

test("a grant that lacks a signature, or was changed after it had both", async () => {
  const { agency, department } = fixture.parties;
  const body = await grantBody(fixture, { restrictions: ["forged"] });
  for (const signers of [[stolen.hop], [stolen.hop, stolen.log], [department, stolen.hop], [agency, stolen.hop]]) {
    const forged = { grant: await signDocument(body, ...signers), policy: fixture.policy };
    await expect(postJson(fixture, "/v1/grants", forged)).rejects.toEqual(refusal("ERR_SIGNATURE"));
  }
  const real = await signDocument(body, department, agency);
  const quotas = [{ operation: "lookup.evaluate" as const, amount: "999999" }];
  const callers = [{ party: "thief", keyId: stolen.hop.keyId }];
  for (const change of [{ quotas }, { callers }, { notAfter: "2099-01-01T00:00:00.000Z" }]) {
    const altered = { grant: { ...real, body: { ...body, ...change } }, policy: fixture.policy };
    await expect(postJson(fixture, "/v1/grants", altered)).rejects.toEqual(refusal("ERR_SIGNATURE"));
  }
});

test("statuses and revocations of the thief, also with the key of its log", async () => {
  const now = Date.now();
  const status = {
    type: "status",
    domain: "test",
    sequence: now,
    revoked: [],
    suspended: [],
    issuedAt: new Date(now).toISOString(),
    validUntil: new Date(now + 60_000).toISOString(),
  } as const;
  const revocation = { type: "revocation", domain: "test", grant, reason: "mine", at: status.issuedAt } as const;
  for (const key of [stolen.hop, stolen.log]) {
    const forged = await signDocument(status, key);
    await expect(postJson(fixture, "/v1/statuses", forged)).rejects.toEqual(refusal("ERR_SIGNATURE"));
    const stop = await signDocument(revocation, key);
    await expect(postJson(fixture, "/v1/revocations", stop)).rejects.toEqual(refusal("ERR_SIGNATURE"));
  }
});

test("messages without the hop's key, which strangers have not either", async () => {
  const bytes = encodeCall(await question());
  const strange = post(fixture, "/v1/calls", bytes, BINARY_MEDIA_TYPE, await generateKey());
  await expect(strange).rejects.toEqual(refusal("ERR_HTTP_SIGNATURE"));
  const unsigned = await fetch(`${fixture.domain.url}/v1/calls`, {
    method: "POST",
    headers: { "content-type": BINARY_MEDIA_TYPE },
    body: new Uint8Array(bytes),
  });
  expect(fromProblem(await unsigned.json())).toEqual(refusal("ERR_HTTP_SIGNATURE"));
});

test("a checkpoint of the domain's log, signed by whom it does not belong to, proves nothing against it", async () => {
  const { logOrigin } = fixture.config;
  for (const key of [stolen.hop, stolen.log]) {
    const { text } = await signCheckpoint(logOrigin, { size: 1_000_000, rootHash: random.bytes(32) }, key);
    await expect(postJson(fixture, "/v1/checkpoints", { checkpoint: text })).rejects.toEqual(
      refusal("ERR_BODY_INVALID"),
    );
  }
  await expect(send(fixture, "/v1/calls", seen)).rejects.toEqual(refusal("ERR_REPLAY")); // it works on
});

test("after a suspension: old statements that the party is active, and new ones of the thief", async () => {
  const { agency, caller, developer } = fixture.parties;
  const statement = (status: "active" | "suspended", at: number, key: KeyPair): Promise<SignedParty> =>
    signDocument(
      {
        type: "party",
        party: "caller",
        title: "Caller",
        role: "caller",
        keyId: caller.keyId,
        status,
        at: new Date(at).toISOString(),
      },
      key,
    );
  const now = Date.now();
  const kept = await statement("active", now - 1, agency);
  await postJson(fixture, "/v1/parties", kept);
  await postJson(fixture, "/v1/parties", await statement("suspended", now, agency));
  before = memory();
  await postJson(fixture, "/v1/parties", kept); // it changes nothing
  for (const key of [stolen.hop, stolen.log, developer, caller]) {
    const lifted = await statement("active", now + 1, key);
    await expect(postJson(fixture, "/v1/parties", lifted)).rejects.toEqual(refusal("ERR_SIGNATURE"));
  }
  const moved = { ...kept, body: { ...kept.body, at: new Date(now + 1).toISOString() } };
  await expect(postJson(fixture, "/v1/parties", moved)).rejects.toEqual(refusal("ERR_SIGNATURE"));
  await expect(send(fixture, "/v1/calls", await question())).rejects.toEqual(refusal("ERR_PARTY_SUSPENDED"));
});
