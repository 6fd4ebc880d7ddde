/** Private lookup: one label for each key. The domain learns that this caller asked this product; not the key, not hit
 *  or miss. A cheating caller gains nothing beyond its quota of evaluations, which is the only defence against trying
 *  every identity number.
 *  @module */
import type { AnswerPart, AnswerTask, EvaluateTask, ScanCall } from "@sluice/mpc/lookup/server";
import {
  decodeEvaluateRequest,
  decodePirQuery,
  encodePirAnswer,
  lookupTables,
  SluiceError,
  toHex,
  type Bytes,
  type LookupSnapshot,
  type Operation,
} from "@sluice/protocol";
import { judgingKeys } from "../../data/unfit-keys.ts";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { deltaPart, servedPart } from "../indexes.ts";
import { oprfInfo, oprfSeed } from "../product-keys.ts";
import { buildBase, buildDelta, DATABASE_PART, HINT_PART } from "./lookup-tables.ts";
import { expectSnapshot, misplaced, type DomainForm, type ProductSource } from "./product-form.ts";

/** The form label-lookup. */
export function lookupForm(context: DomainContext): DomainForm {
  return {
    form: "label-lookup",
    downloads: {
      hint: (served) => servedPart(served, HINT_PART),
      "delta-hint": (served) => (served.delta === null ? null : deltaPart(served, HINT_PART)),
    },
    build: (source, signal) => build(context, source, signal),
    choose,
    measure,
    answer: (served, operation, frame, signal) => answer(context, served, operation, frame, signal),
  };
}

/** A key with two labels has no answer, and no index. */
function build(context: DomainContext, source: ProductSource, signal: AbortSignal): Promise<ServedProduct> {
  const { content } = source;
  if (content.kind !== "labels") throw misplaced("label-lookup");
  const labels = { ...source, content };
  return judgingKeys(
    source.held.grant.body.key,
    async () => (await buildDelta(context, labels, signal)) ?? (await buildBase(context, labels, signal)),
  );
}

/** The snapshot before answers too, for its time, whoever names it. */
function choose(
  served: ServedProduct,
  before: ServedProduct | null,
  operation: Operation,
  frame: Bytes,
): ServedProduct {
  const { snapshot } = operation === "lookup.evaluate" ? decodeEvaluateRequest(frame) : decodePirQuery(frame);
  return before !== null && toHex(snapshot) === before.snapshotHash ? before : served;
}

function measure(served: ServedProduct, operation: Operation, frame: Bytes): bigint {
  const snapshot = lookupSnapshot(served);
  if (operation === "lookup.evaluate") {
    const { snapshot: named, elements } = decodeEvaluateRequest(frame);
    expectSnapshot(named, served);
    return BigInt(elements.length);
  }
  const query = decodePirQuery(frame);
  expectSnapshot(query.snapshot, served);
  const words = lookupTables(snapshot).map(({ parameters }) => parameters.rowsPerBucket);
  if (query.parts.length !== words.length || query.parts.some((part, i) => part.length !== words[i])) {
    throw new SluiceError("ERR_LOOKUP_QUERY", { reason: `it needs parts of ${words.join(" and ")} words` });
  }
  return 1n;
}

async function answer(
  context: DomainContext,
  served: ServedProduct,
  operation: Operation,
  frame: Bytes,
  signal: AbortSignal,
): Promise<Bytes> {
  if (operation === "lookup.query") return await answerQuery(context, served, frame, signal);
  const { epoch, grant, product, version } = lookupSnapshot(served);
  const held = context.documents.grant(grant);
  if (held === null) throw new SluiceError("ERR_GRANT_UNKNOWN", { grant });
  const info = oprfInfo(held, { product, version, epoch });
  const task: EvaluateTask = { seed: oprfSeed(context), info, frame };
  return await context.pools.answer<Bytes>("lookup", "oprf.evaluate", task, { signal });
}

/** A scan of each table, base and delta, together with the queries of others. Engines without kernels answer it alone. */
async function answerQuery(
  context: DomainContext,
  served: ServedProduct,
  frame: Bytes,
  signal: AbortSignal,
): Promise<Bytes> {
  const { snapshot, parts: queries } = decodePirQuery(frame);
  expectSnapshot(snapshot, served);
  const { parts, pools } = context;
  const scans: ScanCall[] = [];
  const plain: AnswerPart[] = [];
  for (const [i, { parameters }] of lookupTables(lookupSnapshot(served)).entries()) {
    const name = i === 0 ? servedPart(served, DATABASE_PART) : deltaPart(served, DATABASE_PART);
    const database = await parts.openDatabase(name, parameters, pools.maxThreads);
    if (database instanceof Uint8Array) plain.push({ parameters, database });
    else scans.push({ shape: parameters, database, query: queries[i] ?? new Uint32Array(), signal });
  }
  if (plain.length === 0) return encodePirAnswer(await Promise.all(scans.map((scan) => pools.scan(scan))));
  const task: AnswerTask = { parts: plain, snapshot: served.snapshotHash, frame };
  return await pools.answer<Bytes>("lookup", "pir.answer", task, { signal });
}

function lookupSnapshot({ snapshot: { body } }: ServedProduct): LookupSnapshot {
  if (body.type !== "lookup-snapshot") throw misplaced("label-lookup");
  return body;
}
