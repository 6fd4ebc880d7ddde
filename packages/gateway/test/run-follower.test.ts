/** Runs that nobody reads: followed to their end, across restarts and cut-off submissions.
 *  @module */
import { encodeCall, utf8, type CallEnvelope } from "@sluice/protocol";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { City, codeOf } from "./city.ts";

const LOOKING = { followIntervalMs: 10 };
const WAIT = { timeout: 30_000, interval: 10 };

let city: City;
let grant: string;
beforeAll(async () => {
  city = await City.start();
  grant = await city.grantedScene("followed");
});
afterAll(() => city.close());
afterEach(() => city.domain.overrides.clear());

const submit = async (product: string) => {
  const envelope = await city.envelope("lab", { operation: "develop", grant, product });
  const { callId } = envelope.request.body;
  return { envelope, callId, send: () => city.send("lab", "POST", "/v1/jobs", encodeCall(envelope)) };
};
/** Reading a receipt looks at no run. */
const booked = async (callId: string) => codeOf(await city.send("lab", "GET", `/v1/receipts/${callId}`));
const readRun = (callId: string) => city.send("lab", "GET", `/v1/runs/${callId}`);
const breakOff = (taken?: CallEnvelope) =>
  city.domain.overrides.set("/v1/jobs", async () => {
    if (taken !== undefined) city.domain.submit(taken);
    return { status: 500, type: "text/html", body: "cut off" };
  });

test("runs that ended while nobody looked are booked, and a built product serves, also after a restart", async () => {
  await city.product("kept");
  const build = await city.envelope("group", { operation: "build", product: "kept", grant }, utf8(""));
  await city.send("group", "POST", "/v1/builds", encodeCall(build));
  const { callId: early } = await city.developedRun(grant, "early");
  await city.restart(LOOKING);
  await expect.poll(() => booked(early), WAIT).toBe(200);
  expect(await booked(build.request.body.callId)).toBe("ERR_NOT_FOUND");
  await city.domain.completeRun(build.request.body.callId);
  await expect.poll(() => booked(build.request.body.callId), WAIT).toBe(200);
  await expect.poll(async () => (await city.get("/v1/products/kept")).json["status"], WAIT).toBe("serving");
});

test("a run is not lost when its submission is cut off behind the domain", async () => {
  await city.restart(LOOKING);
  const { envelope, callId, send } = await submit("cut");
  breakOff(envelope);
  expect(codeOf(await send())).toBe("ERR_UNREACHABLE");
  await city.domain.completeRun(callId);
  await expect.poll(() => booked(callId), WAIT).toBe(200);
});

test("a run that its domain refuses is forgotten at once, one that never came there at the next look", async () => {
  await city.restart();
  const refused = await submit("refused");
  const problem = { type: "", title: "", status: 403, detail: "", code: "ERR_GRANT_REVOKED", remedy: "" };
  city.domain.overrides.set("/v1/jobs", async () => ({
    status: 403,
    type: "application/problem+json",
    body: JSON.stringify({ ...problem, refusedBy: "domain", details: { grant } }),
  }));
  expect(codeOf(await refused.send())).toBe("ERR_GRANT_REVOKED");
  expect((await readRun(refused.callId)).json).toMatchObject({ code: "ERR_NOT_FOUND", refusedBy: "gateway" });
  const lost = await submit("lost");
  breakOff();
  await lost.send();
  expect((await readRun(lost.callId)).json).toMatchObject({ code: "ERR_NOT_FOUND", refusedBy: "domain" });
  // Such a run does not stand in the way of a release.
  city.domain.overrides.clear();
  const release = await city.releaseOf(await city.reviewedRun(grant, "lost"));
  expect(codeOf(await city.send("health", "POST", "/v1/releases", release))).toBe(200);
  await city.restart(LOOKING);
  await expect.poll(async () => (await readRun(lost.callId)).json["refusedBy"], WAIT).toBe("gateway");
});

test("a run whose receipt is not believed is told once, and does not hold up others", async () => {
  const lines: string[] = [];
  const lied = await city.developedRun(grant, "lied");
  city.domain.runs.set(lied.callId, { ...lied, product: "other" });
  await city.restart({ ...LOOKING, logTo: { write: (line) => void lines.push(line) } });
  const asked = () => city.domain.requests.filter((path) => path === `GET /v1/runs/${lied.callId}`).length;
  const { callId } = await city.developedRun(grant, "honest");
  await expect.poll(() => booked(callId), WAIT).toBe(200);
  const before = asked();
  await expect.poll(asked, WAIT).toBeGreaterThan(before + 2);
  expect(lines.filter((line) => line.includes('"fault"'))).toHaveLength(1);
  expect(await booked(lied.callId)).toBe("ERR_NOT_FOUND");
});
