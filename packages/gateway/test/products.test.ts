/** Products of every form: what callers fetch before they ask passes through, and calls are metered by form.
 *  @module */
import { signDocument } from "@sluice/evidence";
import { FORM_OPERATIONS, MAX_SNAPSHOT_PART_BYTES, ProductForm, utf8, type ProductSnapshot } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openState } from "../src/state/open-state.ts";
import { City, codeOf } from "./city.ts";

const HASH = "7".repeat(64);
let city: City;
let grant: string;
beforeAll(async () => {
  city = await City.start();
  grant = await city.product("product");
});
afterAll(() => city.close());

const served = {
  domain: "health",
  product: "product",
  version: 1,
  grant: HASH,
  bundle: HASH,
  release: HASH,
  sealKey: `x25519:${"A".repeat(43)}`,
  at: "2026-01-01T00:00:00.000Z",
};
const lookup: ProductSnapshot = {
  type: "lookup-snapshot",
  ...served,
  parameters: {
    lweDimension: 1024,
    errorDeviation: 12.8,
    buckets: 1,
    rowsPerBucket: 16,
    segmentLength: 4,
    recordBytes: 32,
    matrixSeed: HASH,
    filterSeed: HASH,
  },
  oprfPublicKey: HASH,
  epoch: 1,
  hint: HASH,
  hintBytes: 8,
  vocabulary: ["A", "B"],
};
const report: ProductSnapshot = { type: "report-snapshot", ...served, report: HASH };

test("a snapshot of the product's form passes through as it was signed, and no other; reading it changes nothing", async () => {
  const serve = async (body: ProductSnapshot) => {
    const signed = await signDocument(body, city.domain.receiptKey);
    const override = async () => ({ body: JSON.stringify(signed) });
    city.domain.overrides.set("/v1/products/product/snapshot", override);
    return { signed, answer: await city.send("other-bank", "GET", "/v1/products/product/snapshot") };
  };
  expect((await city.get("/v1/products/product")).json).toMatchObject({ form: "label-lookup", status: "registered" });
  expect(codeOf((await serve(report)).answer)).toBe("ERR_SNAPSHOT");
  expect(codeOf((await serve({ ...lookup, product: "other" })).answer)).toBe("ERR_SNAPSHOT");
  expect(codeOf((await serve({ ...lookup, version: 2 })).answer)).toBe("ERR_NOT_FOUND");
  expect((await city.get("/v1/products/product")).json["status"]).toBe("registered");
  const { signed, answer } = await serve(lookup);
  expect(answer.json).toEqual(signed);
  expect((await city.get("/v1/products/product")).json["status"]).toBe("registered");
});

test("a product serves once a receipt of a call is booked, and not by an answer that is refused", async () => {
  city.domain.bend = (answer) => ({ ...answer, frame: utf8("another frame") });
  expect(codeOf(await city.call("bank", { grant }))).toBe("ERR_RECEIPT");
  city.domain.bend = (answer) => answer;
  expect((await city.get("/v1/products/product")).json["status"]).toBe("registered");
  expect(codeOf(await city.call("bank", { grant }))).toBe(200);
  expect((await city.get("/v1/products/product")).json["status"]).toBe("serving");
});

test("hint and set pass through byte by byte up to one limit, and nothing else does", async () => {
  const base = `/v1/products/product/snapshots/${HASH}`;
  const type = "application/octet-stream";
  for (const part of ["hint", "set"]) {
    city.domain.overrides.set(`${base}/${part}`, async () => ({ type, body: utf8(`the ${part}`) }));
    const answer = await city.send("bank", "GET", `${base}/${part}`);
    expect([answer.type, Buffer.from(answer.bytes).toString()]).toEqual([type, `the ${part}`]);
  }
  const before = city.domain.requests.length;
  expect(Buffer.from((await city.send("bank", "GET", `${base}/set`)).bytes).toString()).toBe("the set");
  expect(city.domain.requests.length).toBe(before);
  const other = `/v1/products/product/snapshots/${"0".repeat(64)}/set`;
  city.domain.overrides.set(other, async () => ({ type, body: new Uint8Array(MAX_SNAPSHOT_PART_BYTES + 1) }));
  const large = await city.send("bank", "GET", other);
  expect([codeOf(large), large.json["refusedBy"]]).toEqual(["ERR_FRAME_TOO_LARGE", "gateway"]);
  const asked = city.domain.requests.length;
  for (const part of ["database", "elements", "hint%2f..%2fset", "Hint"]) {
    expect((await city.send("bank", "GET", `${base}/${part}`)).status).toBeGreaterThanOrEqual(400);
  }
  expect(city.domain.requests.length).toBe(asked);
});

test("every operation of every form is passed on, and metered under its form", async () => {
  const metered: Record<string, string | null> = {};
  for (const form of ProductForm.options) {
    for (const operation of FORM_OPERATIONS[form]) {
      expect(codeOf(await city.call("bank", { grant, operation }))).toBe(200);
      metered[operation] = form;
    }
  }
  for (const operation of ["develop", "build"] as const) {
    expect(codeOf(await city.call("bank", { grant, operation }))).toBe("ERR_GRANT_OPERATION");
  }
  await city.gateway.close();
  const state = await openState(city.directory);
  const rows = await state.db
    .selectFrom("usage_record")
    .select(["operation", "form"])
    .where("product", "=", "product")
    .where("operation", "!=", "develop")
    .execute();
  expect(Object.fromEntries(rows.map(({ operation, form }) => [operation, form]))).toEqual(metered);
  await state.close();
});
