/** The step of a build that keeps whose rows it read.
 *  @module */
import { SluiceError, toHex, type Name, type ProductForm, type Run, type Sha256Hex } from "@sluice/protocol";
import type { KeyColumn } from "../data/key-column.ts";
import type { DomainContext } from "../serve/context.ts";
import { logEvent } from "../serve/events.ts";
import type { HeldGrant } from "../state/documents.ts";
import type { MembershipRecord } from "../state/memberships.ts";
import { removeMembership, writeMembership } from "./membership-files.ts";
import { membershipKey, membershipTags } from "./membership-tags.ts";

/** A build that has read its rows. */
export interface BuiltFrom {
  readonly run: Pick<Run, "callId" | "product" | "version">;
  readonly held: HeldGrant;
  readonly form: ProductForm;
  /** Key of each row that it read: of a set all rows, members or not. */
  readonly keys: KeyColumn;
  readonly snapshot: Sha256Hex;
}

/** What of a record is known before the product answers. */
export type PendingMembership = Omit<MembershipRecord, "from">;

/** Writes the tags of `built` to a file of their own, which the state has yet to name: until then a restart removes it.
 *  @throws what `signal` was aborted with, and errors of the disk */
export async function keepMembership(
  context: DomainContext,
  { run, held, form, keys, snapshot }: BuiltFrom,
  signal: AbortSignal,
): Promise<PendingMembership> {
  const { resource, key: column, notAfter } = held.grant.body;
  const name = `${run.callId}-${toHex(context.random.bytes(4))}`;
  const tags = await membershipTags(membershipKey(context.keyring, { resource, column, name }), keys, signal);
  await writeMembership(context.files, name, tags, signal);
  return {
    name,
    product: run.product,
    version: run.version,
    form,
    grant: held.hash,
    resource,
    column,
    columnType: typeOf(context, resource, column),
    snapshot,
    callId: run.callId,
    termEnd: notAfter,
  };
}

/** Forgets builds past their retention: first in the state, then their files. A state that is older than its files must
 *  not decide which of them go. */
export async function pruneTrails(context: DomainContext): Promise<void> {
  if (context.standing.rolledBack !== null) return;
  const now = context.clock.now();
  const pruned = context.db.transaction(() => {
    const names = context.memberships.prune(now);
    return names.length === 0 ? null : { names, event: context.events.put({ kind: "pruned" }, now) };
  });
  if (pruned === null) return;
  for (const name of pruned.names) await removeMembership(context.files, name);
  await logEvent(context, pruned.event);
}

function typeOf(context: DomainContext, resource: Name, column: string): MembershipRecord["columnType"] {
  const field = context.data.describe(resource).fields.find(({ name }) => name === column);
  if (field === undefined) throw new SluiceError("ERR_GRANT_FIELD", { field: column });
  return field.type;
}
