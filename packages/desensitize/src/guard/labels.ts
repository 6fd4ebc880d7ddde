/** Guard rules for labels, which are served one by one: every row has one, from a closed list, no label points at a
 *  handful of people, and labels give back no column of the rows.
 *  @module */
import type { DomainFacts, GuardFinding, Labels } from "@sluice/protocol";
import { judged } from "./finding.ts";
import { copiesColumn, followsFromRows, readsLowDigits, rowsAlike } from "./reversible.ts";
import { SubjectThreshold, subjectsOf } from "./subjects.ts";

/** Applies the labels rules. `value` is what may be served if no finding is refused. */
export function guardLabels(
  output: string,
  { codes }: Labels,
  vocabulary: readonly string[],
  facts: DomainFacts,
): { value: Labels; findings: GuardFinding[] } {
  const subjectOf = subjectsOf(facts);
  const covered = new Map<number, SubjectThreshold>();
  let outside = false;
  for (const [row, code] of codes.entries()) {
    outside ||= code >= vocabulary.length;
    let threshold = covered.get(code);
    if (threshold === undefined) covered.set(code, (threshold = new SubjectThreshold()));
    // A row too many is about nobody; another rule refuses it.
    threshold.add(subjectOf[row] ?? row);
  }
  const { table, rowCount } = facts;
  const whole = codes.length === rowCount && !outside;
  const given = { codes, levels: vocabulary.length };
  return {
    value: { kind: "labels", codes: codes.slice() },
    findings: [
      judged(output, "labels-length", codes.length === facts.rowCount),
      judged(output, "labels-vocabulary", !outside),
      judged(
        output,
        "labels-cell",
        [...covered.values()].every(({ reached }) => reached),
      ),
      ...(table === undefined || !whole
        ? []
        : [
            judged(output, "labels-copy", !copiesColumn(given, table)),
            judged(output, "labels-digits", !readsLowDigits(given, table)),
            judged(output, "labels-order", followsFromRows(codes, rowsAlike(table))),
          ]),
    ],
  };
}
