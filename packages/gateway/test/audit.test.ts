/** What the agency collects of a period, and nobody else.
 *  @module */
import { EventPage, ReceiptPage } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { City, codeOf } from "./city.ts";

let city: City;
let grant: string;
let runId: string;
const PERIOD = { from: "2000-01-01T00:00:00.000Z", to: "2100-01-01T00:00:00.000Z" };

beforeAll(async () => {
  city = await City.start();
  grant = await city.grantedScene("product");
  const run = await city.reviewedRun(grant, "product");
  runId = run.callId;
  await city.send("health", "POST", "/v1/releases", await city.releaseOf(run));
});
afterAll(() => city.close());

function path(query: Record<string, string>): string {
  return `/v1/receipts?${new URLSearchParams(query).toString()}`;
}

test("pages hold every receipt of the period once, in order, with the signed requests", async () => {
  // The run behind the product has a receipt too.
  const asked = new Set<string>([runId]);
  for (let batch = 0; batch < 3; batch++) {
    const envelopes = await Promise.all(Array.from({ length: 35 }, () => city.envelope("bank", { grant })));
    for (const { request } of envelopes) asked.add(request.body.callId);
    const callIds = envelopes.map(({ request }) => request.body.callId);
    const answers = await Promise.all(callIds.map((callId) => city.call("bank", { grant, callId })));
    expect(new Set(answers.map(codeOf))).toEqual(new Set([200]));
  }
  const seen: { at: string; callId: string }[] = [];
  const sizes: number[] = [];
  for (let after: string | undefined; ;) {
    const answer = await city.send("bureau", "GET", path({ ...PERIOD, ...(after === undefined ? {} : { after }) }));
    const page = ReceiptPage.parse(answer.json);
    sizes.push(page.items.length);
    for (const { receipt, request } of page.items) {
      const { at, callId } = receipt.receipt.body;
      expect(request?.body.callId).toBe(callId);
      expect(receipt.gatewayLog?.origin).toBe(city.identity.logOrigin);
      seen.push({ at, callId });
    }
    if (page.next === undefined) break;
    after = page.next;
  }
  expect(sizes).toEqual([100, 6]);
  expect(new Set(seen.map(({ callId }) => callId))).toEqual(asked);
  const keys = seen.map(({ at, callId }) => `${at}_${callId}`);
  expect(keys).toEqual(keys.toSorted());
  // The period ends before `to` and begins with `from`.
  const first = seen[0]?.at ?? "";
  const before = await city.send("bureau", "GET", path({ from: PERIOD.from, to: first }));
  expect(before.json["items"]).toEqual([]);
  const from = ReceiptPage.parse((await city.send("bureau", "GET", path({ ...PERIOD, from: first }))).json);
  expect(from.items[0]?.receipt.receipt.body.at).toBe(first);
});

test("nobody but the agency lists receipts, reads reviews of runs or a domain's log through the gateway", async () => {
  const paths = [path(PERIOD), `/v1/runs/${runId}/reviews`, "/v1/domains/health/log/checkpoint"];
  for (const where of paths) {
    for (const reader of ["bank", "group", "lab", "health", "auditor", "other-bank"] as const) {
      expect(codeOf(await city.send(reader, "GET", where))).toBe("ERR_ROLE");
    }
    expect(codeOf(await city.get(where))).toBe("ERR_HTTP_SIGNATURE");
  }
  const reviews = await city.send("bureau", "GET", `/v1/runs/${runId}/reviews`);
  expect(reviews.json).toMatchObject({ state: "approved", reviews: [{ person: "Lin Hua" }, { person: "Sun Wei" }] });
  const none = await city.send("bureau", "GET", `/v1/runs/${"0".repeat(32)}/reviews`);
  expect(codeOf(none)).toBe("ERR_NOT_FOUND");
});

test("a domain's log passes through unchanged, and nothing else of the domain does", async () => {
  city.domain.overrides.set("/log/checkpoint", async () => ({ body: "the checkpoint", type: "text/plain" }));
  const answer = await city.send("bureau", "GET", "/v1/domains/health/log/checkpoint");
  expect(Buffer.from(answer.bytes).toString()).toBe("the checkpoint");
  city.domain.overrides.set("/log/anchors/tsa/300.tsr", async () => ({ body: "the stamp", type: "text/plain" }));
  const anchored = await city.send("bureau", "GET", "/v1/domains/health/log/anchors/tsa/300.tsr");
  expect(Buffer.from(anchored.bytes).toString()).toBe("the stamp");
  const asked = city.domain.requests.length;
  for (const other of [
    "anchors/tsa/pending.checkpoint",
    "anchors/../journal",
    "anchors.json",
    "journal",
    "tile/0/../../v1/description",
    "tile/0/000.p/0",
    "tile/9/000",
  ]) {
    const refused = await city.send("bureau", "GET", `/v1/domains/health/log/${encodeURIComponent(other)}`);
    expect(codeOf(refused)).toBe("ERR_ROUTE_UNKNOWN");
  }
  expect(codeOf(await city.send("bureau", "GET", "/v1/domains/other/log/checkpoint"))).toBe("ERR_NOT_FOUND");
  expect(city.domain.requests.length).toBe(asked);
});

test("a query that does not fit is refused with its member", async () => {
  const queries = [{}, { ...PERIOD, from: "yesterday" }, { ...PERIOD, after: "x" }, { ...PERIOD, limit: "9" }];
  for (const query of queries as Record<string, string>[]) {
    expect(codeOf(await city.send("bureau", "GET", path(query)))).toBe("ERR_BODY_INVALID");
  }
});

test("events of a domain are read through for the agency alone, and only in the documented form", async () => {
  await city.domain.recordEvent("start");
  const eventsPath = (query: Record<string, string>): string =>
    `/v1/domains/health/events?${new URLSearchParams(query).toString()}`;
  const page = EventPage.parse((await city.send("bureau", "GET", eventsPath(PERIOD))).json);
  expect(page.items.map(({ event }) => event)).toEqual(city.domain.events.map(({ event }) => event));
  for (const actor of ["health", "group", "lab", "bank", "auditor"] as const) {
    expect(codeOf(await city.send(actor, "GET", eventsPath(PERIOD)))).toBe("ERR_ROLE");
  }
  expect(codeOf(await city.send("bureau", "GET", eventsPath({ ...PERIOD, after: "x" })))).toBe("ERR_BODY_INVALID");
  expect((await fetch(`${city.gateway.url}${eventsPath(PERIOD)}`)).status).toBe(401);
});
