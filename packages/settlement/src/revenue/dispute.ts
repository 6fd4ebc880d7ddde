/** Disputes (争议处理, H12): a line that is disputed after it was posted is taken back as a held reversal; at the end of a dispute what is held
 *  is posted, or voided, all of it together.
 *  @module */
import { SluiceError, type Instant } from "@sluice/protocol";
import type { Entry } from "../ledger/journal.ts";
import { givenFigure } from "../make-figure.ts";
import { yuanOf } from "../money.ts";
import { ACCOUNTS, payableTo, receivableOf } from "./accounts.ts";
import { agreementFor, type AgreementHistory } from "./history.ts";
import { mayAct, type RevenueActor } from "./oversight.ts";
import type { Dispute, RevenueLine } from "./revenue-line.ts";
import { partsOf } from "./share-out.ts";

/** First part of the name of a reversal. */
const REVERSAL = "reversal:";

/** Entries that freeze a posted line: the bill and each party's part of it are held the other way round. The ledger refuses the part of a
 *  party that was paid out already; that part has to be asked back.
 *  @throws ERR_SETTLEMENT_REFUSED (H1) when the product has no agreement for the month. */
export function disputePosted(options: {
  readonly month: string;
  readonly line: RevenueLine;
  readonly dispute: Dispute;
  readonly history: AgreementHistory;
  readonly at: Instant;
}): Entry[] {
  const { month, line, dispute, history, at } = options;
  const agreement = agreementFor(history, line.product, month);
  const head = { id: line.id, label: { zh: "成交金额", en: "transaction price" }, unit: "yuan" } as const;
  const parts = partsOf(givenFigure(head, yuanOf(line.amount), `lines/${line.id}`, dispute.evidence), agreement);
  const memo = `争议冻结 disputed: ${dispute.reason}`.slice(0, 300);
  const accounts = { debit: ACCOUNTS.income, credit: receivableOf(line.caller) };
  const bill = { id: `${REVERSAL}${month}:${line.id}`, at, ...accounts, amount: line.amount, memo, reference: line.id };
  return [
    { type: "hold", transfer: bill },
    ...parts
      .filter(({ party, amount }) => amount > 0n && party !== agreement.operator)
      .map(({ share, party, amount }): Entry => {
        const back = { debit: payableTo(party), credit: ACCOUNTS.shares };
        return { type: "hold", transfer: { id: `${bill.id}:${share}`, at, ...back, amount, memo, reference: line.id } };
      }),
  ];
}

/** Entries that end the dispute over `line`: `rejected` lets the line stand, `upheld` lets it fall.
 *  @param options.entries What was taken for the month and its disputes.
 *  @throws ERR_SETTLEMENT_REFUSED (H12) when the actor may not end disputes, or nothing is held for that line. */
export function endDispute(options: {
  readonly entries: readonly Entry[];
  readonly line: string;
  readonly decision: "upheld" | "rejected";
  readonly actor: RevenueActor;
  readonly reason: string;
  readonly at: Instant;
}): Entry[] {
  const { entries, line, decision, actor, reason, at } = options;
  const refuse = (why: string): never => {
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `disputes/${line}`, rule: "H12", reason: why });
  };
  if (!mayAct(actor, "end-dispute")) refuse("the actor may not end a dispute");
  const held = entries.flatMap((entry) =>
    entry.type === "hold" && entry.transfer.reference === line ? [entry.transfer.id] : [],
  );
  if (held.length === 0) refuse("nothing is held for that line");
  return held.map((transfer): Entry => {
    const stands = decision === "rejected";
    return stands === transfer.startsWith(REVERSAL)
      ? { type: "void-held", transfer, at, reason }
      : { type: "post-held", transfer, at };
  });
}
