/** Caller of join-and-sum: it learns the sum of the domain's values over the entries of its list, and how many they are, both with
 *  noise; and not which. Shuffled double blinding in ristretto255 finds the places of matches among the domain's tags; the values
 *  come in the order of the tags, encrypted under a key of the domain for this session, and are added up as they are.
 *
 *  Who learns what: the caller learns sum and count with their noise, the padded size of the set, and the bound. The domain learns the
 *  padded size of the list and the count with the noise that it drew, hence the count: it refuses a sum of fewer contributions than the
 *  terms say. Of the sum it sees a uniform number, and no place of a match: see `masking.ts`.
 *  Assumptions: decisional Diffie–Hellman in ristretto255, ring-LWE, random oracles; both sides honest but curious.
 *  A cheating caller chooses its mask freely: it can weigh one value as it likes, and state any count. So neither minimum nor
 *  noise holds against it; quota and budget bound its answers. A cheating domain can give another sum; is told the exact count over
 *  whatever set it brings, so for a set of one entry whether that one is on the list, and several of them where the dummies leave room; and
 *  by spoiling a value learns whether its row matched, for each part of it. docs/join-sum.md says more, and which test shows it.
 *  No `node:` import: runs in Node and in browsers.
 *  @see https://eprint.iacr.org/2019/723 (Ion et al.)
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import {
  decodeJoinSumAnswer,
  decodeJoinSumBlock,
  decodeJoinSumItems,
  decodeJoinSumZero,
  ELEMENT_BYTES,
  encodeJoinSumItems,
  encodeJoinSumMasked,
  encodeJoinSumOpen,
  fromHex,
  isSluiceError,
  JOIN_SUM_BLOCK_ITEMS,
  likelyCountError,
  MAX_JOIN_SUM_FRAME_ITEMS,
  padPsiItems,
  SluiceError,
  type Bytes,
  type Random,
  type SeededCiphertext,
  type Session,
  type SessionStep,
} from "@sluice/protocol";
import type { NoisyCount } from "../../psi/cardinality-receiver.ts";
import type { PsiPassOptions } from "../../psi/pass.ts";
import { systemRandom } from "../../random.ts";
import type { JoinSumRandomness } from "./caller-randomness.ts";
import { expectJoinSession, joinSumGroupContext, malformed, misplaced, type JoinSumContext } from "./context.ts";
import { combineLimbs, limbsFor } from "./limbs.ts";
import { openSumMask, type SumMask } from "./masking.ts";
import { blindList, entriesOf, TagMatches, type BlindedList } from "./matches.ts";
import { sumRing } from "./ring.ts";

export { joinSumRandomness, type JoinSumRandomness } from "./caller-randomness.ts";
export { openSumMask, type Blinded, type SumMask } from "./masking.ts";

/** What the caller brings. */
export interface JoinSumCallerOptions extends JoinSumContext, PsiPassOptions {
  /** Its entries; one that occurs twice counts once. */
  readonly list: Iterable<string>;
  /** The platform's by default. */
  readonly random?: Random;
  /** Of the masked sums, from a digest of what was heard: for a role that can be made again. `random` unless given. */
  readonly maskRandomness?: JoinSumRandomness["maskRandomness"];
}

/** What a session gives: a sum with noise, or that there are too few contributions for one. */
export type JoinSumResult =
  | { readonly kind: "sum"; readonly sum: bigint; readonly count: NoisyCount }
  | { readonly kind: "refused"; readonly minimum: number; readonly count: NoisyCount };

type Stage = "new" | "sending" | "tags" | "listed" | "zero" | "blocks" | "summing" | "answer" | "ended";

/** The caller's role. `done` is a JoinSumResult. */
export class JoinSumCaller implements Session {
  readonly #options: JoinSumCallerOptions;
  readonly #entries: Bytes[];
  readonly #padded: number;
  readonly #context: Bytes;
  readonly #limbs: number;
  readonly #matches: TagMatches;
  readonly #blinds: bigint[] = [];
  #stage: Stage = "new";
  #closed = false;
  #list: BlindedList | null = null;
  #out: Iterator<Bytes, undefined> | null = null;
  #listed = 0;
  #zero: SeededCiphertext | null = null;
  #mask: SumMask | null = null;
  /** Over every frame before the masked sums. */
  readonly #heard = sha256.create();
  /** Of the masked sums. */
  #drawn: Random | null = null;
  /** The part of the block that comes next, counted over all blocks. */
  #part = 0;
  #done = 0;

  private constructor(options: JoinSumCallerOptions) {
    const { terms, identity, list } = options;
    this.#options = options;
    this.#entries = entriesOf(list);
    this.#padded = padPsiItems(this.#entries.length);
    this.#context = joinSumGroupContext(identity);
    this.#limbs = limbsFor(terms.bound);
    this.#matches = new TagMatches(terms.paddedItems + 2 * terms.noise.shift);
  }

  /** A new session. @throws ERR_PSI_SET_TOO_LARGE, ERR_OPRF_INPUT */
  static create(options: JoinSumCallerOptions): JoinSumCaller {
    return new JoinSumCaller(options);
  }

  /** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE, ERR_OPRF_ELEMENT, ERR_PSI_SESSION, ERR_CANCELLED */
  async step(frame?: Bytes): Promise<SessionStep> {
    try {
      if (this.#options.signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
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
    this.#list?.inverse.fill(0);
    this.#list = null;
    this.#mask?.close();
    this.#mask = null;
    this.#matches.wipe();
    this.#blinds.length = 0;
    this.#out = null;
  }

  async #goOn(): Promise<SessionStep> {
    if (this.#stage === "ended") throw misplaced("the session has ended");
    if (this.#stage === "new") await this.#begin();
    const next = this.#out?.next();
    if (next !== undefined && next.done !== true) return { send: [next.value] };
    this.#out = null;
    if (this.#stage === "sending") this.#stage = "tags";
    if (this.#stage === "summing") this.#stage = "answer";
    return { send: [] };
  }

  async #take(frame: Bytes): Promise<SessionStep> {
    if (this.#drawn === null) this.#heard.update(frame);
    if (this.#stage === "tags") this.#takeTags(frame);
    else if (this.#stage === "listed") await this.#takeListed(frame);
    else if (this.#stage === "zero") await this.#takeZero(frame);
    else if (this.#stage === "blocks") await this.#takeBlock(frame);
    else if (this.#stage === "answer") return await this.#finish(frame);
    else throw misplaced(`no message is expected at stage ${this.#stage}`);
    return await this.#goOn();
  }

  async #begin(): Promise<void> {
    const { random = systemRandom } = this.#options;
    this.#list = await blindList(this.#entries, this.#context, random, this.#pass());
    this.#entries.length = 0;
    this.#out = this.#openFrames(this.#list);
    this.#stage = "sending";
  }

  *#openFrames({ base, elements }: BlindedList): Generator<Bytes, undefined> {
    const { session, snapshot } = this.#options;
    yield encodeJoinSumOpen({ session, snapshot: fromHex(snapshot), base, items: this.#padded });
    const bytes = MAX_JOIN_SUM_FRAME_ITEMS * ELEMENT_BYTES;
    for (let from = 0; from < elements.length; from += bytes) {
      const items = elements.subarray(from, from + bytes);
      yield encodeJoinSumItems("elements", { session, first: from / ELEMENT_BYTES, items });
    }
    return undefined;
  }

  #takeTags(frame: Bytes): void {
    const { session, first, items } = decodeJoinSumItems("tags", frame);
    expectJoinSession(this.#options.session, session);
    if (first !== this.#matches.received) throw misplaced(`tag ${this.#matches.received} was expected`);
    this.#matches.take(items);
    if (this.#matches.received === this.#matches.total) this.#stage = "listed";
  }

  async #takeListed(frame: Bytes): Promise<void> {
    const { session, first, items } = decodeJoinSumItems("listed", frame);
    expectJoinSession(this.#options.session, session);
    const list = this.#expectList();
    const end = first + items.length / ELEMENT_BYTES;
    if (first !== this.#listed || end > this.#expectedListed()) throw misplaced(`element ${this.#listed} was expected`);
    await this.#matches.mark(list, items, this.#context, this.#pass());
    this.#listed = end;
    if (end === this.#expectedListed()) this.#stage = "zero";
  }

  async #takeZero(frame: Bytes): Promise<void> {
    const { session, zero } = decodeJoinSumZero(frame);
    expectJoinSession(this.#options.session, session);
    this.#zero = { seed: zero.seed.slice(), c0: zero.c0.slice() };
    this.#mask = await openSumMask({ bytes: (length) => this.#expectDrawn().bytes(length) });
    this.#stage = "blocks";
  }

  async #takeBlock(frame: Bytes): Promise<void> {
    const { session, block, limb, values } = decodeJoinSumBlock(frame);
    expectJoinSession(this.#options.session, session);
    const [mask, zero] = [this.#mask, this.#zero];
    if (mask === null || zero === null || block * this.#limbs + limb !== this.#part || limb >= this.#limbs) {
      throw misplaced(`part ${this.#part} of the values was expected`);
    }
    if (limb === 0) mask.choose(this.#matches.placesIn(block * JOIN_SUM_BLOCK_ITEMS, JOIN_SUM_BLOCK_ITEMS));
    mask.add(limb, values);
    this.#part++;
    this.#told(1);
    if (this.#part < this.#parts()) return;
    const { random = systemRandom, maskRandomness } = this.#options;
    this.#drawn = maskRandomness === undefined ? random : await maskRandomness(this.#heard.digest());
    this.#out = this.#maskedFrames(mask, zero);
    this.#stage = "summing";
  }

  *#maskedFrames(mask: SumMask, zero: SeededCiphertext): Generator<Bytes, undefined> {
    const { session } = this.#options;
    const { matches } = this.#matches;
    for (let limb = 0; limb < this.#limbs; limb++) {
      const { sum, blind } = mask.finish(limb, zero);
      this.#blinds.push(blind);
      yield encodeJoinSumMasked({ session, matches, limb, sum });
    }
    return undefined;
  }

  async #finish(frame: Bytes): Promise<SessionStep> {
    const { terms } = this.#options;
    const { session, sums } = decodeJoinSumAnswer(frame);
    expectJoinSession(this.#options.session, session);
    const found = this.#matches.matches - terms.noise.shift;
    const refused = found < terms.minimum;
    if (sums.length !== (refused ? 0 : this.#limbs)) throw malformed("limbs", refused ? "none" : String(this.#limbs));
    const count: NoisyCount = {
      count: Math.min(Math.max(found, 0), this.#expectList().entries),
      maxError: terms.noise.shift,
      likelyError: likelyCountError(terms.noise),
      epsilon: terms.noise.epsilon,
    };
    const { plainModulus } = await sumRing();
    const sum = combineLimbs(
      sums.map((each, limb) => each - (this.#blinds[limb] ?? 0n)),
      plainModulus,
    );
    this.#end();
    const done: JoinSumResult = refused
      ? { kind: "refused", minimum: terms.minimum, count }
      : { kind: "sum", sum, count };
    return { send: [], done };
  }

  #expectList(): BlindedList {
    if (this.#list === null) throw misplaced("nothing was asked yet");
    return this.#list;
  }

  #expectDrawn(): Random {
    if (this.#drawn === null) throw misplaced("nothing is to be masked yet");
    return this.#drawn;
  }

  #expectedListed(): number {
    return this.#padded + 2 * this.#options.terms.noise.shift;
  }

  #parts(): number {
    return Math.ceil(this.#matches.total / JOIN_SUM_BLOCK_ITEMS) * this.#limbs;
  }

  /** A pass of the session, told as work that was done in all. */
  #pass(): PsiPassOptions {
    const before = this.#done;
    const onProgress: PsiPassOptions["onProgress"] = ({ done }) => this.#told(before + done - this.#done);
    return { signal: this.#options.signal, onProgress };
  }

  /** Elements to blind and to look up, parts to add: the sizes alone give the total. */
  #told(work: number): void {
    this.#done += work;
    const total = 2 * this.#padded + 2 * this.#options.terms.noise.shift + this.#parts();
    this.#options.onProgress?.({ done: this.#done, total });
  }
}
