/** Client of mode VOPRF for long lists, with libsodium's group, where the kernel does not run: blinding, verification in batches, outputs.
 *
 *  An element is blinded by adding r · G, with a uniform r of its own: it is uniform whatever the input is, so that the server learns
 *  nothing of it, without an assumption. RFC 9497 multiplies by r instead; servers see no difference, and outputs are the same. Unblinding
 *  takes away r · Y, where Y is the server's public key, and so is right only for answers under that key: no output
 *  leaves this module before the proof over its batch has been verified.
 *
 *  Who learns what, and what a cheating party gains: see `client.ts`; functions are those of `ListClient`. No `node:` import: runs in Node and in browsers.
 *  @see https://www.rfc-editor.org/rfc/rfc9497 §3.3.2
 *  @module */
import { ELEMENT_BYTES, MAX_OPRF_ELEMENTS, PROOF_BYTES, SluiceError, type Bytes, type Random } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { inBatches, type PsiPassOptions } from "../psi/pass.ts";
import { SecretBytes } from "../secret.ts";
import { verifyProof } from "./dleq.ts";
import { OPRF_OUTPUT_BYTES, type AnsweredList, type BlindedList, type ListClient } from "./list-client.ts";
import { contextString, finalizeHash, hashToGroup, isElement } from "./transcript.ts";

/** Bytes that reduce to a scalar, or map to an element, without noticeable bias. */
const UNIFORM_BYTES = 64;
/** Items between two looks at the signal: some 20 ms. */
const BATCH_ITEMS = 128;

/** The client, when libsodium has loaded. @throws Error where WebAssembly is forbidden */
export async function openBulkClient(): Promise<ListClient> {
  await sodium.ready;
  return { blindList, finalizeList };
}

async function blindList(
  inputs: readonly Bytes[],
  total: number,
  random: Random,
  pass: PsiPassOptions = {},
): Promise<BlindedList> {
  const context = contextString("voprf");
  const elements = new Uint8Array(total * ELEMENT_BYTES);
  const blinds = new SecretBytes("Blinds", new Uint8Array(inputs.length * ELEMENT_BYTES));
  const blindSome = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const wide = random.bytes(UNIFORM_BYTES);
      const input = inputs[i];
      if (input === undefined) {
        elements.set(sodium.crypto_core_ristretto255_from_hash(wide), i * ELEMENT_BYTES);
        continue;
      }
      const blind = sodium.crypto_core_ristretto255_scalar_reduce(wide);
      const mask = sodium.crypto_scalarmult_ristretto255_base(blind);
      const blinded = sodium.crypto_core_ristretto255_add(hashToGroup(input, context), mask);
      elements.set(blinded, i * ELEMENT_BYTES);
      blinds.reveal().set(blind, i * ELEMENT_BYTES);
      for (const secret of [wide, blind, mask]) secret.fill(0);
    }
  };
  try {
    await inBatches(total, BATCH_ITEMS, pass, blindSome);
  } catch (error) {
    blinds.wipe();
    throw error;
  }
  return { elements, blinds };
}

async function finalizeList(
  { inputs, list, evaluated, proofs, publicKey }: AnsweredList,
  pass: PsiPassOptions = {},
): Promise<Bytes> {
  const total = evaluated.length / ELEMENT_BYTES;
  const batches = Math.ceil(total / MAX_OPRF_ELEMENTS);
  const { elements } = list;
  if (elements.length !== evaluated.length || proofs.length !== batches * PROOF_BYTES || !isElement(publicKey)) {
    throw new SluiceError("ERR_OPRF_PROOF");
  }
  const outputs = new Uint8Array(inputs.length * OPRF_OUTPUT_BYTES);
  await inBatches(total, MAX_OPRF_ELEMENTS, { ...pass, onProgress: undefined }, (from, to) => {
    const proof = itemAt(proofs, from / MAX_OPRF_ELEMENTS, PROOF_BYTES);
    verifyBatch(itemsOf(elements, from, to), itemsOf(evaluated, from, to), { publicKey, proof, from });
  });
  await inBatches(total, BATCH_ITEMS, pass, (from, to) => {
    for (let i = from; i < Math.min(to, inputs.length); i++) {
      const mask = sodium.crypto_scalarmult_ristretto255(itemAt(list.blinds.reveal(), i, ELEMENT_BYTES), publicKey);
      const element = sodium.crypto_core_ristretto255_sub(itemAt(evaluated, i, ELEMENT_BYTES), mask);
      outputs.set(finalizeHash(inputs[i] ?? new Uint8Array(), element), i * OPRF_OUTPUT_BYTES);
    }
  });
  return outputs;
}

function verifyBatch(
  blinded: readonly Bytes[],
  evaluated: readonly Bytes[],
  { publicKey, proof, from }: { readonly publicKey: Bytes; readonly proof: Bytes; readonly from: number },
): void {
  const refuseElement = (): void => {
    const bad = evaluated.findIndex((element) => !isElement(element));
    if (bad >= 0) throw new SluiceError("ERR_OPRF_ELEMENT", { index: from + bad });
  };
  if (evaluated.some((element) => element.every((byte) => byte === 0))) refuseElement();
  let verified: boolean;
  try {
    verified = verifyProof(publicKey, { blinded, evaluated }, proof, contextString("voprf"));
  } catch (cause) {
    refuseElement();
    throw cause;
  }
  if (!verified) throw new SluiceError("ERR_OPRF_PROOF");
}

function itemsOf(items: Bytes, from: number, to: number): Bytes[] {
  return Array.from({ length: to - from }, (_, i) => itemAt(items, from + i, ELEMENT_BYTES));
}

function itemAt(items: Bytes, index: number, itemBytes: number): Bytes {
  return items.subarray(index * itemBytes, (index + 1) * itemBytes);
}
