import fc from "fast-check";
import { fromHex, KeyId, toBase64url, toHex, utf8, type Bytes } from "@sluice/protocol";
import { execFile } from "node:child_process";
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, promisify } from "node:util";
import { sm2 } from "sm-crypto-v2";
import { expect, test } from "vitest";
import {
  createSm2Suite,
  exportPrivateKey,
  generateSm2Key,
  importPrivateKey,
  importSigningKey,
  Sm2KeyPair,
} from "../src/index.ts";

// GB/T 32918.5-2017, Annex A.2: signature on the recommended curve with user id 1234567812345678 (the same as
// GM/T 0003.5-2012 Annex A.2); public copies stand in OpenSSL's test/sm2_internal_test.c and GmSSL's tests/sm2_signtest.c.
const STANDARD = {
  message: "message digest",
  privateKey: "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8",
  x: "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
  y: "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
  userHash: "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3",
  digest: "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640",
  nonce: "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21",
  nonceX: "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73",
  r: "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3",
  s: "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
};
// GB/T 32918.5-2017 §2.
const ORDER = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
const FIELD = 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn;

// PrivateKeyInfo up to the private key: without the public half behind it, and with.
const BARE_HEAD = "3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420";
const HEAD = "308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420";

const suite = createSm2Suite([]);
const run = promisify(execFile);
const hex = (value: bigint): string => value.toString(16).padStart(64, "0");
const keyIdOf = (point: string): string => `sm2:${toBase64url(fromHex(point))}`;
const STANDARD_KEY = keyIdOf(`03${STANDARD.x}`);

async function key(privateKey = STANDARD.privateKey): Promise<Sm2KeyPair> {
  const pair = await Sm2KeyPair.of(privateKey);
  if (pair === null) throw new Error("a private key");
  return pair;
}

test("verifies the signature of the standard, and names its key by the compressed point", async () => {
  expect((await key()).keyId).toBe(STANDARD_KEY);
  expect(KeyId.safeParse(STANDARD_KEY).success).toBe(true);
  const signature = fromHex(STANDARD.r + STANDARD.s);
  expect(await suite.verify(STANDARD_KEY, utf8(STANDARD.message), signature)).toBe(true);
  expect(await suite.verify(STANDARD_KEY, utf8("message digesT"), signature)).toBe(false);
  expect(await suite.verify(keyIdOf(`02${STANDARD.x}`), utf8(STANDARD.message), signature)).toBe(false);
});

test("the library signs as the standard does, given the standard's nonce", () => {
  const point = `04${STANDARD.x}${STANDARD.y}`;
  expect(toHex(Uint8Array.from(sm2.getZ(point)))).toBe(STANDARD.userHash);
  expect(sm2.getHash(utf8(STANDARD.message), point)).toBe(STANDARD.digest);
  const pointPool = [{ k: BigInt(`0x${STANDARD.nonce}`), x1: BigInt(`0x${STANDARD.nonceX}`) }];
  const signature = sm2.doSignature(utf8(STANDARD.message), STANDARD.privateKey, { pointPool, hash: true });
  expect(signature).toBe(STANDARD.r + STANDARD.s);
});

test("what a key signs, it verifies, and no changed message, signature or other key does", async () => {
  const [mine, other] = [await generateSm2Key(), await generateSm2Key()];
  const signing = createSm2Suite([mine]);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(511), async (message, bit) => {
      const signature = await signing.sign(mine.keyId, message);
      expect(signature.length).toBe(64);
      expect(await suite.verify(mine.keyId, message, signature)).toBe(true);
      expect(await suite.verify(other.keyId, message, signature)).toBe(false);
      expect(await suite.verify(mine.keyId, Uint8Array.of(...message, 0), signature)).toBe(false);
      const changed = signature.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await suite.verify(mine.keyId, message, changed)).toBe(false);
    }),
    { numRuns: 20 },
  );
  await expect(signing.sign(other.keyId, new Uint8Array(1))).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
});

test.each([
  ["r = 0", 0n, BigInt(`0x${STANDARD.s}`)],
  ["s = 0", BigInt(`0x${STANDARD.r}`), 0n],
  ["r = n", ORDER, BigInt(`0x${STANDARD.s}`)],
  ["s = n", BigInt(`0x${STANDARD.r}`), ORDER],
  ["r + s = n", BigInt(`0x${STANDARD.r}`), ORDER - BigInt(`0x${STANDARD.r}`)],
  ["s negated", BigInt(`0x${STANDARD.r}`), ORDER - BigInt(`0x${STANDARD.s}`)],
  ["the largest numbers", 2n ** 256n - 1n, 2n ** 256n - 1n],
])("refuses %s", async (_name, r, s) => {
  expect(await suite.verify(STANDARD_KEY, utf8(STANDARD.message), fromHex(hex(r) + hex(s)))).toBe(false);
});

test.each([0, 63, 65, 70, 128])("refuses a signature of %i bytes", async (length) => {
  const signature = fromHex(STANDARD.r + STANDARD.s + STANDARD.r + STANDARD.s).subarray(0, length);
  expect(await suite.verify(STANDARD_KEY, utf8(STANDARD.message), signature)).toBe(false);
});

test("refuses a signature whose point is the one at infinity, which the library takes", async () => {
  const message = utf8("made with a nonce of zero");
  const d = BigInt(`0x${STANDARD.privateKey}`);
  const e = BigInt(`0x${sm2.getHash(message, `04${STANDARD.x}${STANDARD.y}`)}`);
  const r = e % ORDER;
  const s = (inverse(1n + d) * (ORDER - ((r * d) % ORDER))) % ORDER;
  const signature = hex(r) + hex(s);
  expect(sm2.doVerifySignature(message, signature, `04${STANDARD.x}${STANDARD.y}`, { hash: true })).toBe(true);
  expect(await suite.verify(STANDARD_KEY, message, fromHex(signature))).toBe(false);
});

test.each([
  ["an x without a y", `02${hex(2n)}`],
  ["an x beyond the field", `02${hex(FIELD + 1n)}`],
  ["the largest x", `03${"ff".repeat(32)}`],
  ["the point at infinity", "00".repeat(33)],
  ["the prefix 4", `04${STANDARD.x}`],
  ["the prefix 0", `00${STANDARD.x}`],
  ["a short point", `02${STANDARD.x.slice(2)}`],
  ["an uncompressed point", `04${STANDARD.x}${STANDARD.y}`],
])("%s names no key", async (_name, point) => {
  const signature = fromHex(STANDARD.r + STANDARD.s);
  expect(await suite.verify(keyIdOf(point), utf8(STANDARD.message), signature)).toBe(false);
});

test("a point that is not of the form names no key in the schema either", () => {
  for (const point of [`04${STANDARD.x}`, `00${STANDARD.x}`, `02${STANDARD.x.slice(2)}`, `02${STANDARD.x}00`]) {
    expect(KeyId.safeParse(keyIdOf(point)).success).toBe(false);
  }
  expect(KeyId.safeParse(`SM2:${STANDARD_KEY.slice(4)}`).success).toBe(false);
  expect(KeyId.safeParse(keyIdOf(`02${STANDARD.x}`)).success).toBe(true);
});

test("keys that Node makes for the curve by name sign plain ECDSA: neither side takes the other's signature", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "SM2" });
  const message = utf8("signed by the wrong equation");
  const plain = sign("sm3", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
  expect(verify("sm3", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, plain)).toBe(true);
  const pair = await importSigningKey(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  expect(pair.suite).toBe("sm2");
  expect(await suite.verify(pair.keyId, message, plain)).toBe(false);
  const ours = await pair.sign(message);
  expect(await suite.verify(pair.keyId, message, ours)).toBe(true);
  expect(verify("sm3", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, ours)).toBe(false);
});

test("keys that Node reads from a file sign for an empty user id: neither side takes the other's signature", async () => {
  const pair = await generateSm2Key();
  const privateKey = createPrivateKey(await exportPrivateKey(pair));
  const message = utf8("signed for nobody");
  const empty = rawOfDer(sign("sm3", message, privateKey));
  const point = await pointOf(pair);
  expect(sm2.doVerifySignature(message, toHex(empty), point, { hash: true, userId: "" })).toBe(true);
  expect(await suite.verify(pair.keyId, message, empty)).toBe(false);
  expect(verify("sm3", message, createPublicKey(privateKey), derOfRaw(await pair.sign(message)))).toBe(false);
});

test("OpenSSL verifies what we sign and signs what we verify", async () => {
  if (!(await opensslOrSkip())) return;
  const directory = await mkdtemp(join(tmpdir(), "sluice-sm2-"));
  try {
    const at = (name: string): string => join(directory, name);
    const pair = await generateSm2Key();
    const message = utf8("between two implementations");
    await writeFile(at("key.pem"), await exportPrivateKey(pair), { mode: 0o600 });
    await writeFile(at("message"), message);
    await writeFile(at("ours"), derOfRaw(await pair.sign(message)));
    const common = ["-rawin", "-digest", "sm3", "-inkey", at("key.pem"), "-in", at("message")];
    const id = ["-pkeyopt", "distid:1234567812345678"];
    const { stdout } = await run("openssl", ["pkeyutl", "-verify", ...common, "-sigfile", at("ours"), ...id]);
    expect(stdout).toContain("Signature Verified Successfully");
    const signed = await run("openssl", ["pkeyutl", "-sign", ...common, ...id], { encoding: "buffer" });
    expect(await suite.verify(pair.keyId, message, rawOfDer(signed.stdout))).toBe(true);
    const made = await run("openssl", ["genpkey", "-algorithm", "SM2"]);
    expect((await importSigningKey(made.stdout)).suite).toBe("sm2");
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a private key comes back from its PEM, with and without the public half", async () => {
  const pair = await key();
  const text = await exportPrivateKey(pair);
  expect((await importSigningKey(text)).keyId).toBe(STANDARD_KEY);
  expect((await importSigningKey(pem(BARE_HEAD + STANDARD.privateKey))).keyId).toBe(STANDARD_KEY);
  expect((await importSigningKey(pem(BARE_HEAD + hex(ORDER - 2n)))).suite).toBe("sm2");
  // The rest of the program reads Ed25519 keys by the other name, and is not given this one in their place.
  await expect(importPrivateKey(text)).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
});

test.each([
  ["a key of zero", BARE_HEAD + hex(0n)],
  ["a key of n − 1", BARE_HEAD + hex(ORDER - 1n)],
  ["a key of n", BARE_HEAD + hex(ORDER)],
  ["another's public half", HEAD + hex(5n) + `a14403420004${STANDARD.x}${STANDARD.y}`],
  ["a cut key", HEAD + STANDARD.privateKey + `a14403420004${STANDARD.x}`],
  ["bytes behind the key", HEAD + STANDARD.privateKey + `a14403420004${STANDARD.x}${STANDARD.y}00`],
  ["another curve", HEAD.replace("2a811ccf5501822d", "2a8648ce3d030107") + STANDARD.privateKey],
])("does not read %s as a private key", async (_name, der) => {
  await expect(importSigningKey(pem(der))).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
});

test("an SM2 key pair prints its public id and nothing else", async () => {
  const pair = await key();
  const shown = [String(pair), JSON.stringify({ pair }), inspect({ pair }, { depth: 9, showHidden: true })].join("\n");
  expect(shown).toContain(STANDARD_KEY);
  expect(shown.toLowerCase()).not.toContain(STANDARD.privateKey.slice(0, 16));
});

test("takes no more than its share of prepared keys, and still verifies the first", async () => {
  const first = await generateSm2Key();
  const message = utf8("old");
  const signature = await first.sign(message);
  for (let i = 0; i < 70; i++) {
    const d = hex(BigInt(i) + 2n);
    expect(await suite.verify((await key(d)).keyId, message, signature)).toBe(false);
  }
  expect(await suite.verify(first.keyId, message, signature)).toBe(true);
});

function inverse(value: bigint): bigint {
  let [a, b, x, y] = [ORDER, value % ORDER, 0n, 1n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % ORDER) + ORDER) % ORDER;
}

async function pointOf(pair: Sm2KeyPair): Promise<string> {
  return toHex((await pair.toPkcs8()).subarray(-65));
}

function pem(der: string): string {
  return `-----BEGIN PRIVATE KEY-----\n${Buffer.from(der, "hex").toString("base64")}\n-----END PRIVATE KEY-----\n`;
}

/** `SEQUENCE { INTEGER r, INTEGER s }` of the 64 bytes r ‖ s. */
function derOfRaw(raw: Bytes): Buffer {
  const integer = (bytes: Bytes): Buffer => {
    let start = 0;
    while (start < bytes.length - 1 && bytes[start] === 0) start++;
    const body = bytes.subarray(start);
    const content = Buffer.concat([Buffer.alloc((body[0] ?? 0) >> 7), body]);
    return Buffer.concat([Buffer.of(2, content.length), content]);
  };
  const body = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

/** The 64 bytes r ‖ s of a DER signature. */
function rawOfDer(der: Uint8Array): Bytes {
  const raw = new Uint8Array(64);
  let offset = 2;
  for (const end of [32, 64]) {
    const length = der[offset + 1] ?? 0;
    const value = der.subarray(offset + 2, offset + 2 + length).subarray(-32);
    raw.set(value, end - value.length);
    offset += 2 + length;
  }
  return raw;
}

/** Whether openssl is here. Its absence is told once, and is a failure where programs are required. */
async function opensslOrSkip(): Promise<boolean> {
  try {
    await run("openssl", ["version"]);
    return true;
  } catch {
    if ((process.env["SLUICE_REQUIRE"] ?? "").includes("programs")) throw new Error("openssl is missing");
    process.stdout.write("skipped: openssl is missing\n");
    return false;
  }
}
