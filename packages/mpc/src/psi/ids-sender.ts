/** Sender of private set intersection, variant ids, method filter: evaluates its set under the key of an epoch, and blinded lists of
 *  callers with a proof for each batch. Who learns what, and what a cheating party gains, stands in `ids-receiver.ts`.
 *
 *  The domain learns the padded size of a list. It gives one evaluation per element under one key for an epoch, so that callers
 *  keep a filter and fetch what has changed: two callers who compare notes see the same outputs.
 *  @module */
import {
  concatBytes,
  ELEMENT_BYTES,
  encodePsiIdsAnswer,
  isSluiceError,
  MAX_OPRF_ELEMENTS,
  SluiceError,
  type Bytes,
  type Random,
  type Sha256Hex,
} from "@sluice/protocol";
import { pause } from "../cancel.ts";
import { blindEvaluate, evaluateMany, type OprfKeyPair } from "../oprf/server.ts";
import { systemRandom } from "../random.ts";
import { FILTER_KEY_BYTES } from "./filter/shape.ts";
import type { PsiIdentity } from "./identity.ts";
import { expectVariant, openQuery } from "./sender-key.ts";

/** Keys of a filter: of each entry what a filter takes of its output, one after another.
 *  @throws ERR_OPRF_INPUT, ERR_CANCELLED; ERR_STATE when the identity is of the other variant */
export async function evaluateEntries(source: {
  readonly identity: PsiIdentity;
  readonly key: OprfKeyPair;
  /** `psiEntry` of each. */
  readonly entries: readonly Bytes[];
  readonly signal?: AbortSignal | undefined;
}): Promise<Bytes> {
  const { identity, key, entries, signal } = source;
  expectVariant(identity, "psi-ids");
  const outputs = await evaluateMany(key, entries, { signal });
  const keys = concatBytes(...outputs.map((output) => output.subarray(0, FILTER_KEY_BYTES)));
  for (const output of outputs) output.fill(0);
  return keys;
}

/** One call of a PSI product with ids. */
export interface IdsCall {
  readonly identity: PsiIdentity;
  readonly key: OprfKeyPair;
  /** Hash of the snapshot that is served. */
  readonly snapshot: Sha256Hex;
  /** PsiQuery. */
  readonly frame: Bytes;
  /** Nonces of the proofs are drawn from it. */
  readonly random?: Random;
  readonly signal?: AbortSignal | undefined;
}

/** The PsiIdsAnswer. Decoding checks every element before the key touches it, and a bad one refuses the list.
 *  @throws ERR_FRAME_MALFORMED, ERR_PSI_SET_TOO_LARGE, ERR_SNAPSHOT; ERR_OPRF_ELEMENT with the index of the first bad one;
 *  ERR_CANCELLED */
export async function answerIds(call: IdsCall): Promise<Bytes> {
  const { identity, key, snapshot, frame, random = systemRandom, signal } = call;
  expectVariant(identity, "psi-ids");
  const { elements } = openQuery(frame, snapshot);
  const evaluated = new Uint8Array(elements.length);
  const proofs: Bytes[] = [];
  const count = elements.length / ELEMENT_BYTES;
  for (let from = 0; from < count; from += MAX_OPRF_ELEMENTS) {
    await pause(signal);
    const batch = Array.from({ length: Math.min(MAX_OPRF_ELEMENTS, count - from) }, (_, i) =>
      elements.subarray((from + i) * ELEMENT_BYTES, (from + i + 1) * ELEMENT_BYTES),
    );
    const answered = await evaluateBatch(key, batch, { from, random });
    for (const [i, element] of answered.elements.entries()) evaluated.set(element, (from + i) * ELEMENT_BYTES);
    proofs.push(answered.proof);
  }
  return encodePsiIdsAnswer({ elements: evaluated, proofs: concatBytes(...proofs) });
}

async function evaluateBatch(
  key: OprfKeyPair,
  batch: readonly Bytes[],
  { from, random }: { readonly from: number; readonly random: Random },
) {
  try {
    return await blindEvaluate(key, batch, random);
  } catch (error) {
    if (!isSluiceError(error, "ERR_OPRF_ELEMENT")) throw error;
    throw new SluiceError("ERR_OPRF_ELEMENT", { index: from + Number(error.details["index"]) });
  }
}
