/** Domain of join-and-sum: it holds entries with values, and answers with the sum of the values of those that are in the caller's list,
 *  with noise. See `caller.ts` for who learns what.
 *
 *  Whoever runs it has charged the caller before the role is made, and has drawn its noise: `dummies` for the count, `noise` for the sum.
 *  @module */
import {
  decodeJoinSumItems,
  decodeJoinSumMasked,
  decodeJoinSumOpen,
  ELEMENT_BYTES,
  encodeJoinSumAnswer,
  encodeJoinSumBlock,
  encodeJoinSumItems,
  encodeJoinSumZero,
  equalBytes,
  fromHex,
  isSluiceError,
  JOIN_SUM_BLOCK_ITEMS,
  MAX_JOIN_SUM_FRAME_ITEMS,
  PSI_TAG_BYTES,
  SluiceError,
  type Bytes,
  type JoinSumItemsType,
  type MaskedSum,
  type Random,
  type Session,
  type SessionStep,
} from "@sluice/protocol";
import { checkCancelled } from "../../cancel.ts";
import { checkBase, type CountDummies } from "../../psi/cardinality-sender.ts";
import { systemRandom } from "../../random.ts";
import { expectJoinSession, joinSumGroupContext, malformed, misplaced, type JoinSumContext } from "./context.ts";
import { openSumKey, type SumKey } from "./domain-key.ts";
import { digitOf, limbsFor, modulo, noiseOfParts } from "./limbs.ts";
import type { SumSet } from "./sum-set.ts";
import { tagValues, type TaggedValues } from "./tagged-values.ts";

export { openSumKey, type SumKey } from "./domain-key.ts";
export { prepareSumSet, type SumRow, type SumSet, type SumSetSource } from "./sum-set.ts";

const NOTHING: Bytes = new Uint8Array(0);
const NO_VALUES: TaggedValues = { listed: NOTHING, tags: NOTHING, values: new Float64Array(0) };

/** What the domain brings. */
export interface JoinSumDomainOptions extends JoinSumContext {
  readonly set: SumSet;
  /** Drawn by whoever keeps the privacy budget, secret. Their shift is that of the terms. */
  readonly dummies: CountDummies;
  /** Padded size of the list that was paid for; any unless given. */
  readonly listItems?: number;
  /** Added to the parts of the sum, one for each of `sumPartBounds` of the bound; drawn by the same. */
  readonly noise: readonly bigint[];
  readonly random?: Random;
  readonly signal?: AbortSignal | undefined;
}

/** What the domain learns: `count` is the number of matches with the noise that it drew. */
export interface JoinSumServed {
  readonly items: number;
  readonly count: number;
  readonly refused: boolean;
}

/** The domain's role. `done` is a JoinSumServed. */
export class JoinSumDomain implements Session {
  readonly #options: JoinSumDomainOptions;
  readonly #limbs: number;
  readonly #noise: readonly bigint[];
  #stage: "new" | "elements" | "sending" | "masked" | "ended" = "new";
  #closed = false;
  #base: Bytes = NOTHING;
  #elements: Bytes = NOTHING;
  #received = 0;
  #tagged: TaggedValues = NO_VALUES;
  #key: SumKey | null = null;
  #out: Iterator<Bytes, undefined> | null = null;
  #matches = 0;
  #sums: bigint[] = [];
  #limb = 0;

  private constructor(options: JoinSumDomainOptions) {
    const { terms, dummies, set, noise } = options;
    if (dummies.shift !== terms.noise.shift) throw new RangeError("the dummies are not those of the terms");
    if (set.values.length !== terms.paddedItems) throw new RangeError("the set is not that of the terms");
    this.#options = options;
    this.#limbs = limbsFor(terms.bound);
    this.#noise = noiseOfParts(noise, this.#limbs);
  }

  /** A new session. @throws RangeError when set, terms and noise do not fit each other */
  static create(options: JoinSumDomainOptions): JoinSumDomain {
    return new JoinSumDomain(options);
  }

  /** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE, ERR_OPRF_ELEMENT, ERR_PSI_SESSION, ERR_PSI_SET_TOO_LARGE, ERR_SNAPSHOT,
   *  ERR_CANCELLED */
  async step(frame?: Bytes): Promise<SessionStep> {
    try {
      checkCancelled(this.#options.signal);
      const step = await (frame === undefined ? this.#goOn() : this.#take(frame));
      // What was opened after a close is closed below.
      if (this.#closed) throw misplaced("the session has ended");
      return step;
    } catch (error) {
      this.#end();
      // A close wipes what a step still works with.
      throw this.#closed && !isSluiceError(error) ? misplaced("the session has ended") : error;
    }
  }

  close(): void {
    this.#closed = true;
    this.#end();
  }

  #end(): void {
    this.#stage = "ended";
    this.#key?.close();
    this.#key = null;
    this.#tagged.values.fill(0);
    this.#tagged = NO_VALUES;
    this.#out = null;
  }

  async #take(frame: Bytes): Promise<SessionStep> {
    if (this.#stage === "new") await this.#open(frame);
    else if (this.#stage === "elements") await this.#readElements(frame);
    else if (this.#stage === "masked") return this.#readMasked(frame);
    else throw misplaced(`no message is expected at stage ${this.#stage}`);
    return this.#goOn();
  }

  #goOn(): SessionStep {
    if (this.#stage === "ended") throw misplaced("the session has ended");
    if (this.#stage !== "sending" || this.#out === null) return { send: [] };
    const next = this.#out.next();
    if (next.done !== true) return { send: [next.value] };
    this.#stage = "masked";
    this.#tagged.values.fill(0);
    return { send: [] };
  }

  async #open(frame: Bytes): Promise<void> {
    const { snapshot, session, listItems, signal } = this.#options;
    const open = decodeJoinSumOpen(frame);
    expectJoinSession(session, open.session);
    if (!equalBytes(open.snapshot, fromHex(snapshot))) throw new SluiceError("ERR_SNAPSHOT");
    if (listItems !== undefined && open.items !== listItems) throw malformed("items", String(listItems));
    await checkBase(open.base, signal);
    this.#base = open.base.slice();
    this.#elements = new Uint8Array(open.items * ELEMENT_BYTES);
    this.#stage = "elements";
  }

  async #readElements(frame: Bytes): Promise<void> {
    const { session, first, items } = decodeJoinSumItems("elements", frame);
    expectJoinSession(this.#options.session, session);
    const end = first * ELEMENT_BYTES + items.length;
    if (first !== this.#received || end > this.#elements.length)
      throw misplaced(`element ${this.#received} was expected`);
    this.#elements.set(items, first * ELEMENT_BYTES);
    this.#received = end / ELEMENT_BYTES;
    if (end === this.#elements.length) await this.#prepare();
  }

  async #prepare(): Promise<void> {
    const { set, identity, dummies, random = systemRandom, signal } = this.#options;
    const query = { elements: this.#elements, base: this.#base, context: joinSumGroupContext(identity) };
    this.#tagged = await tagValues(set, query, dummies, random, signal);
    this.#elements = NOTHING;
    this.#key = await openSumKey();
    this.#out = this.#frames(this.#key, this.#tagged);
    this.#stage = "sending";
  }

  *#frames(key: SumKey, { tags, listed, values }: TaggedValues): Generator<Bytes, undefined> {
    const { session } = this.#options;
    yield* chunks("tags", tags, PSI_TAG_BYTES, session);
    yield* chunks("listed", listed, ELEMENT_BYTES, session);
    yield encodeJoinSumZero({ session, zero: key.encrypt(new Float64Array(0)) });
    for (let block = 0; block * JOIN_SUM_BLOCK_ITEMS < values.length; block++) {
      const part = values.subarray(block * JOIN_SUM_BLOCK_ITEMS, (block + 1) * JOIN_SUM_BLOCK_ITEMS);
      for (let limb = 0; limb < this.#limbs; limb++) {
        const digits = part.map((value) => digitOf(value, limb, this.#limbs));
        yield encodeJoinSumBlock({ session, block, limb, values: key.encrypt(digits) });
      }
    }
    return undefined;
  }

  #readMasked(frame: Bytes): SessionStep {
    const { session, terms } = this.#options;
    const masked = decodeJoinSumMasked(frame);
    expectJoinSession(session, masked.session);
    const most = Math.min(this.#tagged.tags.length / PSI_TAG_BYTES, this.#tagged.listed.length / ELEMENT_BYTES);
    const again = this.#limb > 0 && masked.matches !== this.#matches;
    if (masked.limb !== this.#limb || again || masked.matches > most)
      throw misplaced(`part ${this.#limb} was expected`);
    this.#matches = masked.matches;
    const count = masked.matches - terms.noise.shift;
    const refused = count < terms.minimum;
    if (!refused) this.#sums.push(this.#decrypt(masked.sum, this.#limb));
    this.#limb++;
    if (this.#limb < this.#limbs) return { send: [] };
    const answer = encodeJoinSumAnswer({ session, sums: this.#sums });
    const served: JoinSumServed = { items: this.#received, count, refused };
    this.#end();
    return { send: [answer], done: served };
  }

  #decrypt(sum: MaskedSum, limb: number): bigint {
    if (this.#key === null) throw misplaced("there is no key");
    return modulo(this.#key.decryptConstant(sum) + (this.#noise[limb] ?? 0n), this.#key.plainModulus);
  }
}

function* chunks(type: JoinSumItemsType, items: Bytes, itemBytes: number, session: Bytes): Generator<Bytes, undefined> {
  const bytes = MAX_JOIN_SUM_FRAME_ITEMS * itemBytes;
  for (let from = 0; from < items.length; from += bytes) {
    yield encodeJoinSumItems(type, { session, first: from / itemBytes, items: items.subarray(from, from + bytes) });
  }
  return undefined;
}
