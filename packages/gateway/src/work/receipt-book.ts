/** The receipt book: metering row and receipt in one group-committed transaction, then a commitment in this
 *  gateway's log, then the proof beside the receipt. Only then does a receipt go to its caller, so that whatever a
 *  caller holds is found again after any crash, with the same proofs.
 *  @module */
import { commitment, createLogProof, type DirectoryLog } from "@sluice/evidence";
import {
  canonicalText,
  fromHex,
  SluiceError,
  toHex,
  type EvidencedReceipt,
  type LogProof,
  type Random,
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

/** Books receipts. */
export class ReceiptBook {
  readonly #state: State;
  readonly #log: DirectoryLog;
  readonly #random: Random;
  readonly #committer: GroupCommitter<Entry, HeldReceipt | null>;
  readonly #calls = new OneAtATime();

  private constructor(state: State, log: DirectoryLog, random: Random) {
    this.#state = state;
    this.#log = log;
    this.#random = random;
    this.#committer = new GroupCommitter((entries) => this.#commit(entries));
  }

  /** The book over what is stored; completes what an earlier process left between database and log. */
  static async open(state: State, log: DirectoryLog, random: Random): Promise<ReceiptBook> {
    const book = new ReceiptBook(state, log, random);
    await book.#recover();
    return book;
  }

  /** The receipt with both proofs, booked now or before. The first receipt of a call stands, proofs included.
   *  @throws ERR_RECEIPT when another receipt of this call is booked */
  async book(evidenced: EvidencedReceipt, request: SignedRequest | null): Promise<EvidencedReceipt> {
    const { receipt } = evidenced;
    return this.#calls.run(receipt.body.callId, async () => {
      const salt = toHex(this.#random.bytes(SALT_BYTES));
      const held = await this.#committer.submit({ kind: "receipt", fresh: { evidenced, request, salt } });
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

  async #prove(held: HeldReceipt, loggedAt?: number): Promise<LogProof> {
    const salt = fromHex(held.salt);
    const index = loggedAt ?? (await this.#log.append(commitment(held.receipt, salt))).index;
    const proof = await createLogProof(this.#log, index, salt);
    await this.#committer.submit({ kind: "proof", callId: held.receipt.body.callId, proof });
    return proof;
  }

  async #commit(entries: readonly Entry[]): Promise<(HeldReceipt | null)[]> {
    const fresh = entries.flatMap((entry) => (entry.kind === "receipt" ? [entry.fresh] : []));
    const proofs = entries.flatMap((entry) => (entry.kind === "proof" ? [entry] : []));
    const held = await this.#state.db.transaction().execute(async (transaction) => {
      if (proofs.length > 0) await putProofs(transaction, proofs);
      return fresh.length === 0 ? [] : await putReceipts(transaction, fresh);
    });
    this.#state.wrote(entries.length);
    const results = held.values();
    return entries.map((entry) => (entry.kind === "receipt" ? (results.next().value ?? null) : null));
  }

  /** Finds or appends the log entries of receipts whose proof was never noted. */
  async #recover(): Promise<void> {
    let unlogged = await unloggedReceipts(this.#state.db, RECOVERY_BATCH);
    if (unlogged.length === 0) return;
    // An entry in the log but not noted lies behind the highest noted one by less than can have been in flight.
    const from = Math.max(0, (await highestLogIndex(this.#state.db)) - MAX_WAITING_ITEMS);
    const positions = new Map<string, number>();
    for (let start = from; start < this.#log.size; start += RECOVERY_BATCH) {
      const end = Math.min(start + RECOVERY_BATCH, this.#log.size);
      for (const [i, entry] of (await this.#log.readEntries(start, end)).entries())
        positions.set(toHex(entry), start + i);
    }
    while (unlogged.length > 0) {
      await Promise.all(
        unlogged.map((held) => this.#prove(held, positions.get(toHex(commitment(held.receipt, fromHex(held.salt)))))),
      );
      unlogged = await unloggedReceipts(this.#state.db, RECOVERY_BATCH);
    }
  }
}

/** The receipt as it crosses HTTP. */
export function evidencedReceipt({ receipt, domainLog }: HeldReceipt, gatewayLog: LogProof): EvidencedReceipt {
  return { receipt, domainLog, gatewayLog };
}
