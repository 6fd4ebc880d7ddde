/** Another receipt key, and another key of the gateway: the domain serves on, what was signed stays valid, ended keys do nothing.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  currentKey,
  generateKey,
  importSigningKey,
  keysAt,
  logIdentity,
  ringOf,
  signDocument,
  verifyLogProof,
  verifyReceipt,
  verifySigned,
  verifySignedAt,
  type KeyPair,
  type TrustPins,
} from "@sluice/evidence";
import {
  documentHash,
  DomainDescription,
  EventPage,
  fromUtf8,
  utf8,
  type EvidencedReceipt,
  type Instant,
  type PinnedKey,
  type SignedSnapshot,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig, replaceConfig } from "../src/config.ts";
import { pinGateway, rotateReceiptKey, startDomain } from "../src/index.ts";
import { StateDatabase } from "../src/state/database.ts";
import { EventStore } from "../src/state/events.ts";
import {
  clock,
  deliverGrant,
  develop,
  get,
  grantBody,
  openFixture,
  post,
  random,
  serveProduct,
  snapshotOf,
  trustOf,
  type Fixture,
} from "./serving-fixture.ts";

/** Served products take seconds to make: these run in the long run. */
const long = test.runIf(process.env["SLOW"] === "1");

const HOUR_MS = 3_600_000;
const PERIOD = "from=2020-01-01T00:00:00.000Z&to=2099-01-01T00:00:00.000Z";
let fixture: Fixture;
let grant: string;
let early: EvidencedReceipt;
let snapshot: SignedSnapshot;
let oldKey: string;

beforeAll(async () => {
  fixture = await openFixture();
  grant = await deliverGrant(fixture);
  const { developed } = await serveProduct(fixture, grant);
  early = receiptOf(developed);
  snapshot = await snapshotOf(fixture, "bands");
  oldKey = await readFile(join(fixture.directory, "keys/receipt.key"), "utf8");
});
afterAll(() => fixture[Symbol.asyncDispose]());

function receiptOf({ receipt }: { receipt?: EvidencedReceipt | undefined }): EvidencedReceipt {
  if (receipt === undefined) throw new Error("a run that ended has a receipt");
  return receipt;
}

async function restart(): Promise<void> {
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
}

const eventsOf = async () => EventPage.parse(JSON.parse(fromUtf8(await get(fixture, `/v1/events?${PERIOD}`)))).items;

const pinsWith = (receiptKey: PinnedKey): TrustPins => {
  const trust = trustOf(fixture);
  const { test: domain } = trust.domains;
  if (domain === undefined) throw new Error("the domain's pins");
  return { ...trust, domains: { test: { ...domain, receiptKey } } };
};

long(
  "after a rotation the domain signs with the new key, the old private key is gone, and everything of before verifies",
  async () => {
    const running = rotateReceiptKey(fixture.directory, { clock, random });
    await expect(running).rejects.toMatchObject({ code: "ERR_DIRECTORY_LOCKED" });
    await fixture.domain.close();
    // As a command leaves an event: the old key has to sign it, for it is of its time.
    const db = new StateDatabase(join(fixture.directory, "state.sqlite"));
    const erased = new EventStore(db).put({ kind: "erased" }, new Date());
    db.close();
    const prepared = await rotateReceiptKey(fixture.directory, { clock, random, suite: "sm2", prepareOnly: true });
    expect(prepared.pin).toBe(fixture.config.receiptKey);
    const { nextKey, pin } = await rotateReceiptKey(fixture.directory, { clock, random, overlapMs: HOUR_MS });
    expect(nextKey).toBe(prepared.nextKey);
    expect(await readFile(join(fixture.directory, "keys/receipt.key"), "utf8")).not.toBe(oldKey);
    await restart();

    const described = await (await fetch(`${fixture.domain.url}/v1/description`)).json();
    expect(DomainDescription.parse(described).receiptKey).toEqual(pin);
    const trust = pinsWith(pin);
    await verifyReceipt(early, trust);
    const late = receiptOf(await develop(fixture, grant));
    expect(late.receipt.signatures.map(({ keyId }) => keyId)).toEqual([nextKey]);
    await verifyReceipt(late, trust);
    await expect(verifyReceipt(late, trustOf(fixture))).rejects.toMatchObject({
      details: { part: "domain-signature" },
    });

    const signedAnew = await snapshotOf(fixture, "bands");
    expect(await documentHash(signedAnew.body)).toBe(await documentHash(snapshot.body));
    await verifySigned(signedAnew, { required: [[nextKey]] });

    const events = await eventsOf();
    const { logOrigin, logKey, logSm2Key } = fixture.config;
    for (const { event, domainLog } of events) {
      await verifySignedAt(event, pin, event.body.at);
      await verifyLogProof(domainLog, event, logIdentity({ logOrigin, logKey, logSm2Key }));
    }
    const rotations = events.filter(({ event }) => event.body.kind === "key-rotated");
    expect(rotations.map(({ event }) => event.body.subject)).toEqual([await documentHash(pin)]);
    const left = events.find(({ event }) => event.body.kind === "erased");
    expect([left?.event.body.at, left?.event.signatures[0]?.keyId]).toEqual([
      erased.at,
      currentKey(fixture.config.receiptKey),
    ]);
  },
);

long("who stole the old receipt key gains nothing after its end: no receipt, no snapshot, no request", async () => {
  const { receiptKey } = await readConfig(fixture.directory);
  const end = ringOf(receiptKey)[0]?.until ?? "";
  const stolen = await importSigningKey(oldKey);
  expect(keysAt(receiptKey, end)).not.toContain(stolen.keyId);
  const trust = pinsWith(receiptKey);
  const { body } = early.receipt;
  const dated = async (at: Instant): Promise<EvidencedReceipt> => {
    const { receipt, ...others } = early;
    return { ...others, receipt: await signDocument({ ...receipt.body, layers: [], at }, stolen) };
  };
  await expect(verifyReceipt(await dated(end), trust)).rejects.toMatchObject({
    details: { part: "domain-signature" },
  });
  await expect(verifyReceipt(await dated(body.at), trust)).rejects.toMatchObject({ details: { part: "domain-log" } });
  // A snapshot stands in no log: callers check it by their own clock, whatever instant it names.
  const forged = await signDocument(snapshot.body, stolen);
  await expect(verifySignedAt(forged, receiptKey, end)).rejects.toMatchObject({ code: "ERR_SIGNATURE" });
});

long("a rotation that was cut off after its decision is ended by the next start", async () => {
  await fixture.domain.close();
  const { nextKey } = await rotateReceiptKey(fixture.directory, { clock, random, prepareOnly: true });
  const config = await readConfig(fixture.directory);
  const from = clock.now().toISOString();
  const ring = ringOf(config.receiptKey).map((entry) => ({ until: from, ...entry }));
  await replaceConfig(fixture.directory, { ...config, receiptKey: [...ring, { keyId: nextKey, from }] });
  await restart();
  const rotations = (await eventsOf()).filter(({ event }) => event.body.kind === "key-rotated");
  expect(rotations.map(({ event }) => event.signatures[0]?.keyId)).toEqual([currentKey(config.receiptKey), nextKey]);
});

long("during an overlap both keys of the gateway deliver; an ended one is refused and never comes back", async () => {
  const [old, next] = [fixture.parties.gateway, await generateKey()];
  const body = await grantBody(fixture);
  const granted = await signDocument(body, fixture.parties.department, fixture.parties.agency);
  const delivery = utf8(JSON.stringify({ grant: granted, policy: fixture.policy }));
  const deliver = (key: KeyPair) => post(fixture, "/v1/grants", delivery, "application/json", key);
  const pin = async (gatewayKey: string, untilMs: number) => {
    const until = new Date(Date.now() + untilMs).toISOString();
    return pinGateway(fixture.directory, { gatewayKey, until, clock });
  };
  await deliver(old);
  await expect(deliver(next)).rejects.toMatchObject({ code: "ERR_HTTP_SIGNATURE" });
  await expect(pin(next.keyId, HOUR_MS)).rejects.toMatchObject({ code: "ERR_DIRECTORY_LOCKED" });
  await fixture.domain.close();
  const overlapping = await pin(next.keyId, HOUR_MS);
  await restart();
  await deliver(old);
  await deliver(next);
  await fixture.domain.close();
  const ended = await pin(next.keyId, -1);
  await expect(pin(old.keyId, HOUR_MS)).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
  await restart();
  await expect(deliver(old)).rejects.toMatchObject({ code: "ERR_HTTP_SIGNATURE" });
  await deliver(next);
  Object.assign(fixture.parties, { gateway: next });
  const pinned = (await eventsOf()).filter(({ event }) => event.body.kind === "gateway-key-pinned");
  expect(pinned.map(({ event }) => event.body.subject)).toEqual([
    await documentHash(overlapping),
    await documentHash(ended),
  ]);
});
