/** Lists matched across updates of a set: the client goes over to the present snapshot once, by the filters that are new, and
 *  to no older one.
 *  @module */
import { afterEach, beforeEach, expect, test } from "vitest";
import { createClient, type MatchHandle } from "../src/index.ts";
import { refused } from "./refused.ts";
import { flipBit, sendProblem, StubCity } from "./stub-city.ts";
import { changingSet } from "./stub-set.ts";
import { SluiceError } from "@sluice/protocol";

const SET = Array.from({ length: 18 }, (_, i) => `person-${i}`);
const LIST = ["person-3", "nobody", "person-4", "newcomer"];
const CHANGES = { added: ["newcomer"], removed: ["person-3"] };
const PRODUCT = "/v1/products/list";

let city: StubCity;
let handle: MatchHandle;
let builds: ReturnType<typeof changingSet>;

beforeEach(async () => {
  builds = changingSet(SET);
  city = await StubCity.start({ "person-1": 1 }, { list: builds() });
  const client = createClient({ gatewayUrl: city.url, key: city.caller, trust: city.trust, backoffMs: 1 });
  handle = await client.openMatch("list");
  city.requests.length = 0;
});
afterEach(() => city.close());

const paths = (): string[] => city.requests.splice(0).map(({ path }) => path.replace(/[0-9a-f]{64}/, "HASH"));

test("a list after an update fetches the delta alone, asks once more, and names the snapshot that answered", async () => {
  const before = await handle.match(LIST);
  expect([before.found, before.snapshotHash]).toEqual([["person-3", "person-4"], handle.snapshotHash]);
  const hash = await city.replace("list", builds(CHANGES));
  paths();
  const after = await handle.match(LIST);
  expect([after.found, after.snapshotHash]).toEqual([["person-4", "newcomer"], hash]);
  const fetched = [PRODUCT, `${PRODUCT}/snapshot`, `${PRODUCT}/snapshots/HASH/delta-set`];
  expect(paths()).toEqual(["/v1/calls", ...fetched, "/v1/calls"]);
  expect((await handle.match(LIST)).found).toEqual(after.found);
  expect(paths()).toEqual(["/v1/calls"]);

  // The next update too, and a base of its own after that, which is fetched.
  await city.replace("list", builds({ added: [], removed: ["person-4"] }));
  expect((await handle.match(LIST)).found).toEqual(["person-3"]);
  await city.replace("list", changingSet(["nobody", ...SET.slice(4)], 2)());
  paths();
  expect((await handle.match(LIST)).found).toEqual(["nobody", "person-4"]);
  expect(paths()).toEqual(["/v1/calls", PRODUCT, `${PRODUCT}/snapshot`, `${PRODUCT}/snapshots/HASH/set`, "/v1/calls"]);
});

test("lists at the same time share one opening, which is not ended by the signal of one of them", async () => {
  await city.replace("list", builds(CHANGES));
  const controller = new AbortController();
  city.hooks.part = (bytes) => {
    controller.abort();
    return bytes;
  };
  const cancelled = handle.match(LIST, { signal: controller.signal });
  const [first, second] = [handle.match(LIST), handle.match(["newcomer"])];
  await refused(cancelled, "ERR_CANCELLED");
  expect((await first).found).toEqual(["person-4", "newcomer"]);
  expect((await second).found).toEqual(["newcomer"]);
  expect(paths().filter((path) => path.endsWith("delta-set"))).toHaveLength(1);
});

test("a list that is told of the update after another has gone over fetches nothing again", async () => {
  await city.replace("list", builds(CHANGES));
  const done = Promise.withResolvers<void>();
  let calls = 0;
  city.hooks.call = async () => {
    if (++calls === 2) await done.promise;
    return false;
  };
  const lists = [handle.match(LIST), handle.match(LIST)];
  await Promise.race(lists);
  done.resolve();
  for (const list of lists) expect((await list).found).toEqual(["person-4", "newcomer"]);
  expect(paths().filter((path) => path.endsWith("delta-set"))).toHaveLength(1);
});

test("another refusal opens nothing, and a domain that refuses the present snapshot too is asked no third time", async () => {
  for (const [code, calls, opened] of [
    ["ERR_SNAPSHOT", 2, 1],
    ["ERR_NOT_ADMITTED", 1, 0],
  ] as const) {
    city.hooks.call = (_, response) => {
      sendProblem(response, new SluiceError(code, {}, { refusedBy: "domain" }));
      return Promise.resolve(true);
    };
    await expect(handle.match(LIST)).rejects.toMatchObject({ code, refusedBy: "domain" });
    const asked = paths();
    expect(asked.filter((path) => path === "/v1/calls")).toHaveLength(calls);
    expect(asked.filter((path) => path.endsWith("/snapshot"))).toHaveLength(opened);
  }
});

test("an older snapshot and an altered delta are refused, and the next list goes on from what was held", async () => {
  await city.replace("list", builds(CHANGES), new Date(Date.parse(handle.snapshot.at) - 1_000));
  expect((await refused(handle.match(LIST), "ERR_RECEIPT")).message).toContain("older");
  await city.replace("list", builds(CHANGES));
  city.hooks.part = flipBit;
  await refused(handle.match(LIST), "ERR_RECEIPT");
  city.hooks.part = (bytes) => bytes.subarray(1);
  await refused(handle.match(LIST), "ERR_RECEIPT");
  city.hooks = {};
  expect((await handle.match(LIST)).found).toEqual(["person-4", "newcomer"]);
});
