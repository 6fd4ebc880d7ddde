/** Sender of set intersection by oblivious transfer: the domain, which holds the set. See `transfer-receiver.ts` for who
 *  learns what.
 *
 *  The domain answers with no tag before every bin has stood its check, takes exactly as many rows as the declared size of the
 *  list gives, and draws all its secrets for one session: what was recorded of one session is of no use in another.
 *  @see https://eprint.iacr.org/2020/193
 *  @module */
import {
  decodePsiTransferAnswers,
  decodePsiTransferCheck,
  decodePsiTransferOpen,
  decodePsiTransferRows,
  encodePsiTransferChoices,
  encodePsiTransferTags,
  fromHex,
  MAX_PSI_TRANSFER_FRAME_TAGS,
  MAX_PSI_TRANSFER_ITEMS,
  padPsiItems,
  PSI_TAG_BYTES,
  PSI_TRANSFER_COLUMNS,
  SluiceError,
  type Bytes,
  type Random,
  type Session,
  type SessionStep,
} from "@sluice/protocol";
import { systemRandom } from "../../random.ts";
import { agree, hashesOf, wipeAgreement, type Agreement } from "./agreement.ts";
import { choosePairs, openChosen } from "./base-ot.ts";
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
import type { TransferSet } from "./transfer-set.ts";
import { domainBin } from "./transfer-bin.ts";
import { turn } from "./turn.ts";
import type { Unchecked } from "./unchecked.ts";

/** Where the role stands. */
type Stage = "new" | "chosen" | "rows" | "tags" | "ended";
const NOTHING: Bytes = new Uint8Array(0);

/** What the domain brings. */
export interface TransferSenderOptions extends TransferContext {
  /** Its entries, hashed. */
  readonly list: TransferSet;
  /** Largest padded list that is served. MAX_PSI_TRANSFER_ITEMS by default. */
  readonly maxListItems?: number;
  readonly random?: Random;
  readonly signal?: AbortSignal | undefined;
  /** For measurements and the test of the attack: see `unchecked.ts`. */
  readonly unchecked?: Unchecked;
}

interface Agreed extends Agreement {
  readonly streams: KeyStreams;
}

/** The domain's role. `done` is the padded size of the list. It lives in one place and cannot be copied: whoever could go back to
 *  before a check that failed would have another guess at the same secret. */
export class TransferSender implements Session {
  readonly #options: TransferSenderOptions;
  readonly #items: number;
  #stage: Stage = "new";
  readonly #nonce: Bytes;
  readonly #secret: Bytes;
  /** The bits by which it chooses. */
  readonly #choices: Bytes;
  #open: Bytes = NOTHING;
  #opening: Bytes = NOTHING;
  #pairs: Bytes = NOTHING;
  #scalars: Bytes = NOTHING;
  #keys: Bytes = NOTHING;
  #transcript: Bytes = new Uint8Array(HASH_BYTES);
  #listItems = 0;
  #commitment: Bytes = NOTHING;
  #agreed: Agreed | null = null;
  /** The bin that is read or sent, and how many of its columns or tags are done. */
  #bin = 0;
  #part = 0;
  #matrix: Bytes = NOTHING;
  #tags: Bytes = NOTHING;

  private constructor(options: TransferSenderOptions) {
    if (options.list.count > MAX_PSI_TRANSFER_ITEMS) {
      throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: MAX_PSI_TRANSFER_ITEMS });
    }
    this.#options = options;
    this.#items = padPsiItems(options.list.count);
    const { random = systemRandom } = options;
    this.#nonce = random.bytes(NONCE_BYTES);
    this.#secret = random.bytes(NONCE_BYTES);
    this.#choices = random.bytes(PSI_TRANSFER_COLUMNS / 8);
  }

  /** A new session. @throws ERR_PSI_SET_TOO_LARGE */
  static create(options: TransferSenderOptions): TransferSender {
    return new TransferSender(options);
  }

  /** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE, ERR_OPRF_ELEMENT, ERR_PSI_SESSION, ERR_PSI_SET_TOO_LARGE, ERR_SNAPSHOT,
   *  ERR_PSI_CHECK, ERR_PSI_ENCODING, ERR_CANCELLED */
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

  #goOn(): SessionStep {
    if (this.#stage === "ended") throw misplaced("the session has ended");
    if (this.#stage !== "tags") return { send: [] };
    const { name, geometry } = this.#expectAgreed();
    if (this.#bin === geometry.bins) {
      this.#end();
      return { send: [], done: this.#listItems };
    }
    const left = geometry.domainLoad - this.#part;
    const from = this.#bin * this.#binTagBytes() + this.#part * PSI_TAG_BYTES;
    const count = Math.min(left, MAX_PSI_TRANSFER_FRAME_TAGS);
    const tags = this.#tags.subarray(from, from + count * PSI_TAG_BYTES);
    const frame = encodePsiTransferTags({ session: name, bin: this.#bin, first: this.#part, tags });
    this.#part += count;
    if (this.#part === geometry.domainLoad) {
      this.#part = 0;
      this.#bin++;
    }
    return { send: [frame] };
  }

  async #take(frame: Bytes): Promise<SessionStep> {
    if (this.#stage === "new") return { send: [await this.#choose(frame)] };
    if (this.#stage === "chosen") await this.#openAnswers(frame);
    else if (this.#stage === "rows") await this.#readBin(frame);
    else throw misplaced(`no message is expected at stage ${this.#stage}`);
    return this.#goOn();
  }

  #readOpen(frame: Bytes): void {
    const { snapshot, commitment, items } = decodePsiTransferOpen(frame);
    if (fromHex(this.#options.snapshot).some((byte, i) => byte !== snapshot[i])) throw new SluiceError("ERR_SNAPSHOT");
    const { maxListItems = MAX_PSI_TRANSFER_ITEMS } = this.#options;
    if (items > maxListItems) throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: maxListItems });
    this.#open = new Uint8Array(frame);
    this.#commitment = new Uint8Array(commitment);
    this.#listItems = items;
  }

  async #choose(frame: Bytes): Promise<Bytes> {
    this.#readOpen(frame);
    const { signal, random = systemRandom } = this.#options;
    const binding = this.#binding();
    const chosen = await choosePairs(this.#choices, { session: binding, random, pause: turn(signal) });
    this.#pairs = chosen.pairs;
    this.#scalars = chosen.scalars;
    const named = { session: sessionName(binding), nonce: this.#nonce, items: this.#items, pairs: chosen.pairs };
    const sent = encodePsiTransferChoices(named);
    this.#transcript = await heard(this.#transcript, this.#open, sent);
    this.#stage = "chosen";
    return sent;
  }

  #binding(): Bytes {
    return sessionBinding(this.#options, this.#open, this.#nonce, this.#items);
  }

  async #openAnswers(frame: Bytes): Promise<void> {
    const { session, opening, answers } = decodePsiTransferAnswers(frame);
    const binding = this.#binding();
    expectSession(sessionName(binding), session);
    if (commitmentTo(opening).some((byte, i) => byte !== this.#commitment[i])) {
      throw misplaced("what it opens is not what was committed to");
    }
    const chosen = { choices: this.#choices, pairs: this.#pairs, scalars: this.#scalars };
    this.#keys = await openChosen(chosen, answers, { session: binding, pause: turn(this.#options.signal) });
    this.#scalars.fill(0);
    this.#scalars = NOTHING;
    this.#pairs = NOTHING;
    this.#opening = new Uint8Array(opening);
    this.#transcript = await heard(this.#transcript, frame);
    await this.#agree();
    this.#stage = "rows";
  }

  async #agree(): Promise<void> {
    const sizes = { caller: this.#listItems, domain: this.#items };
    const agreement = agree(this.#binding(), this.#opening, sizes, "domain", this.#options.list);
    const { geometry } = agreement;
    this.#agreed = { ...agreement, streams: await openStreams(this.#keys, geometry.columnBytes) };
    this.#matrix = new Uint8Array(geometry.matrixBytes);
    this.#tags = new Uint8Array(geometry.bins * this.#binTagBytes());
  }

  /** Takes columns of the bin that is read, or its check when it has all of them. */
  async #readBin(frame: Bytes): Promise<void> {
    const agreed = this.#expectAgreed();
    const { columnBytes } = agreed.geometry;
    if (this.#part === PSI_TRANSFER_COLUMNS) return this.#closeBin(frame, agreed);
    const rows = decodePsiTransferRows(frame);
    expectSession(agreed.name, rows.session);
    if (rows.bin !== this.#bin || rows.first !== this.#part || rows.columnBytes !== columnBytes) {
      throw misplaced(`column ${this.#part} of bin ${this.#bin}, of ${columnBytes} bytes, was expected`);
    }
    this.#matrix.set(rows.columns, rows.first * columnBytes);
    this.#part += rows.columns.length / columnBytes;
    this.#transcript = await heard(this.#transcript, frame);
  }

  async #closeBin(frame: Bytes, agreed: Agreed): Promise<void> {
    await turn(this.#options.signal)();
    const opened = decodePsiTransferCheck(frame);
    expectSession(agreed.name, opened.session);
    if (opened.bin !== this.#bin) throw misplaced(`the check of bin ${this.#bin} was expected`);
    const bin = this.#bin;
    const hashes = hashesOf(agreed, bin);
    const input = { ...agreed, hashes, bin, transcript: this.#transcript, secret: this.#secret };
    const keys = { streams: agreed.streams, choices: this.#choices };
    const tags = await domainBin(input, keys, this.#matrix, this.#options.unchecked === undefined ? opened : null);
    this.#tags.set(tags, bin * this.#binTagBytes());
    this.#part = 0;
    this.#bin++;
    if (this.#bin < agreed.geometry.bins) return;
    this.#bin = 0;
    this.#stage = "tags";
    this.#wipeKeys();
  }

  #binTagBytes(): number {
    return (this.#agreed?.geometry.domainLoad ?? 0) * PSI_TAG_BYTES;
  }

  #expectAgreed(): Agreed {
    if (this.#agreed === null) throw misplaced("nothing is agreed yet");
    return this.#agreed;
  }

  #wipeKeys(): void {
    this.#agreed?.streams.close();
    for (const bytes of [this.#choices, this.#scalars, this.#keys, this.#matrix]) bytes.fill(0);
  }

  #end(): void {
    this.#stage = "ended";
    this.#wipeKeys();
    for (const bytes of [this.#secret, this.#tags]) bytes.fill(0);
    wipeAgreement(this.#agreed);
    wipeEngine();
    this.#agreed = null;
    this.#matrix = NOTHING;
  }
}
