import { fromHex, toHex } from "@sluice/protocol";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import {
  createEd25519Suite,
  exportPrivateKey,
  generateKey,
  importPrivateKey,
  keyIdOf,
  publicKeyOf,
  verifyEd25519,
} from "../src/index.ts";

const PKCS8 = "302e020100300506032b657004220420";

// RFC 8032 §7.1, tests 1 to 3.
const VECTORS = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
];

function pem(seed: string): string {
  return `-----BEGIN PRIVATE KEY-----\n${Buffer.from(PKCS8 + seed, "hex").toString("base64")}\n-----END PRIVATE KEY-----\n`;
}

test.each(VECTORS)("signs and verifies the vector with key $publicKey", async (vector) => {
  const key = await importPrivateKey(pem(vector.seed));
  expect(key.keyId).toBe(keyIdOf(fromHex(vector.publicKey)));
  const suite = createEd25519Suite([key]);
  const signature = await suite.sign(key.keyId, fromHex(vector.message));
  expect(toHex(signature)).toBe(vector.signature);
  expect(await suite.verify(key.keyId, fromHex(vector.message), signature)).toBe(true);
  expect(await suite.verify(key.keyId, Uint8Array.of(1), signature)).toBe(false);
  expect(await suite.verify(key.keyId, fromHex(vector.message), signature.subarray(1))).toBe(false);
});

test("a private key comes back from its PEM and from its JWK", async () => {
  const key = await generateKey();
  const text = await exportPrivateKey(key);
  expect((await importPrivateKey(text)).keyId).toBe(key.keyId);
  const d = Buffer.from(text.split("\n")[1] ?? "", "base64")
    .subarray(16)
    .toString("base64url");
  const jwk = { kty: "OKP", crv: "Ed25519", d, x: key.keyId.slice(8) };
  expect((await importPrivateKey(JSON.stringify(jwk))).keyId).toBe(key.keyId);
  const other = (await generateKey()).keyId.slice(8);
  await refuses(JSON.stringify({ ...jwk, x: other }));
  await refuses(JSON.stringify({ ...jwk, crv: "X25519" }));
  await refuses(JSON.stringify({ ...jwk, d: d.slice(1) }));
});

test.each([
  "",
  "{",
  "[]",
  "null",
  "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
  "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
  pem("00".repeat(31)),
  pem("00".repeat(33)),
  `${" ".repeat(3_000)}${pem("11".repeat(32))}`,
])("does not read %j as a private key", async (text) => {
  await refuses(text);
});

test("a key pair prints its public id and nothing else", async () => {
  const key = await generateKey();
  const secret = Buffer.from((await exportPrivateKey(key)).split("\n")[1] ?? "", "base64").subarray(16);
  const shown = [String(key), JSON.stringify({ key }), inspect({ key }, { depth: 9, showHidden: true })].join("\n");
  expect(shown).toContain(key.keyId);
  for (const form of [secret.toString("hex"), secret.toString("base64url"), secret.toString("base64")]) {
    expect(shown).not.toContain(form);
  }
});

test("a suite signs with the keys it holds only", async () => {
  const [held, other] = [await generateKey(), await generateKey()];
  const suite = createEd25519Suite([held]);
  await expect(suite.sign(other.keyId, new Uint8Array(1))).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  expect(toHex(await suite.hash(new Uint8Array(0)))).toMatch(/^e3b0c442/);
});

test.each([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
])("a point of small order names no key: %s", async (point) => {
  const keyId = keyIdOf(fromHex(point));
  expect(publicKeyOf(keyId)).toBeNull();
  // R = identity, S = 0 is a signature over everything under such keys in a lax verifier.
  const forged = fromHex(`01${"00".repeat(63)}`);
  expect(await verifyEd25519(keyId, Uint8Array.of(1, 2, 3), forged)).toBe(false);
});

test("a key id in any other spelling names no key", async () => {
  const { keyId } = await generateKey();
  for (const text of [
    keyId.slice(8),
    `sm2:${keyId.slice(8)}`,
    `${keyId}=`,
    keyId.slice(0, -1),
    `${keyId.slice(0, -1)}!`,
  ]) {
    expect(publicKeyOf(text)).toBeNull();
  }
  const last = keyId.at(-1) ?? "";
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const sameBytes = keyId.slice(0, -1) + (alphabet[alphabet.indexOf(last) ^ 1] ?? "");
  expect(publicKeyOf(sameBytes)).toBeNull();
});

async function refuses(text: string): Promise<void> {
  await expect(importPrivateKey(text)).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
}
