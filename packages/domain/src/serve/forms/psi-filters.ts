/** The filters of a product of `psi-ids`: a base, built under a key of its own epoch, and over it a delta with all that has changed since: what
 *  was added and what was removed. A build that changes little makes a delta, for which only what has changed is evaluated.
 *  @module */
import {
  buildPsiFilters,
  psiIdentity,
  type BuiltFilters,
  type FilterSet,
  type PsiIdentity,
} from "@sluice/mpc/psi/sender";
import {
  concatBytes,
  MAX_PSI_SET_ITEMS,
  maxPsiDeltaChanges,
  padPsiDelta,
  padPsiItems,
  SluiceError,
  type Bytes,
  type PsiFilterParameters,
  type PsiSnapshot,
  isPsiFilter,
} from "@sluice/protocol";
import type { ServedProduct } from "../../state/work.ts";
import { buildParts } from "../build-folders.ts";
import type { DomainContext } from "../context.ts";
import { indexContent, removeIndex, rowKeysContent, writeIndex } from "../indexes.ts";
import type { TypedSet } from "../joined-sets.ts";
import { newPsiIdentity, nextEpoch, psiSeed } from "../product-keys.ts";
import { decodeContent, encodeContent, type LookupContent } from "./lookup-content.ts";
import { contentOfBase } from "./lookup-tables.ts";
import { servedMembers, signProduct, type ProductSource } from "./product-form.ts";
import type { KeyColumn } from "../../data/key-column.ts";
import { memberChanges, membersOfSet } from "./set-content.ts";

/** Fetched by callers: the PsiFilter of the base. */
export const BASE_PART = "set.bin";
/** Fetched by callers: the PsiFilter of what was added, then of what was removed. */
export const DELTA_PART = "delta.bin";

/** What a set is built from. */
export interface SetSource extends Omit<ProductSource, "content"> {
  readonly content: LookupContent;
  readonly typed?: TypedSet;
}

/** Builds base and epoch anew. @throws ERR_PSI_SET_TOO_LARGE, and what a build throws */
export async function buildIdsBase(
  context: DomainContext,
  source: SetSource,
  signal: AbortSignal,
): Promise<ServedProduct> {
  const { run, held, content } = source;
  const { product, version } = run;
  const members = await membersOfSet(content, signal);
  const maxItems = MAX_PSI_SET_ITEMS["psi-ids"];
  if (members.length > maxItems) throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems });
  const identity = newPsiIdentity(held, { kind: "psi-ids", product, version, epoch: nextEpoch(context, run) });
  const paddedItems = padPsiItems(members.length);
  const { oprfPublicKey, filters } = await build(context, source, identity, [setOf(members, paddedItems)], signal);
  const [base] = filters;
  if (base === undefined) throw new TypeError("a set has a filter");
  const folder = await writeFolder(context, source, { [BASE_PART]: base.filter }, signal);
  const parameters: PsiFilterParameters = {
    kind: "psi-ids",
    method: "filter",
    ...(source.typed === undefined ? {} : { keys: source.typed.keys }),
    paddedItems,
    oprfPublicKey,
    base: base.table,
  };
  return signProduct(context, source, snapshotOf(context, source, identity, parameters), folder);
}

/** The product as it is served, with a delta that makes it what `source` has; null when that has to be built anew: nothing is
 *  served, it rests on another bundle, release or grant, too much has changed, or what the base was built from cannot be read. */
export async function buildIdsDelta(
  context: DomainContext,
  source: SetSource,
  signal: AbortSignal,
): Promise<ServedProduct | null> {
  const { run, content } = source;
  const served = context.work.product(run.product, run.version);
  const body = served?.snapshot.body;
  if (served === null || body?.type !== "psi-snapshot" || !isPsiFilter(body.parameters)) return null;
  const members = servedMembers(context, source);
  if ((["grant", "bundle", "release"] as const).some((member) => body[member] !== members[member])) return null;
  const base = await contentOfBase(context, served, signal);
  if (base === null) return null;
  const { added, removed } = await memberChanges(base, content, signal);
  const baseItems = (await membersOfSet(base, signal)).length;
  if (added.length + removed.length > maxPsiDeltaChanges(baseItems)) return null;
  // One size for both: which of the two there are more of does not show.
  const items = padPsiDelta(Math.max(added.length, removed.length), baseItems);
  const sets = [added, removed].map((keys) => setOf(keys, items));
  const identity = psiIdentity(body);
  const [addition, removal] = (await build(context, source, identity, sets, signal)).filters;
  if (addition === undefined || removal === undefined) throw new TypeError("a delta has two filters");
  const part = concatBytes(addition.filter, removal.filter);
  const folder = await writeFolder(context, source, { [DELTA_PART]: part }, signal);
  const delta = { added: addition.table, removed: removal.table };
  const updated = snapshotOf(context, source, identity, { ...body.parameters, delta });
  return { ...(await signProduct(context, source, updated, served.index)), delta: folder };
}

function snapshotOf(
  context: DomainContext,
  source: SetSource,
  { purpose, epoch }: PsiIdentity,
  parameters: PsiFilterParameters,
): PsiSnapshot {
  return { type: "psi-snapshot", ...servedMembers(context, source), purpose, parameters, epoch };
}

function build(
  context: DomainContext,
  { run, onProgress }: SetSource,
  identity: PsiIdentity,
  sets: readonly FilterSet[],
  signal: AbortSignal,
): Promise<BuiltFilters> {
  return context.pools.buildInSteps("psi", (pool, threads) =>
    buildPsiFilters({
      identity,
      seed: psiSeed(context),
      sets,
      pool,
      threads,
      parts: buildParts(context.files, run.callId, signal),
      signal,
      ...(onProgress === undefined ? {} : { onProgress }),
    }),
  );
}

/** Entries as the build takes them, some at a time. */
function setOf(keys: KeyColumn, items: number): FilterSet {
  const entries = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, i) => keys.text(from + i));
  return { count: keys.length, entries, items };
}

/** The grant's key of the rows behind `served`, where its entries are others.
 *  @throws ERR_SEALED_FILE, ERR_FRAME_MALFORMED, ERR_CANCELLED */
export async function rowKeysOf(context: DomainContext, index: string, signal: AbortSignal): Promise<KeyColumn> {
  const bytes = await context.files.read(rowKeysContent({ index }), { signal });
  return (await decodeContent(bytes, signal)).keys;
}

/** Writes what callers fetch, and beside it what the set was made from. */
async function writeFolder(
  context: DomainContext,
  { run, content, typed }: SetSource,
  parts: Readonly<Record<string, Bytes>>,
  signal: AbortSignal,
): Promise<string> {
  const folder = await writeIndex(context, run.callId, parts);
  try {
    await context.files.write(indexContent({ index: folder }), encodeContent(content, signal));
    if (typed !== undefined) {
      const rows = { keys: typed.rowKeys, codes: new Uint8Array(typed.rowKeys.length) };
      await context.files.write(rowKeysContent({ index: folder }), encodeContent(rows, signal));
    }
  } catch (error) {
    await removeIndex(context.files, folder).catch(() => {}); // the next start removes it
    throw error;
  }
  return folder;
}
