/** Quality of a resource of a domain that is not running: its rules, as an officer sets them, and what a measurement finds.
 *  @module */
import { judgeQuality, type QualityVerdict } from "@sluice/desensitize";
import { commitment, SALT_BYTES } from "@sluice/evidence";
import { QualityRules, SluiceError, toHex, type Instant, type Sha256Hex } from "@sluice/protocol";
import { keepQuality, measurementOf } from "./keep-quality.ts";
import { refuseRetired } from "./retire/retired-mark.ts";
import { EventStore } from "./state/events.ts";
import { QualityDecision, QualityStore, type PresentRules, type QualityMeasurement } from "./state/quality.ts";
import { openStopped, type StoppedOptions } from "./stopped-domain.ts";

/** A table, measured and judged. Exact counts: for officers of the domain. */
export interface MeasuredQuality {
  readonly resource: string;
  readonly snapshot: Sha256Hex;
  /** Who set the rules. */
  readonly officer: string;
  readonly measuredAt: Instant;
  readonly verdict: QualityVerdict;
}

/** What an officer decides. */
export interface QualityChange {
  readonly officer: string;
  readonly reason?: string | undefined;
  /** A document of rules, not checked yet; null takes the rules back. */
  readonly rules: unknown;
}

/** Measures `resource` under the rules that count, and keeps the outcome for launches.
 *  @throws ERR_NOT_FOUND also when there are no rules, ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_KEY, ERR_MEMORY_FILES,
 *    ERR_STORE, ERR_CANCELLED */
export async function measureResource(
  directory: string,
  resource: string,
  options: StoppedOptions,
): Promise<MeasuredQuality> {
  await using opened = await openStopped(directory, options);
  const { store, db } = opened;
  store.describe(resource);
  const quality = new QualityStore(db);
  const present = quality.rules(resource);
  if (present === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "quality rules of", name: resource });
  const now = options.clock.now();
  const measurement = await keepQuality({ store, quality }, resource, present, { now, signal: options.signal });
  return judged(measurement, present, now);
}

/** Puts down what an officer expects of `resource`, with its event, and measures at once; null when the rules were taken back. The
 *  next start of the domain signs and logs the event.
 *  @throws ERR_BODY_INVALID naming the member or the rule that does not fit, ERR_DOMAIN_RETIRED, and what `measureResource` throws */
export async function setQualityRules(
  directory: string,
  resource: string,
  change: QualityChange,
  options: StoppedOptions,
): Promise<MeasuredQuality | null> {
  await using opened = await openStopped(directory, options);
  const { store, db, domain } = opened;
  await refuseRetired(directory, domain);
  store.describe(resource);
  const now = options.clock.now();
  const rules = change.rules === null ? null : rulesOf(change.rules);
  const decision = decisionOf(resource, { ...change, rules }, now);
  const measured =
    rules === null ? null : await store.measure({ resource, rules: rules.rules, now, signal: options.signal });
  if (measured !== null && measured.unfit !== null) {
    const expected = "columns of the table, of types that the rule can judge";
    throw new SluiceError("ERR_BODY_INVALID", { pointer: `/rules/${measured.unfit}`, expected });
  }
  const salt = options.random.bytes(SALT_BYTES);
  const quality = new QualityStore(db);
  return db.transaction(() => {
    const number = quality.decide(decision, toHex(salt));
    new EventStore(db).put({ kind: "quality-rules", subject: toHex(commitment(decision, salt)) }, now);
    if (measured === null || rules === null) return null;
    const measurement = measurementOf(measured, { resource, decision: number, now });
    quality.keep(measurement);
    return judged(measurement, { rules, officer: decision.officer, decision: number }, now);
  });
}

function judged(
  { resource, snapshot, at, outcomes }: QualityMeasurement,
  { rules, officer }: PresentRules,
  now: Date,
): MeasuredQuality {
  return { resource, snapshot, officer, measuredAt: at, verdict: judgeQuality(rules, outcomes, now) };
}

/** @throws ERR_BODY_INVALID */
function rulesOf(document: unknown): QualityRules {
  const parsed = QualityRules.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new SluiceError("ERR_BODY_INVALID", {
    pointer: pointerOf(parsed.error.issues[0]?.path),
    expected: "quality rules as docs/quality.md lists them",
  });
}

/** @throws ERR_BODY_INVALID */
function decisionOf(resource: string, { officer, reason, rules }: QualityChange, now: Date): QualityDecision {
  const parsed = QualityDecision.safeParse({
    resource,
    officer,
    ...(reason === undefined ? {} : { reason }),
    rules,
    at: now.toISOString(),
  });
  if (parsed.success) return parsed.data;
  throw new SluiceError("ERR_BODY_INVALID", {
    pointer: pointerOf(parsed.error.issues[0]?.path),
    expected: "a few words without control characters",
  });
}

function pointerOf(path: readonly PropertyKey[] = []): string {
  return `/${path.map(String).join("/")}`;
}
