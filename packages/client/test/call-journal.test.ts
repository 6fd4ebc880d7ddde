/** Calls of many messages that another process goes on with: from whatever request on, with one charge and one receipt, and with
 *  the list that they began with only. @module */
import { decodeSessionMessage, SluiceError, type Bytes, type Random } from "@sluice/protocol";
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from "vitest";
import { createClient, systemRandom, type CallJournal } from "../src/index.ts";
import { refused } from "./refused.ts";
import { StubCity } from "./stub-city.ts";
import { StubSessions } from "./stub-sessions.ts";

const SLOW = process.env["SLOW"] === "1";
const LIST = ["nobody", "person-7", "somebody", "person-1", "person-29"];
const FOUND = ["person-7", "person-1", "person-29"];

let city: StubCity;
let sessions: StubSessions;
beforeAll(async () => {
  sessions = new StubSessions();
  city = await StubCity.start({ "person-1": 0 }, sessions.products);
});
afterAll(() => city.close());
beforeEach(() => sessions.begin(city));
afterEach(() => sessions.close());

/** A journal in memory. */
class Memory implements CallJournal {
  readonly records: Bytes[] = [];
  read(): Promise<readonly Bytes[]> {
    return Promise.resolve(this.records.slice());
  }
  append(record: Bytes): Promise<void> {
    this.records.push(record.slice());
    return Promise.resolve();
  }
}

/** Matches, and ends at request \`at\` of its session: before it is sent, or when its reply has come. Returns whether it came so far. */
async function matchUntil(
  journal: CallJournal,
  at: number,
  when: "before" | "after",
  { sent = new Set<number>(), random = systemRandom }: { sent?: Set<number>; random?: Random } = {},
): Promise<boolean> {
  const dead = new AbortController();
  let requests = 0;
  const die = (): never => {
    dead.abort();
    throw new TypeError("this process has ended");
  };
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : input.toString();
    const counts = url.includes("/v1/sessions") && ++requests === at;
    if (url.includes("/v1/sessions/")) sent.add(numberOf(init?.body));
    if (dead.signal.aborted || (counts && when === "before")) return die();
    const response = await globalThis.fetch(input, init);
    return counts ? die() : response;
  };
  const { url: gatewayUrl, caller: key, trust } = city;
  const handle = await createClient({ gatewayUrl, key, trust, fetch, random }).openMatch("equals");
  const ended = await handle.match(LIST, { journal, signal: dead.signal }).catch((error: unknown) => error);
  if (!dead.signal.aborted) return false;
  // The last message only says that all has come.
  if (ended instanceof Error) expect(ended).toMatchObject({ code: "ERR_CANCELLED" });
  return true;
}

/** Number of the message that a request brings. */
function numberOf(body: unknown): number {
  if (!(body instanceof Uint8Array)) throw new TypeError("no message");
  return decodeSessionMessage(new Uint8Array(body)).number;
}

async function matchFrom(journal: CallJournal, list: readonly string[] = LIST) {
  const { url: gatewayUrl, caller: key, trust } = city;
  return await (await createClient({ gatewayUrl, key, trust }).openMatch("equals")).match(list, { journal });
}

/** Ends one process at a request, lets another go on, and looks at what came of it. */
async function endedAt(at: number, when: "before" | "after"): Promise<boolean> {
  sessions.begin(city);
  const journal = new Memory();
  if (!(await matchUntil(journal, at, when))) return false;
  const { found, receipt } = await matchFrom(journal);
  expect([found, sessions.held.size]).toEqual([FOUND, 1]);
  expect(receipt.receipt.body.callId).toBe([...sessions.held.keys()][0]);
  sessions.close();
  return true;
}

test("a call goes on in another process after its first rows, with the receipt of the one call that was paid for", async () => {
  expect(await endedAt(3, "after")).toBe(true);
});

test.runIf(SLOW)("a call goes on in another process wherever the first one ended", async () => {
  for (const when of ["before", "after"] as const) {
    let at = 1;
    while (await endedAt(at, when)) at++;
    expect(at).toBeGreaterThan(4);
  }
});

test.runIf(SLOW)("a call goes on in a third process, and a fourth, each with a message or two", async () => {
  const journal = new Memory();
  let processes = 0;
  while (await matchUntil(journal, 2, "after")) processes++;
  expect(processes).toBeGreaterThan(1);
  expect((await matchFrom(journal)).found).toEqual(FOUND);
  expect(sessions.held.size).toBe(1);
});

test("a call that has ended has its result and receipt again from its journal, without its session", async () => {
  const journal = new Memory();
  const first = await matchFrom(journal);
  sessions.close();
  const again = await matchFrom(journal);
  expect(again.found).toEqual(first.found);
  expect(again.receipt.receipt).toEqual(first.receipt.receipt);
  // Another list, another order, and what is no journal.
  for (const list of [LIST.slice(1), LIST.toReversed(), [...LIST, "x"]]) {
    await refused(matchFrom(journal, list), "ERR_CALL_JOURNAL");
  }
  const { records } = journal;
  const messages = records.filter(([kind]) => kind === 4);
  const cut = records.map((record) => record.subarray(0, record.length - 1));
  const bad = [records.slice(1), [...records, ...messages], cut, [Uint8Array.of(9)], [new Uint8Array(0)]];
  for (const some of bad) {
    const broken = new Memory();
    broken.records.push(...some);
    await refused(matchFrom(broken), "ERR_CALL_JOURNAL");
  }
});

test("a session that the domain has ended is over in the journal too: the next call is another one", async () => {
  const journal = new Memory();
  await matchUntil(journal, 2, "after");
  sessions.begin(city);
  await expect(matchFrom(journal)).rejects.toMatchObject({ code: "ERR_SESSION_ENDED" });
  expect((await matchFrom(journal)).found).toEqual(FOUND);
  expect(sessions.opened).toBe(1);
});

test.each([new SluiceError("ERR_TIMEOUT", { timeoutMs: 1 }), new SluiceError("ERR_INTERNAL", { reference: "role" })])(
  "a session whose time is over, or whose role has failed, is not asked again and over in the journal: %s",
  async ({ code, details }) => {
    const journal = new Memory();
    await matchUntil(journal, 2, "after");
    let asked = 0;
    const { route } = city.hooks;
    city.hooks.route = (...request) => {
      if (request[0].url?.startsWith("/v1/sessions/") === true) asked++;
      return route?.(...request) ?? Promise.resolve(false);
    };
    sessions.host.answer = () => Promise.reject(new SluiceError(code, details));
    await expect(matchFrom(journal)).rejects.toMatchObject({ code, refusedBy: "domain" });
    // Once, and to say that it has ended on this side too.
    expect([asked, journal.records.at(-1)]).toEqual([2, Uint8Array.of(5)]);
    sessions.begin(city);
    expect([(await matchFrom(journal)).found, sessions.opened]).toEqual([FOUND, 1]);
  },
);

test("no two processes seal under one number, not even when the journal has lost the messages of the first", async () => {
  for (const lost of [1, 3]) {
    sessions.begin(city);
    const [journal, first, second] = [new Memory(), new Set<number>(), new Set<number>()];
    await matchUntil(journal, 4, "after", { sent: first });
    expect(journal.records.map(([kind]) => kind)).toEqual([1, 2, 3, 4, 4, 4]);
    journal.records.length -= lost;
    await matchUntil(journal, 1, "after", { sent: second });
    expect([first.size, second.size > 0, ![...second].some((number) => first.has(number))]).toEqual([3, true, true]);
  }
});

test("a process that goes on chooses its numbers from a quarter of those that are left", async () => {
  const chance = Uint8Array.of(0x3f, 0, 0, 0);
  const random: Random = { bytes: (length) => (length === 4 ? chance.slice() : systemRandom.bytes(length)) };
  const journal = new Memory();
  await matchUntil(journal, 1, "after");
  const first = new Set<number>();
  await matchUntil(journal, 2, "after", { sent: first, random });
  expect(Math.min(...first)).toBe(0x3f000001);
  const second = new Set<number>();
  await matchUntil(journal, 1, "after", { sent: second, random });
  // 0x3f000003 and the chance's rest by a quarter of the numbers from there to 2^32 - 2^20.
  const choice = Math.floor((0xfff00000 - 0x3f000003) / 4);
  expect(Math.min(...second)).toBe(0x3f000003 + (0x3f000000 % choice));
  const record = journal.records.find(([kind]) => kind === 4);
  if (record === undefined) throw new TypeError("no message was kept");
  record.set([0xff, 0xc0, 0, 0], 1);
  journal.records.splice(3, Infinity, record);
  await refused(matchFrom(journal), "ERR_CALL_JOURNAL");
});

test("two calls at once do not share a journal; one after the other they do", async () => {
  const journal = new Memory();
  const both = await Promise.allSettled([matchFrom(journal), matchFrom(journal)]);
  const refusals = both.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  expect(refusals).toMatchObject([{ code: "ERR_CALL_JOURNAL", refusedBy: "client" }]);
  expect([(await matchFrom(journal)).found, sessions.opened]).toEqual([FOUND, 1]);
});
