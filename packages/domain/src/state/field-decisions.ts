/** What officers decided on columns: role, grade, exclusion. The decisions stay; the latest on a field counts, whatever is
 *  imported later. Each has an event in the log, which commits to it.
 *  @module */
import {
  ExclusionReason,
  FieldGrade,
  FieldName,
  FieldRole,
  Instant,
  Name,
  type ResourceDescription,
} from "@sluice/protocol";
import { z } from "zod";
import type { StateDatabase } from "./database.ts";

/** Who decided, as the domain's operator names them. */
export const Officer = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[^\p{C}]+$/u);

/** In their words. Never a value of data. */
export const OfficerReason = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{C}]+$/u);

/** One decision. */
export const FieldDecision = z.strictObject({
  resource: Name,
  field: FieldName,
  officer: Officer,
  reason: OfficerReason.optional(),
  role: FieldRole,
  grade: FieldGrade,
  excluded: ExclusionReason.optional(),
  at: Instant,
});
export type FieldDecision = z.infer<typeof FieldDecision>;

/** Table of decisions. */
export class FieldDecisionStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Puts a decision down, inside the caller's transaction; `salt` (hexadecimal) opens the commitment in its event. */
  put(decision: FieldDecision, salt: string): void {
    this.#db.prepare("INSERT INTO field_decision (document, salt) VALUES (?, ?)").run(JSON.stringify(decision), salt);
  }

  /** Every decision, in order. */
  list(): FieldDecision[] {
    return this.#db
      .prepare("SELECT document FROM field_decision ORDER BY id")
      .all()
      .map((row) => FieldDecision.parse(JSON.parse(String(row["document"]))));
  }

  /** `description` as decided: each field with role, grade and exclusion of the latest decision on it. A field that was
   *  excluded by its declaration stays so until an officer decides. */
  apply(description: ResourceDescription): ResourceDescription {
    const latest = new Map(
      this.list()
        .filter(({ resource }) => resource === description.resource)
        .map((decision) => [decision.field, decision]),
    );
    if (latest.size === 0) return description;
    const fields = description.fields.map((field) => {
      const decision = latest.get(field.name);
      if (decision === undefined) return field;
      const { excluded: _declared, ...rest } = field;
      const { role, grade, excluded } = decision;
      return { ...rest, role, grade, ...(excluded === undefined ? {} : { excluded }) };
    });
    return { ...description, fields };
  }
}

/** How the decisions of `db` change a description. */
export function decisionsOf(db: StateDatabase): (description: ResourceDescription) => ResourceDescription {
  const store = new FieldDecisionStore(db);
  return (description) => store.apply(description);
}
