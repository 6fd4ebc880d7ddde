/** A session of two roles for tests: one sends numbered blocks, the other blocks of its own, then both compare a digest of all.
 *  @module */
import { createHash } from "node:crypto";
import { SluiceError, toHex, type Bytes, type Session, type SessionStep } from "@sluice/protocol";

/** What both roles agree on. */
export interface BlocksPlan {
  readonly asked: number;
  readonly answered: number;
  readonly blockBytes: number;
}

/** Block `index` of a side. */
export function blockOf(side: number, index: number, blockBytes: number): Bytes {
  const block = new Uint8Array(blockBytes).fill((side * 131 + index * 7 + 1) & 0xff);
  new DataView(block.buffer).setUint32(0, index);
  return block;
}

/** One role. The asking side sends first; `done` is the digest of what both sent, in hexadecimal. */
export class BlocksRole implements Session {
  readonly #plan: BlocksPlan;
  readonly #side: 0 | 1;
  readonly #digest = createHash("sha256");
  #sent = 0;
  #taken = 0;
  /** Most frames that one step has given. */
  readonly stepsOf: number;

  constructor(side: 0 | 1, plan: BlocksPlan, stepsOf = 2) {
    this.#side = side;
    this.#plan = plan;
    this.stepsOf = stepsOf;
  }

  async step(frame?: Bytes): Promise<SessionStep> {
    const { asked, answered, blockBytes } = this.#plan;
    const [own, theirs] = this.#side === 0 ? [asked, answered] : [answered, asked];
    if (frame !== undefined) {
      if (this.#taken === theirs) return this.#compare(frame);
      const expected = blockOf(1 - this.#side, this.#taken++, blockBytes);
      if (!Buffer.from(frame).equals(expected))
        throw new SluiceError("ERR_FRAME_MALFORMED", { field: "block", expected: "the next" });
      this.#note(1 - this.#side, frame);
    }
    const last = this.#side === 0 || this.#taken === theirs ? own : 0;
    const send: Bytes[] = [];
    while (this.#sent < last && send.length < this.stepsOf) {
      const block = blockOf(this.#side, this.#sent++, blockBytes);
      this.#note(this.#side, block);
      send.push(block);
    }
    if (send.length > 0 || this.#side === 1 || this.#taken < theirs || this.#sent > own) return { send };
    this.#sent++;
    return { send: [this.#value()] };
  }

  /** The asking side's digest is answered by the other's. */
  #compare(frame: Bytes): SessionStep {
    const value = this.#value();
    if (toHex(frame) !== toHex(value))
      throw new SluiceError("ERR_FRAME_MALFORMED", { field: "digest", expected: "that of all blocks" });
    return { send: this.#side === 1 ? [value] : [], done: toHex(value) };
  }

  #note(side: number, block: Bytes): void {
    this.#digest.update(Uint8Array.of(side)).update(block);
  }

  #value(): Bytes {
    return new Uint8Array(this.#digest.copy().digest());
  }
}

/** What both roles compute, made without them. */
export function digestOf({ asked, answered, blockBytes }: BlocksPlan): string {
  const digest = createHash("sha256");
  for (const [side, count] of [asked, answered].entries()) {
    for (let index = 0; index < count; index++)
      digest.update(Uint8Array.of(side)).update(blockOf(side, index, blockBytes));
  }
  return digest.digest("hex");
}
