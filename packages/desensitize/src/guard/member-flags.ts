/** Guard rules for sets, of which callers learn whose keys are in them: every row is in or out, and a set is no handful.
 *  @module */
import type { DomainFacts, GuardFinding, MemberFlags } from "@sluice/protocol";
import { judged } from "./finding.ts";
import { MIN_CELL_SUBJECTS, subjectsOf } from "./subjects.ts";

/** Applies the set rules. `value` is what may be served if no finding is refused. */
export function guardMemberFlags(
  output: string,
  { members }: MemberFlags,
  facts: DomainFacts,
): { value: MemberFlags; findings: GuardFinding[] } {
  const subjectOf = subjectsOf(facts);
  const seen = new Uint8Array(facts.rowCount);
  let subjects = 0;
  for (let row = 0; row < Math.min(members.length, facts.rowCount); row++) {
    const subject = subjectOf[row] ?? 0;
    if (members[row] !== 1 || seen[subject] === 1) continue;
    seen[subject] = 1;
    subjects++;
  }
  return {
    value: { kind: "set", members: members.slice() },
    findings: [
      judged(output, "set-length", members.length === facts.rowCount),
      judged(output, "set-values", !members.some((flag) => flag > 1)),
      judged(output, "set-cell", subjects >= MIN_CELL_SUBJECTS),
    ],
  };
}
