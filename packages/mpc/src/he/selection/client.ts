/** Client role of sums under a hidden selection (隐藏选择求和): the caller selects some of the groups that a domain chose, and gets
 *  the noisy sum of each measure over them.
 *
 *  Who learns what: the caller learns sums over at least `minimumGroups` groups, with the domain's noise, and nothing else of the
 *  groups, whatever it sends. The domain learns who asks, for which measures and when, and not which groups, nor how many, under
 *  the decisional Diffie–Hellman assumption in ristretto255, SHA-512 taken as a random oracle. The gateway learns as much.
 *  A cheating domain can return wrong sums. It must not be told whether an answer opened: an answer that fails for some
 *  selections and not for others would tell it which.
 *
 *  Times of proofs do not depend on the selection, except for what libsodium and the engine leave open on the caller's machine.
 *  No `node:` import: runs in Node and in browsers. About a millisecond per group; a sum within ±10^6 opens in some hundredths of
 *  a second, one within ±2^39 in about a minute.
 *  @module */
import {
  allowedTotals,
  decodeSelection,
  decodeSelectionRequest,
  decodeSelectionSums,
  encodeSelection,
  encodeSelectionRequest,
  equalBytes,
  fromHex,
  parseSelectionParameters,
  selectionStatement,
  SluiceError,
  type Bytes,
  type Random,
  type SelectionMeasure,
  type SelectionParameters,
} from "@sluice/protocol";
import { systemRandom } from "../../random.ts";
import { SecretBytes } from "../../secret.ts";
import { isZero, randomScalar, selectionGroup, type SelectionGroup } from "./group.ts";
import { makeSelection } from "./make-selection.ts";
import { SmallLogarithm } from "./small-logarithm.ts";
import { commitmentOf } from "./transcript.ts";

/** What a selection is made for. */
export interface SelectionSubject {
  readonly parameters: SelectionParameters;
  /** The caller as the domain knows it. */
  readonly caller: string;
}

/** One selection and its key. It serves all measures and epochs of its parameters. */
export class SelectionClient {
  /** What to register before the first request: 32 bytes. */
  readonly commitment: Bytes;
  /** Selection. */
  readonly frame: Bytes;
  /** The key, to keep beside `frame` for later requests. */
  readonly secret: SecretBytes;
  readonly #parameters: SelectionParameters;
  readonly #group: SelectionGroup;
  readonly #logarithms = new Map<number, SmallLogarithm>();
  #closed = false;

  private constructor(parameters: SelectionParameters, group: SelectionGroup, frame: Bytes, secret: Bytes) {
    this.#parameters = parameters;
    this.#group = group;
    this.frame = frame;
    this.commitment = commitmentOf(decodeSelection(frame));
    this.secret = new SecretBytes("SelectionKey", secret);
  }

  /** Selects groups by their labels.
   *  @throws ERR_SELECTION_TOTAL when they are too few, or leave too few out; ERR_SELECTION_PARAMETERS */
  static async select(
    subject: SelectionSubject,
    labels: readonly string[],
    random: Random = systemRandom,
  ): Promise<SelectionClient> {
    const parameters = parseSelectionParameters(subject.parameters);
    const { groups, minimumGroups } = parameters;
    const selected = new Set(labels);
    if (selected.size !== labels.length || labels.some((label) => !groups.includes(label))) {
      throw new SluiceError("ERR_SELECTION_PARAMETERS", { field: "labels", expected: "labels of groups, each once" });
    }
    if (!allowedTotals(parameters).includes(labels.length)) {
      throw new SluiceError("ERR_SELECTION_TOTAL", { groups: groups.length, minimumGroups });
    }
    const group = await selectionGroup();
    const secret = randomScalar(group, random);
    const numbers = groups.map((label) => Number(selected.has(label)));
    const selection = await makeSelection(group, random, parameters, subject.caller, numbers, secret);
    return new SelectionClient(parameters, group, encodeSelection(selection), secret);
  }

  /** Takes up a selection that was made before. Takes ownership of `secret`.
   *  @throws ERR_SELECTION_REFUSED when key, frame and subject do not belong together; ERR_FRAME_MALFORMED */
  static async resume(subject: SelectionSubject, frame: Bytes, secret: Bytes): Promise<SelectionClient> {
    const parameters = parseSelectionParameters(subject.parameters);
    const group = await selectionGroup();
    const { statement, publicKey } = decodeSelection(frame);
    const whole = secret.length === 32 && !isZero(secret);
    const expected = fromHex(await selectionStatement(parameters, subject.caller));
    if (!whole || !equalBytes(statement, expected) || !equalBytes(group.multiplyBase(secret), publicKey)) {
      throw new SluiceError("ERR_SELECTION_REFUSED", { reason: "key, selection and product do not belong together" });
    }
    return new SelectionClient(parameters, group, frame, secret);
  }

  /** SelectionRequest for measures by name. @throws ERR_SELECTION_PARAMETERS, ERR_FRAME_MALFORMED */
  request(epoch: string, names: readonly string[]): Bytes {
    const indices = names.map((name) => this.#parameters.measures.findIndex((measure) => measure.name === name));
    if (indices.includes(-1) || new Set(indices).size !== indices.length) {
      throw new SluiceError("ERR_SELECTION_PARAMETERS", { field: "measures", expected: "declared names, each once" });
    }
    const measures = indices.toSorted((a, b) => a - b);
    return encodeSelectionRequest({ commitment: this.commitment, epoch, measures });
  }

  /** Opens the answer to `request`: the noisy sum of each measure.
   *  @throws ERR_SELECTION_REFUSED when it answers something else; ERR_SELECTION_SUM; ERR_FRAME_MALFORMED; ERR_CANCELLED;
   *  ERR_STATE after `close` */
  async open(request: Bytes, answer: Bytes, signal?: AbortSignal): Promise<Map<string, number>> {
    if (this.#closed)
      throw new SluiceError("ERR_STATE", {
        kind: "selection",
        name: this.#parameters.product,
        state: "closed",
        needed: "open",
      });
    const asked = decodeSelectionRequest(request);
    const got = decodeSelectionSums(answer);
    const same = equalBytes(asked.commitment, got.commitment) && equalBytes(asked.commitment, this.commitment);
    if (!same || asked.epoch !== got.epoch || asked.measures.join() !== got.measures.join()) {
      throw new SluiceError("ERR_SELECTION_REFUSED", { reason: "the answer is one to another request" });
    }
    const sums = new Map<string, number>();
    for (const [i, index] of got.measures.entries()) {
      const measure = this.#parameters.measures[index];
      if (measure === undefined) throw new SluiceError("ERR_SELECTION_REFUSED", { reason: "no such measure" });
      sums.set(measure.name, await this.#decrypt(measure, got.sums[i] ?? new Uint8Array(), signal));
    }
    return sums;
  }

  async #decrypt({ name, bound }: SelectionMeasure, ciphertext: Bytes, signal?: AbortSignal): Promise<number> {
    const group = this.#group;
    let element: Bytes | null = null;
    try {
      const shared = group.multiply(this.secret.reveal(), ciphertext.subarray(0, 32));
      if (shared !== null) element = group.subtract(ciphertext.subarray(32), shared);
    } catch {
      // An element that is not canonical.
    }
    if (element === null) throw new SluiceError("ERR_SELECTION_SUM", { measure: name });
    let logarithm = this.#logarithms.get(bound);
    if (logarithm === undefined) {
      logarithm = new SmallLogarithm(group, bound);
      this.#logarithms.set(bound, logarithm);
    }
    const sum = await logarithm.find(element, signal);
    if (sum === null) throw new SluiceError("ERR_SELECTION_SUM", { measure: name });
    return sum;
  }

  /** Wipes the key: nothing can be opened afterwards. */
  close(): void {
    this.#closed = true;
    this.secret.wipe();
    this.#logarithms.clear();
  }
}
