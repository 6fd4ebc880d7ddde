/** The relay of an aggregation: collects the messages of a round, and says to whom they go when whoever runs it closes the round.
 *  It holds no secret and no party trusts it: parties check everything again. It learns sizes, and who drops out when.
 *  @module */
import {
  AGGREGATE_ROUNDS,
  canonicalBytes,
  parseAggregatePlan,
  sha256,
  SluiceError,
  type AggregatePlan,
  type AggregateRound,
  type Bytes,
} from "@sluice/protocol";
import { misplaced, readMessage, type PlanContext, type VerifySignature } from "./messages.ts";

/** A closed round. */
export interface ClosedRound {
  readonly round: AggregateRound;
  /** Numbers of the parties that the messages go to: those that spoke. */
  readonly to: readonly number[];
  /** Their messages, in the order of their numbers. */
  readonly frames: readonly Bytes[];
}

/** One relay of one aggregation. */
export class AggregateRelay {
  readonly #context: PlanContext;
  #present: ReadonlySet<number>;
  #place = 0;
  #frames = new Map<number, Bytes>();

  private constructor(context: PlanContext) {
    this.#context = context;
    this.#present = new Set(context.plan.parties.keys());
  }

  /** A relay of `plan`. @throws ERR_AGGREGATE_PLAN */
  static async open(plan: AggregatePlan, verify: VerifySignature): Promise<AggregateRelay> {
    const parsed = parseAggregatePlan(plan);
    return new AggregateRelay({ plan: parsed, hash: await sha256(canonicalBytes(parsed)), verify });
  }

  /** The round that messages are taken of; null when all are over. */
  get round(): AggregateRound | null {
    return AGGREGATE_ROUNDS[this.#place] ?? null;
  }

  /** Parties whose message of this round has not come. */
  get awaited(): number[] {
    return [...this.#present].filter((party) => !this.#frames.has(party));
  }

  /** Takes one message. What it throws is for its sender; the round goes on.
   *  @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE, ERR_SIGNATURE, ERR_AGGREGATE_ROUND */
  async accept(frame: Bytes): Promise<void> {
    const { round } = this;
    const { plan } = this.#context;
    if (round === null) throw misplaced(plan, frame[35] ?? 0, "all rounds are over");
    const { head } = await readMessage(this.#context, round, frame);
    if (this.round !== round) throw misplaced(plan, head.party, "its round is closed");
    if (!this.#present.has(head.party)) throw misplaced(plan, head.party, "it has dropped out");
    if (this.#frames.has(head.party)) throw misplaced(plan, head.party, "it has spoken in this round");
    this.#frames.set(head.party, frame.slice());
  }

  /** Closes the round: parties that have not spoken have dropped out. The vectors that are in the sum are those of the round `masked`.
   *  @throws ERR_AGGREGATE_TOO_FEW when too few are left */
  close(): ClosedRound {
    const { round } = this;
    const { threshold: needed } = this.#context.plan;
    if (round === null) throw new SluiceError("ERR_AGGREGATE_TOO_FEW", { present: 0, needed });
    if (this.#frames.size < needed) {
      throw new SluiceError("ERR_AGGREGATE_TOO_FEW", { present: this.#frames.size, needed });
    }
    const spoken = [...this.#frames].toSorted(([a], [b]) => a - b);
    const to = spoken.map(([party]) => party);
    this.#present = new Set(to);
    this.#frames = new Map();
    this.#place++;
    return { round, to, frames: spoken.map(([, frame]) => frame) };
  }
}
