/** A role whose frames are counted, and summed up in a digest that both sides can make: one chain of hashes for each side, since
 *  the two sides' frames may cross on their way.
 *  @module */
import { concatBytes, sha256, utf8, type Bytes, type Session, type SessionStep } from "@sluice/protocol";

/** What both sides have sent. */
export interface SessionTotals {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** SHA-256 over the chains of caller and domain, in this order. */
  readonly digest: Bytes;
}

/** Counts the frames of one side's role. */
export class MeasuredSession implements Session {
  readonly #role: Session;
  readonly #side: "caller" | "domain";
  readonly #whenDone: (totals: SessionTotals) => Promise<void>;
  readonly #sent = new Chain();
  readonly #received = new Chain();

  /** `whenDone` is waited for before the last frames of a role that has ended go out. */
  constructor(role: Session, side: "caller" | "domain", whenDone: (totals: SessionTotals) => Promise<void>) {
    this.#role = role;
    this.#side = side;
    this.#whenDone = whenDone;
  }

  async step(frame?: Bytes): Promise<SessionStep> {
    if (frame !== undefined) await this.#received.add(frame);
    const step = await this.#role.step(frame);
    for (const sent of step.send) await this.#sent.add(sent);
    if ("done" in step) await this.#whenDone(await this.totals());
    return step;
  }

  close(): void {
    this.#role.close?.();
  }

  /** So far. */
  async totals(): Promise<SessionTotals> {
    const chains = this.#side === "caller" ? [this.#sent, this.#received] : [this.#received, this.#sent];
    return {
      sentBytes: this.#sent.sizeBytes,
      receivedBytes: this.#received.sizeBytes,
      digest: await sha256(concatBytes(utf8("sluice/session/digest/v1"), ...chains.map(({ value }) => value))),
    };
  }
}

class Chain {
  value: Bytes = new Uint8Array(32);
  sizeBytes = 0;

  async add(frame: Bytes): Promise<void> {
    this.sizeBytes += frame.length;
    this.value = await sha256(concatBytes(this.value, await sha256(frame)));
  }
}
