/** The distribution of a month (收益分配): each line of the month's statement is split by the agreement that holds on the month's last day,
 *  and becomes entries of the ledger. A disputed line is held whole, the others are posted (H12). What percentages leave is the operator's;
 *  fixed sums are the operator's expense, whatever came in.
 *  @module */
import { SluiceError, type Instant } from "@sluice/protocol";
import { z } from "zod";
import { MAX_LINES, Month, readInput } from "../input.ts";
import type { Entry } from "../ledger/journal.ts";
import { yuanText, type Fen } from "../money.ts";
import { ACCOUNTS, payableTo, receivableOf } from "./accounts.ts";
import { agreementOn, type AgreementHistory } from "./agreement.ts";
import { Dispute, RevenueLine } from "./revenue-line.ts";
import { dueByMonth, sharesOf, type SettledShare } from "./share-out.ts";

/** A month's distribution, with the entries that post it. */
export interface MonthSettlement {
  readonly month: string;
  /** Agreement and version by product. */
  readonly agreements: readonly { readonly product: string; readonly agreement: string; readonly version: number }[];
  readonly shares: readonly SettledShare[];
  readonly entries: readonly Entry[];
  /** Sum of the lines, and how much of it is frozen. */
  readonly total: Fen;
  readonly frozen: Fen;
}

/** What a distribution is made from. */
export interface MonthInput {
  readonly month: string;
  readonly lines: readonly RevenueLine[];
  /** Products that were launched in the month: sums due at launch are due now. */
  readonly launched?: readonly string[];
  readonly disputes?: readonly Dispute[];
  readonly history: AgreementHistory;
  /** Instant of the entries. */
  readonly at: Instant;
}

/** Splits the month's lines. The result does not depend on the order of its inputs.
 *  @throws ERR_SETTLEMENT_INPUT for lines of another shape or of one id; ERR_SETTLEMENT_REFUSED (H1) for a product without agreement,
 *  (H12) for a dispute over an unknown line. */
export function settleMonth(input: MonthInput): MonthSettlement {
  const { month, lines, disputes, products } = readMonth(input);
  const agreements = products.map((product) => agreementOn(input.history, product, lastDayOf(month)));
  const byProduct = new Map(agreements.map((agreement) => [agreement.product, agreement]));
  const shares: SettledShare[] = [];
  const entries: Entry[] = [];
  for (const line of lines) {
    const agreement = byProduct.get(line.product);
    if (agreement === undefined) continue;
    const frozen = disputes.get(line.id);
    const settled = sharesOf(line, agreement).map((share) => (frozen === undefined ? share : { ...share, frozen }));
    shares.push(...settled);
    entries.push(
      ...entriesOf({ line, settled, id: `${month}:${line.id}`, at: input.at, operator: agreement.operator }),
    );
  }
  const launched = new Set(input.launched);
  for (const agreement of agreements) {
    const due = dueByMonth(agreement, launched.has(agreement.product));
    shares.push(...due);
    for (const { share, party, amount } of due) {
      if (amount === 0n || party === agreement.operator) continue;
      const memo = `固定分配 fixed share in ${month}`;
      const id = `${month}:${agreement.product}:${share}`;
      entries.push({
        type: "post",
        transfer: {
          id,
          at: input.at,
          debit: ACCOUNTS.shares,
          credit: payableTo(party),
          amount,
          memo,
          reference: share,
        },
      });
    }
  }
  return {
    month,
    agreements: agreements.map(({ product, id, version }) => ({ product, agreement: id, version })),
    shares,
    entries,
    total: lines.reduce((sum, { amount }) => sum + amount, 0n),
    frozen: lines.reduce((sum, { id, amount }) => sum + (disputes.has(id) ? amount : 0n), 0n),
  };
}

/** Everything is read before anything is computed, and put in the order of its names. */
function readMonth(input: MonthInput): {
  readonly month: string;
  readonly lines: readonly RevenueLine[];
  readonly disputes: ReadonlyMap<string, Dispute>;
  readonly products: readonly string[];
} {
  const month = readInput(Month, input.month, "month");
  const read = readInput(z.array(RevenueLine).max(MAX_LINES), input.lines, "lines");
  const ids = new Set(read.map(({ id }) => id));
  if (ids.size !== read.length)
    throw new SluiceError("ERR_SETTLEMENT_INPUT", { line: "lines", expected: "each id once" });
  const disputes = new Map<string, Dispute>();
  for (const dispute of readInput(z.array(Dispute).max(MAX_LINES), input.disputes ?? [], "disputes")) {
    if (!ids.has(dispute.line)) {
      const reason = "it disputes a line that the month does not have";
      throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `disputes/${dispute.line}`, rule: "H12", reason });
    }
    disputes.set(dispute.line, dispute);
  }
  const products = [...new Set([...read.map(({ product }) => product), ...(input.launched ?? [])])].toSorted();
  return { month, lines: read.toSorted((a, b) => (a.id < b.id ? -1 : 1)), disputes, products };
}

/** Last day of a month. */
function lastDayOf(month: string): string {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year ?? 0, number ?? 0, 0)).toISOString().slice(0, 10);
}

/** The caller's debt against income, and each share of others against what is owed to them; held where the line is disputed. */
function entriesOf(options: {
  readonly line: RevenueLine;
  readonly settled: readonly SettledShare[];
  readonly id: string;
  readonly at: Instant;
  readonly operator: string;
}): Entry[] {
  const { line, settled, id, at, operator } = options;
  if (line.amount === 0n) return [];
  const type = settled.some(({ frozen }) => frozen !== undefined) ? "hold" : "post";
  const memo = `账单 bill of ${yuanText(line.amount)} yuan`;
  const bill = {
    id,
    at,
    debit: receivableOf(line.caller),
    credit: ACCOUNTS.income,
    amount: line.amount,
    memo,
    reference: line.id,
  };
  const others = settled.filter(({ party, amount }) => amount > 0n && party !== operator);
  return [
    { type, transfer: bill },
    ...others.map(({ share, party, amount }): Entry => ({
      type,
      transfer: {
        id: `${id}:${share}`,
        at,
        debit: ACCOUNTS.shares,
        credit: payableTo(party),
        amount,
        memo: `分成 share ${share}`,
        reference: line.id,
      },
    })),
  ];
}
