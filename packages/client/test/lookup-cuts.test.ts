/** Lookups whose connection breaks at any byte, of the request or of the answer: whatever is sent again is either the same bytes or a
 *  query that has nothing in common with any before. And what a watcher of the wire sees of a hit, a miss and a spoiled answer.
 *  @module */
import {
  BINARY_MEDIA_TYPE,
  decodeCall,
  encodeAnswer,
  equalBytes,
  isSluiceError,
  type Bytes,
  type CallEnvelope,
  type EvidencedReceipt,
} from "@sluice/protocol";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createClient, type ClientOptions, type LookupHandle } from "../src/index.ts";
import { seededRandom } from "../../mpc/test/seeded-random.ts";
import { byteValues, shortDifferences } from "../../mpc/test/transcript-statistics.ts";
import { StubCity, VOCABULARY } from "./stub-city.ts";
import { labelProduct } from "./stub-products.ts";

const LOOKUPS = process.env["SLOW"] === "1" ? 1_000 : 6;
/** Share of calls that are cut. */
const CUT_SHARE = 0.5;
const labels = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`person-${i}`, i % VOCABULARY.length]));
let city: StubCity;

beforeAll(async () => {
  city = await StubCity.start(labels, { "spoiled-label": spoiledProduct });
});
beforeEach(() => {
  city.hooks = {};
  city.calls.length = 0;
});
afterAll(() => city.close());

/** As the other product, but its queries are answered with noise in one column. */
const spoiledProduct: ReturnType<typeof labelProduct> = async (served) => {
  const product = await labelProduct(labels)(served);
  return {
    ...product,
    answer: async (content, operation) => {
      const answer = await product.answer(content, operation);
      // The middle of a step of 2^24 in the last word, whose last byte is the highest.
      if (operation === "lookup.query") answer[answer.length - 2] = (answer.at(-2) ?? 0) ^ 0x80;
      return answer;
    },
  };
};

function clientOf(options: Partial<ClientOptions>) {
  return createClient({ gatewayUrl: city.url, key: city.caller, trust: city.trust, backoffMs: 0, ...options });
}

/** Whether a request is for a call: the client asks by addresses as text. */
function isCall(input: Parameters<typeof fetch>[0]): boolean {
  return typeof input === "string" && input.endsWith("/v1/calls");
}

/** What is cut, and where, is the same in each run. */
const chance = seededRandom(62);

/** A whole number below `bound`. */
function below(bound: number): number {
  const [a = 0, b = 0, c = 0] = chance.bytes(3);
  return (a * 65_536 + b * 256 + c) % bound;
}

/** A network without sockets that loses connections in the middle of bodies. Every envelope that a call wanted to send is kept. */
function breakingFetch(sent: CallEnvelope[]): typeof fetch {
  return async (input, init) => {
    if (!isCall(input)) return await fetch(input, init);
    const body = new Uint8Array(init?.body as Bytes);
    const envelope = decodeCall(body);
    sent.push(envelope);
    const cut = below(1_000) < CUT_SHARE * 1_000;
    const inRequest = cut && below(2) === 0;
    // A domain sees nothing of a request that did not arrive whole.
    if (inRequest) throw new TypeError(`lost after ${below(body.length)} bytes`);
    const answer = encodeAnswer(await city.answer(envelope));
    const headers = { "content-type": BINARY_MEDIA_TYPE };
    if (!cut) return new Response(new Uint8Array(answer), { headers });
    const part = new Uint8Array(answer.subarray(0, below(answer.length)));
    // Half of the losses are told by the transport, the others look like the end of the body.
    return new Response(below(2) === 0 ? part : streamThatBreaks(part), { headers });
  };
}

function streamThatBreaks(part: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  let given = false;
  return new ReadableStream({
    pull(controller) {
      if (given) controller.error(new TypeError("lost"));
      else if (part.length > 0) controller.enqueue(part);
      given = true;
    },
  });
}

/** Chance gives up so often once in 10^9 lookups. */
const MAX_LOOKUPS = 60;

/** Asks until it is answered: what an application does. */
async function persist(handle: LookupHandle, key: string): Promise<string | null> {
  for (let made = 1; ; made++) {
    try {
      return (await handle.lookup(key)).record?.label ?? null;
    } catch (error) {
      if (made === MAX_LOOKUPS || !isSluiceError(error)) throw error;
      if (error.code !== "ERR_UNREACHABLE" && error.code !== "ERR_ANSWER_ALTERED") throw error;
    }
  }
}

/** The words that a query ends with. */
function wordsOf(query: Bytes): Uint32Array {
  const words = new Uint32Array(Math.floor((query.length - 64) / 4));
  const view = new DataView(query.buffer, query.byteOffset, query.byteLength);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(query.length - 4 * words.length + 4 * i, true);
  return words;
}

test(
  `${LOOKUPS} lookups that are cut at random bytes and made again never show one secret twice`,
  { timeout: 900_000 },
  async () => {
    const sent: CallEnvelope[] = [];
    const handle = await clientOf({ fetch: breakingFetch(sent), maxAttempts: 3 }).openLookup("credit-label");
    for (let i = 0; i < LOOKUPS; i++) {
      const key = `person-${i % 130}`;
      const label = labels[key];
      expect(await persist(handle, key)).toBe(label === undefined ? null : VOCABULARY[label]);
    }

    const calls = Map.groupBy(sent, ({ request }) => request.body.callId);
    const attempts = [...calls.values()];
    for (const [first, ...again] of attempts)
      for (const { frame } of again) expect(equalBytes(frame, first?.frame ?? frame)).toBe(true);
    expect(attempts.filter(({ length }) => length > 1).length).toBeGreaterThan(LOOKUPS / 10);

    const queries: Uint32Array[] = [];
    const elements = new Set<string>();
    let evaluations = 0;
    for (const [envelope] of attempts) {
      if (envelope === undefined) continue;
      const content = await city.read(envelope);
      if (envelope.request.body.operation === "lookup.query") queries.push(wordsOf(content));
      else {
        evaluations++;
        elements.add(content.toString());
      }
    }
    // Some were given up, when three attempts were lost or an answer ended early, and begun anew.
    expect(queries.length).toBeGreaterThanOrEqual(LOOKUPS);
    expect(evaluations).toBeGreaterThan(LOOKUPS);
    expect(elements.size).toBe(evaluations);
    expect(shortDifferences(queries)).toBe(0);
    const differences = queries.slice(1).map((words, i) => words.map((word, at) => word - (queries[i]?.[at] ?? 0)));
    expect(byteValues(differences.map(({ buffer }) => new Uint8Array(buffer)))).toBeLessThan(1);
  },
);

/** What a watcher of the wire, and of the account, has of one lookup. */
type Watched = { operation: string; uploadBytes: number; downloadBytes: number }[];

/** Looks a key up over a network that loses the first answer of each of `lost`. */
async function watched(product: string, key: string, lost: readonly string[]) {
  const seen: Watched = [];
  const outstanding = new Set(lost);
  const watching: typeof fetch = async (input, init) => {
    if (!isCall(input)) return await fetch(input, init);
    const body = new Uint8Array(init?.body as Bytes);
    const envelope = decodeCall(body);
    const { operation } = envelope.request.body;
    const answered = await city.answer(envelope);
    if (outstanding.delete(operation)) {
      seen.push({ operation, uploadBytes: envelope.frame.length, downloadBytes: 0 });
      throw new TypeError("lost");
    }
    receipts.push(answered.receipt);
    seen.push({ operation, uploadBytes: envelope.frame.length, downloadBytes: answered.frame.length });
    return new Response(new Uint8Array(encodeAnswer(answered)));
  };
  const receipts: EvidencedReceipt[] = [];
  const handle = await clientOf({ fetch: watching }).openLookup(product);
  const ended: string | null = await handle.lookup(key).then(
    ({ record }) => record?.label ?? null,
    (error: unknown) => (isSluiceError(error) ? error.code : "ERR_INTERNAL"),
  );
  const paid = receipts.map(({ receipt: { body } }) => [body.operation, body.quantity, body.price]);
  return { ended, traffic: { seen, paid } };
}

test.each([[[]], [["lookup.evaluate"]], [["lookup.query"]], [["lookup.evaluate", "lookup.query"]]])(
  "a hit, a miss and a spoiled answer make the same traffic at the same price, when answers are lost: %j",
  async (lost) => {
    const hit = await watched("credit-label", "person-1", lost);
    const miss = await watched("credit-label", "nobody", lost);
    const spoiled = await watched("spoiled-label", "person-1", lost);
    expect([hit.ended, miss.ended, spoiled.ended]).toEqual(["B", null, "ERR_LOOKUP_CORRUPT"]);
    expect(miss.traffic).toEqual(hit.traffic);
    expect(spoiled.traffic).toEqual(hit.traffic);
    expect(hit.traffic.seen).toHaveLength(2 + lost.length);
  },
);
