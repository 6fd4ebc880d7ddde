/** Calls of many messages, asked of a stub that answers truly, is cut off, and lies. @module */
import { openQuery, type SessionSeal } from "@sluice/evidence/seal";
import { MeasuredSession } from "@sluice/mpc/session/client";
import { transferSet, TransferSender } from "@sluice/mpc/psi/transfer-sender";
import { SessionHost } from "@sluice/mpc/session/server";
import {
  decodeCall,
  decodeSessionMessage,
  decodeSessionOpening,
  encodeSessionReply,
  encodeSessionSummary,
  fromHex,
  padPsiItems,
  sealingContext,
  SluiceError,
  toHex,
  type AnswerEnvelope,
  type Bytes,
  type Session,
  type SessionReply,
  type SessionSummary,
  type Table,
} from "@sluice/protocol";
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock, systemRandom } from "../src/index.ts";
import { openMatch } from "../src/match.ts";
import { openProduct, useOf } from "../src/product-handle.ts";
import type { ProductionContext } from "../src/production-call.ts";
import { runSessionCall } from "../src/session-call.ts";
import { Transport } from "../src/transport.ts";
import { refused } from "./refused.ts";
import { sendProblem, StubCity } from "./stub-city.ts";
import { reportProduct, type MakeProduct } from "./stub-products.ts";

const TABLE: Table = {
  kind: "table",
  dimensions: [],
  measures: [],
  cells: [],
  totals: [],
  total: 0,
  minimum: 10,
  base: 5,
};
const ITEMS = 20;
const FRAMES = 12;

/** Sends frames, and takes one that has the sum of their bytes. */
class Asking implements Session {
  #sent = 0;
  step(frame?: Bytes): ReturnType<Session["step"]> {
    if (frame !== undefined) return Promise.resolve({ send: [], done: frame[0] });
    return Promise.resolve({ send: this.#sent < FRAMES ? [Uint8Array.of(++this.#sent)] : [] });
  }
}

class Summing implements Session {
  #taken = 0;
  #sum = 0;
  step(frame?: Bytes): ReturnType<Session["step"]> {
    if (frame === undefined) return Promise.resolve({ send: [] });
    this.#sum += frame[0] ?? 0;
    if (++this.#taken < FRAMES) return Promise.resolve({ send: [] });
    return Promise.resolve({ send: [Uint8Array.of(this.#sum)], done: null });
  }
}

/** What the stub's domain holds of one call. */
interface Held {
  readonly seal: SessionSeal;
  readonly ended: Promise<unknown>;
  readonly answer: () => Promise<AnswerEnvelope | null>;
}

let city: StubCity;
let context: ProductionContext;
let host: SessionHost;
const held = new Map<string, Held>();
const summaries = new Map<string, SessionSummary>();
/** Replies that are lost, by number of the reply from the start. */
let lost: (reply: number) => boolean;
/** What the stub does to a reply. */
let bend: (reply: SessionReply) => SessionReply;
let bendSummary: (summary: SessionSummary) => SessionSummary;
let opened: number;

const summing: MakeProduct = async (served) => ({
  ...(await reportProduct(TABLE)(served)),
  measure: (content) => decodeSessionOpening(content).items,
  answer: (content) => {
    const summary = summaries.get(toHex(decodeSessionOpening(content).snapshot));
    if (summary === undefined) throw new SluiceError("ERR_SESSION_ENDED", { reason: "test" });
    return Promise.resolve(encodeSessionSummary(bendSummary(summary)));
  },
});

const PEOPLE = transferSet(Array.from({ length: 30 }, (_, i) => `person-${i}`));
const PURPOSE = "medical-aid";
const equals: MakeProduct = async (served) => ({
  ...(await summing(served)),
  snapshot: {
    type: "psi-snapshot",
    ...served,
    purpose: PURPOSE,
    parameters: { kind: "psi-ids", method: "transfer", paddedItems: padPsiItems(PEOPLE.count) },
    epoch: 1,
  },
});

beforeAll(async () => {
  city = await StubCity.start({ "person-1": 0 }, { sums: summing, equals });
  const { url: gatewayUrl, caller: key, trust } = city;
  const parts = { clock: systemClock, random: systemRandom };
  context = {
    ...parts,
    key,
    trust,
    transport: new Transport({ ...parts, gatewayUrl, key, fetch: globalThis.fetch, timeoutMs: 10_000 }),
    retry: { maxAttempts: 4, backoffMs: 1, random: systemRandom },
    chosenTimeoutMs: undefined,
  };
});
afterAll(() => city.close());
beforeEach(() => {
  host?.close();
  host = new SessionHost({ maxSessions: 4, maxPerGroup: 4 });
  for (const map of [held, summaries]) map.clear();
  lost = () => false;
  bend = (reply) => reply;
  bendSummary = (summary) => summary;
  opened = 0;
  let replies = 0;
  city.hooks = {
    route: async ({ url = "" }, body, response) => {
      if (!url.startsWith("/v1/sessions")) return false;
      const reply = url === "/v1/sessions" ? await open(body) : await goOn(url, body);
      if (lost(replies++)) response.destroy();
      else send(response, reply);
      return true;
    },
  };
});

function send(response: ServerResponse, reply: SessionReply): void {
  response.end(encodeSessionReply(bend(reply)));
}

async function open(body: Bytes): Promise<SessionReply> {
  const envelope = decodeCall(body);
  const { callId } = envelope.request.body;
  opened++;
  if (!held.has(callId)) {
    const { seal } = city.domainKeys;
    const query = await openQuery(seal, envelope.frame, sealingContext(envelope.request.body));
    const { items, snapshot } = decodeSessionOpening(query.content);
    const sender = { session: fromHex(callId), snapshot: toHex(snapshot), purpose: PURPOSE, list: PEOPLE };
    const own = envelope.request.body.product === "equals" ? TransferSender.create(sender) : new Summing();
    const role = new MeasuredSession(own, "domain", async (totals) => {
      const { receivedBytes: callerBytes, sentBytes: domainBytes, digest } = totals;
      summaries.set(toHex(snapshot), { items, callerBytes, domainBytes, digest });
      await Promise.resolve();
    });
    const ended = host.run({ id: fromHex(callId), role, group: "grant" }).catch((error: unknown) => error);
    const answer = async () => (summaries.size === 0 ? null : await city.answer(envelope));
    held.set(callId, { seal: await query.session(), ended, answer });
  }
  return { sealed: new Uint8Array(), answer: null };
}

const replied = new Map<string, Promise<Bytes>>();

async function goOn(url: string, body: Bytes): Promise<SessionReply> {
  const callId = url.split("/").at(-1) ?? "";
  const session = held.get(callId);
  if (session === undefined) throw new SluiceError("ERR_SESSION_ENDED", { reason: "test" });
  const { number, sealed } = decodeSessionMessage(body);
  const again = replied.get(`${callId} ${number}`);
  const answered = async (): Promise<Bytes> => {
    const packet = await session.seal.open(number, sealed);
    return await session.seal.seal(number, await host.answer(packet, new AbortController().signal));
  };
  const reply = again ?? answered();
  replied.set(`${callId} ${number}`, reply);
  return { sealed: await reply, answer: await session.answer() };
}

async function ask(signal?: AbortSignal, role: Session = new Asking()) {
  const product = await openProduct(context, "sums", "report", {});
  return await runSessionCall(context, useOf(product, "report", ITEMS), { role: () => role, items: ITEMS }, { signal });
}

test("a session ends with what the role computed and a receipt over the same frames", async () => {
  const { done, receipt } = await ask();
  expect(done).toBe((FRAMES * (FRAMES + 1)) / 2);
  expect(receipt.receipt.body.quantity.amount).toBe(String(ITEMS));
  expect(await [...held.values()][0]?.ended).toBeNull();
  expect(host.open).toBe(0);
});

test("replies that are lost are asked for again, the opening too, and a receipt that did not come is fetched", async () => {
  lost = (reply) => reply % 2 === 0;
  expect((await ask()).done).toBe(78);
  expect([opened, held.size]).toEqual([2, 1]);
  lost = () => false;
  bend = ({ sealed }) => ({ sealed, answer: null });
  expect((await ask()).done).toBe(78);
});

test("a receipt over another session, and a message that was altered, are refused", async () => {
  const lies: ((summary: SessionSummary) => SessionSummary)[] = [
    (summary) => ({ ...summary, items: ITEMS + 1 }),
    (summary) => ({ ...summary, callerBytes: summary.callerBytes + 1 }),
    (summary) => ({ ...summary, domainBytes: summary.domainBytes + 1 }),
    (summary) => ({ ...summary, digest: new Uint8Array(32) }),
  ];
  for (const lie of lies) {
    bendSummary = lie;
    await refused(ask(), "ERR_RECEIPT");
  }
  bendSummary = (summary) => summary;
  bend = ({ sealed, answer }) => ({ sealed: sealed.map((byte) => byte ^ 1), answer });
  await refused(ask(), "ERR_ANSWER_ALTERED");
});

test("a domain that holds the session no more, or fails in it, ends it with its code; so does cancelling", async () => {
  const { route } = city.hooks;
  let messages = 0;
  city.hooks.route = async (request, body, response) => {
    if (request.url !== "/v1/sessions" && request.url?.startsWith("/v1/sessions") === true && ++messages === 2) {
      sendProblem(response, new SluiceError("ERR_SESSION_ENDED", { reason: "the domain holds none of this call" }));
      return true;
    }
    return (await route?.(request, body, response)) ?? false;
  };
  await expect(ask()).rejects.toMatchObject({ code: "ERR_SESSION_ENDED" });
  const cancel = new AbortController();
  const asking = new Asking();
  const stopping: Session = {
    step: (frame) => {
      cancel.abort();
      return asking.step(frame);
    },
  };
  await expect(ask(cancel.signal, stopping)).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});

test("a list is matched by oblivious transfer where the snapshot says so, and told how far it is", async () => {
  const handle = await openMatch(context, "equals");
  const list = ["nobody", "person-7", "somebody", "person-1", "person-7"];
  const told: number[] = [];
  const { found, receipt } = await handle.match(list, { onProgress: ({ done, total }) => told.push(done / total) });
  expect(found).toEqual(["person-7", "person-1"]);
  expect(receipt.receipt.body.quantity).toEqual({ unit: "psi-element", amount: "16" });
  expect(told.at(-1)).toBe(1);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  const cancel = new AbortController();
  cancel.abort();
  await refused(handle.match(list, { signal: cancel.signal }), "ERR_CANCELLED");
  const stopping = new AbortController();
  const stopped = handle.match(list, { signal: stopping.signal, onProgress: () => stopping.abort() });
  await expect(stopped).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});
