/** HTTP Message Signatures (RFC 9421), one strict profile: exactly one signature, by a key of either suite, over
 *  method, authority, path, query and Content-Digest, with created, expires, nonce, keyid and alg.
 *  @module */
import { base64 } from "@scure/base";
import {
  MAX_CLOCK_SKEW_MS,
  MAX_REQUEST_VALIDITY_MS,
  Random128,
  SluiceError,
  toHex,
  utf8,
  type Bytes,
  type Clock,
  type KeyId,
  type Random,
  type SuiteId,
} from "@sluice/protocol";
import { contentDigest } from "./content-digest.ts";
import type { SigningKey } from "./keys-signing.ts";
import { authorityOf, fieldValue, signatureBase, type HttpRequest } from "./signature-base.ts";
import { parseSignature, parseSignatureInput } from "./signature-input.ts";
import { verifyBytes } from "./suite.ts";

/** What every signature covers, in the order in which `signHttp` writes it. */
export const COVERED_COMPONENTS = ["@method", "@authority", "@path", "@query", "content-digest"] as const;
/** Longest time from `created` to `expires`, and what `signHttp` gives. */
export const HTTP_SIGNATURE_VALIDITY_S = MAX_REQUEST_VALIDITY_MS / 1_000;

const LABEL = "sluice";
/** Values of `alg`. The registry of RFC 9421 §6.2 has no name for SM2: ours is a private one. */
const ALGORITHMS = { ed25519: "ed25519", sm2: "sm2-sm3" } as const satisfies Record<SuiteId, string>;
const PARAMETERS = ["created", "expires", "nonce", "keyid", "alg"];
const NONCE_BYTES = 16;

/** Fields to send with a signed request. */
export type SignatureHeaders = { "content-digest": string; "signature-input": string; signature: string };

/** Signs a request by `key`. `body` is the exact bytes sent, empty when there are none.
 *  @throws RangeError when `url` is not an absolute http(s) URI without fragment or user info. */
export async function signHttp(
  request: { readonly method: string; readonly url: string; readonly body: Bytes },
  key: SigningKey,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<SignatureHeaders> {
  const created = Math.floor(clock.now().getTime() / 1_000);
  const digest = await contentDigest(request.body);
  const list = COVERED_COMPONENTS.map((name) => `"${name}"`).join(" ");
  const parameters =
    `(${list});created=${created};expires=${created + HTTP_SIGNATURE_VALIDITY_S}` +
    `;nonce="${toHex(random.bytes(NONCE_BYTES))}";keyid="${key.keyId}";alg="${ALGORITHMS[key.suite]}"`;
  const headers = { "content-digest": digest };
  const base = signatureBase({ ...request, headers }, COVERED_COMPONENTS, parameters);
  if (base === null) throw new RangeError("a signed request needs an absolute http or https URL");
  const signature = base64.encode(await key.sign(utf8(base)));
  return { ...headers, "signature-input": `${LABEL}=${parameters}`, signature: `${LABEL}=:${signature}:` };
}

/** The verifier's side. */
export type HttpPolicy = {
  /** Keys that may sign, or a look-up of them. */
  readonly allowed: readonly KeyId[] | ((keyId: KeyId) => boolean | Promise<boolean>);
  readonly clock: Clock;
  /** Records (keyId, nonce) until `expiresAt`, atomically; true when it was there before. Asked last, when
   *  everything else holds. */
  readonly seenNonce: (keyId: KeyId, nonce: string, expiresAt: Date) => boolean | Promise<boolean>;
  /** Names this server answers to, `host[:port]` in lower case; any, when absent. */
  readonly authorities?: readonly string[];
};

/** The key that signed exactly this request, now and for the first time. `url` is rebuilt from the Host
 *  field and the request target as they were received. @throws ERR_HTTP_SIGNATURE */
export async function verifyHttp(
  request: HttpRequest & { readonly body: Bytes },
  { allowed, clock, seenNonce, authorities }: HttpPolicy,
): Promise<KeyId> {
  const { components, parameters, text, signature } = readFields(request);
  const { created, expires, nonce, keyId, suite } = readParameters(parameters);
  const missing = COVERED_COMPONENTS.find((name) => !components.includes(name));
  if (missing !== undefined) throw refused(`it does not cover ${missing}`);
  if (components.length > COVERED_COMPONENTS.length) throw refused("it covers more than the profile names");

  const nowMs = clock.now().getTime();
  if (!(created * 1_000 <= nowMs + MAX_CLOCK_SKEW_MS)) throw refused("it was created in the future");
  if (!(nowMs < expires * 1_000)) throw refused("it has expired");
  if (expires <= created || expires - created > HTTP_SIGNATURE_VALIDITY_S) throw refused("its validity is too long");

  const authority = authorityOf(request.url);
  if (authority === null || authorities?.includes(authority) === false) throw refused("it is for another server");
  if (fieldValue(request.headers, "content-digest") !== (await contentDigest(request.body))) {
    throw refused("the body is not the one that was signed");
  }
  const base = signatureBase(request, components, text);
  const known = typeof allowed === "function" ? await allowed(keyId) : allowed.includes(keyId);
  if (!known) throw refused("its key is not known here");
  if (base === null || !(await verifyBytes(suite, keyId, utf8(base), signature))) throw refused("it does not verify");
  if (await seenNonce(keyId, nonce, new Date(expires * 1_000))) throw refused("its nonce was used before");
  return keyId;
}

function readFields(request: HttpRequest) {
  const inputField = fieldValue(request.headers, "signature-input");
  const signatureField = fieldValue(request.headers, "signature");
  if (inputField === null || signatureField === null) throw refused("there is none");
  const input = parseSignatureInput(inputField);
  const value = parseSignature(signatureField);
  if (input === null || value === null || input.label !== value.label) {
    throw refused("its fields do not have the form of one signature");
  }
  return { ...input, signature: value.signature };
}

function readParameters(parameters: ReadonlyMap<string, string | number>) {
  const missing = PARAMETERS.find((name) => !parameters.has(name));
  if (missing !== undefined) throw refused(`parameter ${missing} is missing`);
  const { created, expires, nonce, keyid, alg } = Object.fromEntries(parameters);
  const suite = alg === ALGORITHMS.ed25519 ? "ed25519" : alg === ALGORITHMS.sm2 ? "sm2" : null;
  if (typeof created !== "number" || typeof expires !== "number" || typeof keyid !== "string" || suite === null) {
    throw refused("a parameter does not have the form of the profile");
  }
  // A key names its suite; under another one no signature of it verifies.
  const parsedNonce = Random128.safeParse(nonce);
  if (parameters.size > PARAMETERS.length || !parsedNonce.success) {
    throw refused("a parameter does not have the form of the profile");
  }
  return { created, expires, nonce: parsedNonce.data, keyId: keyid, suite } as const;
}

function refused(reason: string): SluiceError {
  return new SluiceError("ERR_HTTP_SIGNATURE", { reason });
}
