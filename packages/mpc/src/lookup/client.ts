/** Client role of private lookup (匿踪查询): asks an index for the record of one key without showing the key.
 *
 *  Who learns what: the caller learns the record of its key, or that there is none, and the index's parameters. The domain
 *  and everyone between learn that this caller asked this product now; a hit and a miss send frames of
 *  the same lengths in the same order. Assumptions: none for the blinded element, LWE for the query (`lwe.ts`).
 *  A cheating domain can refuse or answer wrongly; it cannot learn the key, nor serve this caller from another OPRF key or
 *  another hint than the signed snapshot names. What a caller does after a hit, a miss or an error is visible to
 *  whoever watches it: behave alike.
 *  A cheating caller gets one record per OPRF evaluation it is charged for.
 *  No `node:` import: runs in Node and in browsers.
 *  @module */
import {
  decodeEvaluateResponse,
  decodePirAnswer,
  documentHash,
  encodeEvaluateRequest,
  encodePirQuery,
  fromHex,
  sha256Hex,
  SluiceError,
  type Bytes,
  type LookupSnapshot,
  type Random,
  type Sha256Hex,
} from "@sluice/protocol";
import { blind, finalizeVerified } from "../oprf/client.ts";
import { systemRandom } from "../random.ts";
import { lookupContext, oprfInput } from "./context.ts";
import { deriveRecordSecrets, wipeRecordSecrets } from "./derive.ts";
import { checkParameters, hintBytesOf } from "./lwe.ts";
import { LweMatrix } from "./matrix.ts";
import { PirQueryState } from "./pir-query.ts";
import { positionsOf } from "./positions.ts";
import { wordsOfBytes } from "./words.ts";

export { lookupContext, MAX_KEY_BYTES, type LookupIdentity } from "./context.ts";
export { systemRandom } from "../random.ts";

/** First step of a lookup: send `frame` as the body of `lookup.evaluate`. */
export interface LookupEvaluation {
  /** EvaluateRequest with one blinded element. */
  readonly frame: Bytes;
  /** Takes the EvaluateResponse. Works once. @throws ERR_FRAME_MALFORMED, ERR_OPRF_ELEMENT, ERR_OPRF_PROOF, ERR_STATE */
  evaluated(frame: Bytes): Promise<LookupQuery>;
}

/** Second step: send `frame` as the body of `lookup.query`. */
export interface LookupQuery {
  /** PirQuery against the client's snapshot. */
  readonly frame: Bytes;
  /** Takes the PirAnswer: the payload, or null when the index has no such key. Works once.
   *  @throws ERR_FRAME_MALFORMED, ERR_LOOKUP_CORRUPT, ERR_STATE */
  finish(frame: Bytes): Promise<Bytes | null>;
  /** Wipes the secrets of a query that will not be finished. */
  discard(): void;
}

/** A snapshot with its hint; makes any number of lookups. Holds public bytes only, nothing to close. */
export class LookupClient {
  readonly snapshot: LookupSnapshot;
  readonly snapshotHash: Sha256Hex;
  readonly #matrix: LweMatrix;
  readonly #hint: Int32Array;
  readonly #context: Bytes;

  private constructor(snapshot: LookupSnapshot, snapshotHash: Sha256Hex, matrix: LweMatrix, hint: Int32Array) {
    this.snapshot = snapshot;
    this.snapshotHash = snapshotHash;
    this.#matrix = matrix;
    this.#hint = hint;
    this.#context = lookupContext(snapshot);
  }

  /** Checks hint and hash against the snapshot, whose signature the caller has verified.
   *  @throws ERR_RECEIPT when a hash does not match; ERR_FRAME_MALFORMED when the parameters are not acceptable. */
  static async open(source: {
    readonly snapshot: LookupSnapshot;
    readonly snapshotHash: Sha256Hex;
    readonly hint: Bytes;
  }): Promise<LookupClient> {
    const { snapshot, snapshotHash, hint } = source;
    if ((await documentHash(snapshot)) !== snapshotHash) {
      throw new SluiceError("ERR_RECEIPT", { reason: "the snapshot is not the one that was named" });
    }
    checkParameters(snapshot.parameters);
    const expectedBytes = hintBytesOf(snapshot.parameters);
    if (hint.length !== expectedBytes || snapshot.hintBytes !== expectedBytes) {
      throw new SluiceError("ERR_RECEIPT", { reason: "the hint has another size than the snapshot's parameters give" });
    }
    if ((await sha256Hex(hint)) !== snapshot.hint) {
      throw new SluiceError("ERR_RECEIPT", { reason: "the hint is not the one the snapshot names" });
    }
    const matrix = await LweMatrix.open(fromHex(snapshot.parameters.matrixSeed));
    return new LookupClient(snapshot, snapshotHash, matrix, new Int32Array(wordsOfBytes(hint).buffer));
  }

  /** Starts a lookup of `key`, used exactly as it is. @throws ERR_OPRF_INPUT when the key cannot be a key. */
  start(key: string, random: Random = systemRandom): LookupEvaluation {
    const input = oprfInput(this.#context, key);
    const { blind: blindScalar, blindedElement } = blind(input, random);
    let open = true;
    return {
      frame: encodeEvaluateRequest({ elements: [blindedElement] }),
      evaluated: async (frame) => {
        if (!open) {
          throw new SluiceError("ERR_STATE", { kind: "query", name: "lookup", state: "evaluated", needed: "new" });
        }
        open = false;
        try {
          const { elements, proof } = decodeEvaluateResponse(frame);
          const [output] = finalizeVerified({
            inputs: [input],
            blinds: [blindScalar],
            blindedElements: [blindedElement],
            evaluatedElements: elements,
            proof,
            publicKey: fromHex(this.snapshot.oprfPublicKey),
          });
          if (output === undefined) throw new SluiceError("ERR_OPRF_PROOF");
          return await this.#query(output, random);
        } finally {
          blindScalar.wipe();
          input.fill(0);
        }
      },
    };
  }

  async #query(output: Bytes, random: Random): Promise<LookupQuery> {
    const { parameters } = this.snapshot;
    const secrets = deriveRecordSecrets(output, fromHex(parameters.matrixSeed));
    output.fill(0);
    const positions = positionsOf(secrets.position, fromHex(parameters.filterSeed), parameters);
    const state = await PirQueryState.create(parameters, this.#matrix, positions, random);
    return {
      frame: encodePirQuery({ snapshot: fromHex(this.snapshotHash), query: state.query }),
      finish: async (frame) => {
        try {
          return await openRecord(secrets.key, secrets.nonce, state.recover(decodePirAnswer(frame), this.#hint));
        } finally {
          state.discard();
          wipeRecordSecrets(secrets);
        }
      },
      discard: () => {
        state.discard();
        wipeRecordSecrets(secrets);
      },
    };
  }
}

/** AES-256-GCM. Null when the tag does not fit: the slots of an absent key sum to bytes that no one chose. */
async function openRecord(key: Bytes, nonce: Bytes, record: Bytes): Promise<Bytes | null> {
  const aes = await crypto.subtle.importKey("raw", new Uint8Array(key), "AES-GCM", false, ["decrypt"]);
  try {
    const iv = new Uint8Array(nonce);
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, aes, new Uint8Array(record)));
  } catch {
    return null;
  }
}
