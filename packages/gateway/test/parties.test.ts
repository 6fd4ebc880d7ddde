/** Parties: only by the agency's signature, the later statement wins, and every domain hears of it.
 *  @module */
import { generateKey, generateSm2Key, signDocument } from "@sluice/evidence";
import { afterAll, beforeAll, expect, test } from "vitest";
import { City, codeOf } from "./city.ts";

let city: City;
beforeAll(async () => {
  city = await City.start();
});
afterAll(() => city.close());

const put = async (signed: Awaited<ReturnType<City["statement"]>>) =>
  city.send("bureau", "PUT", `/v1/parties/${signed.body.party}`, signed);

test("a statement that the agency has not signed is refused, whoever brings it", async () => {
  const { body } = await city.statement("bank", { status: "suspended" });
  const forged = await signDocument(body, city.keys.group);
  expect(codeOf(await put(forged))).toBe("ERR_SIGNATURE");
  const both = await signDocument(body, city.keys.bureau, city.keys.group);
  expect(codeOf(await put(both))).toBe("ERR_SIGNATURE");
  const altered = await city.statement("bank");
  expect(codeOf(await put({ ...altered, body: { ...altered.body, status: "suspended" } }))).toBe("ERR_SIGNATURE");
  expect(codeOf(await city.send("bank", "GET", `/v1/receipts/${"0".repeat(32)}`))).toBe("ERR_NOT_FOUND");
});

test("the later statement stands: an earlier one is refused, the same one changes nothing", async () => {
  const now = Date.now();
  const later = await city.statement("auditor", { status: "suspended", at: new Date(now) });
  const earlier = await city.statement("auditor", { at: new Date(now - 10_000) });
  expect(codeOf(await put(later))).toBe(200);
  expect(codeOf(await put(later))).toBe(200);
  expect(codeOf(await put(earlier))).toBe("ERR_STATE");
  expect(codeOf(await put(await city.statement("auditor", { at: new Date(now) })))).toBe("ERR_CONFLICT");
  expect(codeOf(await put(await city.statement("auditor", { at: new Date(now + 3_600_000) })))).toBe(
    "ERR_BODY_INVALID",
  );
  expect(codeOf(await put(await city.statement("auditor", { at: new Date(now + 1) })))).toBe(200);
});

test("a statement under another name, and a key that is another party's, are refused", async () => {
  const signed = await city.statement("bank");
  expect(codeOf(await city.send("bureau", "PUT", "/v1/parties/lab", signed))).toBe("ERR_BODY_INVALID");
  expect(codeOf(await put(await city.statement("bank", { keyId: city.keys.lab.keyId })))).toBe("ERR_CONFLICT");
});

test("a party that changes its key signs with the new one only", async () => {
  const fresh = await generateKey();
  expect(codeOf(await put(await city.statement("other-bank", { keyId: fresh.keyId })))).toBe(200);
  const path = `/v1/receipts/${"0".repeat(32)}`;
  expect(codeOf(await city.send("other-bank", "GET", path))).toBe("ERR_PARTY_UNKNOWN");
  expect(codeOf(await city.send(fresh, "GET", path))).toBe("ERR_NOT_FOUND");
});

test("a party whose key is of the suite sm2 signs its requests with it", async () => {
  const national = await generateSm2Key();
  expect(
    codeOf(await put(await city.statement("other-bank", { keyId: national.keyId, at: new Date(Date.now() + 2) }))),
  ).toBe(200);
  const path = `/v1/receipts/${"0".repeat(32)}`;
  expect(codeOf(await city.send(national, "GET", path))).toBe("ERR_NOT_FOUND");
  expect(codeOf(await city.send(await generateSm2Key(), "GET", path))).toBe("ERR_PARTY_UNKNOWN");
});

test("domains get every statement, at registration and after", async () => {
  expect(city.domain.parties.map((signed) => signed.body.party)).toContain("lab");
  const suspension = await city.statement("lab", { status: "suspended" });
  await put(suspension);
  expect(city.domain.parties.at(-1)).toEqual(suspension);
  await put(await city.statement("lab"));
});

test("a statement that a domain missed is delivered with the next one", async () => {
  const heard = city.domain.parties.length;
  const port = Number(new URL(city.domain.url).port);
  await city.domain.stop();
  const missed = await city.statement("lab", { status: "suspended" });
  expect(codeOf(await put(missed))).toBe(200);
  await city.domain.listen(port);
  await put(await city.statement("health"));
  expect(city.domain.parties.slice(heard)).toContainEqual(missed);
});

test("revocations and statuses are carried to their domain as they were signed", async () => {
  const stops = [await city.revocation("health"), await city.status("health")];
  expect(codeOf(await city.send("health", "POST", "/v1/revocations", stops[0]))).toBe(200);
  expect(codeOf(await city.send("bureau", "POST", "/v1/statuses", stops[1]))).toBe(200);
  expect(city.domain.stops).toEqual(stops);
  expect(codeOf(await city.send("bureau", "POST", "/v1/statuses", await city.status("nowhere")))).toBe("ERR_NOT_FOUND");
  expect(codeOf(await city.send("bureau", "POST", "/v1/statuses", { body: {} }))).toBe("ERR_BODY_INVALID");
});
