/** Server on libsodium against client and server of @noble/curves, and every way a peer can cheat. @module */
import { ristretto255, ristretto255_oprf } from "@noble/curves/ed25519.js";
import { concatBytes, MAX_OPRF_ELEMENTS, PROOF_BYTES, toHex, utf8, type Bytes } from "@sluice/protocol";
import fc from "fast-check";
import { setImmediate as nextTurn } from "node:timers/promises";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { blind, finalize, finalizeVerified } from "../src/oprf/client.ts";
import { blindEvaluate, blindEvaluateUnverified, deriveKeyPair, evaluateMany } from "../src/oprf/server.ts";
import { seededRandom } from "./seeded-random.ts";

const SEED = new Uint8Array(32).fill(7);
const { voprf, oprf } = ristretto255_oprf;
const keyPair = await deriveKeyPair(SEED, utf8("label"));

/** Output by the oracle alone: its own client against its own server. */
function oracleOutput(mode: "oprf" | "voprf", keys: { secretKey: Bytes; publicKey: Bytes }, input: Bytes): Bytes {
  const { blind: scalar, blinded } = ristretto255_oprf[mode].blind(input);
  if (mode === "oprf") return oprf.finalize(input, scalar, oprf.blindEvaluate(keys.secretKey, blinded));
  const { evaluated, proof } = voprf.blindEvaluate(keys.secretKey, keys.publicKey, blinded);
  return voprf.finalize(input, scalar, evaluated, blinded, keys.publicKey, proof);
}

async function evaluation(inputs: Bytes[] = [utf8("a"), utf8("b"), utf8("c")]) {
  const random = seededRandom(1);
  const blinded = inputs.map((input) => blind(input, random));
  const blindedElements = blinded.map((entry) => entry.blindedElement);
  const { elements, proof } = await blindEvaluate(keyPair, blindedElements, random);
  return {
    inputs,
    blinds: blinded.map((entry) => entry.blind),
    blindedElements,
    evaluatedElements: elements,
    proof,
    publicKey: keyPair.publicKey,
  };
}

function flipped(bytes: Bytes, at: number): Bytes {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

test("the server computes what the oracle computes, for every seed, label and batch", async () => {
  const bytes = (maxLength: number, minLength = 1) => fc.uint8Array({ minLength, maxLength });
  await fc.assert(
    fc.asyncProperty(
      bytes(32, 32),
      bytes(40, 0),
      fc.array(bytes(80), { minLength: 1, maxLength: 3 }),
      async (seed, info, inputs) => {
        const mine = await deriveKeyPair(seed, info);
        const oracle = voprf.deriveKeyPair(seed, info);
        expect(toHex(mine.publicKey)).toBe(toHex(oracle.publicKey));
        expect(toHex(mine.secret.reveal())).toBe(toHex(oracle.secretKey));
        const items = inputs.map((input) => ({ input, ...voprf.blind(input) }));
        const answer = await blindEvaluate(
          mine,
          items.map((item) => item.blinded),
        );
        const finished = voprf.finalizeBatch(
          items.map((item, i) => ({ ...item, evaluated: answer.elements[i] ?? new Uint8Array() })),
          oracle.publicKey,
          answer.proof,
        );
        const expected = inputs.map((input) => toHex(oracleOutput("voprf", oracle, input)));
        expect(finished.map(toHex)).toEqual(expected);
        expect((await evaluateMany(mine, inputs)).map(toHex)).toEqual(expected);
      },
    ),
    { numRuns: 15 },
  );
});

test("the client accepts the oracle's evaluation and proof", () => {
  const oracle = voprf.deriveKeyPair(SEED, utf8("label"));
  const input = utf8("11010119900101001X");
  const { blind: scalar, blindedElement } = blind(input, seededRandom(2));
  const { evaluated, proof } = voprf.blindEvaluate(oracle.secretKey, oracle.publicKey, blindedElement);
  const [output] = finalizeVerified({
    inputs: [input],
    blinds: [scalar],
    blindedElements: [blindedElement],
    evaluatedElements: [evaluated],
    proof,
    publicKey: oracle.publicKey,
  });
  expect(output).toEqual(oracleOutput("voprf", oracle, input));
});

test("mode OPRF agrees with the oracle and gives other outputs than mode VOPRF", async () => {
  const plain = await deriveKeyPair(SEED, utf8("label"), "oprf");
  const input = utf8("x");
  const { blind: scalar, blindedElement } = blind(input, seededRandom(3), "oprf");
  const [evaluated = new Uint8Array()] = await blindEvaluateUnverified(plain, [blindedElement]);
  const output = finalize(input, scalar, evaluated);
  expect(output).toEqual(oracleOutput("oprf", oprf.deriveKeyPair(SEED, utf8("label")), input));
  expect(output).not.toEqual((await evaluateMany(keyPair, [input]))[0]);
});

test("blinding the same input twice gives unrelated elements", () => {
  const random = seededRandom(4);
  expect(blind(utf8("x"), random).blindedElement).not.toEqual(blind(utf8("x"), random).blindedElement);
});

test("two proofs over the same elements use different nonces", async () => {
  const { blindedElements } = await evaluation();
  const first = await blindEvaluate(keyPair, blindedElements);
  const second = await blindEvaluate(keyPair, blindedElements);
  expect(first.elements).toEqual(second.elements);
  expect(first.proof).not.toEqual(second.proof);
});

test("a proof with any byte changed is refused", async () => {
  const good = await evaluation();
  for (let at = 0; at < PROOF_BYTES; at += 7) {
    expect(() => finalizeVerified({ ...good, proof: flipped(good.proof, at) })).toThrow("proof does not verify");
  }
  expect(() => finalizeVerified({ ...good, proof: good.proof.subarray(1) })).toThrow("proof does not verify");
});

test("a proof whose scalars are not reduced is refused", async () => {
  const good = await evaluation();
  const order = new Uint8Array(32);
  let rest = ristretto255.Point.Fn.ORDER;
  for (let i = 0; i < 32; i++, rest >>= 8n) order[i] = Number(rest & 0xffn);
  const proof = concatBytes(good.proof.subarray(0, 32), order);
  expect(() => finalizeVerified({ ...good, proof })).toThrow("proof does not verify");
});

test("an evaluation under another key is refused, though its proof holds for that key", async () => {
  const good = await evaluation();
  const other = await deriveKeyPair(SEED, utf8("another label"));
  const forged = await blindEvaluate(other, good.blindedElements);
  expect(() => finalizeVerified({ ...good, evaluatedElements: forged.elements, proof: forged.proof })).toThrow(
    "proof does not verify",
  );
  expect(() => finalizeVerified({ ...good, publicKey: other.publicKey })).toThrow("proof does not verify");
  expect(() => finalizeVerified({ ...good, publicKey: new Uint8Array(32) })).toThrow("proof does not verify");
});

test("one element of a batch evaluated under another key spoils the batch", async () => {
  const good = await evaluation();
  const other = await deriveKeyPair(SEED, utf8("another label"));
  const forged = await blindEvaluate(other, good.blindedElements);
  const evaluatedElements = good.evaluatedElements.map((element, i) =>
    i === 1 ? (forged.elements[1] ?? element) : element,
  );
  expect(() => finalizeVerified({ ...good, evaluatedElements })).toThrow("proof does not verify");
});

test("evaluated elements in another order are refused", async () => {
  const good = await evaluation();
  expect(() => finalizeVerified({ ...good, evaluatedElements: good.evaluatedElements.toReversed() })).toThrow(
    "proof does not verify",
  );
});

test("a batch with an element too few or too many, or of none, is refused", async () => {
  const good = await evaluation();
  const refused = [
    { ...good, evaluatedElements: good.evaluatedElements.slice(1) },
    { ...good, evaluatedElements: [...good.evaluatedElements, keyPair.publicKey] },
    { ...good, inputs: [], blinds: [], blindedElements: [], evaluatedElements: [] },
  ];
  for (const broken of refused) expect(() => finalizeVerified(broken)).toThrow("proof does not verify");
});

test("inputs of no bytes and of more than 65535 bytes are refused by both roles", async () => {
  for (const input of [new Uint8Array(), new Uint8Array(65_536)]) {
    expect(() => blind(input)).toThrow("cannot be hashed");
    await expect(evaluateMany(keyPair, [input])).rejects.toThrow("cannot be hashed");
  }
  expect(blind(new Uint8Array(65_535)).blindedElement).toHaveLength(32);
});

test("a key is derived from exactly 32 bytes", async () => {
  await expect(deriveKeyPair(new Uint8Array(31), utf8("label"))).rejects.toThrow("32 bytes");
});

test("an evaluation of nothing or of more than the limit is refused", async () => {
  const { blindedElement } = blind(utf8("x"));
  await expect(blindEvaluate(keyPair, [])).rejects.toThrow("elements");
  const many = Array.from({ length: MAX_OPRF_ELEMENTS + 1 }, () => blindedElement);
  await expect(blindEvaluate(keyPair, many)).rejects.toThrow("elements");
});

test("a key of one mode does not evaluate in the other", async () => {
  const { blindedElement } = blind(utf8("x"));
  await expect(blindEvaluateUnverified(keyPair, [blindedElement])).rejects.toThrow("voprf");
});

test("an aborted evaluation of many inputs stops", async () => {
  const controller = new AbortController();
  const inputs = Array.from({ length: 4_096 }, (_, i) => utf8(`k${i}`));
  const running = evaluateMany(keyPair, inputs, { signal: controller.signal });
  await nextTurn();
  controller.abort();
  await expect(running).rejects.toThrow("cancelled");
});

test("blinds and secret keys redact when printed", () => {
  const { blind: scalar } = blind(utf8("x"), seededRandom(5));
  const hex = toHex(scalar.reveal());
  for (const printed of [String(scalar), JSON.stringify({ scalar }), inspect(scalar), inspect({ deep: [scalar] })]) {
    expect(printed).toContain("Blind(…)");
    expect(printed).not.toContain(hex.slice(0, 8));
  }
  expect(inspect(keyPair)).toContain("OprfSecret(…)");
  expect(JSON.stringify(keyPair)).not.toContain(toHex(keyPair.secret.reveal()).slice(0, 8));
});
