import { fromHex, toHex, type Bytes } from "@sluice/protocol";
import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { ctrHmac } from "../src/sealed-segments.ts";

// GB/T 32907-2016, Annex A.1 and A.2 (the same as GM/T 0002-2012); public copies stand in RFC 8998 §A's base cipher,
// GmSSL's tests/sm4_ecbtest.c and draft-ribose-cfrg-sm4-10 Appendix A.1.
const KEY = "0123456789abcdeffedcba9876543210";
const PLAIN = KEY;
const ONCE = "681edf34d206965e86b3e94f536e4246";
const MILLION_TIMES = "595298c7c6fd271f0402f804c33d3f66";

function block(key: string, plaintext: Bytes): Bytes {
  return createCipheriv("sm4-ecb", fromHex(key), null).setAutoPadding(false).update(plaintext);
}

test("the cipher of this OpenSSL is the standard's", () => {
  expect(toHex(block(KEY, fromHex(PLAIN)))).toBe(ONCE);
});

test.runIf(process.env["SLOW"] === "1")("the cipher is the standard's a million times over", () => {
  const cipher = createCipheriv("sm4-ecb", fromHex(KEY), null).setAutoPadding(false);
  let text: Bytes = fromHex(PLAIN);
  for (let i = 0; i < 1_000_000; i++) text = cipher.update(text);
  expect(toHex(text)).toBe(MILLION_TIMES);
});

// draft-ribose-cfrg-sm4-10, Appendix A.2.5.1 and A.2.5.2: SM4-CTR.
const IV = "000102030405060708090a0b0c0d0e0f";
const CTR_PLAIN =
  "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb";
test.each([
  [
    KEY,
    "ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7f234bc0e24c11980fd1286310ce37b926e02fcd0faa0baf38b2933851d824514",
  ],
  [
    "fedcba98765432100123456789abcdef",
    "5dcccd25b95ab07417a08512ee160e2f8f661521cbbab44cc87138445bc29e5c0ae0297205d62704173b21239b887f6c8cb5b800917a2488284bde9e16ea2906",
  ],
])("counter mode of this OpenSSL is the draft's, with key %s", (key, ciphertext) => {
  expect(toHex(createCipheriv("sm4-ctr", fromHex(key), fromHex(IV)).update(fromHex(CTR_PLAIN)))).toBe(ciphertext);
});

test("a segment of the suite is the standard's cipher in counter mode from nonce ‖ 0", () => {
  const suite = ctrHmac("sm4-ctr", "sm3", { hkdfHash: "sm3", segmentBytes: 256 });
  const nonce = fromHex("00112233445566778899aabb");
  const key = fromHex(KEY + "5c".repeat(32));
  const sealed = suite.seal(key, nonce, fromHex(CTR_PLAIN));
  const stream = [0, 1, 2, 3].map((counter) => toHex(block(KEY, fromHex(`${toHex(nonce)}0000000${counter}`)))).join("");
  const expected = fromHex(CTR_PLAIN).map((byte, i) => byte ^ (fromHex(stream)[i] ?? 0));
  expect(toHex(sealed.subarray(0, 64))).toBe(toHex(expected));
});
