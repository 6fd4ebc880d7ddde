/** Calls of many messages, asked of a stub that answers truly, is cut off, and lies. @module */
import { SluiceError, type Bytes, type Session, type SessionSummary } from "@sluice/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
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
