import { createHash, randomBytes } from "node:crypto";
import { documentHash, Receipt, type EvidencedReceipt, type Signed } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  commitment,
  createLogProof,
  generateKey,
  openLog,
  RECEIPT_PARTS,
  referenceHash,
  referTo,
  rotatedPin,
  signDocument,
  TrustPins,
  verifyReceipt,
  type KeyPair,
} from "../src/index.ts";
import { CLOCK, entriesOf, inDirectory } from "./log-fixture.ts";

const DOMAIN_ORIGIN = "log.example/hrss";
const GATEWAY_ORIGIN = "log.example/gateway";
const [receiptKey, domainLogKey, gatewayKey, gatewayLogKey, departmentKey, agencyKey] = await Promise.all(
  [1, 2, 3, 4, 5, 6].map(() => generateKey()),
);
if (!receiptKey || !domainLogKey || !gatewayKey || !gatewayLogKey || !departmentKey || !agencyKey) {
  throw new Error("six keys");
}

const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
const PARTY = (await generateKey()).keyId;
const SNAPSHOT = "4".repeat(64);
const { references, openings } = referTo({ party: PARTY, snapshot: SNAPSHOT }, random);

const body: Receipt = Receipt.parse({
  type: "receipt",
  callId: "0".repeat(32),
  operation: "lookup.query",
  domain: "hrss",
  grant: "1".repeat(64),
  scene: "inclusive-credit",
  policy: "7".repeat(64),
  product: "credit",
  version: 1,
  bundle: "2".repeat(64),
  release: "3".repeat(64),
  ...references,
  request: "5".repeat(64),
  answer: "6".repeat(64),
  quantity: { unit: "pir-query", amount: "1" },
  price: { kind: "free", reason: "example" },
  layers: ["isolate", "process"],
  at: "2026-01-02T03:04:05.000Z",
});
const trust: TrustPins = TrustPins.parse({
  domains: {
    hrss: {
      receiptKey: receiptKey.keyId,
      logKey: domainLogKey.keyId,
      logOrigin: DOMAIN_ORIGIN,
      departmentKey: departmentKey.keyId,
    },
  },
  gateway: { key: gatewayKey.keyId, logKey: gatewayLogKey.keyId, logOrigin: GATEWAY_ORIGIN },
  agencyKey: agencyKey.keyId,
});

async function proofIn(document: unknown, origin: string, key: KeyPair) {
  return inDirectory(async (directory) => {
    await using log = await openLog(directory, { origin, key, clock: CLOCK });
    await Promise.all(entriesOf(0, 5).map((entry) => log.append(entry)));
    const salt = new Uint8Array(randomBytes(32));
    const { index } = await log.append(commitment(document, salt));
    return createLogProof(log, index, salt);
  });
}

async function bookingOf(receipt: Signed<Receipt>, key: KeyPair) {
  return signDocument(
    { type: "booking" as const, receipt: await documentHash(receipt), at: "2026-01-02T03:04:06.000Z" },
    key,
  );
}

async function evidenced(receipt: Signed<Receipt>): Promise<EvidencedReceipt> {
  return {
    receipt,
    openings,
    domainLog: await proofIn(receipt, DOMAIN_ORIGIN, domainLogKey as KeyPair),
    booking: await bookingOf(receipt, gatewayKey as KeyPair),
    gatewayLog: await proofIn(receipt, GATEWAY_ORIGIN, gatewayLogKey as KeyPair),
  };
}

const good = await evidenced(await signDocument(body, receiptKey));

async function refuses(receipt: EvidencedReceipt, reason: string, pins = trust): Promise<void> {
  await expect(verifyReceipt(receipt, pins)).rejects.toMatchObject({ code: "ERR_RECEIPT", details: { reason } });
}

async function failsAt(part: string, receipt: unknown): Promise<void> {
  const verified = verifyReceipt(receipt as EvidencedReceipt, trust);
  await expect(verified, part).rejects.toMatchObject({ code: "ERR_RECEIPT", details: { part } });
}

test("verifies with the gateway's word and before the gateway has seen it, and says which", async () => {
  expect(await verifyReceipt(good, trust)).toEqual({ verified: RECEIPT_PARTS, erased: [] });
  const { gatewayLog: _, booking: _booking, ...early } = good;
  expect(await verifyReceipt(early, trust)).toEqual({ verified: RECEIPT_PARTS.slice(0, -2), erased: [] });
});

test("a receipt whose openings were erased verifies, says so, and does not contain what they were", async () => {
  const erased = { ...good, openings: {} };
  expect((await verifyReceipt(erased, trust)).erased).toEqual(["party", "snapshot"]);
  const { party: _, ...snapshotOnly } = openings;
  const { verified, erased: missing } = await verifyReceipt({ ...good, openings: snapshotOnly }, trust);
  expect([verified.includes("party"), verified.includes("snapshot"), missing]).toEqual([false, true, ["party"]]);
  expect(JSON.stringify(erased)).not.toContain(PARTY);
  expect(JSON.stringify(erased)).not.toContain(SNAPSHOT);
});

test("a reference is SHA-256 over the documented struct", () => {
  const salt = new Uint8Array(32).fill(7);
  const struct = Buffer.concat([
    Buffer.from("sluice/reference/v1\x05party"),
    salt,
    Buffer.of(PARTY.length),
    Buffer.from(PARTY),
  ]);
  expect(referenceHash("party", PARTY, salt)).toBe(createHash("sha256").update(struct).digest("hex"));
  expect(() => referenceHash("party", PARTY, salt.subarray(1))).toThrow(RangeError);
});

test("names the part that fails, of every part", async () => {
  const { party, snapshot } = openings;
  const { signatures } = good.receipt;
  const bad: Record<(typeof RECEIPT_PARTS)[number], unknown[]> = {
    form: [null, { ...good, openings: undefined }, { ...good, openings: { party: { value: PARTY } } }],
    domain: [{ ...good, receipt: { body: { ...body, domain: "health" }, signatures } }],
    "domain-signature": [{ ...good, receipt: { body: { ...body, scene: "another" }, signatures } }],
    party: [
      { ...good, openings: { ...openings, party: { ...party, value: agencyKey.keyId } } },
      { ...good, openings: { ...openings, party: { ...party, salt: snapshot.salt } } },
    ],
    snapshot: [
      { ...good, openings: { ...openings, snapshot: { ...snapshot, value: "5".repeat(64) } } },
      { ...good, openings: { ...openings, snapshot: { ...snapshot, salt: party.salt } } },
    ],
    "domain-log": [{ ...good, domainLog: { ...good.domainLog, index: 4 } }],
    booking: [
      { ...good, booking: await bookingOf(good.receipt, gatewayLogKey) },
      { ...good, booking: await bookingOf(await signDocument({ ...body, version: 2 }, receiptKey), gatewayKey) },
    ],
    "gateway-log": [{ ...good, gatewayLog: { ...good.gatewayLog, salt: "0".repeat(64) } }],
  };
  for (const part of RECEIPT_PARTS) for (const receipt of bad[part]) await failsAt(part, receipt);
});

/** Pins of after a rotation of both keys on 2026-02-01, with an overlap of a day. */
const [nextReceiptKey, nextGatewayKey] = [await generateKey(), await generateKey()];
const turn = { from: "2026-02-01T00:00:00.000Z", until: "2026-02-02T00:00:00.000Z" };
const rotated: TrustPins = TrustPins.parse({
  ...trust,
  domains: {
    hrss: { ...trust.domains["hrss"], receiptKey: rotatedPin(receiptKey.keyId, nextReceiptKey.keyId, turn) },
  },
  gateway: { ...trust.gateway, key: rotatedPin(gatewayKey.keyId, nextGatewayKey.keyId, turn) },
});
const AFTER = { ...body, at: "2026-02-02T00:00:00.000Z" };

test("after a rotation, old receipts and bookings hold under the old keys and new ones under the new, by pins alone", async () => {
  expect((await verifyReceipt(good, rotated)).verified).toEqual(RECEIPT_PARTS);
  const receipt = await signDocument(AFTER, nextReceiptKey);
  const booking = await signDocument(
    { type: "booking" as const, receipt: await documentHash(receipt), at: AFTER.at },
    nextGatewayKey,
  );
  await verifyReceipt({ ...(await evidenced(receipt)), booking }, rotated);
  await refuses({ ...(await evidenced(receipt)), booking }, "the domain's key did not sign it");
});

test("an ended receipt key signs nothing new, and what it dates back no log holds", async () => {
  const late = await evidenced(await signDocument(AFTER, receiptKey));
  await refuses(late, "the domain's key did not sign it", rotated);
  // The thief has the old receipt key and every public document, and not the key of the log.
  const forged = await signDocument({ ...body, answer: "7".repeat(64) }, receiptKey);
  const booking = await bookingOf(forged, gatewayKey);
  const borrowed = { ...good, receipt: forged, booking };
  await refuses(borrowed, "in the domain's log, an inclusion proof does not lead to the checkpoint", rotated);
  const thief = await generateKey();
  const ownLog = { ...borrowed, domainLog: await proofIn(forged, DOMAIN_ORIGIN, thief) };
  await refuses(ownLog, "in the domain's log, a checkpoint is not signed by its key", rotated);
  // A receipt of the domain, signed by the old key as well, is another document.
  const real = await signDocument({ ...body, at: turn.from }, nextReceiptKey);
  const twice = {
    ...real,
    signatures: [...real.signatures, ...(await signDocument(real.body, receiptKey)).signatures],
  };
  const { domainLog } = await evidenced(real);
  await refuses(
    { ...good, receipt: twice, domainLog },
    "in the domain's log, an inclusion proof does not lead to the checkpoint",
    rotated,
  );
});

test("an ended key of the gateway books no receipt that came after its end, however it dates the booking", async () => {
  const receipt = await signDocument(AFTER, nextReceiptKey);
  for (const at of [body.at, AFTER.at]) {
    const booking = await signDocument(
      { type: "booking" as const, receipt: await documentHash(receipt), at },
      gatewayKey,
    );
    const whole = { ...(await evidenced(receipt)), booking };
    await refuses(whole, "the gateway's key did not sign its booking", rotated);
  }
});

test("survives JSON", async () => {
  await verifyReceipt(JSON.parse(JSON.stringify(good)) as EvidencedReceipt, trust);
});

test("refuses a changed body", async () => {
  const receipt = { ...good.receipt, body: { ...body, quantity: { unit: "pir-query" as const, amount: "2" } } };
  await refuses({ ...good, receipt }, "the domain's key did not sign it");
});

test("refuses a receipt that another key of the domain signed", async () => {
  const receipt = await signDocument(body, departmentKey);
  await refuses(await evidenced(receipt), "the domain's key did not sign it");
});

test("refuses a receipt of a domain that is not pinned, whatever its name", async () => {
  for (const domain of ["health", "constructor"]) {
    const receipt = await signDocument({ ...body, domain }, receiptKey);
    await refuses({ ...good, receipt }, "its domain is not pinned");
  }
});

test("refuses a validly signed receipt that is not the one in the log", async () => {
  const receipt = await signDocument({ ...body, answer: "7".repeat(64) }, receiptKey);
  const reason = "in the domain's log, an inclusion proof does not lead to the checkpoint";
  await refuses({ ...good, receipt }, reason);
});

test("refuses proofs of the wrong log, key or position", async () => {
  const inDomain = (what: string) => `in the domain's log, ${what}`;
  const { gatewayLog } = good;
  if (gatewayLog === undefined) throw new Error("both proofs");
  await refuses({ ...good, domainLog: gatewayLog }, inDomain("a proof is of another log"));
  const renamed = { ...gatewayLog, origin: DOMAIN_ORIGIN };
  await refuses({ ...good, domainLog: renamed }, inDomain("a checkpoint is not signed by its key"));
  const forged = await proofIn(good.receipt, DOMAIN_ORIGIN, gatewayLogKey);
  await refuses({ ...good, domainLog: forged }, inDomain("a checkpoint is not signed by its key"));
  const moved = { ...good.domainLog, index: 4 };
  await refuses({ ...good, domainLog: moved }, inDomain("an inclusion proof does not lead to the checkpoint"));
  const cut = { ...good.domainLog, inclusion: good.domainLog.inclusion.slice(1) };
  await refuses({ ...good, domainLog: cut }, inDomain("an inclusion proof does not lead to the checkpoint"));
  const badGateway = { ...good, gatewayLog: { ...gatewayLog, salt: "0".repeat(64) } };
  await refuses(badGateway, "in the gateway's log, an inclusion proof does not lead to the checkpoint");
});

test("refuses anything that is not an evidenced receipt", async () => {
  for (const value of [null, {}, { ...good, extra: 1 }, { ...good, receipt: { ...good.receipt, signatures: [] } }]) {
    await refuses(value as EvidencedReceipt, "it does not have the documented form");
  }
});

test("the commitment hides the document behind its salt", () => {
  const salt = new Uint8Array(32).fill(1);
  expect(commitment(body, salt)).toHaveLength(32);
  expect(commitment(body, salt)).toEqual(commitment({ ...body }, salt));
  expect(commitment(body, salt)).not.toEqual(commitment(body, new Uint8Array(32).fill(2)));
  expect(() => commitment(body, new Uint8Array(31))).toThrow(RangeError);
});
