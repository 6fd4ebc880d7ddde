import { createPublicKey, verify } from "node:crypto";
import { fromBase64url, utf8, type Bytes } from "@sluice/protocol";
import fc from "fast-check";
import { httpbis } from "http-message-signatures";
import { sm2 } from "sm-crypto-v2";
import { expect, test } from "vitest";
import {
  contentDigest,
  COVERED_COMPONENTS,
  signHttp,
  verifyHttp,
  type HttpPolicy,
  type HttpRequest,
} from "../src/http.ts";
import { generateKey, generateSm2Key, keyIdOf, verifyEd25519, type SigningKey } from "../src/index.ts";
import { signatureBase } from "../src/signature-base.ts";
import { parseSignature, parseSignatureInput } from "../src/signature-input.ts";

const key = await generateKey();
const other = await generateKey();
const START = Date.parse("2026-01-02T03:04:05.000Z");
const at = (ms: number) => ({ now: () => new Date(START + ms) });
let counter = 0;
const random = { bytes: (length: number) => new Uint8Array(length).fill(++counter % 251) };
const body = utf8('{"hello": "world"}');
const request = { method: "POST", url: "http://Domain.example:8080/v1/jobs?wait=1", body };

type SignedRequest = HttpRequest & { readonly body: Bytes };

async function signed(parts = request, by: SigningKey = key): Promise<SignedRequest> {
  return {
    ...parts,
    headers: { host: "domain.example:8080", ...(await signHttp(parts, by, { clock: at(0), random })) },
  };
}

function policy(change: Partial<HttpPolicy> = {}): HttpPolicy {
  return { allowed: [key.keyId], clock: at(0), seenNonce: () => false, ...change };
}

function pointOf(keyId: string): string {
  return Buffer.from(keyId.slice("sm2:".length), "base64url").toString("hex");
}

async function refuses(message: SignedRequest, reason: string, change: Partial<HttpPolicy> = {}): Promise<void> {
  const error: unknown = await verifyHttp(message, policy(change)).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "ERR_HTTP_SIGNATURE", details: { reason } });
}

test("RFC 9421 B.2.6: the base over the test request verifies under the test key", async () => {
  // Appendix B.1.4 and B.2: test-key-ed25519 and test-request.
  const keyId = keyIdOf(fromBase64url("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"));
  const message: HttpRequest = {
    method: "POST",
    url: "https://example.com/foo?param=Value&Pet=dog",
    headers: {
      Host: "example.com",
      Date: "Tue, 20 Apr 2021 02:07:55 GMT",
      "Content-Type": "application/json",
      "Content-Length": "18",
    },
  };
  const input = parseSignatureInput(
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")' +
      ';created=1618884473;keyid="test-key-ed25519"',
  );
  const value = parseSignature(
    "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
  );
  if (input === null || value === null) throw new Error("both fields parse");
  const base = signatureBase(message, input.components, input.text);
  expect(base).toBe(
    [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@authority": example.com',
      '"content-type": application/json',
      '"content-length": 18',
      '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")' +
        ';created=1618884473;keyid="test-key-ed25519"',
    ].join("\n"),
  );
  expect(await verifyEd25519(keyId, utf8(base ?? ""), value.signature)).toBe(true);
  expect(await verifyEd25519(keyId, utf8(`${base ?? ""} `), value.signature)).toBe(false);
});

test("RFC 9530: the digest of the example body", async () => {
  expect(await contentDigest(utf8('{"hello": "world"}\n'))).toBe(
    "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
  );
});

test("gives the key that signed, and an independent implementation agrees", async () => {
  const message = await signed();
  expect(await verifyHttp(message, policy())).toBe(key.keyId);
  const x = key.keyId.slice("ed25519:".length);
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const { body: _, ...rest } = message;
  const verdict = await httpbis.verifyMessage(
    {
      notAfter: new Date(START + 1_000),
      tolerance: 1e9,
      keyLookup: async () => ({ verify: async (data, signature) => verify(null, data, publicKey, signature) }),
    },
    { ...rest, headers: message.headers as Record<string, string> },
  );
  expect(verdict).toBe(true);
});

test("a key of the suite sm2 signs, and an independent implementation reads the same base", async () => {
  const national = await generateSm2Key();
  const message = await signed(request, national);
  const allowed = [national.keyId];
  expect(await verifyHttp(message, policy({ allowed }))).toBe(national.keyId);
  expect(message.headers["signature-input"]).toContain(';alg="sm2-sm3"');
  const { body: _, ...rest } = message;
  const verdict = await httpbis.verifyMessage(
    {
      notAfter: new Date(START + 1_000),
      tolerance: 1e9,
      keyLookup: async () => ({
        verify: async (data, signature) =>
          sm2.doVerifySignature(new Uint8Array(data), Buffer.from(signature).toString("hex"), pointOf(national.keyId), {
            hash: true,
            userId: "1234567812345678",
          }),
      }),
    },
    { ...rest, headers: message.headers as Record<string, string> },
  );
  expect(verdict).toBe(true);
  await refuses({ ...message, url: `${request.url}2` }, "it does not verify", { allowed });
});

test("refuses a signature whose algorithm is not that of its key", async () => {
  const national = await generateSm2Key();
  const allowed = [national.keyId, key.keyId];
  for (const [by, own, other] of [
    [national, "sm2-sm3", "ed25519"],
    [key, "ed25519", "sm2-sm3"],
  ] as const) {
    const { headers, ...message } = await signed(request, by);
    const input = String(headers["signature-input"]).replace(`alg="${own}"`, `alg="${other}"`);
    const base = signatureBase({ ...message, headers }, COVERED_COMPONENTS, input.slice("sluice=".length)) ?? "";
    const signature = `sluice=:${Buffer.from(await by.sign(utf8(base))).toString("base64")}:`;
    await refuses({ ...message, headers: { ...headers, "signature-input": input, signature } }, "it does not verify", {
      allowed,
    });
  }
});

test("accepts components and parameters in another order, as another library writes them", async () => {
  const names = ["content-digest", "@query", "@path", "@authority", "@method"];
  const parameters =
    `(${names.map((name) => `"${name}"`).join(" ")});alg="ed25519";keyid="${key.keyId}"` +
    `;nonce="${"ab".repeat(16)}";created=${START / 1_000};expires=${START / 1_000 + 60}`;
  const headers = { "Content-Digest": await contentDigest(body), Host: "domain.example:8080" };
  const base = signatureBase({ ...request, headers }, names, parameters) ?? "";
  const signature = Buffer.from(await key.sign(utf8(base))).toString("base64");
  const message = {
    ...request,
    headers: { ...headers, "Signature-Input": `s=${parameters}`, Signature: `s=:${signature}:` },
  };
  expect(await verifyHttp(message, policy())).toBe(key.keyId);
});

test("refuses an altered body, also with a digest that fits it", async () => {
  const message = await signed();
  await refuses({ ...message, body: utf8("{}") }, "the body is not the one that was signed");
  const headers = { ...message.headers, "content-digest": await contentDigest(utf8("{}")) };
  await refuses({ ...message, body: utf8("{}"), headers }, "it does not verify");
});

test.each([
  ["method", { method: "PUT" }],
  ["path", { url: "http://domain.example:8080/v1/calls?wait=1" }],
  ["query", { url: "http://domain.example:8080/v1/jobs?wait=2" }],
  ["no query", { url: "http://domain.example:8080/v1/jobs" }],
  ["authority", { url: "http://other.example:8080/v1/jobs?wait=1" }],
])("refuses an altered %s", async (_, change) => {
  await refuses({ ...(await signed()), ...change }, "it does not verify");
});

test("refuses a server it was not meant for", async () => {
  const message = await signed();
  expect(await verifyHttp(message, policy({ authorities: ["domain.example:8080"] }))).toBe(key.keyId);
  await refuses(message, "it is for another server", { authorities: ["health.example"] });
  await refuses({ ...message, url: "/v1/jobs" }, "it is for another server");
});

test("refuses outside its time", async () => {
  const message = await signed();
  expect(await verifyHttp(message, policy({ clock: at(299_999) }))).toBe(key.keyId);
  await refuses(message, "it has expired", { clock: at(300_000) });
  expect(await verifyHttp(message, policy({ clock: at(-60_000) }))).toBe(key.keyId);
  await refuses(message, "it was created in the future", { clock: at(-60_001) });
  await refuses(message, "it was created in the future", { clock: { now: () => new Date(Number.NaN) } });
});

test("refuses a nonce the second time, and records it only for what verifies", async () => {
  const nonces = new Set<string>();
  const seenNonce = (keyId: string, nonce: string, expiresAt: Date) => {
    expect(expiresAt.getTime()).toBe(START + 300_000);
    const seen = nonces.has(keyId + nonce);
    nonces.add(keyId + nonce);
    return seen;
  };
  const message = await signed();
  await refuses({ ...message, method: "PUT" }, "it does not verify", { seenNonce });
  expect(nonces.size).toBe(0);
  expect(await verifyHttp(message, policy({ seenNonce }))).toBe(key.keyId);
  await refuses(message, "its nonce was used before", { seenNonce });
  expect(await verifyHttp(await signed(), policy({ seenNonce }))).toBe(key.keyId);
});

test("refuses a key that is not allowed, and asks a look-up for the one that is", async () => {
  await refuses(await signed(request, other), "its key is not known here");
  const allowed = async (keyId: string) => keyId === other.keyId;
  expect(await verifyHttp(await signed(request, other), policy({ allowed }))).toBe(other.keyId);
});

test("refuses the key id of another, and a signature of another", async () => {
  const message = await signed(request, other);
  const input = String(message.headers["signature-input"]).replace(other.keyId, key.keyId);
  await refuses({ ...message, headers: { ...message.headers, "signature-input": input } }, "it does not verify");
});

const PARAMETER_FORM = "a parameter does not have the form of the profile";
const FIELD_FORM = "its fields do not have the form of one signature";

test.each<[string, (input: string) => string, string]>([
  ["no method", (input) => input.replace('"@method" ', ""), "it does not cover @method"],
  ["no digest", (input) => input.replace(' "content-digest"', ""), "it does not cover content-digest"],
  ["no path", (input) => input.replace(' "@path"', ""), "it does not cover @path"],
  ["no query", (input) => input.replace(' "@query"', ""), "it does not cover @query"],
  ["no authority", (input) => input.replace(' "@authority"', ""), "it does not cover @authority"],
  ["one more component", (input) => input.replace("(", '("host" '), "it covers more than the profile names"],
  ["a component twice", (input) => input.replace("(", '("@method" '), FIELD_FORM],
  ["a component with a parameter", (input) => input.replace('"@query"', '"@query";req'), FIELD_FORM],
  ["no created", (input) => input.replace(/;created=\d+/, ""), "parameter created is missing"],
  ["no expires", (input) => input.replace(/;expires=\d+/, ""), "parameter expires is missing"],
  ["no nonce", (input) => input.replace(/;nonce="\w+"/, ""), "parameter nonce is missing"],
  ["no keyid", (input) => input.replace(/;keyid="[^"]+"/, ""), "parameter keyid is missing"],
  ["no alg", (input) => input.replace(/;alg="[^"]+"/, ""), "parameter alg is missing"],
  ["another alg", (input) => input.replace('alg="ed25519"', 'alg="hmac-sha256"'), PARAMETER_FORM],
  ["a short nonce", (input) => input.replace(/nonce="\w+"/, 'nonce="00"'), PARAMETER_FORM],
  ["one more parameter", (input) => `${input};tag="x"`, PARAMETER_FORM],
  ["a parameter twice", (input) => `${input};created=1`, FIELD_FORM],
  ["a decimal time", (input) => input.replace(/created=(\d+)/, "created=$1.5"), FIELD_FORM],
  ["a time as text", (input) => input.replace(/created=(\d+)/, 'created="$1"'), PARAMETER_FORM],
  ["a long validity", (input) => input.replace(/expires=(\d+)/, "expires=9999999999"), "its validity is too long"],
  ["two signatures", (input) => `${input}, other=${input.slice("sluice=".length)}`, FIELD_FORM],
  ["another label", (input) => input.replace("sluice=", "other="), FIELD_FORM],
  ["nothing", () => "", FIELD_FORM],
  ["a long field", (input) => `${input};tag="${"x".repeat(2_048)}"`, FIELD_FORM],
])("refuses a Signature-Input with %s", async (_, alter, reason) => {
  const message = await signed();
  const headers = { ...message.headers, "signature-input": alter(String(message.headers["signature-input"])) };
  await refuses({ ...message, headers }, reason);
});

test("refuses a request without signature fields or with two of them", async () => {
  const message = await signed();
  const { signature, "signature-input": input, "content-digest": digest, ...rest } = message.headers;
  await refuses({ ...message, headers: rest }, "there is none");
  await refuses(
    { ...message, headers: { ...rest, "signature-input": input, "content-digest": digest } },
    "there is none",
  );
  await refuses({ ...message, headers: { ...rest, signature, "content-digest": digest } }, "there is none");
  const twice = { ...message.headers, signature: [String(signature), String(signature)] };
  await refuses({ ...message, headers: twice }, FIELD_FORM);
  const noDigest = { ...rest, signature, "signature-input": input };
  await refuses({ ...message, headers: noDigest }, "the body is not the one that was signed");
});

test("signs a request without body and without path or query", async () => {
  const bare = { method: "get", url: "https://domain.example:443", body: new Uint8Array(0) };
  const message = await signed(bare);
  expect(await verifyHttp({ ...message, url: "https://domain.example/" }, policy())).toBe(key.keyId);
});

test.each(["/v1/jobs", "ftp://x/", "http://user@x/", "http://x/#part", "http://x/a b", ""])(
  "does not sign for %j",
  async (url) => {
    await expect(signHttp({ ...request, url }, key, { clock: at(0), random })).rejects.toThrow(RangeError);
  },
);

test("no field text makes the parsers throw or take long", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 3_000 }), (text) => {
      expect(() => [parseSignatureInput(text), parseSignature(text)]).not.toThrow();
      expect(() => parseSignatureInput(`a=("@method" ${text});b="${text}"`)).not.toThrow();
    }),
  );
  expect(parseSignatureInput(`a=(${" ".repeat(2_000)}`)).toBeNull();
});
