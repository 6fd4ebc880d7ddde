/** Calls of many messages, asked of a stub that answers truly, is cut off, and lies. @module */
import {
  decodeSessionMessage,
  domainTimeoutMs,
  SluiceError,
  type Bytes,
  type Session,
  type SessionSummary,
} from "@sluice/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { ServerResponse } from "node:http";
import { systemClock, systemRandom } from "../src/index.ts";
import { openMatch } from "../src/match.ts";
import { openProduct, useOf } from "../src/product-handle.ts";
import type { ProductionContext } from "../src/production-call.ts";
import { runSessionCall } from "../src/session-call.ts";
import { Transport } from "../src/transport.ts";
import { refused } from "./refused.ts";
import { sendProblem, StubCity } from "./stub-city.ts";
import { FRAMES, StubSessions } from "./stub-sessions.ts";

const ITEMS = 20;
const KEPT = { list: "00".repeat(32), facts: { purpose: "test", setItems: 16 } };

/** Sends frames, and takes one that has the sum of their bytes. */
class Asking implements Session {
  #sent = 0;
  step(frame?: Bytes): ReturnType<Session["step"]> {
    if (frame !== undefined) return Promise.resolve({ send: [], done: frame[0] });
    return Promise.resolve({ send: this.#sent < FRAMES ? [Uint8Array.of(++this.#sent)] : [] });
  }
}

let city: StubCity;
let context: ProductionContext;
let sessions: StubSessions;

beforeAll(async () => {
  sessions = new StubSessions();
  city = await StubCity.start({ "person-1": 0 }, sessions.products);
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
  sessions.begin(city);
});
afterEach(() => sessions.close());

async function ask(signal?: AbortSignal, role: Session = new Asking()) {
  const product = await openProduct(context, "sums", "report", {});
  return await runSessionCall(
    context,
    useOf(product, "report", ITEMS),
    { role: () => Promise.resolve(role), items: ITEMS, kept: KEPT },
    { signal },
  );
}

test("a session ends with what the role computed and a receipt over the same frames", async () => {
  const { done, receipt } = await ask();
  expect(done).toBe((FRAMES * (FRAMES + 1)) / 2);
  expect(receipt.receipt.body.quantity.amount).toBe(String(ITEMS));
  expect(await [...sessions.held.values()][0]?.ended).toBeNull();
  expect(sessions.host.open).toBe(0);
});

test("replies that are lost are asked for again, the opening too, and a receipt that did not come is fetched", async () => {
  sessions.lost = (reply) => reply % 2 === 0;
  expect((await ask()).done).toBe(78);
  expect([sessions.opened, sessions.held.size]).toEqual([2, 1]);
  sessions.lost = () => false;
  sessions.bend = ({ sealed }) => ({ sealed, answer: null });
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
    sessions.bendSummary = lie;
    await refused(ask(), "ERR_RECEIPT");
  }
  sessions.bendSummary = (summary) => summary;
  sessions.bend = ({ sealed, answer }) => ({ sealed: sealed.map((byte) => byte ^ 1), answer });
  await refused(ask(), "ERR_ANSWER_ALTERED");
});

test("a domain that holds the session no more, or fails in it, ends it with its code; so does cancelling", async () => {
  const { route } = city.hooks;
  let messages = 0;
  city.hooks.route = async (request, body, response) => {
    if (request.url !== "/v1/sessions" && request.url?.startsWith("/v1/sessions") === true && ++messages === 2) {
      const reason = "the domain holds none of this call";
      sendProblem(response, new SluiceError("ERR_SESSION_ENDED", { reason }, { refusedBy: "domain" }));
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

/** Handles messages of sessions as `handle` says, which tells whether it has. */
function onMessage(handle: (message: number, response: ServerResponse, body: Bytes) => boolean): void {
  const { route } = city.hooks;
  let messages = 0;
  city.hooks.route = async (request, body, response) => {
    const isMessage = request.url?.startsWith("/v1/sessions/") === true;
    if (isMessage && handle(++messages, response, body)) return true;
    return (await route?.(request, body, response)) ?? false;
  };
}

test("a gateway that has begun anew is shown the opening again, for nothing, and the session goes on", async () => {
  const numbers: number[] = [];
  onMessage((message, response, body) => {
    numbers.push(decodeSessionMessage(body).number);
    if (message !== 2) return false;
    sendProblem(response, new SluiceError("ERR_SESSION_ENDED", { reason: "test" }, { refusedBy: "gateway" }));
    return true;
  });
  expect((await ask()).done).toBe(78);
  expect([sessions.opened, sessions.held.size, numbers.slice(0, 4)]).toEqual([2, 1, [0, 1, 1, 2]]);
});

test("whoever cancels while the session opens, or while a message is lost, leaves no session open", async () => {
  const cancel = new AbortController();
  sessions.lost = (reply) => {
    if (reply === 0) cancel.abort();
    return reply === 0;
  };
  await expect(ask(cancel.signal)).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  expect([sessions.held.size, sessions.host.open]).toEqual([1, 0]);

  const later = new AbortController();
  onMessage((message) => {
    if (message === 2) later.abort();
    return message === 2;
  });
  await expect(ask(later.signal)).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  expect([sessions.held.size, sessions.host.open]).toEqual([2, 0]);
});

test("a message waits less than the domain waits for it, and the session as long as the domain keeps it", async () => {
  const handle = await openMatch(context, "equals");
  const [waits, timers] = [vi.spyOn(AbortSignal, "timeout"), vi.spyOn(globalThis, "setTimeout")];
  await handle.match(["person-1"]);
  const [opening, ...messages] = waits.mock.calls.map(([ms]) => ms);
  expect([opening, messages.length > 1]).toEqual([domainTimeoutMs("psi.ids") + 5_000, true]);
  for (const ms of messages) expect(ms).toBeLessThan(40_000);
  expect(timers.mock.calls.map(([, ms]) => ms)).toContain(30 * 60_000);
  for (const spy of [waits, timers]) spy.mockRestore();
});

test("a list is matched by oblivious transfer where the snapshot says so, and told how far it is", async () => {
  const handle = await openMatch(context, "equals");
  const list = ["nobody", "person-7", "somebody", "person-1", "person-7"];
  const told: number[] = [];
  const { found, receipt } = await handle.match(list, { onProgress: ({ done, total }) => told.push(done / total) });
  expect(found).toEqual(["person-7", "person-1"]);
  expect(receipt.receipt.body.quantity).toEqual({ unit: "psi-element", amount: "1024" });
  expect(told.at(-1)).toBe(1);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  const cancel = new AbortController();
  cancel.abort();
  await refused(handle.match(list, { signal: cancel.signal }), "ERR_CANCELLED");
  const stopping = new AbortController();
  const stopped = handle.match(list, { signal: stopping.signal, onProgress: () => stopping.abort() });
  await expect(stopped).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});
