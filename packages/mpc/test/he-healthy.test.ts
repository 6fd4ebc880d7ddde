/** After whatever a peer sends, the next honest request is answered right: every family of encrypted computation, each in one thread
 *  that lives on. What each refusal looks like in detail: the families' own tests.
 *  @module */
import { encodeHiddenRequest, decodeHiddenRequest, type Bytes, type Scorecard } from "@sluice/protocol";
import { afterAll, expect, test } from "vitest";
import { HiddenClient } from "../src/he/hidden/client.ts";
import hiddenWorker from "../src/he/hidden/hidden-worker.ts";
import { HIDDEN_WORKER, scoreHidden, type HiddenTask } from "../src/he/hidden/server.ts";
import { ScoreClient, type ScoreColumns } from "../src/he/linear/client.ts";
import linearWorker from "../src/he/linear/linear-worker.ts";
import { scorecardColumns, scorecardModel } from "../src/he/linear/scorecard.ts";
import { planScore, score, SCORE_WORKER, type ScoreProduct, type ScoreTask } from "../src/he/linear/server.ts";
import { SelectionClient } from "../src/he/selection/client.ts";
import { createTaskPool } from "../src/pool.ts";
import { joinParties, planOf, runAggregation, signedAgain, speakUpTo } from "./aggregate-parties.ts";
import { hiddenProduct, networkOf, plainHidden } from "./hidden-product.ts";
import { joinSum, rolesOf } from "./join-sum-sessions.ts";
import { columnsOf, distance, plainScores, productOf } from "./linear-product.ts";
import { CALLER, GROUPS, openServer, PARAMETERS, selectionOf, sentAs } from "./selection-product.ts";

/** Something that must be refused, by its code. */
type Bad = readonly [what: string, code: string, send: () => Promise<unknown>];

const linear = createTaskPool({ workerFile: SCORE_WORKER, maxThreads: 1 });
const hidden = createTaskPool({ workerFile: HIDDEN_WORKER, maxThreads: 1 });
afterAll(() => Promise.all([linear.close(), hidden.close()]));

/** Each bad request, and an honest one right after it. */
async function staysHealthy(bad: readonly Bad[], honest: () => Promise<void>): Promise<void> {
  await honest();
  for (const [what, code, send] of bad) {
    await expect(send(), what).rejects.toMatchObject({ code });
    await honest();
  }
}

function changed(frame: Bytes, at: number, ...bytes: number[]): Bytes {
  const copy = frame.slice();
  copy.set(bytes, at);
  return copy;
}

/** What a linear model's worker is sent, and an honest request. */
async function linearCase(product: ScoreProduct, columns: ScoreColumns, plain: readonly number[]) {
  const client = await ScoreClient.open(product.parameters);
  const send = (frame: Bytes, by = product) =>
    linear.run<Bytes>("score.answer", { ...by, frame } satisfies ScoreTask, {});
  const honest = async () => {
    const query = client.encrypt(columns);
    const scores = query.finish(await send(query.frame));
    expect(distance(scores, plain)).toBeLessThanOrEqual(product.parameters.errorBound);
  };
  const query = client.encrypt(columns);
  query.discard();
  const { frame } = query;
  const foreign = productOf([1, 2, 3, 4]);
  const bad: Bad[] = [
    ["nothing", "ERR_FRAME_MALFORMED", () => send(new Uint8Array(0))],
    ["cut in its head", "ERR_FRAME_MALFORMED", () => send(frame.slice(0, 37))],
    ["cut in a column", "ERR_FRAME_MALFORMED", () => send(frame.slice(0, -1))],
    ["a byte more", "ERR_FRAME_MALFORMED", () => send(Uint8Array.of(...frame, 0))],
    ["too many rows", "ERR_SCORE_ROWS", () => send(changed(frame, 34, 0xff, 0xff))],
    ["other parameters", "ERR_SNAPSHOT", () => send(changed(frame, 2, (frame[2] ?? 0) ^ 1))],
    ["for another product", "ERR_SNAPSHOT", () => send(frame, foreign)],
    [
      "a number at the prime",
      "ERR_SCORE_CIPHERTEXT",
      () => send(changed(frame, 38 + 64, ...Array<number>(7).fill(255))),
    ],
    ["beyond every frame", "ERR_FRAME_TOO_LARGE", () => send(new Uint8Array(2 ** 24))],
    [
      "a model with a weight that is no number",
      "ERR_SCORE_MODEL",
      () => send(frame, { ...product, model: { ...product.model, intercept: Number.NaN } }),
    ],
  ];
  return { bad, honest };
}

test("a linear model's worker", async () => {
  const product = productOf([1.5, -2], 0.25);
  const columns = columnsOf(2, 4, (i, row) => i + row / 4);
  const { bad, honest } = await linearCase(product, columns, plainScores(product.model, columns));
  await staysHealthy(bad, honest);
});

test("a scorecard's worker, by missing and extreme values too", async () => {
  const card: Scorecard = {
    kind: "scorecard",
    intercept: 0.5,
    items: [{ column: "age", breaks: [18, 65], points: [0.25, 1, -0.5, 2] }],
  };
  const model = scorecardModel(card);
  const ages = [17, 18, 64, 65, Number.MAX_VALUE, -Number.MAX_VALUE, Infinity, -Infinity];
  const columns = scorecardColumns(card, {
    rowCount: ages.length,
    columnOf: () => ({ type: "f64", values: Float64Array.from(ages), validity: Uint8Array.of(0b0111_1111) }),
  });
  const plain = [0.75, 1.5, 1.5, 0, 0, 0.75, 0, 2.5];
  const { bad, honest } = await linearCase({ model, parameters: planScore(model, 1) }, columns, plain);
  await staysHealthy(bad, honest);
});

test("a private model's worker", async () => {
  const product = await hiddenProduct(networkOf(2, 1, () => 0.75));
  const columns = { x0: Float64Array.of(-1, 0.5, 3), x1: Float64Array.of(-2, 0, 4) };
  const client = await HiddenClient.open(product.parameters);
  const send = (frame: Bytes) => hidden.run<Bytes>("score.hidden", { ...product, frame } satisfies HiddenTask, {});
  const honest = async () => {
    const query = client.encrypt(columns);
    const scores = query.finish(await send(query.frame));
    expect(distance(scores, plainHidden(product, columns))).toBeLessThanOrEqual(product.parameters.errorBound);
  };
  const query = client.encrypt(columns);
  query.discard();
  const { frame } = query;
  const key = 64 + 524_288;
  const above = Array<number>(8).fill(255);
  const foreign = await hiddenProduct(networkOf(1, 1, () => 0.5));
  const other = (await HiddenClient.open(foreign.parameters)).encrypt({ x0: Float64Array.of(0) });
  other.discard();
  const request = decodeHiddenRequest(frame);
  const fewer = encodeHiddenRequest({ ...request, columns: request.columns.slice(1) });
  const cancelled = async () => {
    const controller = new AbortController();
    const task = { ...product, frame } satisfies HiddenTask;
    const answer = hidden.run<Bytes>("score.hidden", task, { signal: controller.signal });
    // The thread was idle, and has it.
    expect(hidden.load().waiting).toBe(0);
    controller.abort();
    await answer;
  };
  await staysHealthy(
    [
      ["cancelled at work", "ERR_CANCELLED", cancelled],
      ["cut in a key", "ERR_FRAME_MALFORMED", () => send(frame.slice(0, 36 + key - 1))],
      ["for another model", "ERR_SNAPSHOT", () => send(other.frame)],
      ["a column less", "ERR_FRAME_MALFORMED", () => send(fewer)],
      ["a number above its prime in the public key", "ERR_SCORE_KEY", () => send(changed(frame, 36 + 64, ...above))],
      ["in the last key", "ERR_SCORE_KEY", () => send(changed(frame, 36 + 4 * key - 8, ...above))],
      ["in the last column", "ERR_SCORE_CIPHERTEXT", () => send(changed(frame, frame.length - 8, ...above))],
    ],
    honest,
  );
}, 60_000);

test("a hidden selection's domain", async () => {
  const { server, admit } = await openServer();
  const honest = async () => {
    const client = await SelectionClient.select({ parameters: PARAMETERS, caller: CALLER }, ["b", "c", "f"]);
    await admit(client.commitment, client.frame);
    const request = client.request("2026-10", ["balance"]);
    const plain = [1, 2, 5].reduce((sum, i) => sum + Number(GROUPS[i]?.sums[1] ?? 0n), 0);
    expect(await client.open(request, await server.answer(request))).toEqual(new Map([["balance", plain]]));
    client.close();
  };
  const [commitment, frame] = sentAs(await selectionOf([1, 1, 0, 0, 1, 0, 0]));
  const elsewhere = sentAs(await selectionOf([1, 1, 0, 0, 1, 0, 0], { caller: "another-caller" }));
  const key = (await SelectionClient.select({ parameters: PARAMETERS, caller: CALLER }, ["a", "b"])).secret.reveal();
  await staysHealthy(
    [
      ["nothing", "ERR_FRAME_MALFORMED", () => server.select(new Uint8Array(0))],
      ["cut short", "ERR_FRAME_MALFORMED", () => admit(commitment, frame.slice(0, -1))],
      ["for another caller", "ERR_SELECTION_REFUSED", () => admit(...elsewhere)],
      ["a public key that is no element", "ERR_SELECTION_REFUSED", () => admit(commitment, changed(frame, 35, 0xff))],
      [
        "a proof that does not hold",
        "ERR_SELECTION_PROOF",
        () => admit(commitment, changed(frame, frame.length - 32, 1)),
      ],
      ["a request cut short", "ERR_FRAME_MALFORMED", () => server.answer(frame.slice(0, 30))],
      [
        "a key that is another's",
        "ERR_SELECTION_REFUSED",
        () => SelectionClient.resume({ parameters: PARAMETERS, caller: CALLER }, frame, key),
      ],
    ],
    honest,
  );
});

test("both roles of join-and-sum", async () => {
  const people = {
    rows: Array.from({ length: 10 }, (_, i) => [`person-${i}`, 100 + i] as const),
    list: ["person-1", "person-2", "nobody"],
  };
  const honest = async () => {
    expect((await joinSum(await rolesOf(people))).result).toMatchObject({ kind: "sum", sum: 203n });
  };
  const spoilt = async (type: number, change: (frame: Bytes) => Bytes) =>
    joinSum(await rolesOf(people), (frame) => (frame[2] === type ? change(frame.slice()) : frame));
  await staysHealthy(
    [
      ["an opening cut short", "ERR_FRAME_MALFORMED", () => spoilt(1, (frame) => frame.slice(0, 30))],
      ["for another snapshot", "ERR_SNAPSHOT", () => spoilt(1, (frame) => changed(frame, 19, 1))],
      ["an element that is none", "ERR_OPRF_ELEMENT", () => spoilt(2, (frame) => frame.fill(255, 25, 57))],
      ["values that do not load", "ERR_FRAME_MALFORMED", () => spoilt(6, (frame) => frame.fill(255, -8))],
      ["a sum that does not load", "ERR_FRAME_MALFORMED", () => spoilt(7, (frame) => frame.fill(255, -8))],
      ["a sum of another session", "ERR_PSI_SESSION", () => spoilt(7, (frame) => changed(frame, 5, 99))],
    ],
    honest,
  );
});

test("parties of an aggregation", async () => {
  const plan = planOf(3, { kind: "count" });
  const vectors = [[1n], [20n], [300n]];
  const honest = async () => {
    const sums = await runAggregation(plan, await joinParties(plan, vectors));
    expect([...sums.values()].map(({ sum }) => sum)).toEqual([[321n], [321n], [321n]]);
  };
  const spoilt = async (change: (frame: Bytes) => Promise<Bytes> | Bytes) => {
    const parties = await joinParties(plan, vectors);
    const [first = new Uint8Array(0), ...others] = await speakUpTo("advert", parties);
    await parties[1]?.shares([await change(first), ...others]);
  };
  await staysHealthy(
    [
      ["an advert cut short", "ERR_FRAME_MALFORMED", () => spoilt((frame) => frame.slice(0, 90))],
      ["signed by another", "ERR_SIGNATURE", () => spoilt((frame) => signedAgain(frame, 2, () => undefined))],
      [
        "of another plan",
        "ERR_AGGREGATE_ROUND",
        () => spoilt((frame) => signedAgain(frame, 0, (bytes) => void bytes.fill(1, 3, 35))),
      ],
      [
        "a key that is none",
        "ERR_AGGREGATE_ROUND",
        () => spoilt((frame) => signedAgain(frame, 0, (bytes) => void bytes.fill(0, 68, 100))),
      ],
    ],
    honest,
  );
});

test("a limit: a reply under another key opens to noise, and nothing tells the domain so; the next one opens right", async () => {
  const product = productOf([1.5, -2], 0.25);
  const columns = columnsOf(2, 40, (i, row) => i + row / 40);
  const client = await ScoreClient.open(product.parameters);
  const [one, two, three] = [client.encrypt(columns), client.encrypt(columns), client.encrypt(columns)];
  const plain = plainScores(product.model, columns);
  const reply = await score(product, one.frame);
  expect(distance(two.finish(reply), plain)).toBeGreaterThan(1);
  expect(distance(one.finish(reply), plain)).toBeLessThanOrEqual(product.parameters.errorBound);
  expect(distance(three.finish(await score(product, three.frame)), plain)).toBeLessThanOrEqual(
    product.parameters.errorBound,
  );

  const square = await hiddenProduct(networkOf(1, 1, () => 0.75));
  const values = { x0: Float64Array.from({ length: 40 }, (_, row) => row / 20) };
  const caller = await HiddenClient.open(square.parameters);
  const [first, second] = [caller.encrypt(values), caller.encrypt(values)];
  const [own, others] = [decodeHiddenRequest(first.frame), decodeHiddenRequest(second.frame)];
  // Keys of another request to compute with: the domain cannot see it, and the caller's own scores are lost.
  const mixed = encodeHiddenRequest({ ...own, relinKeys: others.relinKeys });
  const squares = plainHidden(square, values);
  expect(distance(first.finish(await scoreHidden(square, mixed)), squares)).toBeGreaterThan(1);
  expect(distance(second.finish(await scoreHidden(square, second.frame)), squares)).toBeLessThanOrEqual(
    square.parameters.errorBound,
  );
}, 60_000);

test("a thread lets go of a request's bytes with its answer or refusal, without waiting for the collector", async () => {
  const product = productOf([1, 2]);
  const query = (await ScoreClient.open(product.parameters)).encrypt(columnsOf(2, 3, (i, row) => i - row));
  query.discard();
  const square = await hiddenProduct(networkOf(1, 1, () => 0.75));
  const scored = (await HiddenClient.open(square.parameters)).encrypt({ x0: Float64Array.of(0) });
  scored.discard();
  const cases = [
    [linearWorker, "score.answer", product, query.frame],
    [hiddenWorker, "score.hidden", square, scored.frame],
  ] as const;
  for (const [worker, task, by, whole] of cases) {
    const cut = whole.slice(0, -1);
    for (const frame of [whole, cut]) {
      expect(await worker({ task, input: { ...by, frame } })).toMatchObject({ ok: frame === whole });
      expect(frame.buffer.byteLength).toBe(0);
    }
  }
});
