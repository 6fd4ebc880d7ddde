/** Private models: the vectors of `packages/protocol/vectors/wire-v1.json` with the rules of `docs/wire-score-hidden.md`; and our domain,
 *  which answers a request made by these rules and refuses what the vectors say.
 *  @module */
import { scoreHidden } from "@sluice/mpc/he/hidden/server";
import { decodeHiddenRequest, fromHex, SquareNetwork } from "@sluice/protocol";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./source-files.ts";
import { decodeSlots, encodeSlots, HIDDEN_PRIMES, hiddenRings, makeReply, openReply } from "./wire-hidden-rules.ts";
import { makeHiddenRequest, type makeHiddenVectors } from "./wire-hidden-vectors.ts";
import { documentHash, sha256 } from "./wire-rules.ts";
import { seeded } from "./wire-seeded.ts";
import { WIRE_VECTORS_PATH } from "./wire-vectors-file.ts";

type Vectors = Awaited<ReturnType<typeof makeHiddenVectors>>;
const { scoreHidden: vector } = JSON.parse(readFileSync(join(ROOT, WIRE_VECTORS_PATH), "utf8")) as {
  scoreHidden: Vectors;
};
const { scores, snapshot } = vector;
const { parameters } = snapshot.body;
if (parameters.packing !== "slots") throw new Error("a private model");
const scoreBits = 2 * (parameters.featureScaleBits + parameters.weightScaleBits);
const { request, secret } = await makeHiddenRequest();
const product = { network: SquareNetwork.parse(vector.network), parameters };

test("a request has its parts where the page says, and they are those of the file", () => {
  expect(documentHash(parameters)).toBe(vector.parametersHash);
  expect(documentHash(vector.network)).toBe(parameters.network);
  expect(snapshot.body.model).toBe(parameters.network);
  expect(vector.request.head).toBe(`0001${vector.parametersHash}0002`);
  expect(request).toHaveLength(vector.request.bytes);
  let at = 36;
  for (const { from, bytes, hash } of vector.request.parts) {
    expect(from).toBe(at);
    expect(sha256(request.subarray(from, from + bytes)).toString("hex")).toBe(hash);
    at += bytes;
  }
  expect(at).toBe(request.length);
  const { columns } = decodeHiddenRequest(request);
  expect(columns.map(({ seed }) => Buffer.from(seed).toString("hex"))).toEqual(
    vector.request.parts.slice(4).map(({ start }) => start.slice(0, 128)),
  );
});

test("slots are values of the polynomial, and a value at all of them is its constant coefficient", () => {
  const message = encodeSlots({ everywhere: 0.25, more: [1, -0.5] }, 2 ** 40);
  expect(vector.encoded[0]).toEqual([String(2n ** 78n), "0", "0", "0"]);
  const found = decodeSlots(message, 2 ** 40, 3);
  for (const [i, value] of [1.25, -0.25, 0.25].entries()) expect(Math.abs((found[i] ?? 0) - value)).toBeLessThan(1e-8);
});

test("the reply of the file opens to the scores of the formula, and one that needs no key is refused", () => {
  const everywhere = scores.at(-1) ?? 0;
  const more = scores.slice(0, -1).map((score) => score - everywhere);
  const reply = makeReply({ everywhere, more }, scoreBits, secret, seeded(vector.randomness.reply));
  expect(sha256(reply).toString("hex")).toBe(vector.reply.hash);
  const found = openReply(reply, scoreBits, secret, scores.length);
  for (const [row, score] of scores.entries()) {
    const [age, income] = [(vector.rows.age - 60) / 60, ((vector.rows.incomes[row] ?? 1) - 1) / 2];
    const plain = product.network.units.reduce(
      (sum, { sign, bias, weights: [a = 0, b = 0] }) => sum + sign * (bias + a * age + b * income) ** 2,
      product.network.intercept,
    );
    expect(score).toBe(plain);
    expect(Math.abs((found[row] ?? 0) - plain)).toBeLessThan(1e-9);
  }
  reply.fill(0, 2 + 131_072);
  expect(() => openReply(reply, scoreBits, secret, 1)).toThrow("needs no key");
});

test("our domain answers the request, to the published bound, after it has refused each bad one by its code", async () => {
  for (const { name, at, code, ...change } of vector.refused) {
    const whole = Uint8Array.from(request);
    const frame = "end" in change ? whole.subarray(0, at) : whole;
    if ("hex" in change) frame.set(fromHex(change.hex), at);
    await expect(scoreHidden(product, frame), name).rejects.toMatchObject({ code });
  }
  const found = openReply(await scoreHidden(product, request), scoreBits, secret, scores.length);
  for (const [row, score] of scores.entries()) {
    expect(Math.abs((found[row] ?? Number.NaN) - score)).toBeLessThanOrEqual(parameters.errorBound);
  }
}, 60_000);

test("the page says the primes and roots that are in force", () => {
  const page = readFileSync(join(ROOT, "docs/wire-score-hidden.md"), "utf8");
  for (const number of [...HIDDEN_PRIMES, ...hiddenRings().map(({ root }) => root)])
    expect(page).toContain(` ${number}`);
  for (const { code } of vector.refused) expect(page).toContain(code);
  for (const label of Object.keys(vector.randomness)) expect(page).toContain(`\`${label}\``);
});
