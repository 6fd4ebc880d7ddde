import fc from "fast-check";
import { toHex, utf8 } from "@sluice/protocol";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createSm2Suite } from "../src/index.ts";

const suite = createSm2Suite([]);

// GB/T 32905-2016, Annex A.1 and A.2 (the same as GM/T 0004-2012); public copies stand in GmSSL's tests/sm3test.c.
const VECTORS = [
  { message: "abc", hash: "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0" },
  { message: "abcd".repeat(16), hash: "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732" },
];

test.each(VECTORS)("hashes $message as the standard does", async ({ message, hash }) => {
  expect(toHex(await suite.hash(utf8(message)))).toBe(hash);
});

test("the hash that browsers use is the one of Node, for every length and place in a buffer", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(70), async (bytes, skip) => {
      const part = bytes.subarray(Math.min(skip, bytes.length));
      expect(toHex(await suite.hash(part))).toBe(createHash("sm3").update(part).digest("hex"));
    }),
  );
});
