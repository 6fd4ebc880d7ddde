/** The HTTP surface: problem documents, signatures, limits, the OpenAPI document, the log's files, the access log.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { signHttp } from "@sluice/evidence/http";
import {
  APPLICATION_SECTIONS,
  MAX_JSON_BODY_BYTES,
  Problem,
  ProductForm,
  ProductSnapshot,
  utf8,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { City, codeOf } from "./city.ts";
import { clock, random } from "./directories.ts";

let city: City;
beforeAll(async () => {
  city = await City.start();
});
afterAll(() => city.close());

/** A signed request, sent again with changes. */
async function tampered(change: { method?: string; path?: string; body?: string; headers?: Record<string, string> }) {
  const path = "/v1/scenes/nothing/reviews";
  const body = JSON.stringify(city.review("Lin Hua"));
  const url = `${city.gateway.url}${path}`;
  const signature = await signHttp({ method: "POST", url, body: utf8(body) }, city.keys.group, { clock, random });
  const send = async () => {
    const response = await fetch(`${city.gateway.url}${change.path ?? path}`, {
      method: change.method ?? "POST",
      headers: { "content-type": "application/json", ...signature, ...change.headers },
      body: change.body ?? body,
    });
    return (await response.json()) as { code: string };
  };
  return { send, signature };
}

test("every error is a problem document with code, remedy and who refused", async () => {
  const answers = [
    await city.get("/nothing"),
    await city.send("lab", "GET", "/v1/scenes/UPPER"),
    await city.send("lab", "GET", "/v1/scenes/missing"),
    await city.send("bank", "POST", "/v1/scenes", {}),
    await city.send("group", "POST", "/v1/scenes", { draft: 1 }),
  ];
  const codes = answers.map((answer) => {
    expect(answer.type).toContain("application/problem+json");
    const problem = Problem.parse(answer.json);
    expect([problem.status, problem.refusedBy]).toEqual([answer.status, "gateway"]);
    return problem.code;
  });
  expect(codes).toEqual([
    "ERR_ROUTE_UNKNOWN",
    "ERR_BODY_INVALID",
    "ERR_NOT_FOUND",
    "ERR_BODY_INVALID",
    "ERR_BODY_INVALID",
  ]);
});

test("malformed bodies are refused with the place of the fault, never its value", async () => {
  const send = (body: unknown) => city.send("group", "POST", "/v1/scenes/x/reviews", body);
  const canary = "110101199003070000";
  for (const body of [
    { ...city.review("A"), verdict: canary },
    { ...city.review("A"), [canary]: 1 },
    { person: "A" },
    [],
    null,
    7,
  ]) {
    const answer = await send(body);
    expect(codeOf(answer)).toBe("ERR_BODY_INVALID");
    expect(JSON.stringify(answer.json)).not.toContain(canary);
  }
  expect((await send({ ...city.review("A"), verdict: 1 })).json["details"]).toMatchObject({ pointer: "/verdict" });
  for (const text of ["{", "\u0000", '{"person":"A"', ""]) {
    const { send } = await tampered({});
    expect((await send()).code).toBe("ERR_NOT_FOUND");
    const url = `${city.gateway.url}/v1/scenes/x/reviews`;
    const signature = await signHttp({ method: "POST", url, body: utf8(text) }, city.keys.group, { clock, random });
    const response = await fetch(url, {
      method: "POST",
      body: text,
      headers: { "content-type": "application/json", ...signature },
    });
    expect(((await response.json()) as { code: string }).code).toBe("ERR_BODY_INVALID");
  }
  const answer = await city.send(
    "group",
    "POST",
    "/v1/scenes/x/reviews",
    { ...city.review("A"), note: "n" },
    { "content-type": "text/plain" },
  );
  expect(codeOf(answer)).toBe("ERR_BODY_INVALID");
});

test("a body above the limit of its route is refused", async () => {
  const large = "x".repeat(MAX_JSON_BODY_BYTES);
  const answer = await city.send("group", "POST", "/v1/scenes/x/reviews", { ...city.review("A"), note: large });
  expect([codeOf(answer), answer.status]).toEqual(["ERR_FRAME_TOO_LARGE", 413]);
  expect((answer.json["details"] as { maxBytes: number }).maxBytes).toBe(MAX_JSON_BODY_BYTES);
});

test("a signature is good for one request: method, path, query, body, and once", async () => {
  for (const change of [
    { path: "/v1/scenes/other/reviews" },
    { path: "/v1/scenes/nothing/reviews?extra=1" },
    { body: JSON.stringify(city.review("Someone Else")) },
  ]) {
    expect((await (await tampered(change)).send()).code).toBe("ERR_HTTP_SIGNATURE");
  }
  const { send } = await tampered({});
  expect((await send()).code).toBe("ERR_NOT_FOUND");
  expect((await send()).code).toBe("ERR_HTTP_SIGNATURE");
});

test("a nonce that was used stays used after a restart", async () => {
  const path = "/v1/scenes/nothing/reviews";
  const body = JSON.stringify(city.review("Lin Hua"));
  const port = city.gateway.port;
  const url = `${city.gateway.url}${path}`;
  const signature = await signHttp({ method: "POST", url, body: utf8(body) }, city.keys.group, { clock, random });
  const send = async () => {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...signature },
    });
    return ((await response.json()) as { code: string }).code;
  };
  expect(await send()).toBe("ERR_NOT_FOUND");
  await city.restart({ port });
  expect(await send()).toBe("ERR_HTTP_SIGNATURE");
});

test("a request signed for another server is refused where the server's names are given", async () => {
  await city.restart({ authorities: ["gateway.example"] });
  expect(codeOf(await city.send("group", "POST", "/v1/scenes/x/reviews", city.review("A")))).toBe("ERR_HTTP_SIGNATURE");
  await city.restart();
});

test("the OpenAPI document is 3.1 and has every route of the contract", async () => {
  const { json } = await city.get("/openapi.json");
  expect(json["openapi"]).toBe("3.1.0");
  const paths = json["paths"] as Record<string, Record<string, { responses: Record<string, unknown> }>>;
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(routes.filter((route) => !route.startsWith("head ")).toSorted()).toEqual(
    [
      "put /v1/parties/{party}",
      "get /v1/parties",
      "post /v1/domains",
      "post /v1/domains/{domain}/refresh",
      "get /v1/catalogue",
      "get /v1/domains/{domain}/resources/{resource}/profile",
      "post /v1/scenes",
      "get /v1/scenes/{scene}",
      "post /v1/scenes/{scene}/reviews",
      "post /v1/grants",
      "get /v1/grants/{hash}",
      "post /v1/jobs",
      "post /v1/builds",
      "get /v1/runs/{callId}",
      "get /v1/runs/{callId}/events",
      "post /v1/runs/{callId}/reviews",
      "post /v1/releases",
      "get /v1/products",
      "get /v1/products/{product}",
      "get /v1/products/{product}/snapshot",
      "get /v1/products/{product}/snapshots/{hash}/{part}",
      "post /v1/calls",
      "post /v1/sessions",
      "post /v1/sessions/{domain}/{callId}",
      "post /v1/aggregates",
      "get /v1/aggregates/{aggregate}",
      "post /v1/aggregate-results",
      "get /v1/receipts/{callId}",
      "get /v1/receipts",
      "get /v1/runs/{callId}/reviews",
      "get /v1/domains/{domain}/log/{*}",
      "get /v1/domains/{domain}/events",
      "post /v1/revocations",
      "post /v1/statuses",
      "get /log/checkpoint",
      "get /log/{*}",
    ].toSorted(),
  );
  expect(paths["/v1/scenes"]?.["post"]?.responses["4XX"]).toMatchObject({
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  });
});

test("the OpenAPI document shows every form, the parts of snapshots, and the scores of a review", async () => {
  const { json } = await city.get("/openapi.json");
  const { schemas } = json["components"] as { schemas: Record<string, object> };
  const shown = (name: string) => JSON.stringify(schemas[name]);
  for (const form of ProductForm.options) expect(shown("Product")).toContain(`"${form}"`);
  for (const { shape } of ProductSnapshot.options) expect(shown("SignedSnapshot")).toContain(`"${shape.type.value}"`);
  for (const section of APPLICATION_SECTIONS) {
    for (const name of ["Review", "SceneProposal"]) expect(shown(name)).toContain(`"${section}"`);
  }
  const part = (json["paths"] as Record<string, object>)["/v1/products/{product}/snapshots/{hash}/{part}"];
  expect(JSON.stringify(part)).toContain('["hint","delta-hint","set","delta-set"]');
});

test("the log's files are served, and nothing beside them", async () => {
  await writeFile(join(city.directory, "log", "secret"), "secret");
  expect(Buffer.from((await city.get("/log/checkpoint")).bytes).toString()).toContain(city.identity.logOrigin);
  for (const path of [
    "secret",
    "journal",
    "lock",
    "tile",
    "tile/0",
    "tile/../secret",
    "..%2fconfig.json",
    "tile/0/..%2f..%2fsecret",
    "tile/0/000.p/9999",
    "%00",
  ]) {
    const answer = await city.get(`/log/${path}`);
    expect({ path, refused: answer.status >= 400 }).toEqual({ path, refused: true });
    expect(Buffer.from(answer.bytes).toString()).not.toContain("secret\n");
  }
  expect(codeOf(await city.get("/log/tile/0/999"))).toBe("ERR_NOT_FOUND");
});

test("the access log has routes and codes, and neither addresses nor bodies", async () => {
  const canary = "110101199003070000";
  await city.send("lab", "GET", `/v1/scenes/missing?name=${canary}`);
  await city.get(`/${canary}`);
  await city.send("group", "POST", "/v1/scenes/x/reviews", { ...city.review(canary), note: canary });
  await city.restart();
  const text = await readFile(join(city.directory, "gateway.log"), "utf8");
  expect(text).not.toContain(canary);
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toContainEqual(
    expect.objectContaining({ route: "/v1/scenes/:scene", status: 404, code: "ERR_NOT_FOUND" }),
  );
  expect(lines).toContainEqual(expect.objectContaining({ route: "/v1/scenes/:scene/reviews", party: "group" }));
});
