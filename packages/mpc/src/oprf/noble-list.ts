/** Lists under mode VOPRF with noble, blinded as RFC 9497 has it: where WebAssembly is forbidden. Scalars are big integers that cannot
 *  be wiped. No `node:` import: runs in Node and in browsers.
 *  @module */
import {
  concatBytes,
  ELEMENT_BYTES,
  isSluiceError,
  MAX_OPRF_ELEMENTS,
  PROOF_BYTES,
  SluiceError,
  type Bytes,
} from "@sluice/protocol";
import { nobleGroup } from "../psi/noble-group.ts";
import { inBatches } from "../psi/pass.ts";
import { SecretBytes } from "../secret.ts";
import { blind, finalizeVerified } from "./client.ts";
import type { ListClient } from "./list-client.ts";

/** Items between two looks at the signal: some 20 ms. */
const BATCH_ITEMS = 16;
const UNIFORM_BYTES = 64;
/** Input and blind of padding: its output is dropped. */
const PADDING_INPUT = Uint8Array.of(0);
const ONE = new SecretBytes("Blind", new Uint8Array(ELEMENT_BYTES).fill(1, 0, 1));

/** Operations as `ListClient` says. */
export const nobleListClient: ListClient = {
  async blindList(inputs, total, random, pass = {}) {
    const elements = new Uint8Array(total * ELEMENT_BYTES);
    const blinds = new SecretBytes("Blinds", new Uint8Array(inputs.length * ELEMENT_BYTES));
    const blindSome = (from: number, to: number): void => {
      for (let i = from; i < to; i++) {
        const input = inputs[i];
        const at = i * ELEMENT_BYTES;
        if (input === undefined) {
          elements.set(nobleGroup.map(random.bytes(UNIFORM_BYTES)), at);
          continue;
        }
        const blinded = blind(input, random);
        elements.set(blinded.blindedElement, at);
        blinds.reveal().set(blinded.blind.reveal(), at);
        blinded.blind.wipe();
      }
    };
    try {
      await inBatches(total, BATCH_ITEMS, pass, blindSome);
    } catch (error) {
      blinds.wipe();
      throw error;
    }
    return { elements, blinds };
  },

  async finalizeList({ inputs, list, evaluated, proofs, publicKey }, pass = {}) {
    const total = evaluated.length / ELEMENT_BYTES;
    if (proofs.length !== Math.ceil(total / MAX_OPRF_ELEMENTS) * PROOF_BYTES) throw new SluiceError("ERR_OPRF_PROOF");
    const outputs: Bytes[] = [];
    await inBatches(total, MAX_OPRF_ELEMENTS, pass, (from, to) => {
      const at = (items: Bytes, i: number): Bytes => items.subarray(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES);
      const numbers = Array.from({ length: to - from }, (_, i) => from + i);
      const proof = from / MAX_OPRF_ELEMENTS;
      try {
        const batch = finalizeVerified({
          inputs: numbers.map((i) => inputs[i] ?? PADDING_INPUT),
          blinds: numbers.map((i) => (i < inputs.length ? new SecretBytes("Blind", at(list.blinds.reveal(), i)) : ONE)),
          blindedElements: numbers.map((i) => at(list.elements, i)),
          evaluatedElements: numbers.map((i) => at(evaluated, i)),
          proof: proofs.subarray(proof * PROOF_BYTES, (proof + 1) * PROOF_BYTES),
          publicKey,
        });
        outputs.push(...batch);
      } catch (error) {
        if (!isSluiceError(error, "ERR_OPRF_ELEMENT")) throw error;
        throw new SluiceError("ERR_OPRF_ELEMENT", { index: from + Number(error.details["index"]) });
      }
    });
    return concatBytes(...outputs.slice(0, inputs.length));
  },
};
