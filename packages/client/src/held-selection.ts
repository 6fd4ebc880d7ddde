/** A hidden selection that a caller holds: its key, which opens answers, and what was sent. Nothing here speaks with anybody: what
 *  was kept is taken up by another process, and an answer that was kept is opened without the gateway.
 *  @module */
import type { SelectionClient } from "@sluice/mpc/he/selection/client";
import { toHex, type Bytes, type SelectionMeasure, type SelectionParameters, type Sha256Hex } from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { asClient, refusal } from "./refusal.ts";

/** Selections are made for these, and no others. */
export interface SelectionFacts {
  readonly parameters: SelectionParameters;
  /** Decimals of each measure, in the order of the parameters. */
  readonly digits: readonly number[];
  /** Name of the caller, as the grant has it. */
  readonly caller: string;
}

/** What takes a selection up again. With `secret`, whoever has `frame` or an answer knows the selection, and the sums. */
export interface KeptSelection extends SelectionFacts {
  /** Selection. */
  readonly frame: Bytes;
  readonly secret: Bytes;
}

/** An answer, with the request that it answers. */
export interface SelectionAnswer {
  readonly request: Bytes;
  readonly answer: Bytes;
}

/** A noisy sum over the selected groups. */
export interface NoisySum {
  readonly measure: string;
  readonly value: number;
  /** Its noise is within this 19 times out of 20. */
  readonly likelyError: number;
  /** ε of this sum, of the caller's budget. */
  readonly epsilon: number;
}

/** A selection and its key. It prints as its commitment. */
export class HeldSelection {
  readonly #facts: SelectionFacts;
  readonly #client: SelectionClient;

  private constructor(facts: SelectionFacts, client: SelectionClient) {
    this.#facts = facts;
    this.#client = client;
  }

  /** Selects groups by their labels. @throws ERR_SELECTION_TOTAL, ERR_SELECTION_PARAMETERS */
  static async select(facts: SelectionFacts, labels: readonly string[]): Promise<HeldSelection> {
    const { SelectionClient } = await import("@sluice/mpc/he/selection/client");
    return new HeldSelection(facts, await asClient(() => SelectionClient.select(facts, labels)));
  }

  /** Takes up one that was kept. @throws ERR_SELECTION_REFUSED when its parts do not belong together; ERR_FRAME_MALFORMED */
  static async resume({ frame, secret, ...facts }: KeptSelection): Promise<HeldSelection> {
    const { SelectionClient } = await import("@sluice/mpc/he/selection/client");
    return new HeldSelection(facts, await asClient(() => SelectionClient.resume(facts, frame, secret.slice())));
  }

  /** What it is registered by. */
  get commitment(): Sha256Hex {
    return toHex(this.#client.commitment);
  }

  /** Selection. */
  get frame(): Bytes {
    return this.#client.frame;
  }

  /** What takes it up again: secret. */
  keep(): KeptSelection {
    return { ...this.#facts, frame: this.#client.frame, secret: this.#client.secret.reveal().slice() };
  }

  /** SelectionRequest for measures by name. @throws ERR_SELECTION_PARAMETERS, ERR_FRAME_MALFORMED */
  request(epoch: string, measures: readonly string[]): Bytes {
    return this.#client.request(epoch, measures);
  }

  /** Opens an answer. Do not tell domain or gateway whether it opened.
   *  @throws ERR_SELECTION_SUM, ERR_SELECTION_REFUSED, ERR_FRAME_MALFORMED, ERR_CANCELLED, ERR_STATE after `close` */
  async open({ request, answer }: SelectionAnswer, { signal }: CallOptions = {}): Promise<NoisySum[]> {
    const sums = await asClient(() => this.#client.open(request, answer, signal));
    const { parameters, digits } = this.#facts;
    return [...sums].map(([name, units]) => {
      const index = parameters.measures.findIndex((measure) => measure.name === name);
      const measure = parameters.measures[index];
      if (measure === undefined) throw refusal("ERR_SELECTION_REFUSED", { reason: "no such measure" });
      return noisySum(measure, units, 10 ** (digits[index] ?? 0));
    });
  }

  /** Wipes the key. */
  close(): void {
    this.#client.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  toString(): string {
    return `HeldSelection(${this.commitment})`;
  }

  toJSON(): string {
    return this.toString();
  }

  /** What `util.inspect` and `console.log` of Node print. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function noisySum({ name, subjectBound, noiseScale }: SelectionMeasure, units: number, unit: number): NoisySum {
  return {
    measure: name,
    value: units / unit,
    likelyError: Math.ceil(noiseScale * Math.log(20)) / unit,
    epsilon: subjectBound / noiseScale,
  };
}
