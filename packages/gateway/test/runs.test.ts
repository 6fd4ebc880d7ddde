/** Runs and releases: passed on, watched, reviewed by two, and released exactly as reviewed.
 *  @module */
import { createServer } from "node:http";
import { encodeCall, toHex, utf8, type OutputSpec, type Run } from "@sluice/protocol";
import { signHttp } from "@sluice/evidence/http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { City, codeOf } from "./city.ts";
import { clock, random } from "./directories.ts";
import { manifestServing } from "./stub-domain.ts";

let city: City;
let grant: string;
beforeAll(async () => {
  city = await City.start();
  grant = await city.grantedScene("runs");
});
afterAll(() => city.close());

const review = (callId: string, actor: "group" | "bureau", person: string, verdict?: "reject") =>
  city.send(actor, "POST", `/v1/runs/${callId}/reviews`, city.review(person, verdict));

test("a job goes to its domain as its developer signed it, and is shown to the parties of its grant", async () => {
  const envelope = await city.envelope("lab", { operation: "develop", grant, product: "shown" });
  const bytes = encodeCall(envelope);
  let received: Uint8Array | undefined;
  city.domain.overrides.set("/v1/jobs", async (body) => {
    received = body;
    city.domain.overrides.clear();
    return { status: 202, body: JSON.stringify(city.domain.submit(envelope)) };
  });
  expect(codeOf(await city.send("lab", "POST", "/v1/jobs", bytes))).toBe(202);
  expect(received).toEqual(bytes);
  const { callId } = envelope.request.body;
  for (const reader of ["lab", "group", "bank", "health", "bureau", "auditor"] as const) {
    expect((await city.send(reader, "GET", `/v1/runs/${callId}`)).json).toMatchObject({ callId, state: "submitted" });
  }
  expect(codeOf(await city.get(`/v1/runs/${callId}`))).toBe("ERR_HTTP_SIGNATURE");
});

test("operations do not cross routes, and nobody submits another's request", async () => {
  const job = async (operation: "develop" | "build" | "lookup.query") =>
    encodeCall(await city.envelope("lab", { operation, grant }));
  expect(codeOf(await city.send("lab", "POST", "/v1/jobs", await job("build")))).toBe("ERR_GRANT_OPERATION");
  expect(codeOf(await city.send("lab", "POST", "/v1/jobs", await job("lookup.query")))).toBe("ERR_GRANT_OPERATION");
  const foreign = encodeCall(await city.envelope("bank", { operation: "develop", grant }));
  expect(codeOf(await city.send("lab", "POST", "/v1/jobs", foreign))).toBe("ERR_SIGNATURE");
  const build = encodeCall(await city.envelope("group", { operation: "develop", grant }));
  expect(codeOf(await city.send("group", "POST", "/v1/builds", build))).toBe("ERR_GRANT_OPERATION");
  const nowhere = encodeCall(await city.envelope("lab", { operation: "develop", grant, domain: "nowhere" }));
  expect(codeOf(await city.send("lab", "POST", "/v1/jobs", nowhere))).toBe("ERR_NOT_FOUND");
});

test("a completed run's receipt is booked in the gateway's log, once", async () => {
  const { callId } = await city.developedRun(grant, "booked");
  const one = (await city.send("lab", "GET", `/v1/runs/${callId}`)).json["receipt"];
  expect(one).toMatchObject({ gatewayLog: { origin: city.identity.logOrigin } });
  expect((await city.send("lab", "GET", `/v1/runs/${callId}`)).json["receipt"]).toEqual(one);
  expect((await city.send("lab", "GET", `/v1/receipts/${callId}`)).json).toMatchObject({
    receipt: one,
    scene: { scene: "runs" },
  });
});

test("a domain that tells of another run, or receipts another report, is not believed", async () => {
  const run = await city.developedRun(grant, "lies");
  const lie = (change: object) => city.domain.runs.set(run.callId, { ...run, ...change });
  lie({ product: "other" });
  expect(codeOf(await city.send("lab", "GET", `/v1/runs/${run.callId}`))).toBe("ERR_RECEIPT");
  lie({
    guardReport: {
      bundle: run.bundle,
      class: "released",
      verdict: "release",
      findings: [],
      at: "2020-01-01T00:00:00.000Z",
    },
  });
  expect(codeOf(await city.send("lab", "GET", `/v1/runs/${run.callId}`))).toBe("ERR_RECEIPT");
});

test("a run is reviewed by operator and agency, by two people, once it has completed", async () => {
  const open = await city.envelope("lab", { operation: "develop", grant, product: "reviewed" });
  await city.send("lab", "POST", "/v1/jobs", encodeCall(open));
  const { callId } = open.request.body;
  expect(codeOf(await review(callId, "group", "Lin Hua"))).toBe("ERR_STATE");
  await city.domain.completeRun(callId);
  expect((await review(callId, "bureau", "Sun Wei")).json).toMatchObject({ callId, state: "awaiting" });
  expect(codeOf(await review(callId, "bureau", "Zhao Min"))).toBe("ERR_STATE");
  expect(codeOf(await review(callId, "group", "SUN wei"))).toBe("ERR_REVIEW_SAME_PERSON");
  expect((await review(callId, "group", "Lin Hua")).json).toMatchObject({
    state: "approved",
    reviews: [{ party: "bureau" }, { party: "group" }],
  });
  expect(codeOf(await review("f".repeat(32), "group", "Lin Hua"))).toBe("ERR_NOT_FOUND");
});

test("a release needs both approvals and names exactly what was reviewed", async () => {
  const run = await city.developedRun(grant, "released");
  const release = (change?: Parameters<City["releaseOf"]>[1]) => city.releaseOf(run, change);
  const deliver = async (signed: Awaited<ReturnType<City["releaseOf"]>>) =>
    city.send("health", "POST", "/v1/releases", signed);
  expect(codeOf(await deliver(await release()))).toBe("ERR_STATE");
  await review(run.callId, "group", "Lin Hua");
  expect(codeOf(await deliver(await release()))).toBe("ERR_STATE");
  await review(run.callId, "bureau", "Sun Wei");
  const asked = city.domain.requests.filter((request) => request === "POST /v1/releases").length;
  const other = "9".repeat(64);
  expect(codeOf(await deliver(await release({ bundle: other })))).toBe("ERR_BUNDLE_CHANGED");
  for (const member of ["model", "manifest", "guardReport"] as const) {
    expect(codeOf(await deliver(await release({ [member]: other })))).toBe("ERR_BODY_INVALID");
  }
  expect(codeOf(await deliver(await release({ grant: other })))).toBe("ERR_GRANT_UNKNOWN");
  expect(codeOf(await deliver(await release({ version: 2 })))).toBe("ERR_NOT_FOUND");
  const forged = await release();
  expect(codeOf(await deliver({ ...forged, body: { ...forged.body, at: "2026-03-01T00:00:00.000Z" } }))).toBe(
    "ERR_SIGNATURE",
  );
  expect(city.domain.requests.filter((request) => request === "POST /v1/releases").length).toBe(asked);
  const first = await deliver(await release());
  expect(first.json["product"]).toMatchObject({ product: "released", status: "registered" });
  const code = (first.json["product"] as { registrationCode: string }).registrationCode;
  expect(code).toMatch(new RegExp(`^SLP-${new Date().getUTCFullYear()}-\\d{6}$`));
  expect((await deliver(await release())).json).toEqual(first.json);
  expect(codeOf(await deliver(await release({ at: "2026-03-02T00:00:00.000Z" })))).toBe("ERR_CONFLICT");
});

const SERVED: [OutputSpec, string][] = [
  [{ kind: "labels", vocabulary: ["A", "B"] }, "label-lookup"],
  [{ kind: "set", match: "psi-ids" }, "psi-ids"],
  [{ kind: "set", match: "psi-cardinality" }, "psi-cardinality"],
  [{ kind: "score", featureBound: 8, link: "logistic" }, "score"],
  [{ kind: "table", dimensions: [{ name: "region", levels: ["north", "south"] }], measures: [] }, "report"],
];

test("a product has the form of what its job serves, also after a restart", async () => {
  const forms: unknown[] = [];
  for (const [i, [served]] of SERVED.entries()) {
    const run = await city.reviewedRun(grant, `form-${i}`, { manifest: manifestServing(served) });
    const accepted = await city.send("health", "POST", "/v1/releases", await city.releaseOf(run));
    forms.push((accepted.json["product"] as { form: string }).form);
  }
  expect(forms).toEqual(SERVED.map(([, form]) => form));
  await city.restart();
  const listed = await Promise.all(SERVED.map((_, i) => city.get(`/v1/products/form-${i}`)));
  expect(listed.map(({ json }) => json["form"])).toEqual(forms);
});

test("a release of a run whose job serves nothing is refused, and does not reach the domain", async () => {
  const manifest = { ...manifestServing({ kind: "metrics", keys: ["rows"] }) };
  const run = await city.reviewedRun(grant, "nothing-served", { manifest });
  const asked = city.domain.requests.length;
  const answer = await city.send("health", "POST", "/v1/releases", await city.releaseOf(run));
  expect([codeOf(answer), answer.json["details"]]).toEqual([
    "ERR_STATE",
    expect.objectContaining({ kind: "run", name: run.callId, state: "of a job that serves nothing" }),
  ]);
  expect(city.domain.requests.slice(asked)).toEqual([]);
});

test("a release names a model exactly when its run released one", async () => {
  const deliver = async (run: Run, change: Parameters<City["releaseOf"]>[1] = {}) =>
    city.send("health", "POST", "/v1/releases", await city.releaseOf(run, change));
  const without = await city.reviewedRun(grant, "no-model", { model: undefined });
  expect((await deliver(without, { model: "9".repeat(64) })).json["details"]).toMatchObject({ pointer: "/body/model" });
  expect(codeOf(await deliver(without))).toBe(200);
  const having = await city.reviewedRun(grant, "with-model");
  const { model: _model, ...modelless } = having;
  expect((await deliver(modelless)).json["details"]).toMatchObject({ pointer: "/body/model" });
  expect(codeOf(await deliver(having))).toBe(200);
});

test("a rejected run cannot be released", async () => {
  const run = await city.developedRun(grant, "rejected");
  expect((await review(run.callId, "group", "Lin Hua", "reject")).json["state"]).toBe("rejected");
  expect(codeOf(await review(run.callId, "bureau", "Sun Wei"))).toBe("ERR_STATE");
  expect(codeOf(await city.send("health", "POST", "/v1/releases", await city.releaseOf(run)))).toBe("ERR_STATE");
});

test("registration codes are given out one after another", async () => {
  await Promise.all(["first", "second", "third"].map((name) => city.product(name)));
  const products = (await city.get("/v1/products")).json["products"] as { registrationCode: string }[];
  const numbers = products.map((product) => Number(product.registrationCode.slice(-6))).toSorted((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
});

test("a product serves once its build has completed", async () => {
  await city.product("built");
  const build = await city.envelope("group", { operation: "build", product: "built", grant }, utf8(""));
  expect(codeOf(await city.send("group", "POST", "/v1/builds", encodeCall(build)))).toBe(202);
  expect((await city.get("/v1/products/built")).json["status"]).toBe("registered");
  await city.domain.completeRun(build.request.body.callId);
  await city.send("group", "GET", `/v1/runs/${build.request.body.callId}`);
  expect((await city.get("/v1/products/built")).json["status"]).toBe("serving");
  expect(codeOf(await city.get("/v1/products/nothing"))).toBe("ERR_NOT_FOUND");
});

test("events pass through with Last-Event-ID, and end when the reader goes", async () => {
  const { callId } = await city.developedRun(grant, "events");
  const gone = Promise.withResolvers<void>();
  let lastEventId: unknown;
  const events = createServer((request, response) => {
    if (request.url === "/v1/description") return response.end(JSON.stringify(city.domain.description()));
    if (request.url === "/v1/parties") return response.writeHead(204).end();
    lastEventId = request.headers["last-event-id"];
    response.writeHead(200, { "content-type": "text/event-stream" }).write("id: 8\nevent: progress\ndata: {}\n\n");
    request.once("close", gone.resolve);
    return response;
  });
  await new Promise<void>((resolve) => void events.listen(0, "127.0.0.1", resolve));
  const address = events.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  await city.send("bureau", "POST", "/v1/domains", { domain: "health", url: `http://127.0.0.1:${port}` });
  const url = `${city.gateway.url}/v1/runs/${callId}/events`;
  const signature = await signHttp({ method: "GET", url, body: new Uint8Array() }, city.keys.lab, { clock, random });
  const response = await fetch(url, { headers: { ...signature, "last-event-id": "7" } });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const reader = response.body?.getReader();
  expect(toHex((await reader?.read())?.value ?? new Uint8Array())).toBe(
    toHex(utf8("id: 8\nevent: progress\ndata: {}\n\n")),
  );
  expect(lastEventId).toBe("7");
  await reader?.cancel();
  await gone.promise;
  events.close();
  await city.send("bureau", "POST", "/v1/domains", { domain: "health", url: city.domain.url });
});
