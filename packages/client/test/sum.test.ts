/** Sums over a list at a stub of gateway and domain: what a caller is told, and calls that another process goes on with.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createClient, type CallJournal, type SluiceClient } from "../src/index.ts";
import { refused } from "./refused.ts";
import { StubCity } from "./stub-city.ts";
import { feeOf, NOISE, PEOPLE, StubSessions } from "./stub-sessions.ts";

const SLOW = process.env["SLOW"] === "1";
const LIST = [...PEOPLE.slice(0, 20), "nobody", "person-3"];
/** With the stub's noise, in hundredths. */
const TOTAL = PEOPLE.slice(0, 20).reduce((sum, _, i) => sum + feeOf(i), 0) + Number(NOISE);

let city: StubCity;
let sessions: StubSessions;
beforeAll(async () => {
  sessions = new StubSessions();
  city = await StubCity.start({ "person-1": 0 }, sessions.products);
});
afterAll(() => city.close());
beforeEach(() => sessions.begin(city));
afterEach(() => sessions.close());

function clientOf(fetch = globalThis.fetch): SluiceClient {
  const { url: gatewayUrl, caller: key, trust } = city;
  return createClient({ gatewayUrl, key, trust, fetch });
}

test("a sum is told in the column's own unit, with the number of its entries, how far both can be off, and what they cost", async () => {
  const handle = await clientOf().openSum("fees");
  const { receipt, snapshotHash, ...told } = await handle.sum(LIST);
  expect(told).toEqual({
    kind: "sum",
    sum: (TOTAL / 100).toFixed(2),
    // 100,000 · ln(20), less the half of a unit that rounding is good for.
    likelySumError: expect.stringMatching(/^2995\.7\d$/),
    count: { count: 20, maxError: 1, likelyError: 1, epsilon: "2" },
    epsilon: "3",
    skipped: [],
  });
  expect(receipt.openings.snapshot?.value).toBe(snapshotHash);
  expect(receipt.receipt.body.quantity).toEqual({ unit: "psi-element", amount: "24" });
});

test("of too few entries there is no sum, and their number", async () => {
  const handle = await clientOf().openSum("fees");
  const result = await handle.sum(PEOPLE.slice(0, 9));
  expect(result).toMatchObject({ kind: "too-few", minimum: 10, count: { count: 9 }, epsilon: "3" });
  expect(result).not.toHaveProperty("sum");
});

test("entries and rows that do not fit are refused before anything is sent, and so is a product of another form", async () => {
  const handle = await clientOf().openSum("fees");
  await refused(handle.sumRows([{ a: "x" }], { on: [["b"]] }), "ERR_JOIN_COLUMNS");
  await refused(handle.sum(Array.from({ length: 65_537 }, (_, i) => String(i))), "ERR_PSI_SET_TOO_LARGE");
  await refused(handle.sum(LIST, { signal: AbortSignal.abort() }), "ERR_CANCELLED");
  expect(sessions.opened).toBe(0);
  const error = await refused(clientOf().openSum("equals"), "ERR_STATE");
  expect(error.details).toMatchObject({ state: "psi-ids", needed: "join-sum" });
  expect((await refused(clientOf().openMatch("fees"), "ERR_STATE")).details).toMatchObject({ needed: "psi-ids" });
});

test("a call that is cancelled in its midst ends, and the domain's role with it", async () => {
  const controller = new AbortController();
  const handle = await clientOf().openSum("fees");
  const onProgress = (): void => controller.abort();
  const summed = handle.sum(LIST, { signal: controller.signal, onProgress });
  await expect(summed).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  const ended = await [...sessions.held.values()][0]?.ended;
  expect(ended).toBeInstanceOf(Error);
});

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

/** Ends one process at request `at`, and lets another go on with its journal; null when the first had ended before. */
async function endedAt(at: number): Promise<string | null> {
  sessions.begin(city);
  const [journal, dead] = [new Memory(), new AbortController()];
  let requests = 0;
  const client = clientOf(async (input, init) => {
    const url = input instanceof Request ? input.url : input.toString();
    const dies = url.includes("/v1/sessions") && ++requests === at;
    if (dies) dead.abort();
    if (dead.signal.aborted) throw new TypeError("this process has ended");
    return await globalThis.fetch(input, init);
  });
  const first = (await client.openSum("fees")).sum(LIST, { journal, signal: dead.signal });
  await first.catch(() => undefined);
  if (!dead.signal.aborted) return null;
  const result = await (await clientOf().openSum("fees")).sum(LIST, { journal });
  expect(sessions.held.size).toBe(1);
  await refused((await clientOf().openSum("fees")).sum(LIST.slice(1), { journal }), "ERR_CALL_JOURNAL");
  return result.kind === "sum" ? result.sum : result.kind;
}

test("a call goes on in another process, and is paid for once", async () => {
  expect(await endedAt(3)).toBe((TOTAL / 100).toFixed(2));
});

test.runIf(SLOW)("a call goes on in another process wherever the first one ended", async () => {
  let at = 1;
  for (let sum = await endedAt(at); sum !== null; sum = await endedAt(++at)) expect(sum).toBe((TOTAL / 100).toFixed(2));
  expect(at).toBeGreaterThan(3);
});
