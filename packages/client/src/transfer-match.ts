/** Matching by oblivious transfer (求交，得交集，双方规模相近): one session for each list. The caller learns which of its entries are in
 *  the set, and the set's padded size; domain and gateway learn the padded size of the list.
 *  @module */
import { callerRandomness, TransferReceiver, transferSet } from "@sluice/mpc/psi/transfer-receiver";
import {
  padPsiTransferList,
  sha256Hex,
  type Bytes,
  type EvidencedReceipt,
  type PsiSnapshot,
  type Session,
  type Sha256Hex,
} from "@sluice/protocol";
import { readJournal, withJournal } from "./call-journal.ts";
import type { ListCallOptions } from "./list-call.ts";
import { useOf, type ProductHandle } from "./product-handle.ts";
import type { ProductionContext } from "./production-call.ts";
import { asClient, throwIfCancelled } from "./refusal.ts";
import { expectSame, toldSession } from "./list-session.ts";
import { resumeSessionCall, runSessionCall } from "./session-call.ts";

/** What matching by oblivious transfer yields. */
export interface TransferMatch {
  readonly found: string[];
  readonly receipt: EvidencedReceipt;
  /** Of the snapshot that answered: that of the call's beginning, when a journal had it. */
  readonly snapshotHash: Sha256Hex;
}

/** Matches `distinct` entries with the set; with a journal that holds a call, goes on with that.
 *  @throws ERR_OPRF_INPUT, ERR_CALL_JOURNAL, and what `runSessionCall` throws */
export async function matchByTransfer(
  context: ProductionContext,
  product: ProductHandle<PsiSnapshot>,
  distinct: readonly string[],
  options: ListCallOptions,
): Promise<TransferMatch> {
  return await withJournal(options.journal, () => matchAlone(context, product, distinct, options));
}

async function matchAlone(
  context: ProductionContext,
  product: ProductHandle<PsiSnapshot>,
  distinct: readonly string[],
  { signal, onProgress, journal }: ListCallOptions,
): Promise<TransferMatch> {
  throwIfCancelled(signal);
  const list = await asClient(() => transferSet(distinct));
  const digest = await sha256Hex(list.digests);
  const before = journal === undefined ? null : await readJournal(journal);
  if (before !== null) expectSame(before.begun, product, digest);
  const items = padPsiTransferList(list.count);
  const { purpose, parameters } = product.snapshot;
  const facts = before?.begun.facts ?? { purpose, setItems: parameters.paddedItems };
  const snapshotHash = before?.begun.use.snapshot ?? product.snapshotHash;
  const role = async (session: Bytes, seed: Bytes): Promise<Session> => {
    const random = await callerRandomness(seed);
    const receiver = TransferReceiver.create({ session, snapshot: snapshotHash, ...facts, list, random, signal });
    return toldSession(receiver, items, onProgress);
  };
  const options = { signal, journal };
  const outcome =
    before === null
      ? await runSessionCall(
          context,
          useOf(product, "psi.ids", items),
          { items, role, kept: { list: digest, facts } },
          options,
        )
      : await resumeSessionCall(context, before, role, options);
  const matched = outcome.done as readonly number[];
  return { found: matched.flatMap((index) => distinct[index] ?? []), receipt: outcome.receipt, snapshotHash };
}
