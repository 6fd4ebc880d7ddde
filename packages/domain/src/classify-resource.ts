/** Classification of a resource of a domain that is not running: what its values say, what was declared, what officers decided,
 *  and the decision itself.
 *  @module */
import type { ColumnFinding } from "@sluice/desensitize";
import { commitment, SALT_BYTES } from "@sluice/evidence";
import { isSluiceError, SluiceError, toHex, type ResourceField } from "@sluice/protocol";
import { refuseRetired } from "./retire/retired-mark.ts";
import { refuseRegraded } from "./serve/regraded.ts";
import { DocumentStore } from "./state/documents.ts";
import { EventStore } from "./state/events.ts";
import { decisionsOf, FieldDecision, FieldDecisionStore } from "./state/field-decisions.ts";
import { openStopped, type StoppedOptions } from "./stopped-domain.ts";

/** A column: what was found, and what counts. */
export interface ClassifiedColumn {
  readonly finding: ColumnFinding;
  /** As it counts now: declared at import or found then, unless an officer decided. */
  readonly field: ResourceField;
  /** The decision that counts, if there is one. */
  readonly decision: FieldDecision | null;
}

/** What an officer decides on a field; what is absent stays as it is. */
export interface FieldChange {
  readonly field: string;
  readonly officer: string;
  readonly reason?: string | undefined;
  readonly role?: ResourceField["role"];
  readonly grade?: ResourceField["grade"];
  /** `null` takes an exclusion back. */
  readonly excluded?: ResourceField["excluded"] | null;
}

/** A decision that was put down. */
export interface DecidedField {
  readonly decision: FieldDecision;
  /** Hashes of grants that do not fit the resource any more: no use of them is admitted, and nothing built under them answers. */
  readonly unfitGrants: readonly string[];
}

/** What the values of each column of `resource` say, beside what counts.
 *  @throws ERR_NOT_FOUND, ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_KEY, ERR_MEMORY_FILES, ERR_STORE, ERR_CANCELLED */
export async function classifyResource(
  directory: string,
  resource: string,
  options: StoppedOptions,
): Promise<ClassifiedColumn[]> {
  await using opened = await openStopped(directory, options);
  const { store, db } = opened;
  const findings = await store.classify({ resource, signal: options.signal });
  const { fields } = store.describe(resource);
  const decisions = new FieldDecisionStore(db).list().filter((decision) => decision.resource === resource);
  return findings.flatMap((finding) => {
    const field = fields.find(({ name }) => name === finding.name);
    if (field === undefined) return [];
    const decision = decisions.findLast(({ field: name }) => name === finding.name) ?? null;
    return [{ finding, field, decision }];
  });
}

/** Puts down what an officer decides on a field of `resource`, with its event; the next start of the domain signs and logs it,
 *  and applies it to every grant. @throws ERR_NOT_FOUND, ERR_BODY_INVALID, ERR_DOMAIN_RETIRED, and what opening throws */
export async function decideField(
  directory: string,
  resource: string,
  change: FieldChange,
  options: StoppedOptions,
): Promise<DecidedField> {
  await using opened = await openStopped(directory, options);
  const { store, db, domain } = opened;
  await refuseRetired(directory, domain);
  const field = store.describe(resource).fields.find(({ name }) => name === change.field);
  if (field === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "field", name: change.field });
  const now = options.clock.now();
  const decision = decisionOf(resource, field, change, now);
  const salt = options.random.bytes(SALT_BYTES);
  db.transaction(() => {
    new FieldDecisionStore(db).put(decision, toHex(salt));
    new EventStore(db).put({ kind: "classified", subject: toHex(commitment(decision, salt)) }, now);
  });
  const decided = decisionsOf(db)(store.describe(resource));
  const data = { describe: () => decided };
  const unfitGrants = new DocumentStore(db)
    .grantsOf(resource)
    .filter((held) => {
      try {
        refuseRegraded({ data }, held);
        return false;
      } catch (error) {
        if (isSluiceError(error, "ERR_GRANT_REGRADED")) return true;
        throw error;
      }
    })
    .map(({ hash }) => hash);
  return { decision, unfitGrants };
}

/** @throws ERR_BODY_INVALID naming the member that does not fit */
function decisionOf(resource: string, field: ResourceField, change: FieldChange, now: Date): FieldDecision {
  const excluded = change.excluded === undefined ? field.excluded : (change.excluded ?? undefined);
  const parsed = FieldDecision.safeParse({
    resource,
    field: field.name,
    officer: change.officer,
    ...(change.reason === undefined ? {} : { reason: change.reason }),
    role: change.role ?? field.role,
    grade: change.grade ?? field.grade,
    ...(excluded === undefined ? {} : { excluded }),
    at: now.toISOString(),
  });
  if (parsed.success) return parsed.data;
  const pointer = `/${parsed.error.issues[0]?.path.map(String).join("/") ?? ""}`;
  throw new SluiceError("ERR_BODY_INVALID", { pointer, expected: "a few words without control characters" });
}
