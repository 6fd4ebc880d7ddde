/** Management calls and runs, against a stub that plays the gateway's routes.
 *  @module */
import type { IncomingMessage, ServerResponse } from "node:http";
import { signDocument } from "@sluice/evidence";
import { verifyHttp } from "@sluice/evidence/http";
import {
  decodeCall,
  isSluiceError,
  sha256Hex,
  SluiceError,
  utf8,
  type Bytes,
  type CallEnvelope,
  type Party,
  type Run,
  type RunEvent,
} from "@sluice/protocol";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createClient, systemClock, type ClientOptions, type SluiceClient } from "../src/index.ts";
import { sendJson, sendProblem, StubCity } from "./stub-city.ts";

const GRANT = "11".repeat(32);
let city: StubCity;
let client: SluiceClient;

beforeAll(async () => {
  city = await StubCity.start({ somebody: 0 });
  client = clientOf({});
});
beforeEach(() => {
  city.hooks = {};
  city.requests.length = 0;
});
afterAll(() => city.close());

function clientOf(options: Partial<ClientOptions>): SluiceClient {
  return createClient({ gatewayUrl: city.url, key: city.caller, trust: city.trust, backoffMs: 1, ...options });
}

function runOf(envelope: CallEnvelope, state: Run["state"]): Run {
  const { callId, operation, product, version, grant, bundle } = envelope.request.body;
  if (operation !== "develop" && operation !== "build") throw new Error("not a run");
  return { callId, operation, product, version, grant, bundle, state, percent: 0, log: [] };
}

async function errorOf(work: Promise<unknown>): Promise<SluiceError> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!isSluiceError(error)) throw new Error("no coded error was thrown", { cause: error });
  return error;
}

test("a request is signed by the party's key over its address and body", async () => {
  const checked: string[] = [];
  city.hooks.route = async (request, body, response) => {
    const nonces = new Set<string>();
    const keyId = await verifyHttp(
      {
        method: request.method ?? "",
        url: `${city.url}${request.url ?? ""}`,
        headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
        body,
      },
      { allowed: [city.caller.keyId], clock: systemClock, seenNonce: (_, nonce) => nonces.has(nonce) },
    );
    checked.push(keyId);
    sendJson(response, JSON.parse(new TextDecoder().decode(body)));
    return true;
  };
  const party: Party = {
    type: "party",
    party: "bank",
    title: "A bank",
    role: "caller",
    keyId: city.caller.keyId,
    status: "active",
    at: systemClock.now().toISOString(),
  };
  const signed = await signDocument(party, city.caller);
  expect(await client.putParty(signed)).toEqual(signed);
  expect(checked).toEqual([city.caller.keyId]);
  expect(city.requests[0]).toMatchObject({ method: "PUT", path: "/v1/parties/bank" });
});

test("a document that does not fit its schema is refused before it is sent", async () => {
  const error = await errorOf(client.reviewScene("credit", { person: "", verdict: "approve", note: "" }));
  expect(error).toMatchObject({ code: "ERR_BODY_INVALID", refusedBy: "client", details: { pointer: "/person" } });
  expect(city.requests).toHaveLength(0);
});

test("an answer that does not fit its schema names the member, and none of its values", async () => {
  city.hooks.route = (_, __, response) => {
    sendJson(response, { products: [{ ...city.product, version: "secret-value" }] });
    return true;
  };
  const error = await errorOf(client.products());
  expect(error).toMatchObject({ code: "ERR_BODY_INVALID", details: { pointer: "/products/0/version" } });
  expect(error.message).not.toContain("secret-value");
});

test("a problem keeps its code, its facts and who refused", async () => {
  city.hooks.route = (_, __, response) => {
    sendProblem(response, new SluiceError("ERR_GRANT_FIELD", { field: "income" }, { refusedBy: "domain" }));
    return true;
  };
  expect(await errorOf(client.product("x"))).toMatchObject({
    code: "ERR_GRANT_FIELD",
    refusedBy: "domain",
    details: { field: "income" },
  });
});

test("an error page of something that is no gateway is told as unreachable", async () => {
  city.hooks.route = (_, __, response) => {
    response.statusCode = 502;
    response.end("<html>bad gateway</html>");
    return true;
  };
  expect((await errorOf(client.products())).code).toBe("ERR_UNREACHABLE");
});

test("an address that is no URL is refused when the client is made", () => {
  for (const gatewayUrl of ["", "gateway", "ftp://gateway.example"]) {
    expect(() => clientOf({ gatewayUrl })).toThrow(expect.toSatisfy((error) => isSluiceError(error, "ERR_USAGE")));
  }
});

test("names stay inside their path segment", async () => {
  await errorOf(client.product("../scenes/credit?x=1"));
  expect(city.requests[0]?.path).toBe("/v1/products/..%2Fscenes%2Fcredit%3Fx%3D1");
});

test("a job is submitted with its bundle as the signed body, and retried under one call id", async () => {
  const code = utf8("(() => 1)()");
  const seen: CallEnvelope[] = [];
  city.hooks.route = (_, body, response) => {
    const envelope = decodeCall(body);
    seen.push(envelope);
    if (seen.length === 1) response.destroy();
    else sendJson(response, runOf(envelope, "submitted"));
    return true;
  };
  const run = await client.submitJob({ grant: GRANT, product: "credit", version: 1, domain: "hrss", code });
  expect(run.bundle).toBe(await sha256Hex(code));
  expect(seen).toHaveLength(2);
  expect(seen[1]?.frame).toEqual(code);
  expect(seen[1]?.request.body).toMatchObject({ operation: "develop", bodyDigest: run.bundle, callId: run.callId });
  expect(seen[0]?.request.body.callId).toBe(run.callId);
  expect(seen[0]?.request.body.nonce).not.toBe(seen[1]?.request.body.nonce);
});

test("a build carries an empty frame and the released bundle's hash", async () => {
  let seen: CallEnvelope | undefined;
  city.hooks.route = (_, body, response) => {
    seen = decodeCall(body);
    sendJson(response, runOf(seen, "submitted"));
    return true;
  };
  const bundle = "22".repeat(32);
  await client.startBuild({ grant: GRANT, product: "credit", version: 1, domain: "hrss", bundle });
  expect(seen?.frame).toHaveLength(0);
  expect(seen?.request.body).toMatchObject({ operation: "build", bundle });
});

test("a run of another call is not taken for the submitted one", async () => {
  city.hooks.route = (_, body, response) => {
    sendJson(response, { ...runOf(decodeCall(body), "submitted"), callId: "00".repeat(16) });
    return true;
  };
  const job = { grant: GRANT, product: "credit", version: 1, domain: "hrss", code: utf8("1") };
  expect((await errorOf(client.submitJob(job))).code).toBe("ERR_BODY_INVALID");
});

const CALL_ID = "ab".repeat(16);
const finished: Run = {
  callId: CALL_ID,
  operation: "develop",
  product: "credit",
  version: 1,
  grant: GRANT,
  bundle: "22".repeat(32),
  state: "completed",
  percent: 100,
  log: [],
};
const EVENTS: RunEvent[] = [
  { kind: "state", state: "running" },
  { kind: "progress", percent: 40 },
  { kind: "log", line: "half-way: 一半" },
  { kind: "state", state: "completed" },
];

function eventText(id: number): string {
  return `id: ${id}\nevent: x\ndata: ${JSON.stringify(EVENTS[id - 1])}\n\n`;
}

/** Plays one connection: the events from `from` to `to`, then the end, or a cut. */
function streams(
  connections: ((request: IncomingMessage, response: ServerResponse) => void)[],
  run: () => Run = () => finished,
): (request: IncomingMessage, body: Bytes, response: ServerResponse) => boolean {
  return (request, _, response) => {
    if (request.url?.endsWith("/events") !== true) sendJson(response, run());
    else (connections.shift() ?? ((__, last) => last.destroy()))(request, response);
    return true;
  };
}

test("events are told once and in order, across a cut connection", async () => {
  const asked: (string | undefined)[] = [];
  const running: Run = { ...finished, state: "running" };
  let ended = false;
  city.hooks.route = streams(
    [
      (request, response) => {
        asked.push(request.headers["last-event-id"] as string | undefined);
        response.write(`: hello\n\n${eventText(1)}${eventText(2)}`, () => response.destroy());
      },
      (request, response) => {
        asked.push(request.headers["last-event-id"] as string | undefined);
        ended = true;
        response.end(eventText(2) + eventText(3) + eventText(4)); // one event again
      },
    ],
    () => (ended ? finished : running),
  );
  const events: RunEvent[] = [];
  const run = await client.watchRun(CALL_ID, (event) => events.push(event));
  expect(run).toEqual(finished);
  expect(events).toEqual(EVENTS);
  expect(asked).toEqual([undefined, "2"]);
});

test("an event cut into single bytes is still one event", async () => {
  city.hooks.route = streams([
    (_, response) => {
      const bytes = utf8([1, 2, 3, 4].map(eventText).join("").replaceAll("\n", "\r\n"));
      const next = (i: number): void => {
        if (i < bytes.length) response.write(bytes.subarray(i, i + 1), () => setImmediate(next, i + 1));
        else response.end();
      };
      next(0);
    },
  ]);
  const events: RunEvent[] = [];
  await client.watchRun(CALL_ID, (event) => events.push(event));
  expect(events).toEqual(EVENTS);
});

test("a stream that stays silent does not hide that the run has ended", async () => {
  city.hooks.route = streams([(_, response) => void response.write(": nothing follows\n\n")]);
  expect(await clientOf({ timeoutMs: 50 }).watchRun(CALL_ID, () => {})).toEqual(finished);
});

test("a run that does not exist is told as such", async () => {
  city.hooks.route = (_, __, response) => {
    sendProblem(response, new SluiceError("ERR_NOT_FOUND", { kind: "run", name: CALL_ID }));
    return true;
  };
  expect((await errorOf(client.watchRun(CALL_ID, () => {}))).code).toBe("ERR_NOT_FOUND");
});

test("watching ends when it is cancelled", async () => {
  const controller = new AbortController();
  city.hooks.route = streams([(_, response) => void response.write(eventText(1))], () => ({
    ...finished,
    state: "running",
  }));
  const watched = client.watchRun(CALL_ID, () => controller.abort(), { signal: controller.signal });
  expect((await errorOf(watched)).code).toBe("ERR_CANCELLED");
});

test("an event that does not fit its schema ends the watch", async () => {
  city.hooks.route = streams([(_, response) => response.end('id: 1\ndata: {"kind":"progress","percent":1000}\n\n')]);
  expect((await errorOf(client.watchRun(CALL_ID, () => {}))).code).toBe("ERR_BODY_INVALID");
});

test("an event without end is cut off", async () => {
  city.hooks.route = streams([(_, response) => void response.end(`data: ${"x".repeat(70_000)}`)]);
  expect((await errorOf(client.watchRun(CALL_ID, () => {}))).code).toBe("ERR_FRAME_TOO_LARGE");
});

test("a fault of the person who listens is not swallowed", async () => {
  city.hooks.route = streams([(_, response) => response.end(eventText(1))]);
  const watched = client.watchRun(CALL_ID, () => {
    throw new TypeError("mine");
  });
  await expect(watched).rejects.toThrow("mine");
});
