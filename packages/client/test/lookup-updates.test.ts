/** Lookups across updates of a product: the client goes over to the present snapshot, once, by the hints that are new.
 *  @module */
import { afterEach, beforeEach, expect, test } from "vitest";
import { createClient, type LookupHandle } from "../src/index.ts";
import { refused } from "./refused.ts";
import { flipBit, sendProblem, StubCity } from "./stub-city.ts";
import { SluiceError } from "@sluice/protocol";

const labels = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`person-${i}`, i % 3]));
let city: StubCity;
let handle: LookupHandle;

beforeEach(async () => {
  city = await StubCity.start(labels);
  const client = createClient({ gatewayUrl: city.url, key: city.caller, trust: city.trust, backoffMs: 1 });
  handle = await client.openLookup("credit-label");
  city.requests.length = 0;
});
afterEach(() => city.close());

const paths = (): string[] => city.requests.map(({ path }) => path.replace(/[0-9a-f]{64}/, "HASH"));

test("a lookup after an update fetches snapshot and delta's hint, asks once more, and names the snapshot that answered", async () => {
  const before = await handle.lookup("person-1");
  expect([before.record, before.snapshotHash]).toEqual([{ label: "B" }, handle.snapshotHash]);
  await city.update({ "person-1": 2, "person-2": null, newcomer: 0 });
  city.requests.length = 0;
  const after = await handle.lookup("person-1");
  expect(after.record).toEqual({ label: "C" });
  expect(after.snapshotHash).toBe(city.snapshotHash);
  expect(after.snapshotHash).not.toBe(before.snapshotHash);
  const product = "/v1/products/credit-label";
  const fetched = [product, `${product}/snapshot`, `${product}/snapshots/HASH/delta-hint`];
  expect(paths()).toEqual(["/v1/calls", ...fetched, "/v1/calls", "/v1/calls"]);
  city.requests.length = 0;
  expect((await handle.lookup("person-2")).record).toBeNull();
  expect((await handle.lookup("newcomer")).record).toEqual({ label: "A" });
  expect((await handle.lookup("person-4")).record).toEqual({ label: "B" });
  expect(paths()).toEqual(Array(6).fill("/v1/calls"));
});

test("lookups at the same time share one opening", async () => {
  await city.update({ "person-1": 2 });
  const found = await Promise.all(["person-1", "person-2", "person-3"].map((key) => handle.lookup(key)));
  expect(found.map(({ record }) => record?.label)).toEqual(["C", "C", "A"]);
  expect(paths().filter((path) => path.endsWith("delta-hint"))).toHaveLength(1);
});

test("a handle that is closed while it fetches the present snapshot goes over to nothing", async () => {
  await city.update({ "person-1": 2 });
  const fetched = Promise.withResolvers<void>();
  city.hooks.part = (bytes) => {
    fetched.resolve();
    handle.close();
    return bytes;
  };
  await refused(handle.lookup("person-1"), "ERR_CANCELLED");
  await fetched.promise;
  city.hooks = {};
  await refused(handle.lookup("person-1"), "ERR_STATE");
  expect(paths().filter((path) => path === "/v1/calls")).toHaveLength(1);
});

test("a domain that refuses the present snapshot too is asked no third time", async () => {
  city.hooks.call = (_, response) => {
    sendProblem(response, new SluiceError("ERR_SNAPSHOT", {}, { refusedBy: "domain" }));
    return true;
  };
  await expect(handle.lookup("person-1")).rejects.toMatchObject({ code: "ERR_SNAPSHOT", refusedBy: "domain" });
  expect(paths().filter((path) => path === "/v1/calls")).toHaveLength(2);
});

test("an altered hint of the delta, another snapshot's signature and an older snapshot are refused", async () => {
  await city.update({ "person-1": 2 });
  city.hooks.part = flipBit;
  await refused(handle.lookup("person-1"), "ERR_RECEIPT");
  city.hooks = {};
  city.hooks.snapshot = (signed) => {
    const { body } = signed;
    if (body.type !== "lookup-snapshot" || body.delta === undefined) return signed;
    const parameters = { ...body.delta.parameters, filterSeed: "00".repeat(32) };
    return { ...signed, body: { ...body, delta: { ...body.delta, parameters } } };
  };
  await refused(handle.lookup("person-1"), "ERR_SIGNATURE");
  city.hooks = {};
  await city.update({ "person-1": 2 }, new Date(0));
  await refused(handle.lookup("person-1"), "ERR_RECEIPT");
});

test("hit, miss, changed and deleted make the same requests, of the same sizes", async () => {
  await city.update({ "person-1": 2, "person-2": null });
  await handle.lookup("person-0");
  const shapes = new Set<string>();
  for (const key of ["person-0", "person-1", "person-2", "nobody"]) {
    city.requests.length = 0;
    await handle.lookup(key);
    shapes.add(JSON.stringify(city.requests.map(({ method, path, sizeBytes }) => [method, path, sizeBytes])));
  }
  expect(shapes.size).toBe(1);
});
