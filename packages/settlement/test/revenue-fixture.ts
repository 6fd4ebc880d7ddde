/** A product's agreement and a month of its lines, for tests of revenue.
 *  @module */
import {
  agreementHistory,
  type AgreementHistory,
  type MonthInput,
  type RevenueLine,
  type ShareAgreement,
  type ShareChange,
  type ShareLine,
  type ShareTerm,
} from "../src/index.ts";

export const AT = "2026-11-30T16:00:00.000Z";

export function share(id: string, role: ShareLine["role"], term: ShareTerm, party = id): ShareLine {
  const contribution = role === "source" ? "data" : "technical-service";
  return { id, party, role, contribution, term };
}

export function percent(text: string): ShareTerm {
  return { kind: "percent", percent: text };
}

export function agreement(shares: ShareLine[], more: Partial<ShareAgreement> = {}): ShareAgreement {
  return {
    id: "credit-shares",
    product: "credit",
    version: 1,
    from: "2026-01",
    operator: "city-data",
    shares,
    ...more,
  };
}

export function historyOf(first: ShareAgreement, ...changes: ShareChange[]): AgreementHistory {
  return agreementHistory([first], changes);
}

/** A change to `next` that nobody could object to for its form. */
export function changeTo(next: ShareAgreement, more: Partial<ShareChange> = {}): ShareChange {
  return {
    next,
    reason: "a year's review",
    proposedBy: { person: "li-wei", party: "city-data", actor: "operator" },
    approvedBy: { person: "wang-fang", party: "data-bureau", actor: "agency" },
    at: "2026-12-01T00:00:00.000Z",
    ...more,
  };
}

export function line(id: string, amount: bigint, more: Partial<RevenueLine> = {}): RevenueLine {
  return { id, product: "credit", caller: "bank-a", amount, free: false, ...more };
}

export function monthOf(history: AgreementHistory, lines: RevenueLine[], more: Partial<MonthInput> = {}): MonthInput {
  return { month: "2026-11", lines, history, at: AT, ...more };
}
