/** Group commit, and the order of work.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { GroupCommitter, MAX_GROUP_ITEMS, MAX_WAITING_ITEMS } from "../src/work/group-committer.ts";
import { OneAtATime } from "../src/work/one-at-a-time.ts";
import { MAX_REMEMBERED_CALLS, RecentRequests } from "../src/work/recent-requests.ts";
import { MAX_PARTY_OPENINGS, OPENING_MEMORY_MS, SessionOpenings } from "../src/work/session-openings.ts";

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

test("items that arrive during a commit share the next one, in order", async () => {
  const groups: number[][] = [];
  const held = Promise.withResolvers<void>();
  const committer = new GroupCommitter<number, number>(async (items) => {
    groups.push([...items]);
    if (groups.length === 1) await held.promise;
    return items.map((item) => item * 2);
  });
  const first = committer.submit(0);
  await turn();
  const rest = [1, 2, 3].map((item) => committer.submit(item));
  held.resolve();
  expect(await Promise.all([first, ...rest])).toEqual([0, 2, 4, 6]);
  expect(groups).toEqual([[0], [1, 2, 3]]);
});

test("each item gets its own result, whatever the sizes of the groups", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer(), { maxLength: 600 }), async (items) => {
      let largest = 0;
      const committer = new GroupCommitter<number, string>(async (group) => {
        largest = Math.max(largest, group.length);
        return group.map(String);
      });
      expect(await Promise.all(items.map((item) => committer.submit(item)))).toEqual(items.map(String));
      expect(largest).toBeLessThanOrEqual(MAX_GROUP_ITEMS);
      await committer.close();
    }),
    { numRuns: 20 },
  );
});

test("one item that cannot be committed does not fail those beside it", async () => {
  const committer = new GroupCommitter<number, number>(async (items) => {
    if (items.includes(2)) throw new RangeError("two");
    return [...items];
  });
  const results = await Promise.allSettled([1, 2, 3].map((item) => committer.submit(item)));
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await committer.submit(4)).toBe(4);
});

test("a full committer refuses at once, and closing waits for what was taken", async () => {
  const held = Promise.withResolvers<void>();
  const committer = new GroupCommitter<number, number>(async (items) => {
    await held.promise;
    return [...items];
  });
  const first = committer.submit(-1);
  await turn();
  const taken = Array.from({ length: MAX_WAITING_ITEMS }, (_, item) => committer.submit(item));
  await expect(committer.submit(0)).rejects.toMatchObject({ code: "ERR_POOL_FULL" });
  held.resolve();
  await committer.close();
  expect(await Promise.all([first, ...taken])).toHaveLength(MAX_WAITING_ITEMS + 1);
});

test("tasks of one name run one after another, also after one has failed", async () => {
  const order: string[] = [];
  const serial = new OneAtATime();
  const task =
    (name: string, fails = false) =>
    async () => {
      order.push(`${name} begins`);
      await turn();
      order.push(`${name} ends`);
      if (fails) throw new RangeError(name);
    };
  const results = await Promise.allSettled([
    serial.run("x", task("a", true)),
    serial.run("x", task("b")),
    serial.run("y", task("c")),
  ]);
  expect(results.map((result) => result.status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(order.indexOf("b begins")).toBeGreaterThan(order.indexOf("a ends"));
  expect(order.indexOf("c begins")).toBeLessThan(order.indexOf("a ends"));
});

test("recent requests are found by their hash until too many others came", () => {
  const recent = new RecentRequests();
  const request = (callId: string) => ({ body: { callId } }) as Parameters<RecentRequests["add"]>[1];
  recent.add("h1", request("a"));
  recent.add("h2", request("a"));
  expect(recent.find("a", "h1")).toEqual(request("a"));
  expect(recent.find("a", "h3")).toBeNull();
  for (let i = 0; i < MAX_REMEMBERED_CALLS; i++) recent.add("h", request(String(i)));
  expect(recent.find("a", "h1")).toBeNull();
});

test("openings are found by their party for the time of a session, whatever others open", () => {
  let nowMs = 1_000;
  const openings = new SessionOpenings({ now: () => new Date(nowMs) });
  const request = (callId: string, nonce = "1") =>
    ({ body: { callId, nonce } }) as Parameters<SessionOpenings["add"]>[0];
  openings.add(request("a"), "bank");
  const forget = openings.add(request("a", "2"), "bank");
  expect(openings.find("a", "bank")).toEqual([request("a"), request("a", "2")]);
  // What was refused is forgotten, and what came before it stays.
  forget();
  expect(openings.find("a", "bank")).toEqual([request("a")]);
  openings.add(request("b"), "bank")();
  expect(openings.find("b", "bank")).toEqual([]);
  // Neither does another party take it over, nor fill its place.
  openings.add(request("a", "3"), "other");
  for (let i = 0; i < 2 * MAX_PARTY_OPENINGS; i++) openings.add(request(`other-${i}`), "other");
  expect([openings.find("a", "bank"), openings.find("a", "other")]).toEqual([[request("a")], []]);
  expect(openings.find("other-0", "other")).toEqual([]);
  for (let i = 1; i < MAX_PARTY_OPENINGS; i++) openings.add(request(`own-${i}`), "bank");
  expect(openings.find("a", "bank")).toHaveLength(1);
  openings.add(request("one more"), "bank");
  expect(openings.find("a", "bank")).toEqual([]);
  nowMs += OPENING_MEMORY_MS;
  expect(openings.find("one more", "bank")).toEqual([]);
});
