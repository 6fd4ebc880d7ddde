/** What a gateway writes into its process log and serves as metrics: enough to trace a refusal, and nothing that came in.
 *  @module */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { readLogLine, type LogLine } from "@sluice/evidence/observe";
import { encodeCall, utf8 } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { City, codeOf } from "./city.ts";

const CANARY = "110105194912310021";

const lines: string[] = [];
let city: City;
beforeAll(async () => {
  city = await City.start({ metricsPort: 0, logTo: { write: (line) => void lines.push(line) } });
});
afterAll(() => city.close());

/** Lines of the log; each must fit the schema. */
const readLog = (): LogLine[] => lines.map(readLogLine);

const scrape = async (): Promise<string> =>
  (await fetch(`http://127.0.0.1:${city.gateway.metricsPort}/metrics`)).text();

async function sendRaw(bytes: string): Promise<string> {
  const socket = connect(city.gateway.port, "127.0.0.1");
  socket.end(bytes);
  return text(socket);
}

test("nothing of a malformed request stands in the log or in the metrics", async () => {
  const host = "Host: 127.0.0.1\r\nConnection: close\r\n";
  const json = "Content-Type: application/json\r\n";
  const input = `Signature-Input: sig=("@method");keyid="${CANARY}"\r\n`;
  const answers = await Promise.all([
    sendRaw(`GET /%zz${CANARY} HTTP/1.1\r\n${host}\r\n`),
    sendRaw(`GET /${CANARY}?id=${CANARY} HTTP/1.1\r\n${host}X-Request-Id: ${CANARY}\r\nReferer: ${CANARY}\r\n\r\n`),
    sendRaw(`GET /v1/scenes/${CANARY.repeat(20)} HTTP/1.1\r\n${host}\r\n`),
    sendRaw(`PUT /v1/parties/${CANARY} HTTP/1.1\r\n${host}${json}${input}Content-Length: 18\r\n\r\n${CANARY}`),
    sendRaw(`BREW /${CANARY} HTTP/1.1\r\n${host}\r\n`),
    sendRaw(`${CANARY}\r\n\r\n`),
  ]);
  expect(answers.filter((answer) => answer.startsWith("HTTP/1.1 4"))).toHaveLength(answers.length);
  await city.send("bank", "POST", "/v1/calls", utf8(CANARY));
  await city.send("group", "POST", `/v1/scenes/${CANARY}/reviews`, { ...city.review(CANARY), note: CANARY });
  await city.send("group", "POST", "/v1/scenes", { draft: CANARY, [CANARY]: CANARY });
  const scraped = await scrape();
  readLog();
  for (const shown of [lines.join("\n"), scraped, answers[0]]) expect(shown).not.toContain(CANARY);
});

test("a refused call is found by the reference that its caller got, and by the call id of both processes", async () => {
  const grant = await city.product("traced");
  const envelope = await city.envelope("bank", { grant, product: "traced", version: 9 });
  const { callId } = envelope.request.body;

  const answer = await city.send("bank", "POST", "/v1/calls", encodeCall(envelope));
  expect(readLog().map(({ event }) => event)).toContainEqual({
    event: "request",
    method: "POST",
    route: "/v1/calls",
    status: answer.status,
    ms: expect.any(Number) as number,
    reference: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    code: codeOf(answer),
    refusedBy: "gateway",
    party: "bank",
    operation: "lookup.query",
    callId,
  });
});

test("a start and a suspension are lines of their own", async () => {
  await city.send(
    "bureau",
    "PUT",
    "/v1/parties/other-bank",
    await city.statement("other-bank", { status: "suspended" }),
  );
  const seen = readLog();
  expect(seen[0]?.event).toMatchObject({ event: "started", address: city.gateway.url });
  const suspension = seen.find(({ event }) => event.event === "party" && event.status === "suspended");
  expect(suspension).toMatchObject({ level: "warn", service: "gateway", event: { party: "other-bank" } });
});

test("strangers make no label: routes, codes and registered domains only", async () => {
  await city.get("/one");
  await city.get("/two");
  const scraped = await scrape();
  const labels = [...scraped.matchAll(/(\w+)="([^"]*)"/g)].filter(([, name]) => name === "route" || name === "domain");
  const values = new Set(labels.map(([, , value]) => value));
  for (const value of values) {
    const known =
      value === "unknown" || value === "health" || value === "/openapi.json" || /^\/(v1|log)\//.test(value ?? "");
    expect({ value, known }).toEqual({ value, known: true });
  }
  expect(scraped).toMatch(/_count\{method="GET",route="unknown",status="404"\} \d+/);
  expect(scraped).toMatch(/sluice_clock_skew_seconds\{domain="health"\} -?\d/);
  for (const kind of ["lookup", "psi", "score"]) {
    for (const name of ["active", "waiting", "waiting_bytes"]) {
      expect(scraped).toContain(`sluice_admission_${name}{kind="${kind}"} 0\n`);
    }
  }
  for (const party of ["bank", "group", "bureau"]) expect(scraped).not.toContain(`"${party}"`);
});

test("the operators' page has exactly these metrics", async () => {
  const page = await readFile(new URL("../../../docs/operating.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| (both|gateway|domain) \| (.*?) ?\|/gm)];
  const documented = rows.filter(([, , where]) => where === "both" || where === "gateway").map(([, name = ""]) => name);
  const served = [...(await scrape()).matchAll(/^# HELP (\w+) /gm)].map(([, name = ""]) => name);
  expect(new Set(served)).toEqual(new Set(documented));
});

test("metrics answer on loopback by its own name, and nothing else", async () => {
  const port = city.gateway.metricsPort;
  expect((await city.get("/metrics")).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: "POST" })).status).toBe(404);
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const headers = { host: `rebound.example:${port}` };
  httpRequest({ port, host: "127.0.0.1", path: "/metrics", headers }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  }).end();
  expect(await promise).toBe(404);
});
