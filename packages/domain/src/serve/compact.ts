/** Compaction of a product that is updated by deltas, a lookup or a set to match: base and delta become one base, under a key of the
 *  next epoch and with fresh seeds, and both before it go with the next turn of nobody reading them. What was deleted is then in no file of an index, and what
 *  callers evaluated before opens nothing. It needs no rows of the source: what was built is kept with what it was built from.
 *  A product whose grant was revoked answers nobody, and nothing of it stays.
 *  @module */
import { isPsiFilter, SluiceError, type Name, type ProductSnapshot } from "@sluice/protocol";
import type { KeyColumn } from "../data/key-column.ts";
import { keepMembership } from "../subjects/keep-membership.ts";
import type { ServedProduct } from "../state/work.ts";
import type { DomainContext } from "./context.ts";
import { logEvent } from "./events.ts";
import { applyChanges, decodeContent, type LookupContent } from "./forms/lookup-content.ts";
import { buildBase } from "./forms/lookup-tables.ts";
import type { ProductSource } from "./forms/product-form.ts";
import { buildIdsBase, rowKeysOf } from "./forms/psi-filters.ts";
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
  if (served === null || served.index === null || body === undefined || !hasUpdates(body)) return;
  const held = context.documents.grant(body.grant);
  if (held === null) throw new SluiceError("ERR_GRANT_UNKNOWN", { grant: body.grant });
  if (context.documents.isRevoked(body.grant)) return await removeRevoked(context, served);
  const { bundle, grant, release } = body;
  const run = { callId: callOfIndex(served), product, version, grant, bundle };
  try {
    const source = { run, held, release, layers: served.layers };
    await serve(context, await buildAgain(context, { source, over: served }, signal), signal);
  } finally {
    await removeBuild(context.files, run.callId);
  }
}

interface Compaction {
  readonly source: Omit<ProductSource, "content">;
  /** What was served when it was begun. */
  readonly over: ServedProduct;
}

interface Compacted extends Compaction {
  readonly compacted: ServedProduct;
  readonly form: "label-lookup" | "psi-ids";
  /** Of the rows behind it. */
  readonly keys: KeyColumn;
}

function hasUpdates(body: ProductSnapshot): boolean {
  return body.type === "lookup-snapshot" || (body.type === "psi-snapshot" && isPsiFilter(body.parameters));
}

/** The base that what is served is made into. */
async function buildAgain(context: DomainContext, compaction: Compaction, signal: AbortSignal): Promise<Compacted> {
  const { source, over } = compaction;
  const { body } = over.snapshot;
  const read = async (index: string | null): Promise<LookupContent> =>
    decodeContent(await context.files.read(indexContent({ index }), { signal }), signal);
  if (body.type !== "lookup-snapshot") {
    const index = over.delta ?? over.index;
    const content = await read(index);
    const keys = body.type === "psi-snapshot" ? body.parameters.keys : undefined;
    const typed =
      keys === undefined || index === null ? {} : { typed: { keys, rowKeys: await rowKeysOf(context, index, signal) } };
    const compacted = await buildIdsBase(context, { ...source, content, ...typed }, signal);
    return { ...compaction, compacted, form: "psi-ids", keys: typed.typed?.rowKeys ?? content.keys };
  }
  const base = await read(over.index);
  const rows = over.delta === null ? base : await applyChanges(base, await read(over.delta), signal);
  const content = { kind: "labels" as const, vocabulary: body.vocabulary, ...rows };
  const compacted = await buildBase(context, { ...source, content }, signal);
  return { ...compaction, compacted, form: "label-lookup", keys: rows.keys };
}

/** Puts what was compacted in service. */
async function serve(
  context: DomainContext,
  { source: { run, held }, compacted, over, form, keys }: Compacted,
  signal: AbortSignal,
): Promise<void> {
  const written: WrittenFiles = { product: compacted };
  const { event, replaced } = await servingOrNothing(context, written, async () => {
    const built = { run, held, form, snapshot: compacted.snapshotHash, keys };
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
