/** The distribution of a month (收益分配): what came in for each product is split by the agreement that holds for the month, once for all its
 *  lines, so that it does not matter into how many bills a sum is cut. A disputed line is split by itself and held; the rest is posted
 *  (H12). What percentages leave is the operator's; fixed sums are the operator's expense, whatever came in.
 *  @module */
import { SluiceError, type Instant } from "@sluice/protocol";
import { z } from "zod";
import { MAX_LINES, Month, readInput } from "../input.ts";
import type { Entry, Transfer } from "../ledger/journal.ts";
import { givenFigure, sumFigure } from "../make-figure.ts";
import { yuanOf, yuanText, type Fen } from "../money.ts";
import { ACCOUNTS, payableTo, receivableOf } from "./accounts.ts";
import { agreementOf, type ShareAgreement } from "./agreement.ts";
import { agreementFor, type AgreementHistory } from "./history.ts";
import { Dispute, RevenueLine } from "./revenue-line.ts";
import { dueByMonth, partsOf, recognitionsOf, type SettledShare } from "./share-out.ts";

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

/** Splits the month's lines, and adds what is due for every product whose agreement holds. The result does not depend on the order of its
 *  inputs.
 *  @throws ERR_SETTLEMENT_INPUT for lines of another shape or of one id; ERR_SETTLEMENT_REFUSED (H1) for a product without agreement,
 *  (H12) for a dispute over an unknown line. */
export function settleMonth(input: MonthInput): MonthSettlement {
  const { month, lines, disputes, agreements } = readMonth(input);
  const launched = new Set(input.launched);
  const shares: SettledShare[] = [];
  const entries: Entry[] = lines.flatMap((line) => billOf(line, disputes.get(line.id), month, input.at));
  for (const agreement of agreements) {
    const { product } = agreement;
    const own = lines.filter((line) => line.product === product);
    for (const line of own) if (line.free) shares.push(...recognitionsOf(line.id, agreement));
    const paid = own.filter(({ free }) => !free);
    const undisputed = paid.filter(({ id }) => !disputes.has(id));
    const split = undisputed.length === 0 ? [] : partsOf(incomeOf(undisputed, agreement), agreement);
    shares.push(...split);
    entries.push(...owedEntries(split, agreement, { type: "post", id: `${month}:share:${product}`, at: input.at }));
    for (const line of paid) {
      const frozen = disputes.get(line.id);
      if (frozen === undefined) continue;
      const held = partsOf(priceOf(line), agreement).map((share) => ({ ...share, line: line.id, frozen }));
      shares.push(...held);
      entries.push(
        ...owedEntries(held, agreement, {
          type: "hold",
          id: `${month}:disputed:${line.id}`,
          at: input.at,
          line: line.id,
        }),
      );
    }
    const due = dueByMonth(agreement, launched.has(product));
    shares.push(...due);
    entries.push(...owedEntries(due, agreement, { type: "post", id: `${month}:fixed:${product}`, at: input.at }));
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
  readonly agreements: readonly ShareAgreement[];
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
  const needed = new Set([...read.map(({ product }) => product), ...(input.launched ?? [])]);
  const holding = [...input.history.versions].flatMap(([product, versions]) =>
    agreementOf(versions, month) === null ? [] : [product],
  );
  const products = [...new Set([...needed, ...holding])].toSorted();
  return {
    month,
    lines: read.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    disputes,
    agreements: products.map((product) => agreementFor(input.history, product, month)),
  };
}

/** The transaction price of one line. */
function priceOf({ id, amount }: RevenueLine): ReturnType<typeof givenFigure> {
  return givenFigure(
    { id, label: { zh: "成交金额", en: "transaction price" }, unit: "yuan" },
    yuanOf(amount),
    `lines/${id}`,
  );
}

/** What came in for a product: the prices of its lines. */
function incomeOf(
  lines: readonly RevenueLine[],
  { id, product, version }: ShareAgreement,
): ReturnType<typeof sumFigure> {
  return sumFigure({
    id: `income:${product}`,
    label: { zh: "本月成交金额合计", en: "transaction prices of the month" },
    unit: "yuan",
    rule: { id: "H2", set: `${id} v${version}`, source: "003 七(四)" },
    inputs: lines.map(priceOf),
  });
}

/** The caller's debt against income; held where the line is disputed. */
function billOf(
  { id, caller, amount }: RevenueLine,
  dispute: Dispute | undefined,
  month: string,
  at: Instant,
): Entry[] {
  if (amount === 0n) return [];
  const memo = `账单 bill of ${yuanText(amount)} yuan`;
  const transfer: Transfer = {
    id: `${month}:bill:${id}`,
    at,
    debit: receivableOf(caller),
    credit: ACCOUNTS.income,
    amount,
    memo,
    reference: id,
  };
  return [{ type: dispute === undefined ? "post" : "hold", transfer }];
}

/** What is owed to others than the operator. */
function owedEntries(
  shares: readonly SettledShare[],
  { operator }: ShareAgreement,
  {
    type,
    id,
    at,
    line,
  }: { readonly type: "post" | "hold"; readonly id: string; readonly at: Instant; readonly line?: string },
): Entry[] {
  return shares
    .filter(({ party, amount }) => amount > 0n && party !== operator)
    .map(({ share, party, amount, kind }): Entry => {
      const memo = kind === "fixed" ? "固定分配 fixed share" : "分成 share of the price";
      const accounts = { debit: ACCOUNTS.shares, credit: payableTo(party) };
      return { type, transfer: { id: `${id}:${share}`, at, ...accounts, amount, memo, reference: line ?? share } };
    });
}
