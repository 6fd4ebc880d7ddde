/** Receiver of set intersection by oblivious transfer: the caller, who learns which entries of its list are in the domain's
 *  set (PRTY20, "PSI from PaXoS", in the random oracle model).
 *
 *  Who learns what: the caller learns which of its entries are in the set, and the set's padded size. The domain learns the
 *  padded size of the list. A caller that does not follow the protocol learns of the entries that its rows encode, less than
 *  two to a row after 2^64 hashes, or it is found out by the check before a tag is sent;
 *  it cannot test an entry afterwards. A domain that does not follow it can answer with another set, or none; it learns nothing
 *  of the list. Assumptions: Diffie–Hellman in ristretto255, AES-128 and SHA-256 as random functions. docs/psi-transfer.md says more.
 *  No `node:` import: runs in Node and in browsers.
 *  @see https://eprint.iacr.org/2020/193
 *  @module */
import {
  decodePsiTransferChoices,
  decodePsiTransferTags,
  encodePsiTransferAnswers,
  encodePsiTransferOpen,
  fromHex,
  MAX_PSI_TRANSFER_ITEMS,
  MAX_SESSION_FRAMES_IN_FLIGHT,
  padPsiTransferList,
  PSI_TAG_BYTES,
  PSI_TRANSFER_COLUMNS,
  SluiceError,
  type Bytes,
  type Random,
  type Session,
  type SessionStep,
} from "@sluice/protocol";
import { systemRandom } from "../../random.ts";
import { agree, hashesOf, ofBin, wipeAgreement, type Agreement } from "./agreement.ts";
import { answerPairs } from "./base-ot.ts";
import {
  commitmentTo,
  expectSession,
  heard,
  misplaced,
  NONCE_BYTES,
  sessionBinding,
  sessionName,
  type TransferContext,
} from "./binding.ts";
import { wipeEngine } from "./engine.ts";
import { HASH_BYTES } from "./items.ts";
import { openStreams, type KeyStreams } from "./key-streams.ts";
import { MatchTable } from "./match-table.ts";
import type { TransferSet } from "./transfer-set.ts";
import { callerBin } from "./transfer-bin.ts";
import { turn } from "./turn.ts";

/** Where the role stands. */
type Stage = "new" | "opened" | "rows" | "tags" | "ended";
const NOTHING: Bytes = new Uint8Array(0);

/** What the caller brings. */
export interface TransferReceiverOptions extends TransferContext {
  /** Its entries, hashed. */
  readonly list: TransferSet;
  /** Padded size of the set, as its snapshot says. */
  readonly setItems: number;
  /** The platform's by default. */
  readonly random?: Random;
  readonly signal?: AbortSignal | undefined;
}

/** What stands once the domain has chosen. */
interface Agreed extends Agreement {
  readonly streams: readonly [KeyStreams, KeyStreams];
}

/** The caller's role. `done` is the indices of the entries of `list` that are in the set, ascending. */
export class TransferReceiver implements Session {
  readonly #options: TransferReceiverOptions;
  readonly #items: number;
  #stage: Stage = "new";
  readonly #opening: Bytes;
  readonly #secret: Bytes;
  #open: Bytes = NOTHING;
  #keys: readonly [Bytes, Bytes] = [NOTHING, NOTHING];
  #nonce: Bytes = NOTHING;
  #transcript: Bytes = new Uint8Array(HASH_BYTES);
  #agreed: Agreed | null = null;
  /** The bin that is sent or read, and how many of its frames or tags are done. */
  #bin = 0;
  #part = 0;
  #frames: Bytes[] = [];
  #after: Bytes = NOTHING;
  /** Of the list's entries, bin after bin. */
  readonly #tags: Bytes;
  readonly #matches: Bytes;
  #table: MatchTable | null = null;

  private constructor(options: TransferReceiverOptions) {
    if (options.list.count > MAX_PSI_TRANSFER_ITEMS) {
      throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: MAX_PSI_TRANSFER_ITEMS });
    }
    this.#options = options;
    this.#items = padPsiTransferList(options.list.count);
    const random = options.random ?? systemRandom;
    this.#opening = random.bytes(NONCE_BYTES);
    this.#secret = random.bytes(NONCE_BYTES);
    this.#tags = new Uint8Array(options.list.count * PSI_TAG_BYTES);
    this.#matches = new Uint8Array(options.list.count);
  }

  /** A new session. @throws ERR_PSI_SET_TOO_LARGE */
  static create(options: TransferReceiverOptions): TransferReceiver {
    return new TransferReceiver(options);
  }

  /** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE, ERR_OPRF_ELEMENT, ERR_PSI_SESSION, ERR_PSI_SET_TOO_LARGE,
   *  ERR_PSI_ENCODING, ERR_CANCELLED */
  async step(frame?: Bytes): Promise<SessionStep> {
    try {
      return await (frame === undefined ? this.#goOn() : this.#take(frame));
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  close(): void {
    this.#end();
  }

  async #goOn(): Promise<SessionStep> {
    if (this.#stage === "ended") throw misplaced("the session has ended");
    if (this.#stage === "new") {
      const snapshot = fromHex(this.#options.snapshot);
      this.#open = encodePsiTransferOpen({ snapshot, commitment: commitmentTo(this.#opening), items: this.#items });
      this.#stage = "opened";
      return { send: [this.#open] };
    }
    return { send: this.#stage === "rows" ? await this.#nextRows() : [] };
  }

  async #take(frame: Bytes): Promise<SessionStep> {
    if (this.#stage === "opened") return { send: [await this.#answer(frame)] };
    if (this.#stage === "tags") return this.#readTags(frame);
    throw misplaced(`no message is expected at stage ${this.#stage}`);
  }

  /** Takes the domain's choices, and answers them. */
  async #answer(frame: Bytes): Promise<Bytes> {
    const choices = decodePsiTransferChoices(frame);
    const { setItems } = this.#options;
    if (choices.items !== setItems) throw misplaced(`the set has ${setItems} entries by its snapshot`);
    this.#nonce = new Uint8Array(choices.nonce);
    const binding = this.#binding();
    const session = sessionName(binding);
    expectSession(session, choices.session);
    const { signal, random = systemRandom } = this.#options;
    const pairs = { session: binding, random, pause: turn(signal) };
    const { answers, keys } = await answerPairs(choices.pairs, PSI_TRANSFER_COLUMNS, pairs);
    this.#keys = keys;
    const sent = encodePsiTransferAnswers({ session, opening: this.#opening, answers });
    this.#transcript = await heard(this.#transcript, this.#open, frame, sent);
    await this.#agree();
    this.#stage = "rows";
    return sent;
  }

  #binding(): Bytes {
    return sessionBinding(this.#options, this.#open, this.#nonce, this.#options.setItems);
  }

  async #agree(): Promise<void> {
    const { list, setItems } = this.#options;
    const sizes = { caller: this.#items, domain: setItems };
    const agreement = agree(this.#binding(), this.#opening, sizes, "caller", list);
    const { columnBytes } = agreement.geometry;
    const [zero, one] = this.#keys;
    this.#agreed = {
      ...agreement,
      streams: [await openStreams(zero, columnBytes), await openStreams(one, columnBytes)],
    };
  }

  /** The next frames of the bin that is sent; its rows and tags are computed with the first. */
  async #nextRows(): Promise<Bytes[]> {
    await turn(this.#options.signal)();
    const agreed = this.#expectAgreed();
    if (this.#frames.length === 0) {
      const hashes = hashesOf(agreed, this.#bin);
      const input = { ...agreed, hashes, secret: this.#secret, bin: this.#bin, transcript: this.#transcript };
      const { frames, tags, transcript } = await callerBin(input, agreed.streams);
      this.#tagsOf(agreed).set(tags);
      this.#frames = frames;
      this.#after = transcript;
    }
    const send = this.#frames.slice(this.#part, this.#part + MAX_SESSION_FRAMES_IN_FLIGHT);
    this.#part += send.length;
    if (this.#part === this.#frames.length) this.#nextBin(agreed);
    return send;
  }

  #nextBin({ geometry, streams }: Agreed): void {
    this.#transcript = this.#after;
    this.#frames = [];
    this.#part = 0;
    this.#bin++;
    if (this.#bin < geometry.bins) return;
    this.#bin = 0;
    this.#stage = "tags";
    for (const stream of streams) stream.close();
    for (const keys of this.#keys) keys.fill(0);
  }

  #readTags(frame: Bytes): SessionStep {
    const agreed = this.#expectAgreed();
    const { session, bin, first, tags } = decodePsiTransferTags(frame);
    expectSession(agreed.name, session);
    const { domainLoad, bins } = agreed.geometry;
    const count = tags.length / PSI_TAG_BYTES;
    if (bin !== this.#bin || first !== this.#part || first + count > domainLoad) {
      throw misplaced(`tags ${this.#part} of bin ${this.#bin} were expected`);
    }
    this.#table ??= new MatchTable(this.#tagsOf(agreed));
    this.#table.mark(tags, ofBin(agreed, this.#bin, this.#matches, 1));
    this.#part += count;
    if (this.#part < domainLoad) return { send: [] };
    this.#part = 0;
    this.#table = null;
    this.#bin++;
    if (this.#bin < bins) return { send: [] };
    const done: number[] = [];
    const { places } = agreed.binned;
    for (let index = 0; index < places.length; index++) if (this.#matches[places[index] ?? 0] === 1) done.push(index);
    this.#end();
    return { send: [], done };
  }

  /** Tags of the entries of the present bin. */
  #tagsOf(agreed: Agreed): Bytes {
    return ofBin(agreed, this.#bin, this.#tags, PSI_TAG_BYTES);
  }

  #expectAgreed(): Agreed {
    if (this.#agreed === null) throw misplaced("nothing is agreed yet");
    return this.#agreed;
  }

  /** Wipes what is secret. */
  #end(): void {
    this.#stage = "ended";
    for (const stream of this.#agreed?.streams ?? []) stream.close();
    for (const bytes of [...this.#keys, this.#secret, this.#opening, this.#tags, this.#matches]) bytes.fill(0);
    wipeAgreement(this.#agreed);
    wipeEngine();
    this.#agreed = null;
    this.#frames = [];
    this.#table = null;
  }
}
