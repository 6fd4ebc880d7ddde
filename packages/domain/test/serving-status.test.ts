/** The status lease: a domain that hears nothing more stops; what a status stops stays stopped, and stops what is under
 *  way. It comes directly; who brings it does not matter.
 *  @module */
import { setImmediate } from "node:timers/promises";
import { generateKey, signDocument, type KeyPair } from "@sluice/evidence";
import { blind } from "@sluice/mpc/oprf/client";
import {
  encodeEvaluateRequest,
  fromProblem,
  MAX_OPRF_ELEMENTS,
  utf8,
  type CallEnvelope,
  type Party,
  type Status,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import { eventsOf, withState } from "./domain-log.ts";
import {
  deliverGrant,
  develop,
  openFixture,
  postJson,
  random,
  sealedCall,
  send,
  serveProduct,
  type Fixture,
} from "./serving-fixture.ts";

/** Served products take seconds to make: these run in the long run. */
const long = test.runIf(process.env["SLOW"] === "1");

const LEASE_MS = 600_000;
const TERM_MS = 300_000;
const refusal = (code: string) => expect.objectContaining({ code, refusedBy: "domain" });

let fixture: Fixture;
let statusKey: KeyPair;
let other: KeyPair;
let grant: string;
/** How far the domain's clock is ahead. */
let aheadMs = 0;
const clock = { now: () => new Date(Date.now() + aheadMs) };

let sequence = 0;
function statusBody(change: Partial<Status> = {}): Status {
  const now = clock.now().getTime();
  return {
    type: "status",
    domain: "test",
    sequence: ++sequence,
    revoked: [],
    suspended: [],
    issuedAt: new Date(now).toISOString(),
    validUntil: new Date(now + LEASE_MS).toISOString(),
    ...change,
  };
}

/** Sends a status to the domain itself, as nobody in particular. */
async function issue(body: Status, key: KeyPair = statusKey): Promise<void> {
  const response = await fetch(`${fixture.domain.url}/v1/statuses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(await signDocument(body, key)),
  });
  if (!response.ok) throw fromProblem(await response.json()) ?? new Error(`status ${response.status}`);
}

async function restart(): Promise<void> {
  await fixture.domain.close();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, clock });
}

beforeAll(async () => {
  [statusKey, other] = await Promise.all([generateKey(), generateKey()]);
  fixture = await openFixture(undefined, { statusKey: statusKey.keyId, maxLeaseMs: LEASE_MS });
  const callers = [
    { party: "caller", keyId: fixture.parties.caller.keyId },
    { party: "other", keyId: other.keyId },
  ];
  const quotas = (["develop", "build", "lookup.evaluate"] as const).map((operation) => ({
    operation,
    amount: "100000",
  }));
  // Its term ends before a lease that began with it.
  const notAfter = new Date(Date.now() + TERM_MS).toISOString();
  grant = await deliverGrant(fixture, { callers, quotas, notAfter });
  await restart();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const [element] = [blind(utf8("P1"), random).blindedElement];
const frameOf =
  (count: number) =>
  (snapshot: Uint8Array): Uint8Array =>
    encodeEvaluateRequest({ snapshot, elements: Array(count).fill(element) });
const evaluate = async (key: KeyPair, count = 1): Promise<CallEnvelope> =>
  (await sealedCall(fixture, frameOf(count), { operation: "lookup.evaluate", grant, key })).envelope;
const call = (envelope: CallEnvelope): Promise<Uint8Array> => send(fixture, "/v1/calls", envelope);
const used = (): number =>
  withState(fixture.directory, (db) =>
    Number(db.prepare("SELECT used FROM quota WHERE operation = 'lookup.evaluate'").get()?.["used"] ?? 0),
  );

/** Waits until the domain has charged for `count` elements in all. */
async function charged(count: number): Promise<void> {
  while (used() < count) await setImmediate();
}

async function stateCaller(status: "active" | "suspended", at: number, key = fixture.parties.agency): Promise<void> {
  await stateParty("caller", fixture.parties.caller.keyId, { status, at, key });
}

async function stateParty(
  party: string,
  keyId: string,
  { status = "active", at, key = fixture.parties.agency }: { status?: Party["status"]; at: number; key?: KeyPair },
): Promise<void> {
  const body = { type: "party", party, title: party, role: "caller", keyId } as const;
  await postJson(fixture, "/v1/parties", await signDocument({ ...body, status, at: new Date(at).toISOString() }, key));
}

long("without a lease nothing is done; a status of the status key or of the agency begins it", async () => {
  await expect(develop(fixture, grant)).rejects.toEqual(refusal("ERR_LEASE_ENDED"));
  await issue(statusBody());
  const { built } = await serveProduct(fixture, grant);
  expect(built.state).toBe("completed");
  await issue(statusBody(), fixture.parties.agency);
  await call(await evaluate(fixture.parties.caller));
});

long("only those two keys can extend it, for this domain, forward, and no longer than was configured", async () => {
  const { gateway, department, recovery } = fixture.parties;
  for (const key of [gateway, department, recovery, other]) {
    await expect(issue(statusBody(), key)).rejects.toEqual(refusal("ERR_SIGNATURE"));
  }
  const now = clock.now().getTime();
  const at = (ms: number): string => new Date(now + ms).toISOString();
  for (const [change, code] of [
    [{ domain: "elsewhere" }, "ERR_GRANT_DOMAIN"],
    [{ validUntil: at(LEASE_MS + 60_000) }, "ERR_BODY_INVALID"],
    [{ validUntil: at(-1_000) }, "ERR_BODY_INVALID"],
    [{ issuedAt: at(120_000), validUntil: at(180_000) }, "ERR_BODY_INVALID"],
    [{ sequence: 1 }, "ERR_STATUS_OLD"],
    [{ sequence: now + 120_000 }, "ERR_BODY_INVALID"],
    [{ sequence: Number.MAX_SAFE_INTEGER }, "ERR_BODY_INVALID"],
    [{ sequence: 0 }, "ERR_BODY_INVALID"],
    [{ suspended: ["not a key"] }, "ERR_BODY_INVALID"],
  ] as const) {
    await expect(issue(statusBody(change as Partial<Status>))).rejects.toEqual(refusal(code));
  }
  const events = eventsOf(fixture.directory).length;
  const again = statusBody();
  await issue(again);
  await issue(again);
  expect(eventsOf(fixture.directory)).toHaveLength(events + 1);
  await expect(issue({ ...again, revoked: ["a".repeat(64)] })).rejects.toEqual(refusal("ERR_STATUS_OLD"));
});

long(
  "at its end development, builds and calls are refused, also after a restart; a later status lets them go on",
  async () => {
    const before = used();
    const validUntil = new Date(clock.now().getTime() + 1_000).toISOString();
    await issue(statusBody({ validUntil }));
    aheadMs = 2_000;
    for (let round = 0; round < 2; round++) {
      await expect(develop(fixture, grant)).rejects.toEqual(refusal("ERR_LEASE_ENDED"));
      await expect(evaluate(fixture.parties.caller).then(call)).rejects.toEqual(refusal("ERR_LEASE_ENDED"));
      await restart();
    }
    expect(used()).toBe(before);
    await issue(statusBody());
    await call(await evaluate(fixture.parties.caller));
    aheadMs = 0;
  },
);

long("a suspension by status stays until the agency says otherwise, later: no old statement lifts it", async () => {
  const { caller } = fixture.parties;
  const before = clock.now().getTime();
  await issue(statusBody({ suspended: [caller.keyId] }));
  await issue(statusBody());
  await restart();
  await expect(evaluate(caller).then(call)).rejects.toEqual(refusal("ERR_PARTY_SUSPENDED"));
  await stateCaller("active", before - 1);
  await expect(evaluate(caller).then(call)).rejects.toEqual(refusal("ERR_PARTY_SUSPENDED"));
  await expect(stateCaller("active", clock.now().getTime() + 10, statusKey)).rejects.toEqual(refusal("ERR_SIGNATURE"));
  await stateCaller("active", clock.now().getTime() + 10);
  await call(await evaluate(caller));
  await call(await evaluate(other));
});

long("a suspension ends the calls of its party that are under way, and no others", async () => {
  const { caller } = fixture.parties;
  const before = used();
  const long = await Promise.all(Array.from({ length: 2 }, () => evaluate(other, MAX_OPRF_ELEMENTS)));
  const mine = await evaluate(caller, MAX_OPRF_ELEMENTS);
  const running = long.map(call);
  await charged(before + 2 * MAX_OPRF_ELEMENTS);
  const stopped = call(mine).catch((error: unknown) => error);
  await charged(before + 3 * MAX_OPRF_ELEMENTS);
  await issue(statusBody({ suspended: [caller.keyId] }));
  expect(await stopped).toEqual(refusal("ERR_PARTY_SUSPENDED"));
  await Promise.all(running);
  expect(used()).toBe(before + 3 * MAX_OPRF_ELEMENTS); // what was spent stays spent
  await stateCaller("active", clock.now().getTime() + 10_000);
  await expect(call(mine)).rejects.toEqual(refusal("ERR_REPLAY"));
});

long("a key that was replaced, and the end of the term, end the calls that are under way", async () => {
  const before = used();
  const refused = async (): Promise<unknown> =>
    call(await evaluate(other, MAX_OPRF_ELEMENTS)).catch((error: unknown) => error);
  const replaced = refused();
  await charged(before + MAX_OPRF_ELEMENTS);
  const at = clock.now().getTime();
  await stateParty("other", (await generateKey()).keyId, { at });
  expect(await replaced).toEqual(refusal("ERR_NOT_ADMITTED"));
  await stateParty("other", other.keyId, { at: at + 1 });
  const ended = refused();
  await charged(before + 2 * MAX_OPRF_ELEMENTS);
  await issue(statusBody());
  aheadMs = TERM_MS + 1_000;
  expect(await ended).toEqual(refusal("ERR_GRANT_EXPIRED"));
  aheadMs = 0;
});

long("a revocation ends every call under its grant, whether it came as such or in a status, and stays", async () => {
  const before = used();
  const long = await Promise.all(Array.from({ length: 3 }, () => evaluate(other, MAX_OPRF_ELEMENTS)));
  const running = long.map((envelope) => call(envelope).catch((error: unknown) => error));
  await charged(before + 3 * MAX_OPRF_ELEMENTS);
  await issue(statusBody({ revoked: [grant] }));
  const outcomes = await Promise.all(running);
  expect(outcomes.at(-1)).toEqual(refusal("ERR_GRANT_REVOKED"));
  for (const outcome of outcomes) if (outcome instanceof Error) expect(outcome).toEqual(refusal("ERR_GRANT_REVOKED"));
  await issue(statusBody());
  await restart();
  await expect(evaluate(other).then(call)).rejects.toEqual(refusal("ERR_GRANT_REVOKED"));
});
