/** What a domain writes into its process log and serves as metrics: enough to trace a refusal, and nothing that came in.
 *  @module */
import { connect } from "node:net";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { signDocument } from "@sluice/evidence";
import { readLogLine, type LogEvent } from "@sluice/evidence/observe";
import { documentHash, encodeCall, utf8 } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import { deliverGrant, develop, openFixture, post, postJson, send, use, type Fixture } from "./serving-fixture.ts";

const CANARY = "110105194912310021";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  await fixture.domain.close();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, metricsPort: 0, announceLayers: true });
});
afterAll(() => fixture[Symbol.asyncDispose]());

const logText = (): Promise<string> => readFile(join(fixture.directory, "domain.log"), "utf8");

/** Events of the log; every line must fit the schema. */
async function events(): Promise<LogEvent[]> {
  return (await logText())
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { event, service, domain } = readLogLine(line);
      expect([service, domain]).toEqual(["domain", "test"]);
      return event;
    });
}

const scrape = async (): Promise<string> =>
  (await fetch(`http://127.0.0.1:${fixture.domain.metricsPort}/metrics`)).text();

/** Sends bytes that no client would, and reads what comes back. */
async function sendRaw(bytes: string): Promise<string> {
  const socket = connect(fixture.domain.port, "127.0.0.1");
  socket.end(bytes);
  return text(socket);
}

test("nothing of a malformed request stands in the log or in the metrics", async () => {
  const host = `Host: 127.0.0.1\r\nConnection: close\r\n`;
  const answers = await Promise.all([
    sendRaw(`GET /%zz${CANARY} HTTP/1.1\r\n${host}\r\n`),
    sendRaw(
      `GET /v1/${CANARY}?id=${CANARY} HTTP/1.1\r\n${host}X-Request-Id: ${CANARY}\r\nUser-Agent: ${CANARY}\r\n\r\n`,
    ),
    sendRaw(`GET /log/${CANARY} HTTP/1.1\r\n${host}\r\n`),
    sendRaw(
      `POST /v1/revocations HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 20\r\n\r\n"${CANARY}"`,
    ),
    sendRaw(
      `POST /v1/revocations HTTP/1.1\r\n${host}Content-Type: text/${CANARY}\r\nContent-Length: 18\r\n\r\n${CANARY}`,
    ),
    sendRaw(
      `POST /v1/calls HTTP/1.1\r\n${host}Content-Length: 9999999999\r\nContent-Type: application/octet-stream\r\n\r\n${CANARY}`,
    ),
    sendRaw(`PURGE /v1/${CANARY} HTTP/1.1\r\n${host}\r\n`),
    sendRaw(`${CANARY} / HTTP/9.9\r\n${CANARY}\r\n\r\n`),
  ]);
  expect(answers.filter((answer) => answer.startsWith("HTTP/1.1 4"))).toHaveLength(answers.length);
  await expect(post(fixture, "/v1/calls", utf8(CANARY), "application/octet-stream")).rejects.toThrow();
  await expect(postJson(fixture, "/v1/grants", { grant: CANARY })).rejects.toThrow();
  const written = await logText();
  expect(written).not.toContain(CANARY);
  expect(await scrape()).not.toContain(CANARY);
  expect(answers[0]).not.toContain(CANARY);
  const requests = (await events()).filter((event) => event.event === "request");
  expect(requests.filter(({ route }) => route === null).length).toBeGreaterThanOrEqual(3);
});

test("a refusal is found by the reference that its caller got, with code and route", async () => {
  const response = await fetch(`${fixture.domain.url}/v1/runs/${"0".repeat(32)}`);
  const reference = response.headers.get("sluice-reference");
  const line = (await events()).find((event) => event.event === "request" && event.reference === reference);
  expect(line).toMatchObject({
    route: "/v1/runs/:callId",
    status: 401,
    code: "ERR_HTTP_SIGNATURE",
    refusedBy: "domain",
  });
  expect(line).not.toHaveProperty("callId");
});

test("a run, a suspension and a revocation are lines of their own", async () => {
  const grant = await deliverGrant(fixture);
  const run = await develop(fixture, grant);
  expect(run.state).toBe("completed");
  const { parties } = fixture;
  const at = new Date().toISOString();
  const suspended = {
    type: "party" as const,
    party: "caller",
    title: "Caller",
    role: "caller" as const,
    keyId: parties.caller.keyId,
    status: "suspended" as const,
    at,
  };
  await postJson(fixture, "/v1/parties", await signDocument(suspended, parties.agency));
  const revocation = { type: "revocation" as const, domain: "test", grant, reason: CANARY, at };
  await postJson(fixture, "/v1/revocations", await signDocument(revocation, parties.department));
  const late = await use({ operation: "develop", grant, key: parties.developer });
  await expect(send(fixture, "/v1/jobs", late)).rejects.toMatchObject({ code: "ERR_GRANT_REVOKED" });
  const seen = await events();
  const { callId } = run;
  expect(seen.filter((event) => event.event === "run")).toEqual(
    ["submitted", "running", "completed"].map((state) => ({ event: "run", callId, operation: "develop", state })),
  );
  expect(seen).toContainEqual({ event: "party", party: "caller", status: "suspended" });
  expect(seen).toContainEqual({ event: "grant-revoked", grant });
  expect(seen).toContainEqual(
    expect.objectContaining({ code: "ERR_GRANT_REVOKED", callId: late.request.body.callId, operation: "develop" }),
  );
  expect(await logText()).not.toContain(CANARY);
});

test("metrics count requests, refusals and operations, and measure the domain", async () => {
  const grant = await deliverGrant(fixture, { notAfter: new Date(Date.now() + 10 * 86_400_000).toISOString() });
  const before = await scrape();
  const envelope = await use({ operation: "develop", grant: "0".repeat(64), key: fixture.parties.developer });
  const bytes = encodeCall(envelope);
  await expect(post(fixture, "/v1/jobs", bytes, "application/octet-stream")).rejects.toThrow();
  const after = await scrape();
  const refusal = 'sluice_refusals_total{code="ERR_NOT_ADMITTED",refused_by="domain"}';
  expect(valueOf(after, refusal) - valueOf(before, refusal)).toBe(1);
  const refused = 'sluice_operations_total{operation="develop",outcome="refused"}';
  expect(valueOf(after, refused) - valueOf(before, refused)).toBe(1);
  const posts = 'sluice_http_request_duration_seconds_count{method="POST",route="/v1/jobs",status="403"}';
  expect(valueOf(after, posts)).toBeGreaterThan(0);
  expect(valueOf(after, 'sluice_grant_days_left{domain="test"}')).toBeCloseTo(10, 1);
  expect(valueOf(after, "sluice_receipts_waiting")).toBe(0);
  expect(valueOf(after, "sluice_state_bytes")).toBeGreaterThanOrEqual(
    (await stat(join(fixture.directory, "state.sqlite"))).size,
  );
  for (const secret of [await documentHash(envelope.request.body), grant, fixture.parties.caller.keyId, "persons"]) {
    expect(after).not.toContain(secret);
  }
});

test("the operators' page has exactly these metrics", async () => {
  const page = await readFile(new URL("../../../docs/operating.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| (both|gateway|domain) \| (.*?) ?\|/gm)];
  const documented = rows.filter(([, , where]) => where === "both" || where === "domain").map(([, name = ""]) => name);
  const served = [...(await scrape()).matchAll(/^# HELP (\w+) /gm)].map(([, name = ""]) => name);
  expect(new Set(served)).toEqual(new Set(documented));
});

test("metrics are not on the public interface", async () => {
  expect((await fetch(`${fixture.domain.url}/metrics`)).status).toBe(404);
});

test("the first line tells of the start, the last one that it was asked to stop, and the layers stand between", async () => {
  await fixture.domain.close();
  const seen = await events();
  const start = seen.findLastIndex(({ event }) => event === "started");
  expect(seen[start]).toMatchObject({ address: fixture.domain.url, metricsPort: fixture.domain.metricsPort });
  expect(seen.slice(start)).toContainEqual({
    event: "layers",
    layers: expect.arrayContaining(["isolate", "process"]) as unknown,
  });
  expect(seen.at(-1)).toEqual({ event: "stopping" });
});

function valueOf(scraped: string, series: string): number {
  const line = scraped.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}
