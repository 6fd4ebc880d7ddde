/** Changes of shares (分配比例调整): proposed by one person and approved by another, of a public body that gains nothing by it, with a
 *  reason. A public body that gets less, or anybody else who gets more, is what the rules forbid for private gain (H8): such a change
 *  carries a flag for the auditors. What a party gets is compared over all its lines, whatever they are called.
 *  @module */
import { Instant, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { exact, sumOf, ZERO, type Exact } from "../exact.ts";
import { LineId, readInput, Text } from "../input.ts";
import { ShareAgreement, type RevenueRole } from "./agreement.ts";
import { mayAct, RevenueActor } from "./oversight.ts";

const Person = z.strictObject({ person: LineId, party: LineId, actor: RevenueActor });

/** A change: the next version of an agreement, who proposes and who approves it, and why. */
export const ShareChange = z.strictObject({
  next: ShareAgreement,
  reason: Text,
  proposedBy: Person,
  approvedBy: Person,
  at: Instant,
});
export type ShareChange = z.infer<typeof ShareChange>;

/** What a party gets: a part of prices (the operator's remainder included), and sums by the month and at launch, in cash and in services. */
export const MEASURES = ["percent", "fixed-month", "fixed-launch", "non-cash-month", "non-cash-launch"] as const;

/** What auditors must look at. */
export interface ChangeFlag {
  readonly kind: "public-share-lowered" | "share-raised" | "operator-changed";
  readonly party: string;
  /** What became less or more; absent when the operator changed. */
  readonly measure?: (typeof MEASURES)[number];
}

/** A change that was let through, with its flags. */
export interface ApprovedChange {
  readonly change: ShareChange;
  readonly replaces: { readonly agreement: string; readonly version: number };
  readonly flags: readonly ChangeFlag[];
}

const PUBLIC: ReadonlySet<RevenueRole> = new Set(["source", "agency"]);

/** Lets a change through.
 *  @throws ERR_SETTLEMENT_INPUT for another shape; ERR_SETTLEMENT_REFUSED (H8) when one person or one party does both, when either may not, when
 *  the approver's party gains, or when it is not the next version of the same product from a later month. */
export function approveChange(current: ShareAgreement, change: ShareChange): ApprovedChange {
  const read = readInput(ShareChange, change, "change");
  const { next, proposedBy, approvedBy } = read;
  const refuse = (reason: string): never => {
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `change/${next.id}`, rule: "H8", reason });
  };
  if (proposedBy.person === approvedBy.person) refuse("one person proposes and approves");
  if (proposedBy.party === approvedBy.party) refuse("proposer and approver are of one party");
  if (!mayAct(proposedBy.actor, "propose-share-change")) refuse("the proposer may not propose");
  if (!mayAct(approvedBy.actor, "approve-share-change")) refuse("the approver may not approve");
  if (next.product !== current.product || next.version !== current.version + 1 || next.from <= current.from) {
    refuse("it is not the next version of the agreement on that product, from a later month");
  }
  const flags = flagsOf(current, next);
  const gainers = [...partiesOf(current), ...partiesOf(next)].filter((party) => gains(current, next, party));
  if (gainers.includes(approvedBy.party)) refuse("the approver's party gains by it");
  return { change: read, replaces: { agreement: current.id, version: current.version }, flags };
}

function flagsOf(current: ShareAgreement, next: ShareAgreement): ChangeFlag[] {
  const publicParties = new Set(
    [...current.shares, ...next.shares].filter(({ role }) => PUBLIC.has(role)).map(({ party }) => party),
  );
  const parties = [...new Set([...partiesOf(current), ...partiesOf(next)])].toSorted();
  const changed = parties.flatMap((party) =>
    MEASURES.flatMap((measure): ChangeFlag[] => {
      const [before, after] = [worth(current, party, measure), worth(next, party, measure)];
      if (publicParties.has(party)) return after.lt(before) ? [{ kind: "public-share-lowered", party, measure }] : [];
      return after.gt(before) ? [{ kind: "share-raised", party, measure }] : [];
    }),
  );
  return current.operator === next.operator
    ? changed
    : [...changed, { kind: "operator-changed", party: next.operator }];
}

function partiesOf({ shares, operator }: ShareAgreement): string[] {
  return [operator, ...shares.map(({ party }) => party)];
}

function gains(current: ShareAgreement, next: ShareAgreement, party: string): boolean {
  return MEASURES.some((measure) => worth(next, party, measure).gt(worth(current, party, measure)));
}

/** What a party gets by one measure over all its lines. */
function worth({ shares, operator }: ShareAgreement, party: string, measure: (typeof MEASURES)[number]): Exact {
  const own = shares.filter((line) => line.party === party).map(({ term }) => term);
  if (measure === "percent") {
    const percents = shares.flatMap((line) =>
      line.term.kind === "percent" ? [{ party: line.party, percent: exact(line.term.percent) }] : [],
    );
    const remainder = exact("100").minus(sumOf(percents.map(({ percent }) => percent)));
    const part = sumOf(percents.filter((one) => one.party === party).map(({ percent }) => percent));
    return party === operator ? part.plus(remainder) : part;
  }
  return sumOf(
    own.map((term) => {
      if (term.kind === "fixed") return measure === `fixed-${term.every}` ? exact(term.amount) : ZERO;
      return term.kind === "non-cash" && measure === `non-cash-${term.every}` ? exact(term.value) : ZERO;
    }),
  );
}
