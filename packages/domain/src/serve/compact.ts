/** Compaction of a lookup product: base and delta become one base, under a key of the next epoch and with fresh seeds, and both
 *  tables before it go with the next turn of nobody reading them. What was deleted is then in no file of an index, and what
 *  callers evaluated before opens nothing. It needs no rows of the source: the tables were kept with what they were built from.
 *  @module */
import type { Name } from "@sluice/protocol";
import { keepMembership } from "../subjects/keep-membership.ts";
import type { DomainContext } from "./context.ts";
import { logEvent } from "./events.ts";
import { applyChanges, decodeContent } from "./forms/lookup-content.ts";
import { buildBase } from "./forms/lookup-tables.ts";
import { callOfIndex, indexContent } from "./indexes.ts";
import { removeBuild } from "./build-folders.ts";
import { putInService } from "./put-in-service.ts";

/** Compacts every product that an officer marked, one after another. What fails is told in the process log and tried again at
 *  the next start. */
export async function compactMarked(context: DomainContext, signal: AbortSignal): Promise<void> {
  for (const { product, version } of context.work.marked()) {
    if (signal.aborted) return;
    try {
      await compactProduct(context, { product, version }, signal);
    } catch (error) {
      if (signal.aborted) return;
      context.observer.log.fault(error);
    }
  }
}

/** Compacts one product version. One without a delta is built anew too: its key is the next epoch's.
 *  @throws what a build throws; ERR_STATE when a build put another snapshot in service meanwhile */
export async function compactProduct(
  context: DomainContext,
  { product, version }: { readonly product: Name; readonly version: number },
  signal: AbortSignal,
): Promise<void> {
  const served = context.work.product(product, version);
  const body = served?.snapshot.body;
  if (served === null || served.index === null || body?.type !== "lookup-snapshot") return;
  const held = context.documents.grant(body.grant);
  if (held === null || context.documents.isRevoked(body.grant)) return;
  const read = async (name: string) => decodeContent(await context.files.read(name, { signal }), signal);
  const base = await read(indexContent(served));
  const rows =
    served.delta === null ? base : await applyChanges(base, await read(indexContent({ index: served.delta })), signal);
  const { bundle, grant, release, vocabulary } = body;
  const run = { callId: callOfIndex(served), product, version, grant, bundle };
  const content = { kind: "labels" as const, vocabulary, ...rows };
  const source = { run, held, release, content, layers: served.layers };
  const compacted = await buildBase(context, source, signal);
  const built = { run, held, form: "label-lookup" as const, snapshot: compacted.snapshotHash, keys: rows.keys };
  const membership = await keepMembership(context, built, signal);
  signal.throwIfAborted();
  const now = context.clock.now();
  const { event, replaced } = context.db.transaction(() => {
    const replaced = putInService(context, compacted, served.snapshotHash);
    context.memberships.begin({ ...membership, from: now.toISOString() });
    return { replaced, event: context.events.put({ kind: "product-built", subject: compacted.snapshotHash }, now) };
  });
  await logEvent(context, event);
  await removeBuild(context.files, run.callId);
  for (const { folder, snapshotHash } of replaced) await context.indexes.replace(folder, snapshotHash);
}
