/** What encrypted scoring refuses: values, frames, ciphertexts and replies that no honest peer sends. @module */
import {
  decodeScoreReply,
  decodeScoreRequest,
  encodeScoreReply,
  encodeScoreRequest,
  MAX_FRAME_BYTES,
  MAX_SCORE_ROWS,
  SCORE_POLYNOMIAL_BYTES,
  type Bytes,
  type ErrorCode,
  type ScoreRequest,
} from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ScoreClient } from "../src/he/linear/client.ts";
import { score } from "../src/he/linear/server.ts";
import { columnsOf, distance, plainScores, productOf } from "./linear-product.ts";

const product = productOf([1.5, -2], 0.25);
const client = await ScoreClient.open(product.parameters);
const columns = columnsOf(2, 4, (i, row) => i + row / 4);

/** A good request, and what `change` makes of it. */
function changed(change: (request: ScoreRequest) => ScoreRequest): Bytes {
  const query = client.encrypt(columns);
  query.discard();
  return encodeScoreRequest(change(decodeScoreRequest(query.frame)));
}

function coded(code: ErrorCode, details: Record<string, unknown> = {}): unknown {
  return expect.objectContaining({ code, details: expect.objectContaining(details) as unknown });
}

test("values that are not finite or beyond the bound are refused, by the name of their feature alone", () => {
  const bound = product.parameters.featureBound;
  const bad = [Number.NaN, Infinity, -Infinity, bound + 1e-9, -bound - 1e-9, Number.MAX_VALUE, -Number.MAX_VALUE];
  for (const value of bad) {
    const attempt = () => client.encrypt(columnsOf(2, 4, (i, row) => (i === 1 && row === 3 ? value : 0)));
    expect(attempt).toThrow(coded("ERR_SCORE_INPUT", { feature: "x1" }));
    expect(attempt).not.toThrow(String(value));
  }
});

test("columns that are missing, empty or uneven are refused", () => {
  const x0 = Float64Array.of(1);
  expect(() => client.encrypt({ x0 })).toThrow(coded("ERR_SCORE_INPUT", { feature: "x1" }));
  expect(() => client.encrypt({ x0, x1: Float64Array.of(1, 2) })).toThrow(coded("ERR_SCORE_INPUT", { feature: "x1" }));
  expect(() => client.encrypt(columnsOf(2, 0, () => 0))).toThrow(coded("ERR_SCORE_INPUT", { feature: "x0" }));
});

test("4097 rows are refused on both sides, with the limit", async () => {
  const tooMany = coded("ERR_SCORE_ROWS", { rows: 4_097, maxRows: MAX_SCORE_ROWS });
  expect(() => client.encrypt(columnsOf(2, 4_097, () => 0))).toThrow(tooMany);
  const frame = changed((request) => request);
  new DataView(frame.buffer).setUint16(34, 4_097);
  await expect(score(product, frame)).rejects.toEqual(tooMany);
});

test("frames cut short, lengthened or of another version are refused before anything is loaded", async () => {
  const frame = changed((request) => request);
  await fc.assert(
    fc.asyncProperty(fc.nat(frame.length - 1), async (length) => {
      await expect(score(product, frame.slice(0, length))).rejects.toEqual(coded("ERR_FRAME_MALFORMED"));
    }),
    { numRuns: 50 },
  );
  await expect(score(product, Uint8Array.of(...frame.subarray(0, 60)))).rejects.toEqual(coded("ERR_FRAME_MALFORMED"));
  const longer = new Uint8Array(frame.length + 1);
  longer.set(frame);
  await expect(score(product, longer)).rejects.toEqual(coded("ERR_FRAME_MALFORMED", { field: "end" }));
  frame[1] = 9;
  await expect(score(product, frame)).rejects.toEqual(coded("ERR_FRAME_MALFORMED", { field: "version" }));
  const huge = new Uint8Array(MAX_FRAME_BYTES + 1);
  await expect(score(product, huge)).rejects.toEqual(coded("ERR_FRAME_TOO_LARGE"));
});

test("a request under other parameters, or with other features, is refused", async () => {
  const others = [productOf([1.5, -2], 0.25, 9), productOf([1.5, -3], 0.25), productOf([1.5, -2, 1], 0.25)];
  for (const other of others) {
    const foreign = await ScoreClient.open(other.parameters);
    const query = foreign.encrypt(columnsOf(other.model.weights.length, 4, () => 1));
    await expect(score(product, query.frame)).rejects.toEqual(coded("ERR_SNAPSHOT"));
    query.discard();
  }
  const half = changed((request) => ({ ...request, features: 1, columns: request.columns.slice(0, 1) }));
  await expect(score(product, half)).rejects.toEqual(coded("ERR_FRAME_MALFORMED", { field: "features" }));
});

test("a coefficient at or above the prime is refused, wherever it stands", async () => {
  for (const at of [0, 2, 3]) {
    const frame = changed((request) => {
      request.columns[1]?.c0.fill(0xff, at * 7, at * 7 + 7);
      return request;
    });
    await expect(score(product, frame)).rejects.toEqual(
      coded("ERR_SCORE_CIPHERTEXT", { index: 1, reason: "it does not load" }),
    );
  }
});

test("columns that cancel would make a transparent result, and are refused", async () => {
  const opposite = productOf([2, -2]);
  const own = await ScoreClient.open(opposite.parameters);
  const query = own.encrypt(columns);
  query.discard();
  const request = decodeScoreRequest(query.frame);
  const [first] = request.columns;
  const twice = encodeScoreRequest({ ...request, columns: first === undefined ? [] : [first, first] });
  await expect(score(opposite, twice)).rejects.toEqual(
    coded("ERR_SCORE_CIPHERTEXT", { index: 1, reason: "the result would be transparent" }),
  );
});

test("any bytes as ciphertexts give a reply or a coded refusal, and the next request is served", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 1, 0x7f, 0xff),
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      fc.nat(27),
      async (fill, seed, at) => {
        const c0 = new Uint8Array(28).fill(fill);
        c0.set(seed.subarray(0, 28 - at), at);
        const frame = changed((request) => ({ ...request, columns: request.columns.map(() => ({ seed, c0 })) }));
        const outcome = await score(product, frame).then(
          (reply) => decodeScoreReply(reply).rows,
          (error: { code?: string }) => error.code,
        );
        expect([4, "ERR_SCORE_CIPHERTEXT"]).toContain(outcome);
      },
    ),
    { numRuns: 30 },
  );
  const query = client.encrypt(columns);
  const scores = query.finish(await score(product, query.frame));
  expect(distance(scores, plainScores(product.model, columns))).toBeLessThanOrEqual(product.parameters.errorBound);
});

test("a model that does not fit its parameters is refused", async () => {
  const frame = changed((request) => request);
  const { model, parameters } = product;
  const misfits = [
    { model: { ...model, weights: [1.5, 2e9] }, parameters },
    { model: { ...model, weights: [1.5, Number.NaN] }, parameters },
    { model: { ...model, weights: [1.5] }, parameters },
    { model: { ...model, intercept: Infinity }, parameters },
    { model: { ...model, features: ["x1", "x0"] }, parameters },
    { model, parameters: { ...parameters, featureScaleBits: 60 } },
    { model, parameters: { ...parameters, errorBound: parameters.errorBound / 2 } },
  ];
  // Neither after the product that fits was prepared, nor when it comes again.
  expect(await score(product, frame)).toHaveLength(28_704);
  for (const misfit of [...misfits, ...misfits]) {
    await expect(score(misfit, frame)).rejects.toEqual(coded("ERR_SCORE_MODEL"));
  }
});

test("a transparent reply, one of other rows and one that is not a ciphertext are refused by the caller", async () => {
  const replies: [(reply: Bytes) => Bytes, unknown][] = [
    [
      (reply) => rewrite(reply, (c0) => ({ c0, c1: new Uint8Array(SCORE_POLYNOMIAL_BYTES) })),
      coded("ERR_SCORE_CIPHERTEXT", { index: 0, reason: "it is transparent" }),
    ],
    [
      (reply) => rewrite(reply, (c0, c1) => ({ c0, c1: c1.map(() => 0xff) })),
      coded("ERR_SCORE_CIPHERTEXT", { index: 0, reason: "it does not load" }),
    ],
    [
      (reply) => rewrite(reply, (c0, c1) => ({ c0: c0.fill(0xff, -7), c1 })),
      coded("ERR_SCORE_CIPHERTEXT", { index: 0, reason: "it does not load" }),
    ],
    [
      (reply) => encodeScoreReply({ ...decodeScoreReply(reply), rows: 5, c0: new Uint8Array(35) }),
      coded("ERR_FRAME_MALFORMED", { field: "rows" }),
    ],
    [(reply) => reply.slice(0, -1), coded("ERR_FRAME_MALFORMED")],
  ];
  for (const [change, refusal] of replies) {
    const query = client.encrypt(columns);
    const reply = change(await score(product, query.frame));
    expect(() => query.finish(reply)).toThrow(refusal);
    expect(() => query.finish(reply)).toThrow(coded("ERR_STATE"));
  }
});

test("a query answers once, and not after it was discarded", async () => {
  const query = client.encrypt(columns);
  const reply = await score(product, query.frame);
  expect(query.finish(reply)).toHaveLength(4);
  expect(() => query.finish(reply)).toThrow(coded("ERR_STATE"));
  const other = client.encrypt(columns);
  other.discard();
  other.discard();
  expect(() => other.finish(reply)).toThrow(coded("ERR_STATE"));
});

function rewrite(reply: Bytes, change: (c0: Bytes, c1: Bytes) => { c0: Bytes; c1: Bytes }): Bytes {
  const { rows, c0, c1 } = decodeScoreReply(reply);
  return encodeScoreReply({ rows, ...change(c0, c1) });
}
