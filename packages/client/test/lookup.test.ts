/** Private lookups against a stub that answers truly, and that lies.
 *  @module */
import { inspect } from "node:util";
import { generateKey, signDocument } from "@sluice/evidence";
import { verifyReceipt } from "@sluice/evidence/verify";
import {
  concatBytes,
  documentHash,
  encodeAnswer,
  isSluiceError,
  sha256Hex,
  SluiceError,
  type Receipt,
} from "@sluice/protocol";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createClient, systemRandom, type ClientOptions, type LookupHandle, type SluiceClient } from "../src/index.ts";
import { refused } from "./refused.ts";
import { flipBit, flipHash, sendProblem, StubCity, VOCABULARY } from "./stub-city.ts";

const labels = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`person-${i}`, i % VOCABULARY.length]));
let city: StubCity;
let client: SluiceClient;
let handle: LookupHandle;

beforeAll(async () => {
  city = await StubCity.start(labels);
  client = clientOf({});
  handle = await client.openLookup("credit-label");
});
beforeEach(() => {
  city.hooks = {};
  city.calls.length = 0;
  city.requests.length = 0;
});
afterAll(() => city.close());

function clientOf(options: Partial<ClientOptions>): SluiceClient {
  return createClient({ gatewayUrl: city.url, key: city.caller, trust: city.trust, backoffMs: 1, ...options });
}

test("a key that is there yields its label", async () => {
  for (const key of ["person-0", "person-1", "person-119"]) {
    const { record, receipts } = await handle.lookup(key);
    expect(record).toEqual({ label: VOCABULARY[labels[key] ?? -1] });
    expect(receipts.map(({ receipt }) => receipt.body.operation)).toEqual(["lookup.evaluate", "lookup.query"]);
    for (const receipt of receipts) await verifyReceipt(receipt, city.trust);
  }
});

test("a key that is not there yields null", async () => {
  expect((await handle.lookup("person-120")).record).toBeNull();
});

test("hit and miss make the same requests, of the same sizes", async () => {
  await handle.lookup("person-7");
  const hit = city.requests.map(({ method, path, sizeBytes }) => ({ method, path, sizeBytes }));
  city.requests.length = 0;
  await handle.lookup("a key of quite another length, which is not there");
  expect(city.requests.map(({ method, path, sizeBytes }) => ({ method, path, sizeBytes }))).toEqual(hit);
  expect(hit).toHaveLength(2);
});

test("two lookups of one key share no call id, nonce or frame", async () => {
  await handle.lookup("person-7");
  await handle.lookup("person-7");
  const distinct = (values: string[]): number => new Set(values).size;
  expect(distinct(city.calls.map(({ request }) => request.body.callId))).toBe(4);
  expect(distinct(city.calls.map(({ request }) => request.body.nonce))).toBe(4);
  expect(distinct(city.calls.map(({ request }) => request.body.bodyDigest))).toBe(4);
});

test("a request names what it uses, and is valid for two minutes", async () => {
  await handle.lookup("person-7");
  const [call] = city.calls;
  const body = call?.request.body;
  expect(body).toMatchObject({ domain: "hrss", product: "credit-label", version: 1, grant: city.product.grant });
  expect(body?.bodyDigest).toBe(await sha256Hex(call?.frame ?? new Uint8Array()));
  expect(Date.parse(body?.expiresAt ?? "") - Date.parse(body?.issuedAt ?? "")).toBe(120_000);
});

test("one flipped bit of an answer is found", async () => {
  for (const at of [0, 1]) {
    let seen = 0;
    city.hooks.answer = (answer) => (seen++ === at ? { ...answer, frame: flipBit(answer.frame) } : answer);
    await refused(handle.lookup("person-1"), "ERR_ANSWER_ALTERED");
  }
});

test("an answer that is no envelope is refused as altered", async () => {
  city.hooks.call = (_, response) => {
    response.end("nothing of the kind");
    return true;
  };
  await refused(handle.lookup("person-1"), "ERR_ANSWER_ALTERED");
});

test("the receipt and answer of another call are refused", async () => {
  const before = await handle.lookup("person-2");
  const other = city.calls[0];
  if (other === undefined) throw new Error("no call was seen");
  const answer = await city.answer(other);
  expect(before.receipts[0]).toEqual(answer.receipt);
  city.hooks.answer = () => answer;
  expect((await refused(handle.lookup("person-2"), "ERR_RECEIPT")).message).toContain("callId");
});

const lies: [string, (body: Receipt) => Receipt][] = [
  ["operation", (body) => ({ ...body, operation: "lookup.query" })],
  ["domain", (body) => ({ ...body, domain: "health" })],
  ["grant", (body) => ({ ...body, grant: flipHash(body.grant) })],
  ["product", (body) => ({ ...body, product: "another" })],
  ["version", (body) => ({ ...body, version: body.version + 1 })],
  ["bundle", (body) => ({ ...body, bundle: flipHash(body.bundle) })],
  ["release", (body) => ({ ...body, release: flipHash(body.release ?? body.grant) })],
  ["snapshot", (body) => ({ ...body, snapshot: flipHash(body.snapshot) })],
  ["party", (body) => ({ ...body, party: flipHash(body.party) })],
  ["request", (body) => ({ ...body, request: flipHash(body.request) })],
  ["quantity", (body) => ({ ...body, quantity: { ...body.quantity, amount: "2" } })],
  ["quantity", (body) => ({ ...body, quantity: { ...body.quantity, unit: "run" } })],
];
test.each(lies)("a receipt with another %s is refused, though the domain signed it", async (member, change) => {
  city.hooks.receipt = change;
  expect((await refused(handle.lookup("person-1"), "ERR_RECEIPT")).message).toContain(member);
});

test("a receipt that opens to another party or snapshot, or does not open them, is refused", async () => {
  for (const [member, value] of [
    ["party", city.trust.agencyKey],
    ["snapshot", flipHash(city.snapshotHash)],
  ] as const) {
    city.hooks = { refer: (values) => ({ ...values, [member]: value }) };
    expect((await refused(handle.lookup("person-1"), "ERR_RECEIPT")).message).toContain(member);
    city.hooks = {
      answer: ({ receipt, frame }) => {
        const openings = { ...receipt.openings, [member]: undefined };
        return { receipt: { ...receipt, openings }, frame };
      },
    };
    expect((await refused(handle.lookup("person-1"), "ERR_RECEIPT")).message).toContain(member);
  }
});

test("a signed receipt over another answer is refused", async () => {
  city.hooks.receipt = (body) => ({ ...body, answer: flipHash(body.answer) });
  await refused(handle.lookup("person-1"), "ERR_ANSWER_ALTERED");
});

test("a receipt that another key signed is refused", async () => {
  const stranger = await generateKey();
  city.hooks.call = async (call, response) => {
    const { receipt, frame } = await city.answer(call);
    const forged = await signDocument(receipt.receipt.body, stranger);
    response.end(encodeAnswer({ receipt: { ...receipt, receipt: forged }, frame }));
    return true;
  };
  await refused(handle.lookup("person-1"), "ERR_RECEIPT");
});

test("a receipt without the gateway's proof or booking, or with the booking of another, is refused", async () => {
  const { receipts } = await handle.lookup("person-2");
  const bookings = [undefined, receipts[0]?.booking];
  for (const booking of bookings) {
    city.hooks.answer = ({ receipt, frame }) => ({ receipt: { ...receipt, booking }, frame });
    expect((await refused(handle.lookup("person-1"), "ERR_RECEIPT")).message).toContain("booking");
  }
  city.hooks.answer = ({ receipt, frame }) => ({ receipt: { ...receipt, gatewayLog: undefined }, frame });
  expect((await refused(handle.lookup("person-1"), "ERR_RECEIPT")).message).toContain("gateway's log");
});

test("a proof of another document, or of another log, is refused", async () => {
  const other = await city.proofOfSomethingElse();
  city.hooks.answer = ({ receipt, frame }) => ({ receipt: { ...receipt, gatewayLog: other }, frame });
  await refused(handle.lookup("person-1"), "ERR_RECEIPT");
  city.hooks.answer = ({ receipt, frame }) => ({ receipt: { ...receipt, gatewayLog: receipt.domainLog }, frame });
  await refused(handle.lookup("person-1"), "ERR_RECEIPT");
  city.hooks.answer = ({ receipt, frame }) => {
    return { receipt: { ...receipt, domainLog: receipt.gatewayLog ?? receipt.domainLog }, frame };
  };
  await refused(handle.lookup("person-1"), "ERR_RECEIPT");
});

test("a checkpoint that an unpinned key signed is refused", async () => {
  const stranger = (await generateKey()).keyId;
  const trust = { ...city.trust, gateway: { ...city.trust.gateway, logKey: stranger } };
  const doubting = await clientOf({ trust }).openLookup("credit-label");
  await refused(doubting.lookup("person-1"), "ERR_RECEIPT");
});

test("a snapshot of a domain that is not pinned, or that another key signed, is refused", async () => {
  const stranger = await generateKey();
  await refused(clientOf({ trust: { ...city.trust, domains: {} } }).openLookup("credit-label"), "ERR_SIGNATURE");
  const { hrss } = city.trust.domains;
  if (hrss === undefined) throw new Error("the stub pins its domain");
  const trust = { ...city.trust, domains: { hrss: { ...hrss, receiptKey: stranger.keyId } } };
  await refused(clientOf({ trust }).openLookup("credit-label"), "ERR_SIGNATURE");
  // By the caller's clock: whoever stole an ended key can date what it signs.
  const ringUntil = (until: number) => [
    { keyId: city.receiptKey.keyId, until: new Date(until).toISOString() },
    { keyId: stranger.keyId },
  ];
  const rotated = (until: number) => ({ ...city.trust, domains: { hrss: { ...hrss, receiptKey: ringUntil(until) } } });
  await clientOf({ trust: rotated(Date.now() + 3_600_000) }).openLookup("credit-label");
  await refused(clientOf({ trust: rotated(Date.now()) }).openLookup("credit-label"), "ERR_SIGNATURE");
  city.hooks.snapshot = ({ body, signatures }) => ({ body: { ...body, at: "2020-01-01T00:00:00.000Z" }, signatures });
  await refused(client.openLookup("credit-label"), "ERR_SIGNATURE");
});

test("a snapshot that is not the listed product's is refused", async () => {
  for (const member of ["grant", "bundle", "release"] as const) {
    city.hooks.product = (product) => ({ ...product, [member]: flipHash(product[member]) });
    expect((await refused(client.openLookup("credit-label"), "ERR_RECEIPT")).message).toContain(member);
  }
  city.hooks.product = (product) => ({ ...product, version: 2 });
  await refused(client.openLookup("credit-label"), "ERR_RECEIPT");
  city.hooks.product = (product) => ({ ...product, product: "another" });
  await refused(client.openLookup("credit-label"), "ERR_RECEIPT");
});

test("a hint with one flipped bit, cut short or overlong is refused", async () => {
  city.hooks.part = (hint) => flipBit(hint);
  await refused(client.openLookup("credit-label"), "ERR_RECEIPT");
  city.hooks.part = (hint) => hint.subarray(1);
  await refused(client.openLookup("credit-label"), "ERR_RECEIPT");
  city.hooks.part = (hint) => concatBytes(hint, hint.subarray(0, 8));
  await refused(client.openLookup("credit-label"), "ERR_FRAME_TOO_LARGE");
});

test("a dropped connection is retried with the same call id and frame and a fresh nonce", async () => {
  let dropped = 0;
  city.hooks.call = async (envelope, response) => {
    if (dropped++ > 0) return false;
    await city.answer(envelope); // computed and charged, then lost
    response.destroy();
    return true;
  };
  const { record, receipts } = await handle.lookup("person-5");
  expect(record).toEqual({ label: "C" });
  expect(city.calls).toHaveLength(3);
  const [first, second] = city.calls;
  expect(second?.request.body.callId).toBe(first?.request.body.callId);
  expect(second?.request.body.bodyDigest).toBe(first?.request.body.bodyDigest);
  expect(second?.request.body.nonce).not.toBe(first?.request.body.nonce);
  expect(receipts[0]?.receipt.body.request).toBe(await documentHash(first?.request.body));
});

test("a full pool is tried again, a refusal is not", async () => {
  let seen = 0;
  city.hooks.call = (_, response) => {
    if (seen++ > 0) return false;
    sendProblem(response, new SluiceError("ERR_POOL_FULL", { maxQueue: 4 }));
    return true;
  };
  expect((await handle.lookup("person-1")).record).toEqual({ label: "B" });
  expect(city.calls).toHaveLength(3);

  city.calls.length = 0;
  city.hooks.call = (_, response) => {
    sendProblem(
      response,
      new SluiceError("ERR_QUOTA_SPENT", { operation: "lookup.evaluate", amount: "10", unit: "x" }),
    );
    return true;
  };
  const error: unknown = await handle.lookup("person-1").catch((reason: unknown) => reason);
  expect(isSluiceError(error, "ERR_QUOTA_SPENT") && error.refusedBy).toBe("gateway");
  expect(city.calls).toHaveLength(1);
});

test("attempts are bounded, and the last error is told", async () => {
  city.hooks.call = (_, response) => {
    response.destroy();
    return true;
  };
  await refused((await clientOf({ maxAttempts: 3 }).openLookup("credit-label")).lookup("person-1"), "ERR_UNREACHABLE");
  expect(city.calls).toHaveLength(3);
});

test("cancelling ends a lookup at once, and no further call is sent", async () => {
  const controller = new AbortController();
  city.hooks.call = () => {
    controller.abort();
    return true;
  };
  await refused(handle.lookup("person-1", { signal: controller.signal }), "ERR_CANCELLED");
  await refused(handle.lookup("person-1", { signal: controller.signal }), "ERR_CANCELLED");
  expect(city.calls).toHaveLength(1);
});

test("a gateway that does not answer in time is told as a time-out", async () => {
  city.hooks.call = () => true;
  // Only calls are given up in time: whatever opening takes, no limit ends it.
  const limited: typeof fetch = (input, init) =>
    fetch(input, init?.method === "POST" ? init : { ...init, signal: null });
  const hasty = await clientOf({ timeoutMs: 5, maxAttempts: 2, fetch: limited }).openLookup("credit-label");
  expect(hasty.snapshotHash).toBe(city.snapshotHash);
  await refused(hasty.lookup("person-1"), "ERR_TIMEOUT");
});

test("one query is made ahead, when the product is opened and after each lookup, and the next lookup uses it", async () => {
  let drawn = 0;
  const random = {
    bytes(length: number) {
      // A secret, or errors for some hundred rows; nothing else is drawn so long.
      if (length >= 2_048) drawn++;
      return systemRandom.bytes(length);
    },
  };
  const opened = await clientOf({ random }).openLookup("credit-label");
  const each = drawn;
  expect(each).toBeGreaterThan(0);
  for (let lookups = 1; lookups <= 3; lookups++) {
    await opened.lookup("person-1");
    expect(drawn).toBe(each * (1 + lookups));
  }
});

test("a closed handle asks nothing; a lookup under way ends as cancelled", async () => {
  const asked = Promise.withResolvers<void>();
  city.hooks.call = () => {
    asked.resolve();
    return true;
  };
  const opened = await client.openLookup("credit-label");
  const cut = refused(opened.lookup("person-1"), "ERR_CANCELLED");
  await asked.promise;
  opened.close();
  await cut;
  city.calls.length = 0;
  expect((await refused(opened.lookup("person-1"), "ERR_STATE")).message).toContain("credit-label is closed");
  opened.close();
  let disposed: LookupHandle;
  {
    using own = await client.openLookup("credit-label");
    disposed = own;
  }
  await refused(disposed.lookup("person-1"), "ERR_STATE");
  expect(city.calls).toHaveLength(0);
});

test("an empty key is refused before anything is sent", async () => {
  await refused(handle.lookup(""), "ERR_OPRF_INPUT");
  expect(city.calls).toHaveLength(0);
});

test("no error, and no printed client, holds the key that was looked up", async () => {
  city.hooks.answer = (answer) => ({ ...answer, frame: flipBit(answer.frame) });
  const error = await refused(handle.lookup("person-111"), "ERR_ANSWER_ALTERED");
  expect(inspect([error, client], { depth: 9, showHidden: true })).not.toContain("person-111");
});
