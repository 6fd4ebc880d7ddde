/** Server of the oblivious PRF of RFC 9497, suite ristretto255-SHA512, with libsodium's constant-time group in
 *  WebAssembly (about ten times the speed of bigint arithmetic).
 *
 *  Who learns what: the server learns how many elements a client sent, never the inputs or the outputs. The client
 *  learns F(k, input) per element. The group's decoding checks every element before the key touches it: non-canonical
 *  encodings and the identity are refused, and with them the whole batch.
 *  The key is the crown jewel: whoever holds it evaluates every identity number offline. It is derived per product and
 *  epoch, stays in the domain, redacts when printed, and is wiped by whoever derived it.
 *  WebAssembly makes no constant-time promise to a co-tenant of the machine.
 *  @see https://www.rfc-editor.org/rfc/rfc9497 §3
 *  @module */
import { concatBytes, MAX_OPRF_ELEMENTS, SluiceError, type Bytes, type Random } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { checkCancelled, pause } from "../cancel.ts";
import { systemRandom } from "../random.ts";
import { SecretBytes } from "../secret.ts";
import { MAX_OPRF_INPUT_BYTES, type OprfMode } from "./client.ts";
import { generateProof } from "./dleq.ts";
import { contextString, finalizeHash, hashToGroup, hashToScalar, isElement, prefixed } from "./transcript.ts";

/** Bytes of the seed a key pair is derived from. */
export const OPRF_SEED_BYTES = 32;
/** Inputs evaluated between two looks at the signal: some 20 ms. */
const BATCH_INPUTS = 128;

/** Key pair of one product and epoch. */
export interface OprfKeyPair {
  readonly mode: OprfMode;
  /** Canonical element; clients pin it. */
  readonly publicKey: Bytes;
  /** Secret scalar; prints as `OprfSecret(…)`. */
  readonly secret: SecretBytes;
}

/** DeriveKeyPair (RFC 9497 §3.2.1). @param seed 32 secret random bytes. @param info public, binds product and epoch.
 *  @throws ERR_OPRF_INPUT when seed or info has a wrong length. */
export async function deriveKeyPair(seed: Bytes, info: Bytes, mode: OprfMode = "voprf"): Promise<OprfKeyPair> {
  await sodium.ready;
  if (seed.length !== OPRF_SEED_BYTES || info.length > MAX_OPRF_INPUT_BYTES) {
    throw new SluiceError("ERR_OPRF_INPUT", { reason: `a key is derived from ${OPRF_SEED_BYTES} bytes and a label` });
  }
  const input = concatBytes(seed, prefixed(info), Uint8Array.of(0));
  for (let counter = 0; counter < 256; counter++) {
    input[input.length - 1] = counter;
    const scalar = hashToScalar(input, "DeriveKeyPair", contextString(mode));
    if (scalar.every((byte) => byte === 0)) continue;
    input.fill(0);
    return {
      mode,
      publicKey: sodium.crypto_scalarmult_ristretto255_base(scalar),
      secret: new SecretBytes("OprfSecret", scalar),
    };
  }
  throw new SluiceError("ERR_OPRF_INPUT", { reason: "no key derives from this seed" });
}

/** BlindEvaluate of mode VOPRF for a batch, with one proof for all of it.
 *  @throws ERR_OPRF_ELEMENT with the index of the first element that is not canonical or is the identity;
 *  ERR_FRAME_MALFORMED when there are none, or more than MAX_OPRF_ELEMENTS. */
export async function blindEvaluate(
  keyPair: OprfKeyPair,
  elements: readonly Bytes[],
  random: Random = systemRandom,
): Promise<{ elements: Bytes[]; proof: Bytes }> {
  const evaluated = await evaluateElements(keyPair, elements, "voprf");
  const pairs = { blinded: elements, evaluated };
  const proof = generateProof(keyPair.secret.reveal(), keyPair.publicKey, pairs, random, contextString("voprf"));
  return { elements: evaluated, proof };
}

/** BlindEvaluate of mode OPRF: no proof, so a client cannot tell which key was used.
 *  @throws as `blindEvaluate` does. */
export function blindEvaluateUnverified(keyPair: OprfKeyPair, elements: readonly Bytes[]): Promise<Bytes[]> {
  return evaluateElements(keyPair, elements, "oprf");
}

/** Evaluate for inputs the server itself holds: the 64-byte outputs, in order. For the build of an index.
 *  @throws ERR_OPRF_INPUT when an input is not 1 to 65535 bytes; ERR_CANCELLED. */
export async function evaluateMany(
  keyPair: OprfKeyPair,
  inputs: readonly Bytes[],
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Bytes[]> {
  await sodium.ready;
  checkCancelled(options.signal);
  const context = contextString(keyPair.mode);
  const secret = keyPair.secret.reveal();
  const outputs: Bytes[] = [];
  for (const input of inputs) {
    const element = sodium.crypto_scalarmult_ristretto255(secret, hashToGroup(input, context));
    outputs.push(finalizeHash(input, element));
    element.fill(0);
    if (outputs.length % BATCH_INPUTS === 0) await pause(options.signal);
  }
  return outputs;
}

async function evaluateElements(keyPair: OprfKeyPair, elements: readonly Bytes[], mode: OprfMode): Promise<Bytes[]> {
  await sodium.ready;
  if (keyPair.mode !== mode) {
    throw new SluiceError("ERR_STATE", { kind: "key", name: "oprf", state: keyPair.mode, needed: mode });
  }
  if (elements.length < 1 || elements.length > MAX_OPRF_ELEMENTS) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "elements", expected: `1 to ${MAX_OPRF_ELEMENTS}` });
  }
  const secret = keyPair.secret.reveal();
  return elements.map((element, index) => {
    try {
      // It decodes before it multiplies, and refuses what is not canonical, and the identity.
      return sodium.crypto_scalarmult_ristretto255(secret, element);
    } catch (cause) {
      if (isElement(element)) throw cause;
      throw new SluiceError("ERR_OPRF_ELEMENT", { index });
    }
  });
}
