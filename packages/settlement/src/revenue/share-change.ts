/** Changes of shares (分配比例调整): proposed by one person and approved by another, with a reason. A department that lowers its own share,
 *  or a partner whose share rises, is what the rules forbid for private gain (H8): such a change carries a flag for the auditors.
 *  @module */
import { Instant, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { exact, ZERO, type Exact } from "../exact.ts";
import { LineId, readInput, Text } from "../input.ts";
import { ShareAgreement, type RevenueRole, type ShareTerm } from "./agreement.ts";

const Person = z.strictObject({ person: LineId, party: LineId });

/** A change: the next version of an agreement, who proposes and who approves it, and why. */
export const ShareChange = z.strictObject({
  next: ShareAgreement,
  reason: Text,
  proposedBy: Person,
  approvedBy: Person,
  at: Instant,
});
export type ShareChange = z.infer<typeof ShareChange>;

/** What auditors must look at. */
export interface ChangeFlag {
  readonly kind: "public-share-lowered" | "partner-share-raised" | "public-line-ended" | "partner-line-added";
  readonly line: string;
  readonly party: string;
}

/** A change that was let through, with its flags. */
export interface ApprovedChange {
  readonly change: ShareChange;
  readonly replaces: { readonly agreement: string; readonly version: number };
  readonly flags: readonly ChangeFlag[];
}

/** Roles whose share nobody of theirs may lower for gain, and those whose share the operator may not raise for gain. */
const PUBLIC: ReadonlySet<RevenueRole> = new Set(["source", "agency"]);
const PRIVATE: ReadonlySet<RevenueRole> = new Set(["partner", "other", "exchange"]);

/** Lets a change through.
 *  @throws ERR_SETTLEMENT_INPUT for another shape; ERR_SETTLEMENT_REFUSED (H8) when one person does both, when both are of one party, or when
 *  it does not begin a later version of the same product. */
export function approveChange(current: ShareAgreement, change: ShareChange): ApprovedChange {
  const read = readInput(ShareChange, change, "change");
  const refuse = (reason: string): never => {
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `change/${read.next.id}`, rule: "H8", reason });
  };
  if (read.proposedBy.person === read.approvedBy.person) refuse("one person proposes and approves");
  if (read.proposedBy.party === read.approvedBy.party) refuse("proposer and approver are of one party");
  const { next } = read;
  if (next.product !== current.product || next.version !== current.version + 1 || next.from <= current.from) {
    refuse("it is not the next version of the agreement on that product");
  }
  return {
    change: read,
    replaces: { agreement: current.id, version: current.version },
    flags: flagsOf(current, next),
  };
}

function flagsOf(current: ShareAgreement, next: ShareAgreement): ChangeFlag[] {
  const before = new Map(current.shares.map((line) => [line.id, line]));
  const after = new Map(next.shares.map((line) => [line.id, line]));
  const changed = next.shares.flatMap((line): ChangeFlag[] => {
    const { id, party, role, term } = line;
    const old = before.get(id);
    if (old === undefined || old.party !== party || old.role !== role) {
      return PRIVATE.has(role) ? [{ kind: "partner-line-added", line: id, party }] : [];
    }
    const lowered = worth(term, old.term.kind)?.isLessThan(worth(old.term, old.term.kind) ?? ZERO) ?? true;
    const raised = worth(term, old.term.kind)?.isGreaterThan(worth(old.term, old.term.kind) ?? ZERO) ?? true;
    if (PUBLIC.has(role) && lowered) return [{ kind: "public-share-lowered", line: id, party }];
    return PRIVATE.has(role) && raised ? [{ kind: "partner-share-raised", line: id, party }] : [];
  });
  const ended = current.shares.flatMap(({ id, party, role }): ChangeFlag[] => {
    const kept = after.get(id);
    const same = kept !== undefined && kept.party === party && kept.role === role;
    return PUBLIC.has(role) && !same ? [{ kind: "public-line-ended", line: id, party }] : [];
  });
  return [...changed, ...ended];
}

/** What a term is worth in its own measure; null when it is of another kind than `kind`, and so not comparable. A change of kind is
 *  flagged either way. */
function worth(term: ShareTerm, kind: ShareTerm["kind"]): Exact | null {
  if (term.kind !== kind) return null;
  if (term.kind === "percent") return exact(term.percent);
  if (term.kind === "fixed") return exact(term.amount);
  return term.kind === "non-cash" ? exact(term.value) : ZERO;
}
