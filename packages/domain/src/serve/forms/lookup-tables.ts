/** The tables of a lookup product: a base, built anew under a key of its own epoch, and over it a delta with all that has changed
 *  since. A build that changes little makes a delta: only what has changed is evaluated. Everything else is a full build, which
 *  leaves nothing of the tables before.
 *  @module */
import { buildTable, lookupContext, maxDeltaChanges, padDelta, type BuildResult } from "@sluice/mpc/lookup/server";
import { isSluiceError, sha256Hex, toHex, type LookupSnapshot, type LookupTable } from "@sluice/protocol";
import { KeyColumn } from "../../data/key-column.ts";
import type { ServedProduct } from "../../state/work.ts";
import { buildParts } from "../build-folders.ts";
import type { DomainContext } from "../context.ts";
import { indexContent, removeIndex, writeIndex } from "../indexes.ts";
import { nextEpoch, oprfInfo, oprfSeed } from "../product-keys.ts";
import {
  changesBetween,
  DELETED_CODE,
  decodeContent,
  encodeContent,
  packContent,
  PAYLOAD_BYTES,
  type LookupContent,
} from "./lookup-content.ts";
import { servedMembers, signProduct, type ProductSource } from "./product-form.ts";

/** Stays in the domain. */
export const DATABASE_PART = "database.bin";
/** Fetched by callers. */
export const HINT_PART = "hint.bin";

/** What a lookup product is built from. */
export interface LabelSource extends ProductSource {
  readonly content: LookupContent & { readonly kind: "labels"; readonly vocabulary: string[] };
}

/** Builds base and epoch anew. */
export async function buildBase(
  context: DomainContext,
  source: LabelSource,
  signal: AbortSignal,
): Promise<ServedProduct> {
  const { run, content } = source;
  const epoch = nextEpoch(context, run);
  const { oprfPublicKey, table, folder } = await buildPart(context, source, { content, epoch }, signal);
  const body: LookupSnapshot = {
    type: "lookup-snapshot",
    ...servedMembers(context, source),
    ...table,
    oprfPublicKey,
    epoch,
    vocabulary: content.vocabulary,
  };
  return signProduct(context, source, body, folder);
}

/** The product as it is served, with a delta that makes it what `source` has; null when that has to be built anew: nothing
 *  is served, it rests on another bundle, release, grant or vocabulary, too much has changed, or what the base was built from
 *  cannot be read, which is told in the process log. */
export async function buildDelta(
  context: DomainContext,
  source: LabelSource,
  signal: AbortSignal,
): Promise<ServedProduct | null> {
  const { run, content } = source;
  const served = context.work.product(run.product, run.version);
  const body = served?.snapshot.body;
  const members = servedMembers(context, source);
  if (served === null || body?.type !== "lookup-snapshot" || !isSame(body, members, content.vocabulary)) return null;
  const base = await contentOfBase(context, served, signal);
  if (base === null) return null;
  const changes = await changesBetween(base, content, signal);
  if (changes.keys.length > maxDeltaChanges(base.keys.length)) return null;
  const { epoch } = body;
  // A table has at least one entry; a key that nobody asks for tells nobody that nothing has changed.
  const filler = { keys: KeyColumn.of([toHex(context.random.bytes(32))]), codes: Uint8Array.of(DELETED_CODE) };
  const shown = changes.keys.length === 0 ? filler : changes;
  const shownRows = padDelta(changes.keys.length, base.keys.length);
  const { table, folder } = await buildPart(context, source, { content: shown, epoch, shownRows }, signal);
  const { parameters, hint, hintBytes, oprfPublicKey, vocabulary } = body;
  const updated: LookupSnapshot = {
    type: "lookup-snapshot",
    ...members,
    parameters,
    hint,
    hintBytes,
    delta: table,
    oprfPublicKey,
    epoch,
    vocabulary,
  };
  return { ...(await signProduct(context, source, updated, served.index)), delta: folder };
}

/** What the base of `served` was built from; null when its file is missing or altered. */
export async function contentOfBase(
  { files, observer }: DomainContext,
  served: ServedProduct,
  signal: AbortSignal,
): Promise<LookupContent | null> {
  try {
    return await decodeContent(await files.read(indexContent(served), { signal }), signal);
  } catch (error) {
    if (!isSluiceError(error, "ERR_SEALED_FILE")) throw error;
    observer.log.fault(error);
    return null;
  }
}

function isSame(
  body: LookupSnapshot,
  { grant, bundle, release }: Pick<LookupSnapshot, "grant" | "bundle" | "release">,
  vocabulary: readonly string[],
): boolean {
  return (
    body.grant === grant &&
    body.bundle === bundle &&
    body.release === release &&
    JSON.stringify(body.vocabulary) === JSON.stringify(vocabulary)
  );
}

interface Part {
  readonly content: LookupContent;
  readonly epoch: number;
  readonly shownRows?: number;
}

/** Builds one table and writes its folder. */
async function buildPart(
  context: DomainContext,
  { run, held, onProgress }: LabelSource,
  { content, epoch, shownRows }: Part,
  signal: AbortSignal,
): Promise<{ table: LookupTable; oprfPublicKey: string; folder: string }> {
  const { product, version, grant } = run;
  const built = await context.pools.buildInSteps<BuildResult>("lookup", (pool, threads) =>
    buildTable({
      count: content.keys.length,
      payloadBytes: PAYLOAD_BYTES,
      rows: (from, to) => packContent(content, from, to),
      seed: oprfSeed(context),
      info: oprfInfo(held, { product, version, epoch }),
      context: lookupContext({ domain: context.config.domain, product, version, grant, epoch }),
      pool,
      threads,
      parts: buildParts(context.files, run.callId, signal),
      random: context.random,
      signal,
      ...(shownRows === undefined ? {} : { shownRows }),
      ...(onProgress === undefined ? {} : { onProgress }),
    }),
  );
  const { parameters, oprfPublicKey, database, hint } = built;
  const folder = await writeIndex(context, run.callId, { [DATABASE_PART]: database, [HINT_PART]: hint });
  try {
    await context.files.write(indexContent({ index: folder }), encodeContent(content, signal));
  } catch (error) {
    await removeIndex(context.files, folder).catch(() => {}); // the next start removes it
    throw error;
  }
  return { table: { parameters, hint: await sha256Hex(hint), hintBytes: hint.length }, oprfPublicKey, folder };
}
