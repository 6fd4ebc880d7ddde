/** RFC 9497, Appendix A.1: ristretto255-SHA512, modes OPRF and VOPRF. @module */
import { concatBytes, ELEMENT_BYTES, fromHex, toHex, type Bytes, type Random } from "@sluice/protocol";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { blind, finalize, finalizeVerified } from "../src/oprf/client.ts";
import { listClient } from "../src/oprf/list-client.ts";
import { blindEvaluate, blindEvaluateUnverified, deriveKeyPair, evaluateMany } from "../src/oprf/server.ts";
import { systemRandom } from "../src/random.ts";

interface Suite {
  mode: 0 | 1;
  seed: string;
  keyInfo: string;
  skSm: string;
  pkSm?: string;
  vectors: {
    Batch: number;
    Blind: string;
    BlindedElement: string;
    EvaluationElement: string;
    Input: string;
    Output: string;
    Proof?: { proof: string; r: string };
  }[];
}
const file = new URL("./vectors/rfc9497-ristretto255-sha512.json", import.meta.url);
const suites = JSON.parse(readFileSync(file, "utf8")) as Suite[];

const hexList = (text: string): Bytes[] => text.split(",").map(fromHex);

/** Randomness from which the client draws exactly this scalar: it maps 48 bytes x to x mod (order - 1) + 1. */
function drawingBlind(scalar: Bytes): Random {
  const bytes = concatBytes(scalar, new Uint8Array(16));
  // The vectors' scalars do not end in a zero byte, so the subtraction never borrows.
  bytes[0] = (bytes[0] ?? 0) - 1;
  return { bytes: () => bytes.slice() };
}

/** Randomness from which the server draws exactly this scalar: it reduces 64 bytes. */
function drawingNonce(scalar: string): Random {
  return { bytes: () => concatBytes(fromHex(scalar), new Uint8Array(32)) };
}

describe.each(suites)("RFC 9497 ristretto255-SHA512, mode $mode", ({ mode, seed, keyInfo, skSm, pkSm, vectors }) => {
  const name = mode === 0 ? "oprf" : "voprf";

  test("DeriveKeyPair gives the key of the vectors", async () => {
    const keyPair = await deriveKeyPair(fromHex(seed), fromHex(keyInfo), name);
    expect(toHex(keyPair.secret.reveal())).toBe(skSm);
    if (pkSm !== undefined) expect(toHex(keyPair.publicKey)).toBe(pkSm);
  });

  test.each(vectors)("batch of $Batch, input $Input", async (vector) => {
    const keyPair = await deriveKeyPair(fromHex(seed), fromHex(keyInfo), name);
    const inputs = hexList(vector.Input);
    const blinded = hexList(vector.Blind).map((scalar, i) =>
      blind(inputs[i] ?? new Uint8Array(), drawingBlind(scalar), name),
    );
    expect(blinded.map(({ blind }) => toHex(blind.reveal())).join(",")).toBe(vector.Blind);
    const blindedElements = blinded.map(({ blindedElement }) => blindedElement);
    expect(blindedElements.map(toHex).join(",")).toBe(vector.BlindedElement);
    const blinds = blinded.map(({ blind }) => blind);

    let outputs: Bytes[];
    if (vector.Proof === undefined) {
      const evaluated = await blindEvaluateUnverified(keyPair, blindedElements);
      expect(evaluated.map(toHex).join(",")).toBe(vector.EvaluationElement);
      outputs = inputs.map((input, i) => {
        const { blind } = blinded[i] ?? {};
        if (blind === undefined) throw new Error("no blind");
        return finalize(input, blind, evaluated[i] ?? new Uint8Array());
      });
    } else {
      const { elements, proof } = await blindEvaluate(keyPair, blindedElements, drawingNonce(vector.Proof.r));
      expect(elements.map(toHex).join(",")).toBe(vector.EvaluationElement);
      expect(toHex(proof)).toBe(vector.Proof.proof);
      const { publicKey } = keyPair;
      outputs = finalizeVerified({ inputs, blinds, blindedElements, evaluatedElements: elements, proof, publicKey });
      // Lists are blinded otherwise, and have the same outputs.
      const client = await listClient();
      const list = await client.blindList(inputs, inputs.length, systemRandom);
      const asked = inputs.map((_, i) => list.elements.subarray(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES));
      const answer = await blindEvaluate(keyPair, asked);
      const evaluated = concatBytes(...answer.elements);
      const ofList = await client.finalizeList({ inputs, list, evaluated, proofs: answer.proof, publicKey });
      expect(toHex(ofList)).toBe(vector.Output.replaceAll(",", ""));
    }
    expect(outputs.map(toHex).join(",")).toBe(vector.Output);
    expect((await evaluateMany(keyPair, inputs)).map(toHex).join(",")).toBe(vector.Output);
  });
});
