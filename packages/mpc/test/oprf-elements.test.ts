/** Encodings that no role may accept: RFC 9496, Appendix A.2, and the identity (RFC 9497 §3.3). @module */
import { fromHex, utf8 } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { blind, finalize, finalizeVerified } from "../src/oprf/client.ts";
import { blindEvaluate, deriveKeyPair } from "../src/oprf/server.ts";
import { BAD_ELEMENTS } from "./bad-elements.ts";

const keyPair = await deriveKeyPair(new Uint8Array(32).fill(9), utf8("label"));
const input = utf8("x");

describe.each(Object.entries(BAD_ELEMENTS))("an element that is %s", (_kind, encodings) => {
  test.each(encodings)("%s is refused by the server, with its index", async (encoding) => {
    const good = blind(input).blindedElement;
    await expect(blindEvaluate(keyPair, [good, fromHex(encoding)])).rejects.toMatchObject({
      code: "ERR_OPRF_ELEMENT",
      details: { index: 1 },
    });
  });

  test.each(encodings)("%s is refused in a batch that is summed by buckets", async (encoding) => {
    const good = blind(input).blindedElement;
    const batch = Array.from({ length: 12 }, (_, i) => (i === 7 ? fromHex(encoding) : good));
    await expect(blindEvaluate(keyPair, batch)).rejects.toMatchObject({
      code: "ERR_OPRF_ELEMENT",
      details: { index: 7 },
    });
  });

  test.each(encodings)("%s is refused by the client", async (encoding) => {
    const { blind: scalar, blindedElement } = blind(input);
    const { proof } = await blindEvaluate(keyPair, [blindedElement]);
    const evaluation = {
      inputs: [input],
      blinds: [scalar],
      blindedElements: [blindedElement],
      evaluatedElements: [fromHex(encoding)],
      proof,
      publicKey: keyPair.publicKey,
    };
    expect(() => finalizeVerified(evaluation)).toThrow("element 0 is not a valid group element");
    expect(() => finalize(input, scalar, fromHex(encoding))).toThrow("element 0 is not a valid group element");
  });
});
