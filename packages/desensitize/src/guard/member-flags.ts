/** Guard rules for sets, of which callers learn whose keys are in them: every row is in or out, and neither a
 *  set nor those whom it leaves out are a handful: not to be in it says as much as to be.
 *  @module */
import type { DomainFacts, GuardFinding, MemberFlags } from "@sluice/protocol";
import { judged } from "./finding.ts";
import { followsFromRows, readsLowDigits, rowsAlike } from "./reversible.ts";
import { MIN_CELL_SUBJECTS, subjectsOf } from "./subjects.ts";

/** Applies the set rules. `value` is what may be served if no finding is refused. */
export function guardMemberFlags(
  output: string,
  { members }: MemberFlags,
  facts: DomainFacts,
): { value: MemberFlags; findings: GuardFinding[] } {
  const subjectOf = subjectsOf(facts);
  const isMember = new Uint8Array(facts.rowCount);
  const isSubject = new Uint8Array(facts.rowCount);
  for (const [row, subject] of subjectOf.entries()) {
    isSubject[subject] = 1;
    if (members[row] === 1) isMember[subject] = 1;
  }
  const count = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + flag, 0);
  const inside = count(isMember);
  const outside = count(isSubject) - inside;
  const { table, rowCount } = facts;
  const flags = !members.some((flag) => flag > 1);
  const whole = members.length === rowCount && flags;
  return {
    value: { kind: "set", members: members.slice() },
    findings: [
      judged(output, "set-length", members.length === facts.rowCount),
      judged(output, "set-values", flags),
      judged(output, "set-cell", inside >= MIN_CELL_SUBJECTS && (outside === 0 || outside >= MIN_CELL_SUBJECTS)),
      ...(table === undefined || !whole
        ? []
        : [
            judged(output, "set-digits", !readsLowDigits({ codes: members, levels: 2 }, table)),
            judged(output, "set-order", followsFromRows(members, rowsAlike(table))),
          ]),
    ],
  };
}
