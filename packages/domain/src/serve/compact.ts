/** Compaction of a lookup product: base and delta become one base, under a key of the next epoch and with fresh seeds, and both
 *  tables before it go with the next turn of nobody reading them. What was deleted is then in no file of an index, and what
 *  callers evaluated before opens nothing. It needs no rows of the source: the tables were kept with what they were built from.
 *  A product whose grant was revoked answers nobody, and nothing of it stays.
 *  @module */
import { SluiceError, type Name } from "@sluice/protocol";
import type { KeyColumn } from "../data/key-column.ts";
import { keepMembership } from "../subjects/keep-membership.ts";
import type { ServedProduct } from "../state/work.ts";
import type { DomainContext } from "./context.ts";
import { logEvent } from "./events.ts";
import { applyChanges, decodeContent } from "./forms/lookup-content.ts";
import { buildBase, type LabelSource } from "./forms/lookup-tables.ts";
import { callOfIndex, indexContent } from "./indexes.ts";
import { removeBuild } from "./build-folders.ts";
import { putInService } from "./put-in-service.ts";
import { servingOrNothing, type WrittenFiles } from "./unserved.ts";

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

/** Compacts one product version. One without a delta is built anew too: its key is the next epoch's. One whose grant was revoked is
 *  removed.
 *  @throws what a build throws; ERR_STATE when a build put another snapshot in service meanwhile, ERR_GRANT_REVOKED when the
 *    grant was taken back meanwhile, ERR_SEALED_FILE when what a table was built from cannot be read: build again */
export async function compactProduct(
  context: DomainContext,
  { product, version }: { readonly product: Name; readonly version: number },
  signal: AbortSignal,
): Promise<void> {
  const served = context.work.product(product, version);
  const body = served?.snapshot.body;
  if (served === null || served.index === null || body?.type !== "lookup-snapshot") return;
  const held = context.documents.grant(body.grant);
  if (held === null) throw new SluiceError("ERR_GRANT_UNKNOWN", { grant: body.grant });
  if (context.documents.isRevoked(body.grant)) return await removeRevoked(context, served);
  const read = async (name: string) => decodeContent(await context.files.read(name, { signal }), signal);
  const base = await read(indexContent(served));
  const rows =
    served.delta === null ? base : await applyChanges(base, await read(indexContent({ index: served.delta })), signal);
  const { bundle, grant, release, vocabulary } = body;
  const run = { callId: callOfIndex(served), product, version, grant, bundle };
  const content = { kind: "labels" as const, vocabulary, ...rows };
  const source = { run, held, release, content, layers: served.layers };
  try {
    const compacted = await buildBase(context, source, signal);
    await serve(context, { source, compacted, over: served, keys: rows.keys }, signal);
  } finally {
    await removeBuild(context.files, run.callId);
  }
}

interface Compacted {
  readonly source: LabelSource;
  readonly compacted: ServedProduct;
  /** What was served when it was begun. */
  readonly over: ServedProduct;
  readonly keys: KeyColumn;
}

/** Puts what was compacted in service. */
async function serve(
  context: DomainContext,
  { source: { run, held }, compacted, over, keys }: Compacted,
  signal: AbortSignal,
): Promise<void> {
  const written: WrittenFiles = { product: compacted };
  const { event, replaced } = await servingOrNothing(context, written, async () => {
    const built = { run, held, form: "label-lookup" as const, snapshot: compacted.snapshotHash, keys };
    const membership = await keepMembership(context, built, signal);
    written.membership = membership.name;
    signal.throwIfAborted();
    const now = context.clock.now();
    return context.db.transaction(() => {
      if (context.documents.isRevoked(run.grant)) throw new SluiceError("ERR_GRANT_REVOKED");
      const replaced = putInService(context, compacted, over.snapshotHash);
      context.memberships.begin({ ...membership, from: now.toISOString() }, replaced.graceUntil);
      const event = context.events.put({ kind: "product-built", subject: compacted.snapshotHash }, now);
      return { event, replaced };
    });
  });
  await logEvent(context, event);
  for (const { folder, snapshotHash } of replaced.folders) await context.indexes.replace(folder, snapshotHash);
}

/** Removes what is kept of a product that answers nobody any more. */
async function removeRevoked(context: DomainContext, served: ServedProduct): Promise<void> {
  const folders = context.db.transaction(() => context.work.removeProduct(served));
  for (const { folder, snapshotHash } of folders) await context.indexes.replace(folder, snapshotHash);
}
