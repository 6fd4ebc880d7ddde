/** The receipt book: metering row, receipt and the gateway's signed booking in one group-committed transaction, then a
 *  commitment in this gateway's log, then the proof beside the receipt. Only then does a receipt go to its caller, so that whatever a
 *  caller holds is found again after any crash, with the same proofs.
 *  @module */
import { commitment, createLogProof, signDocument, type DirectoryLog, type SigningKey } from "@sluice/evidence";
import {
  canonicalText,
  documentHash,
  fromHex,
  SluiceError,
  toHex,
  type Clock,
  type EvidencedReceipt,
  type LogProof,
  type Random,
  type SignedBooking,
  type SignedReceipt,
  type SignedRequest,
} from "@sluice/protocol";
import type { State } from "../state/open-state.ts";
import {
  highestLogIndex,
  putProofs,
  putReceipts,
  unloggedReceipts,
  type FreshReceipt,
  type HeldReceipt,
} from "../state/receipt-store.ts";
import { GroupCommitter, MAX_WAITING_ITEMS } from "./group-committer.ts";
import { OneAtATime } from "./one-at-a-time.ts";

const SALT_BYTES = 32;
/** Receipts completed at a time when the gateway starts. */
const RECOVERY_BATCH = 256;

type Entry =
  | { readonly kind: "receipt"; readonly fresh: FreshReceipt }
  | { readonly kind: "proof"; readonly callId: string; readonly proof: LogProof };

/** What a book works with. */
export interface ReceiptBookOptions {
  readonly state: State;
  readonly log: DirectoryLog;
  /** Signs the bookings. */
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly random: Random;
}

/** Books receipts. */
export class ReceiptBook {
  readonly #options: ReceiptBookOptions;
  readonly #committer: GroupCommitter<Entry, HeldReceipt | null>;
  readonly #calls = new OneAtATime();

  private constructor(options: ReceiptBookOptions) {
    this.#options = options;
    this.#committer = new GroupCommitter((entries) => this.#commit(entries));
  }

  /** The book over what is stored; completes what an earlier process left between database and log. */
  static async open(options: ReceiptBookOptions): Promise<ReceiptBook> {
    const book = new ReceiptBook(options);
    await book.#recover();
    return book;
  }

  /** The receipt with booking and both proofs, booked now or before. The first receipt of a call stands, proofs included.
   *  @throws ERR_RECEIPT when another receipt of this call is booked */
  async book(
    evidenced: Pick<EvidencedReceipt, "receipt" | "openings" | "domainLog">,
    request: SignedRequest | null,
  ): Promise<EvidencedReceipt> {
    const { receipt } = evidenced;
    return this.#calls.run(receipt.body.callId, async () => {
      const booking = await this.#sign(receipt);
      const salt = toHex(this.#options.random.bytes(SALT_BYTES));
      const held = await this.#committer.submit({ kind: "receipt", fresh: { evidenced, booking, request, salt } });
      if (held === null) throw new RangeError("a receipt entry gives the held receipt");
      if (canonicalText(held.receipt) !== canonicalText(receipt)) {
        throw new SluiceError("ERR_RECEIPT", { reason: "another receipt of this call is booked" });
      }
      return evidencedReceipt(held, held.gatewayLog ?? (await this.#prove(held)));
    });
  }

  /** Ends when everything that was submitted is durable. */
  async close(): Promise<void> {
    await this.#committer.close();
  }

  async #sign(receipt: SignedReceipt): Promise<SignedBooking> {
    const { key, clock } = this.#options;
    const at = clock.now().toISOString();
    return signDocument({ type: "booking", receipt: await documentHash(receipt), at }, key);
  }

  async #prove(held: HeldReceipt, loggedAt?: number): Promise<LogProof> {
    const { log } = this.#options;
    const salt = fromHex(held.salt);
    const index = loggedAt ?? (await log.append(commitment(held.receipt, salt))).index;
    const proof = await createLogProof(log, index, salt);
    await this.#committer.submit({ kind: "proof", callId: held.receipt.body.callId, proof });
    return proof;
  }

  async #commit(entries: readonly Entry[]): Promise<(HeldReceipt | null)[]> {
    const fresh = entries.flatMap((entry) => (entry.kind === "receipt" ? [entry.fresh] : []));
    const proofs = entries.flatMap((entry) => (entry.kind === "proof" ? [entry] : []));
    const { state } = this.#options;
    const held = await state.db.transaction().execute(async (transaction) => {
      if (proofs.length > 0) await putProofs(transaction, proofs);
      return fresh.length === 0 ? [] : await putReceipts(transaction, fresh);
    });
    state.wrote(entries.length);
    const results = held.values();
    return entries.map((entry) => (entry.kind === "receipt" ? (results.next().value ?? null) : null));
  }

  /** Finds or appends the log entries of receipts whose proof was never noted. */
  async #recover(): Promise<void> {
    const { log, state } = this.#options;
    let unlogged = await unloggedReceipts(state.db, RECOVERY_BATCH);
    if (unlogged.length === 0) return;
    // An entry in the log but not noted lies behind the highest noted one by less than can have been in flight.
    const from = Math.max(log.firstKept, (await highestLogIndex(state.db)) - MAX_WAITING_ITEMS);
    const positions = new Map<string, number>();
    for (let start = from; start < log.size; start += RECOVERY_BATCH) {
      const end = Math.min(start + RECOVERY_BATCH, log.size);
      for (const [i, entry] of (await log.readEntries(start, end)).entries()) positions.set(toHex(entry), start + i);
    }
    while (unlogged.length > 0) {
      await Promise.all(
        unlogged.map((held) => this.#prove(held, positions.get(toHex(commitment(held.receipt, fromHex(held.salt)))))),
      );
      unlogged = await unloggedReceipts(state.db, RECOVERY_BATCH);
    }
  }
}

/** The receipt as it crosses HTTP. */
export function evidencedReceipt(
  { receipt, openings, domainLog, booking }: HeldReceipt,
  gatewayLog: LogProof,
): EvidencedReceipt {
  return { receipt, openings, domainLog, booking, gatewayLog };
}
