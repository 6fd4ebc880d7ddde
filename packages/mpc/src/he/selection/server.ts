/** Server role of sums under a hidden selection: a domain answers with encrypted noisy sums over groups that it chose itself, to a
 *  selection that it cannot read. It answers only a selection that this caller registered, whose proofs hold: every number is
 *  0 or 1, and enough groups are in it and outside. Never a value of a row, and never of one group by one request.
 *
 *  What protects the subjects is the size of groups, the noise of every answer and the budget that it is charged to, not
 *  encryption: that protects the caller's selection from the domain. docs/hidden-selection.md says more.
 *  @module */
import {
  decodeSelection,
  decodeSelectionRequest,
  encodeSelectionSums,
  equalBytes,
  fromHex,
  selectionStatement,
  SELECTION_NOISE_SCALES,
  SluiceError,
  toHex,
  type Bytes,
  type Random,
  type SelectionMeasure,
} from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { systemRandom } from "../../random.ts";
import { encryptedSum, wholeOf, type VerifiedSelection } from "./encrypted-sum.ts";
import type { SelectionEntry, SelectionRegister } from "./register.ts";
import type { SelectionTable } from "./table.ts";
import { commitmentOf } from "./transcript.ts";
import { verifySelection } from "./verify.ts";

export {
  memorySelectionRegister,
  type SelectionCharge,
  type SelectionEntry,
  type SelectionRefusal,
  type SelectionRegister,
} from "./register.ts";
export { SelectionTable, type SelectionGroupSums } from "./table.ts";
export { SELECTION_WORKER, type SelectionTask } from "./tasks.ts";
export { commitmentOf } from "./transcript.ts";

/** What a domain answers one caller with. */
export interface SelectionServerOptions {
  readonly table: SelectionTable;
  /** Who asks, as the transport authenticated it. */
  readonly caller: string;
  readonly register: SelectionRegister;
  /** Draws discrete Laplace noise of a scale, exactly. */
  readonly noise: (scale: number) => bigint;
  readonly random?: Random;
}

/** Answers one caller in one epoch. Holds the last selection that it verified, 64 bytes a group; nothing to close. */
export class SelectionServer {
  readonly #options: SelectionServerOptions;
  readonly #random: Random;
  readonly #statement: Bytes;
  #selection: VerifiedSelection | undefined;

  private constructor(options: SelectionServerOptions, statement: Bytes) {
    this.#options = options;
    this.#random = options.random ?? systemRandom;
    this.#statement = statement;
  }

  /** A role for one caller. */
  static async open(options: SelectionServerOptions): Promise<SelectionServer> {
    await sodium.ready;
    return new SelectionServer(options, fromHex(await selectionStatement(options.table.parameters, options.caller)));
  }

  /** Takes a Selection; requests under it may follow.
   *  @throws ERR_SELECTION_REFUSED when it is made for something else or not registered; ERR_SELECTION_PROOF;
   *  ERR_FRAME_MALFORMED; ERR_CANCELLED */
  async select(frame: Bytes, signal?: AbortSignal): Promise<void> {
    // A copy: what is verified stays what it is.
    const selection = decodeSelection(new Uint8Array(frame));
    if (!equalBytes(selection.statement, this.#statement)) throw refused("it is made for another product or caller");
    const commitment = commitmentOf(selection);
    if (!(await this.#options.register.holds(this.#entry(commitment)))) throw refused("it is not registered");
    if (!(await verifySelection(this.#options.table.parameters, selection, this.#random, signal))) {
      throw new SluiceError("ERR_SELECTION_PROOF");
    }
    const { publicKey, ciphertexts } = selection;
    const whole = wholeOf(ciphertexts);
    if (whole === null) throw new SluiceError("ERR_SELECTION_PROOF");
    this.#selection = { commitment, publicKey, ciphertexts, whole };
  }

  /** Answers a SelectionRequest with SelectionSums, which is charged first, whatever comes after.
   *  @throws ERR_SELECTION_REFUSED; ERR_FRAME_MALFORMED; ERR_CANCELLED */
  async answer(frame: Bytes, signal?: AbortSignal): Promise<Bytes> {
    const { commitment, epoch, measures } = decodeSelectionRequest(new Uint8Array(frame));
    const selection = this.#selection;
    if (selection === undefined || !equalBytes(selection.commitment, commitment)) throw refused("no such selection");
    const { table, register } = this.#options;
    if (epoch !== table.epoch) throw refused("there is no such epoch");
    const asked = measures.map((index) => {
      const measure = table.parameters.measures[index];
      if (measure === undefined) throw refused("there is no such measure");
      return { index, measure };
    });
    const refusal = await register.charge({
      ...this.#entry(commitment),
      epoch,
      measures: asked.map(({ measure: { name, subjectBound, noiseScale } }) => ({ name, subjectBound, noiseScale })),
    });
    if (refusal !== null) throw refused(refusal);
    const sums: Bytes[] = [];
    for (const { index, measure } of asked) {
      const noise = selectionNoise(measure, this.#options.noise);
      sums.push(await encryptedSum(selection, table.sumsOf(index), measure, noise, this.#random, signal));
    }
    return encodeSelectionSums({ commitment, epoch, measures, sums });
  }

  #entry(commitment: Bytes): SelectionEntry {
    const { table, caller } = this.#options;
    return { product: table.parameters.product, caller, commitment: toHex(commitment) };
  }
}

/** Noise of one sum: drawn again in the unlikely case that it is beyond what the bound leaves place for.
 *  @param draw discrete Laplace noise of a scale, exactly */
export function selectionNoise({ noiseScale }: SelectionMeasure, draw: (scale: number) => bigint): bigint {
  const most = BigInt(SELECTION_NOISE_SCALES * noiseScale);
  for (;;) {
    const drawn = draw(noiseScale);
    if (drawn <= most && -drawn <= most) return drawn;
  }
}

function refused(reason: string): SluiceError {
  return new SluiceError("ERR_SELECTION_REFUSED", { reason });
}
