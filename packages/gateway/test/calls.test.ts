/** Production calls: admitted, passed on unchanged, believed only with their receipt, booked once.
 *  @module */
import { RECEIPT_PARTS, verifyReceipt, type TrustPins } from "@sluice/evidence/verify";
import {
  decodeAnswer,
  decodeSessionReply,
  documentHash,
  encodeAnswer,
  encodeCall,
  encodeSessionMessage,
  encodeSessionReply,
  fromUtf8,
  sha256Hex,
  utf8,
  type AnswerEnvelope,
  type Scene,
  type SessionReply,
} from "@sluice/protocol";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { City, codeOf, receiptOf } from "./city.ts";

let city: City;
let grant: string;
let trust: TrustPins;

beforeAll(async () => {
  city = await City.start();
  grant = await city.product("product");
  const { receiptKey, logKey, logOrigin } = city.domain.description();
  trust = {
    domains: { health: { receiptKey, logKey, logOrigin, departmentKey: city.keys.health.keyId } },
    gateway: {
      key: city.identity.gatewayKey,
      logKey: city.identity.logKey,
      logOrigin: city.identity.logOrigin,
    },
    agencyKey: city.keys.bureau.keyId,
  };
});
afterAll(() => city.close());
afterEach(() => {
  city.domain.bend = (answer) => answer;
  city.domain.overrides.clear();
});

test("an answer comes back unchanged, with a receipt that verifies in both logs", async () => {
  const envelope = await city.envelope("bank", { grant });
  const answer = await city.send("bank", "POST", "/v1/calls", encodeCall(envelope));
  expect(codeOf(answer)).toBe(200);
  const { callId } = envelope.request.body;
  const receipt = receiptOf(answer);
  expect(fromUtf8(decodeAnswer(answer.bytes).frame)).toBe(`answer to ${callId}`);
  expect(receipt.gatewayLog?.origin).toBe(city.identity.logOrigin);
  const { verified, erased } = await verifyReceipt(receipt, trust);
  expect([verified, erased]).toEqual([RECEIPT_PARTS, []]);
  expect(receipt.openings.party?.value).toBe(city.keys.bank.keyId);
});

test("an answer whose receipt does not open its party, or opens another, is refused", async () => {
  const envelope = await city.envelope("bank", { grant });
  const party = city.keys["other-bank"].keyId;
  const bends: ((answer: AnswerEnvelope) => Promise<AnswerEnvelope>)[] = [
    async ({ receipt, frame }) => ({
      frame,
      receipt: await city.domain.receiptFor(envelope, receipt.receipt.body.answer, { party }),
    }),
    async ({ receipt, frame }) => {
      const { party: _party, ...openings } = receipt.openings;
      return { frame, receipt: { ...receipt, openings } };
    },
    async ({ receipt, frame }) => {
      const { snapshot: _snapshot, ...openings } = receipt.openings;
      return { frame, receipt: { ...receipt, openings } };
    },
    async ({ receipt, frame }) => {
      const opening = { value: city.keys.bank.keyId, salt: "0".repeat(64) };
      return { frame, receipt: { ...receipt, openings: { ...receipt.openings, party: opening } } };
    },
  ];
  for (const bend of bends) {
    city.domain.bend = bend;
    expect(codeOf(await city.send("bank", "POST", "/v1/calls", encodeCall(envelope)))).toBe("ERR_RECEIPT");
  }
});

test("a retried call is booked once and gets the same receipt, whatever proof the domain sends now", async () => {
  const first = await city.envelope("bank", { grant });
  const { callId } = first.request.body;
  const one = receiptOf(await city.send("bank", "POST", "/v1/calls", encodeCall(first)));
  city.domain.bend = async (answer) => ({
    ...answer,
    receipt: {
      ...answer.receipt,
      domainLog: (await city.domain.receiptFor(first, answer.receipt.receipt.body.answer)).domainLog,
    },
  });
  const again = await city.envelope("bank", { grant, callId });
  const bent = await city.send("bank", "POST", "/v1/calls", encodeCall(again));
  // A proof of another receipt is refused; the domain's own fresh proof is not needed.
  expect(codeOf(bent)).toBe("ERR_RECEIPT");
  city.domain.bend = (answer) => answer;
  const two = receiptOf(
    await city.send("bank", "POST", "/v1/calls", encodeCall(await city.envelope("bank", { grant, callId }))),
  );
  expect(two).toEqual(one);
});

test("concurrent attempts of one call get one receipt", async () => {
  const { callId } = (await city.envelope("bank", {})).request.body;
  const answers = await Promise.all(Array.from({ length: 8 }, () => city.call("bank", { grant, callId })));
  expect(new Set(answers.map(codeOf))).toEqual(new Set([200]));
  expect(new Set(answers.map((answer) => JSON.stringify(receiptOf(answer)))).size).toBe(1);
});

test("a receipt survives a restart with the same proofs", async () => {
  const { callId } = (await city.envelope("bank", {})).request.body;
  const before = receiptOf(await city.call("bank", { grant, callId }));
  await city.restart();
  expect(receiptOf(await city.call("bank", { grant, callId }))).toEqual(before);
  const chain = await city.send("bank", "GET", `/v1/receipts/${callId}`);
  expect(chain.json["receipt"]).toEqual(before);
});

test("an altered frame and a receipt of another call, product, party or key are refused", async () => {
  const other = await city.envelope("other-bank", { grant });
  const bends: ((answer: Parameters<typeof city.domain.bend>[0]) => ReturnType<typeof city.domain.bend>)[] = [
    (answer) => ({ ...answer, frame: utf8("another frame") }),
    async (answer) => ({ ...answer, receipt: await city.domain.receiptFor(other, answer.receipt.receipt.body.answer) }),
    async (answer) => {
      const { body } = answer.receipt.receipt;
      const change = { product: "another", callId: body.callId, party: city.keys.bank.keyId };
      return { ...answer, receipt: await city.domain.receiptFor(other, body.answer, change) };
    },
    async (answer) => {
      const { body } = answer.receipt.receipt;
      return { ...answer, receipt: await city.domain.receiptFor(other, body.answer, { callId: body.callId }) };
    },
    (answer) => {
      const { receipt } = answer.receipt;
      const body = { ...receipt.body, quantity: { unit: "pir-query" as const, amount: "99" } };
      return { ...answer, receipt: { ...answer.receipt, receipt: { ...receipt, body } } };
    },
    (answer) => ({
      ...answer,
      receipt: { ...answer.receipt, domainLog: { ...answer.receipt.domainLog, salt: "3".repeat(64) } },
    }),
  ];
  for (const bend of bends) {
    city.domain.bend = bend;
    const answer = await city.call("bank", { grant });
    expect(codeOf(answer)).toBe("ERR_RECEIPT");
    expect(answer.json["refusedBy"]).toBe("gateway");
  }
  city.domain.overrides.set("/v1/calls", async () => ({ body: "not an envelope", type: "application/octet-stream" }));
  expect(codeOf(await city.call("bank", { grant }))).toBe("ERR_ANSWER_ALTERED");
});

test("a receipt in another unit than its operation's is refused, though the domain signed it", async () => {
  const envelope = await city.envelope("bank", { grant });
  city.domain.bend = async (answer) => {
    const quantity = { unit: "psi-element", amount: "1" } as const;
    return {
      ...answer,
      receipt: await city.domain.receiptFor(envelope, answer.receipt.receipt.body.answer, { quantity }),
    };
  };
  expect(codeOf(await city.send("bank", "POST", "/v1/calls", encodeCall(envelope)))).toBe("ERR_RECEIPT");
});

test("a second receipt for a booked call is refused, though the domain signed it", async () => {
  const envelope = await city.envelope("bank", { grant });
  await city.send("bank", "POST", "/v1/calls", encodeCall(envelope));
  city.domain.bend = async (answer) => ({
    ...answer,
    receipt: await city.domain.receiptFor(envelope, answer.receipt.receipt.body.answer, { layers: ["isolate"] }),
  });
  expect(codeOf(await city.call("bank", { grant, callId: envelope.request.body.callId }))).toBe("ERR_RECEIPT");
});

test("the domain's refusals are passed on as the domain's own", async () => {
  const problem = (refusedBy: string) => ({
    status: 429,
    type: "application/problem+json",
    body: JSON.stringify({
      type: "urn:sluice:error:ERR_QUOTA_SPENT",
      title: "",
      status: 429,
      detail: "",
      code: "ERR_QUOTA_SPENT",
      remedy: "",
      refusedBy,
      details: { operation: "lookup.query", amount: "10", unit: "pir-query" },
    }),
  });
  city.domain.overrides.set("/v1/calls", async () => problem("domain"));
  const refused = await city.call("bank", { grant });
  expect([refused.status, codeOf(refused), refused.json["refusedBy"]]).toEqual([429, "ERR_QUOTA_SPENT", "domain"]);
  city.domain.overrides.set("/v1/calls", async () => problem("gateway"));
  expect((await city.call("bank", { grant })).json["refusedBy"]).toBe("domain");
  city.domain.overrides.set("/v1/calls", async () => ({ status: 500, type: "text/html", body: "<h1>oops</h1>" }));
  expect(codeOf(await city.call("bank", { grant }))).toBe("ERR_UNREACHABLE");
});

test("calls are refused to suspended parties, for unknown products, and when another party sent them", async () => {
  expect(codeOf(await city.call("bank", { grant, product: "nothing" }))).toBe("ERR_NOT_FOUND");
  expect(codeOf(await city.call("bank", { grant, version: 9 }))).toBe("ERR_NOT_FOUND");
  expect(codeOf(await city.call("bank", { grant, domain: "other" }))).toBe("ERR_GRANT_DOMAIN");
  expect(codeOf(await city.call("bank", { grant, operation: "develop" }))).toBe("ERR_GRANT_OPERATION");
  const taken = encodeCall(await city.envelope("bank", { grant }));
  expect(codeOf(await city.send("other-bank", "POST", "/v1/calls", taken))).toBe("ERR_SIGNATURE");
  const asked = city.domain.requests.length;
  await city.send(
    "bureau",
    "PUT",
    "/v1/parties/other-bank",
    await city.statement("other-bank", { status: "suspended" }),
  );
  expect(codeOf(await city.call("other-bank", { grant }))).toBe("ERR_PARTY_SUSPENDED");
  expect(city.domain.requests.slice(asked)).toEqual(["POST /v1/parties"]);
  await city.send("bureau", "PUT", "/v1/parties/other-bank", await city.statement("other-bank"));
  expect(codeOf(await city.call("other-bank", { grant }))).toBe(200);
});

test("a cut envelope is malformed, and nothing of it reaches the domain", async () => {
  const whole = encodeCall(await city.envelope("bank", { grant }));
  const asked = city.domain.requests.length;
  for (const length of [0, 1, 3, 40, whole.length - 1]) {
    const answer = await city.send("bank", "POST", "/v1/calls", whole.slice(0, length));
    expect(codeOf(answer)).toBe("ERR_FRAME_MALFORMED");
  }
  expect(codeOf(await city.send("bank", "POST", "/v1/calls", { json: true }))).toBe("ERR_FRAME_MALFORMED");
  expect(city.domain.requests.length).toBe(asked);
});

test("the chain of a call leads to its scene, and strangers learn nothing of it", async () => {
  const envelope = await city.envelope("bank", { grant });
  const { callId } = envelope.request.body;
  city.domain.bend = async (answer) => answer;
  await city.send("bank", "POST", "/v1/calls", encodeCall(envelope));
  for (const reader of ["bank", "group", "lab", "health", "bureau", "auditor"] as const) {
    const chain = await city.send(reader, "GET", `/v1/receipts/${callId}`);
    expect(codeOf(chain)).toBe(200);
    expect(chain.json["request"]).toEqual(envelope.request);
    expect(chain.json["scene"]).toMatchObject({ scene: "product", state: "granted", grant });
    expect((chain.json["scene"] as Scene).reviews.map(({ scores }) => scores?.socialValue)).toEqual([undefined, 5]);
    expect(await documentHash((chain.json["grant"] as { body: unknown }).body)).toBe(grant);
  }
  const stranger = await city.send("other-bank", "GET", `/v1/receipts/${callId}`);
  const nothing = await city.send("other-bank", "GET", `/v1/receipts/${"0".repeat(32)}`);
  expect([codeOf(stranger), codeOf(nothing)]).toEqual(["ERR_NOT_FOUND", "ERR_NOT_FOUND"]);
  expect(codeOf(await city.get(`/v1/receipts/${callId}`))).toBe("ERR_HTTP_SIGNATURE");
});

test("a session's messages go on as they are, and what follows its receipt goes on when that is booked", async () => {
  const opening = await city.envelope("bank", { grant, operation: "psi.ids" });
  const { callId } = opening.request.body;
  const seen: Uint8Array[] = [];
  let reply: SessionReply = { sealed: utf8("sealed"), answer: null };
  const handler = async (body: Uint8Array) => {
    seen.push(body);
    return { type: "application/octet-stream", body: encodeSessionReply(reply) };
  };
  city.domain.overrides.set("/v1/sessions", handler);
  city.domain.overrides.set(`/v1/sessions/${callId}`, handler);
  const path = `/v1/sessions/health/${callId}`;
  const opened = await city.send("bank", "POST", "/v1/sessions", encodeCall(opening));
  const message = encodeSessionMessage({ number: 0, sealed: utf8("message") });
  const answered = await city.send("bank", "POST", path, message);
  expect([codeOf(opened), codeOf(answered)]).toEqual([200, 200]);
  expect(seen).toEqual([encodeCall(opening), message]);
  expect(decodeSessionReply(answered.bytes)).toEqual(reply);

  const frame = utf8("summary");
  const answer = { receipt: await city.domain.receiptFor(opening, await sha256Hex(frame)), frame };
  reply = { sealed: utf8("tags"), answer };
  const last = decodeSessionReply((await city.send("bank", "POST", path, message)).bytes);
  expect([fromUtf8(last.sealed), last.answer?.receipt.booking === undefined]).toEqual(["tags", false]);
  expect(codeOf(await city.send("bank", "GET", `/v1/receipts/${callId}`))).toBe(200);

  // A receipt of another frame, another party or another call does not go on, and neither do the frames with it.
  reply = { sealed: utf8("tags"), answer: { ...answer, frame: utf8("other") } };
  expect(codeOf(await city.send("bank", "POST", path, message))).toBe("ERR_RECEIPT");
  reply = { sealed: utf8("tags"), answer };
  expect(codeOf(await city.send("other-bank", "POST", path, message))).toBe("ERR_SESSION_ENDED");
  // A gateway that begins anew has forgotten the opening; shown it again, it books the receipt, which names the first.
  await city.restart();
  const forgotten = await city.send("bank", "POST", path, message);
  expect([codeOf(forgotten), forgotten.json?.["refusedBy"]]).toEqual(["ERR_SESSION_ENDED", "gateway"]);
  const later = await city.envelope("bank", { grant, operation: "psi.ids", callId });
  expect(codeOf(await city.send("bank", "POST", "/v1/sessions", encodeCall(later)))).toBe(200);
  expect(codeOf(await city.send("bank", "POST", path, message))).toBe(200);
  city.domain.overrides.set(`/v1/sessions/${"9".repeat(32)}`, handler);
  const elsewhere = `/v1/sessions/health/${"9".repeat(32)}`;
  expect(codeOf(await city.send("bank", "POST", elsewhere, message))).toBe("ERR_SESSION_ENDED");
});

test("a session is opened by who signed for it, at the product's domain, and a reply that is none is refused", async () => {
  const opening = encodeCall(await city.envelope("bank", { grant, operation: "psi.ids" }));
  expect(codeOf(await city.send("other-bank", "POST", "/v1/sessions", opening))).not.toBe(200);
  const elsewhere = await city.envelope("bank", { grant, operation: "psi.ids", domain: "hrss" });
  expect(codeOf(await city.send("bank", "POST", "/v1/sessions", encodeCall(elsewhere)))).toBe("ERR_GRANT_DOMAIN");
  city.domain.overrides.set("/v1/sessions", async () => ({ type: "application/octet-stream", body: utf8("none") }));
  expect(codeOf(await city.send("bank", "POST", "/v1/sessions", opening))).toBe("ERR_ANSWER_ALTERED");
  expect(codeOf(await city.send("bank", "POST", "/v1/sessions", utf8("none")))).toBe("ERR_FRAME_MALFORMED");
  const unknown = `/v1/sessions/nowhere/${"0".repeat(32)}`;
  expect(codeOf(await city.send("bank", "POST", unknown, opening))).toBe("ERR_NOT_FOUND");
});

test("a domain that is away, and one that does not answer in time, give one coded error each", async () => {
  await city.restart({ domainTimeoutMs: 200 });
  const held = Promise.withResolvers<void>();
  city.domain.overrides.set("/v1/calls", async () => {
    await held.promise;
    return {
      body: encodeAnswer({
        receipt: await city.domain.receiptFor(await city.envelope("bank", { grant }), "0".repeat(64)),
        frame: utf8(""),
      }),
    };
  });
  // Two lists on their way outlast a lookup that waits as long as it may.
  const lists = (["psi.ids", "psi.cardinality"] as const).map((operation) => city.call("bank", { grant, operation }));
  expect(codeOf(await city.call("bank", { grant }))).toBe("ERR_TIMEOUT");
  held.resolve();
  // The stub's receipt is of another call; what matters is that they were answered.
  expect((await Promise.all(lists)).map(codeOf)).toEqual(["ERR_RECEIPT", "ERR_RECEIPT"]);
  const port = Number(new URL(city.domain.url).port);
  await city.domain.stop();
  expect(codeOf(await city.call("bank", { grant }))).toBe("ERR_UNREACHABLE");
  await city.domain.listen(port);
  await city.restart();
});
