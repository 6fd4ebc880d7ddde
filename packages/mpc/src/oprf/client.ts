/** Client of the oblivious PRF of RFC 9497, suite ristretto255-SHA512, modes OPRF (0x00) and VOPRF (0x01).
 *
 *  Who learns what: the client learns F(k, input) for the inputs it blinded and nothing else about k. The server
 *  learns how many elements it evaluated; a blinded element is uniform and independent of the input, so this holds
 *  against any server, without an assumption. In VOPRF mode the batched DLEQ proof shows that the server used
 *  the key whose public half the client pinned (discrete logarithm in ristretto255, random oracle).
 *  A cheating server gains: in VOPRF mode only refusal of service. In OPRF mode it may use another key for each client.
 *  A cheating client gains one evaluation per element it sends, whatever it sends; only the quota bounds it.
 *  Timing: bigint arithmetic in JavaScript is not constant time; the client must not blind under an observer
 *  on its own machine.
 *  @see https://www.rfc-editor.org/rfc/rfc9497 §3.3
 *  @module */
import { ristretto255, ristretto255_oprf } from "@noble/curves/ed25519.js";
import { ELEMENT_BYTES, MAX_OPRF_ELEMENTS, PROOF_BYTES, SluiceError, type Bytes, type Random } from "@sluice/protocol";
import { systemRandom } from "../random.ts";
import { SecretBytes } from "../secret.ts";

export { systemRandom } from "../random.ts";

/** Protocol variant: `voprf` proves the key, `oprf` does not. */
export type OprfMode = "oprf" | "voprf";

/** Blinding scalar of one input. Never leaves the client; prints as `Blind(…)`. */
export type Blind = SecretBytes;

/** Longest OPRF input (RFC 9497 §1.2). */
export const MAX_OPRF_INPUT_BYTES = 65_535;

/** Blinds `input` with a fresh scalar; the element goes to the server, the blind stays.
 *  @throws ERR_OPRF_INPUT when `input` is not 1 to 65535 bytes, or hashes to the identity. */
export function blind(
  input: Bytes,
  random: Random = systemRandom,
  mode: OprfMode = "voprf",
): { blind: Blind; blindedElement: Bytes } {
  checkInput(input);
  const drawn: Bytes[] = [];
  try {
    const made = ristretto255_oprf[mode].blind(input, (length = ELEMENT_BYTES) => {
      const bytes = random.bytes(length);
      const copy = new Uint8Array(bytes);
      drawn.push(bytes, copy);
      return copy;
    });
    return { blind: new SecretBytes("Blind", made.blind), blindedElement: made.blinded };
  } catch (cause) {
    throw new SluiceError("ERR_OPRF_INPUT", { reason: "it does not map to a group element" }, { cause });
  } finally {
    for (const bytes of drawn) bytes.fill(0);
  }
}

/** One verifiable evaluation as the client sees it; entry i of every list belongs to input i. */
export interface VerifiedEvaluation {
  readonly inputs: readonly Bytes[];
  readonly blinds: readonly Blind[];
  readonly blindedElements: readonly Bytes[];
  readonly evaluatedElements: readonly Bytes[];
  /** Challenge and response scalars over the whole batch. */
  readonly proof: Bytes;
  /** The pinned public key of the server. */
  readonly publicKey: Bytes;
}

/** Verifies the proof and unblinds: the 64-byte outputs, in order of the inputs.
 *  @throws ERR_OPRF_PROOF when the proof, the public key or the number of elements is wrong;
 *  ERR_OPRF_ELEMENT when an element is not canonical or is the identity. */
export function finalizeVerified(evaluation: VerifiedEvaluation): Bytes[] {
  const { inputs, blinds, blindedElements, evaluatedElements, proof, publicKey } = evaluation;
  const counts = new Set([inputs.length, blinds.length, blindedElements.length, evaluatedElements.length]);
  if (counts.size !== 1 || inputs.length < 1 || inputs.length > MAX_OPRF_ELEMENTS || proof.length !== PROOF_BYTES) {
    throw new SluiceError("ERR_OPRF_PROOF");
  }
  for (const [index, element] of evaluatedElements.entries()) checkElement(element, index);
  const items = inputs.map((input, i) => ({
    input,
    blind: blinds[i]?.reveal() ?? new Uint8Array(),
    blinded: blindedElements[i] ?? new Uint8Array(),
    evaluated: evaluatedElements[i] ?? new Uint8Array(),
  }));
  try {
    return ristretto255_oprf.voprf.finalizeBatch(items, publicKey, proof);
  } catch (cause) {
    throw new SluiceError("ERR_OPRF_PROOF", {}, { cause });
  }
}

/** Unblinds one evaluation of mode OPRF, which carries no proof. Do not use it where a key can be pinned.
 *  @throws ERR_OPRF_ELEMENT when the element is not canonical or is the identity. */
export function finalize(input: Bytes, blind: Blind, evaluatedElement: Bytes): Bytes {
  checkInput(input);
  checkElement(evaluatedElement, 0);
  return ristretto255_oprf.oprf.finalize(input, blind.reveal(), evaluatedElement);
}

function checkInput(input: Bytes): void {
  if (input.length < 1 || input.length > MAX_OPRF_INPUT_BYTES) {
    throw new SluiceError("ERR_OPRF_INPUT", { reason: "its length is outside the limits" });
  }
}

function checkElement(element: Bytes, index: number): void {
  try {
    if (!ristretto255.Point.fromBytes(element).equals(ristretto255.Point.ZERO)) return;
  } catch {
    // Refused below: an invalid encoding and the identity get the same answer.
  }
  throw new SluiceError("ERR_OPRF_ELEMENT", { index });
}
