/** Domains and their catalogue.
 *  @module */
import { generateKey, rotatedPin } from "@sluice/evidence";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { City, codeOf } from "./city.ts";

let city: City;
beforeAll(async () => {
  city = await City.start();
});
afterAll(() => city.close());
afterEach(() => city.domain.overrides.clear());

const describeAs = (change: object) =>
  city.domain.overrides.set("/v1/description", async () => ({
    body: JSON.stringify({ ...city.domain.description(), ...change }),
  }));
const register = (url = city.domain.url) => city.send("bureau", "POST", "/v1/domains", { domain: "health", url });

test("the catalogue holds what the domain says of itself, and a refresh renews it", async () => {
  expect((await city.get("/v1/catalogue")).json["domains"]).toEqual([city.domain.description()]);
  describeAs({ resources: [] });
  expect(codeOf(await city.send("health", "POST", "/v1/domains/health/refresh"))).toBe(200);
  expect((await city.get("/v1/catalogue")).json["domains"]).toMatchObject([{ domain: "health", resources: [] }]);
  city.domain.overrides.clear();
  await city.send("group", "POST", "/v1/domains/health/refresh");
  expect(codeOf(await city.send("group", "POST", "/v1/domains/nowhere/refresh"))).toBe("ERR_NOT_FOUND");
});

test("any registered party sees the profile that a domain published of the described table, and nobody another", async () => {
  const path = "/v1/domains/health/resources/insured/profile";
  const profile = {
    version: 1,
    kind: "threshold",
    domain: "health",
    resource: "insured",
    snapshot: "0".repeat(64),
    minimum: 20,
    base: 5,
    persons: 100,
    columns: [{ kind: "shape", field: "person_id" }],
  };
  const publish = (change: object): unknown =>
    city.domain.overrides.set("/v1/resources/insured/profile", async () => ({
      body: JSON.stringify({ ...profile, ...change }),
    }));
  publish({});
  expect((await city.send("lab", "GET", path)).json).toEqual(profile);
  expect((await fetch(`${city.gateway.url}${path}`)).status).toBe(401);
  expect(codeOf(await city.send("lab", "GET", path.replace("insured", "other")))).toBe("ERR_NOT_FOUND");
  for (const change of [{ snapshot: "1".repeat(64) }, { domain: "other" }, { resource: "other" }]) {
    publish(change);
    expect(codeOf(await city.send("lab", "GET", path))).toBe("ERR_NOT_FOUND");
  }
  for (const change of [{ minimum: 2 }, { rows: [["a person"]] }]) {
    publish(change);
    expect(codeOf(await city.send("lab", "GET", path))).toBe("ERR_UNREACHABLE");
  }
});

test("a domain may move, but never change its keys or its name", async () => {
  expect(codeOf(await register(`${city.domain.url}/`))).toBe(200);
  const { keyId } = await generateKey();
  const changes = [{ receiptKey: keyId }, { logKey: keyId }, { logOrigin: "test.domain/other" }, { domain: "other" }];
  for (const change of changes) {
    describeAs(change);
    expect(codeOf(await register())).toBe("ERR_CONFLICT");
  }
  const [resource] = city.domain.description().resources;
  describeAs({ resources: [{ ...resource, domain: "other" }] });
  expect(codeOf(await register())).toBe("ERR_CONFLICT");
});

test("an address that is no plain http address, and one where no domain answers, are refused", async () => {
  for (const url of [
    "ftp://127.0.0.1/",
    "http://user:pass@127.0.0.1/",
    `${city.domain.url}/?q=1`,
    "file:///etc/passwd",
  ]) {
    expect({ url, code: codeOf(await register(url)) }).toEqual({ url, code: "ERR_BODY_INVALID" });
  }
  describeAs({ surplus: true });
  expect(codeOf(await register())).toBe("ERR_UNREACHABLE");
  city.domain.overrides.set("/v1/description", async () => ({ body: "{" }));
  expect(codeOf(await register())).toBe("ERR_UNREACHABLE");
  city.domain.overrides.set("/v1/description", async () => ({ body: new Uint8Array(9 * 1_048_576) }));
  expect(codeOf(await register())).toBe("ERR_FRAME_TOO_LARGE");
});

test("a domain's receipt keys change by a registration only, and no key of before is lost or lives longer", async () => {
  const { receiptKey } = city.domain;
  const turn = { from: "2026-02-01T00:00:00.000Z", until: "2026-02-02T00:00:00.000Z" };
  const next = await generateKey();
  const ring = rotatedPin(receiptKey.keyId, next.keyId, turn);
  describeAs({ receiptKey: ring });
  expect(codeOf(await city.send("health", "POST", "/v1/domains/health/refresh"))).toBe("ERR_CONFLICT");
  expect(codeOf(await city.send("bank", "POST", "/v1/domains", { domain: "health", url: city.domain.url }))).toBe(
    "ERR_ROLE",
  );
  expect(codeOf(await register())).toBe(200);
  expect((await city.get("/v1/catalogue")).json["domains"]).toMatchObject([{ receiptKey: ring }]);
  expect(codeOf(await city.send("health", "POST", "/v1/domains/health/refresh"))).toBe(200);
  const [first, second] = ring;
  for (const other of [
    receiptKey.keyId,
    next.keyId,
    [second],
    [{ ...first, until: "2027-01-01T00:00:00.000Z" }, second],
  ]) {
    describeAs({ receiptKey: other });
    expect(codeOf(await register()), JSON.stringify(other)).toBe("ERR_CONFLICT");
  }
});
