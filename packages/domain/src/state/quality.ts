/** Rules on the quality of tables as officers set them, and what the latest measurement under them found. Decisions stay; the
 *  latest on a table counts, whatever is imported later. Each has an event in the log, which commits to it.
 *  @module */
import { publishedQuality } from "@sluice/desensitize";
import { Instant, Name, QualityRules, RuleOutcome, Sha256Hex, type ResourceDescription } from "@sluice/protocol";
import { z } from "zod";
import type { StateDatabase } from "./database.ts";
import { Officer, OfficerReason } from "./field-decisions.ts";

/** One decision. */
export const QualityDecision = z.strictObject({
  resource: Name,
  officer: Officer,
  reason: OfficerReason.optional(),
  /** Null takes the rules back: nothing is expected of the table from then on. */
  rules: QualityRules.nullable(),
  at: Instant,
});
export type QualityDecision = z.infer<typeof QualityDecision>;

/** What was found. It holds counts and an instant up to which data are young enough, no other value. */
export const QualityMeasurement = z.strictObject({
  resource: Name,
  /** Number of the decision whose rules were measured. */
  decision: z.int().positive(),
  snapshot: Sha256Hex,
  references: z.array(z.strictObject({ resource: Name, snapshot: Sha256Hex })),
  at: Instant,
  outcomes: z.array(RuleOutcome),
});
export type QualityMeasurement = z.infer<typeof QualityMeasurement>;

/** Rules that count, with the number of their decision. */
export interface PresentRules {
  readonly decision: number;
  readonly officer: string;
  readonly rules: QualityRules;
}

/** Tables of decisions and measurements. */
export class QualityStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Puts a decision down, inside the caller's transaction; `salt` (hexadecimal) opens the commitment in its event. What was
   *  measured under other rules counts no more. Returns its number. */
  decide(decision: QualityDecision, salt: string): number {
    const { resource } = decision;
    const { lastInsertRowid } = this.#db
      .prepare("INSERT INTO quality_decision (resource, document, salt) VALUES (?, ?, ?)")
      .run(resource, JSON.stringify(decision), salt);
    this.#db.prepare("DELETE FROM quality_measurement WHERE resource = ?").run(resource);
    return Number(lastInsertRowid);
  }

  /** The rules on `resource`, or null when there are none. */
  rules(resource: string): PresentRules | null {
    const row = this.#db
      .prepare("SELECT id, document FROM quality_decision WHERE resource = ? ORDER BY id DESC LIMIT 1")
      .get(resource);
    if (row === undefined) return null;
    const { officer, rules } = QualityDecision.parse(JSON.parse(String(row["document"])));
    return rules === null ? null : { decision: Number(row["id"]), officer, rules };
  }

  /** Tables that a decision was taken on, by name. */
  resources(): string[] {
    return this.#db
      .prepare("SELECT DISTINCT resource FROM quality_decision ORDER BY resource")
      .all()
      .map((row) => String(row["resource"]));
  }

  /** Keeps a measurement in place of the one before. */
  keep(measurement: QualityMeasurement): void {
    this.#db
      .prepare("INSERT OR REPLACE INTO quality_measurement (resource, document) VALUES (?, ?)")
      .run(measurement.resource, JSON.stringify(measurement));
  }

  /** What was measured last, when it was under the rules that count and on `snapshot`; else null. */
  measurement({ resource, snapshot }: Pick<ResourceDescription, "resource" | "snapshot">): QualityMeasurement | null {
    const row = this.#db.prepare("SELECT document FROM quality_measurement WHERE resource = ?").get(resource);
    if (row === undefined) return null;
    const found = QualityMeasurement.parse(JSON.parse(String(row["document"])));
    const present = found.decision === this.rules(resource)?.decision && found.snapshot === snapshot;
    return present ? found : null;
  }

  /** `description` with what its officers publish of its quality. */
  describe(description: ResourceDescription): ResourceDescription {
    const rules = this.rules(description.resource)?.rules;
    const measured = this.measurement(description);
    if (rules?.publish !== true || measured === null) return description;
    return { ...description, quality: publishedQuality(rules, measured.outcomes, measured.at) };
  }
}
