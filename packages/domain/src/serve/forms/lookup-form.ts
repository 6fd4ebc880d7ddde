/** Private lookup: one label for each key. The domain learns that this caller asked this product; not the key, not hit
 *  or miss. A cheating caller gains nothing beyond its quota of evaluations, which is the only defence against trying
 *  every identity number.
 *  @module */
import type { AnswerPart, AnswerTask, EvaluateTask, ScanCall } from "@sluice/mpc/lookup/server";
import {
  decodeEvaluateRequest,
  decodePirAnswer,
  decodePirQuery,
  encodePirAnswer,
  encodePirQuery,
  fromHex,
  lookupTables,
  measurePirQuery,
  namedSnapshot,
  SluiceError,
  toHex,
  type Bytes,
  type LookupParameters,
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
  _operation: Operation,
  frame: Bytes,
): ServedProduct {
  return before !== null && toHex(namedSnapshot(frame)) === before.snapshotHash ? before : served;
}

/** What is refused here cost its sender nothing, so that it may not cost the domain much: of a query only its shape is read. */
function measure(served: ServedProduct, operation: Operation, frame: Bytes): bigint {
  const snapshot = lookupSnapshot(served);
  if (operation === "lookup.evaluate") {
    const { snapshot: named, elements } = decodeEvaluateRequest(frame);
    expectSnapshot(named, served);
    return BigInt(elements.length);
  }
  const query = measurePirQuery(frame);
  expectSnapshot(query.snapshot, served);
  const words = lookupTables(snapshot).map(({ parameters }) => parameters.rowsPerBucket);
  if (query.words.length !== words.length || query.words.some((length, i) => length !== words[i])) {
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

/** The base table is answered by the domain's workers, if it has any; the delta table, which is small, always here. */
async function answerQuery(
  context: DomainContext,
  served: ServedProduct,
  frame: Bytes,
  signal: AbortSignal,
): Promise<Bytes> {
  const { snapshot, parts: queries } = decodePirQuery(frame);
  expectSnapshot(snapshot, served);
  const [base, ...deltas] = lookupTables(lookupSnapshot(served)).map(({ parameters }, i) => ({
    name: i === 0 ? servedPart(served, DATABASE_PART) : deltaPart(served, DATABASE_PART),
    parameters,
    query: queries[i] ?? new Uint32Array(),
  }));
  if (base === undefined) throw misplaced("label-lookup");
  const rows = (): AsyncIterable<Bytes> => context.files.stream(base.name);
  const spread = await context.workers.answer({ ...base, rows }, base.query, signal);
  if (spread === null) return encodePirAnswer(await scanTables(context, served, [base, ...deltas], signal));
  return encodePirAnswer([spread, ...(await scanTables(context, served, deltas, signal))]);
}

interface AskedTable {
  readonly name: string;
  readonly parameters: LookupParameters;
  readonly query: Uint32Array;
}

/** A scan of each table, together with the queries of others. Engines without kernels answer it alone. */
async function scanTables(
  { parts, pools }: DomainContext,
  { snapshotHash }: ServedProduct,
  tables: readonly AskedTable[],
  signal: AbortSignal,
): Promise<Uint32Array[]> {
  const scans: ScanCall[] = [];
  const plain: AnswerPart[] = [];
  for (const { name, parameters, query } of tables) {
    const database = await parts.openDatabase(name, parameters, pools.maxThreads);
    if (database instanceof Uint8Array) plain.push({ parameters, database });
    else scans.push({ shape: parameters, database, query, signal });
  }
  if (plain.length === 0) return await Promise.all(scans.map((scan) => pools.scan(scan)));
  const frame = encodePirQuery({ snapshot: fromHex(snapshotHash), parts: tables.map(({ query }) => query) });
  const task: AnswerTask = { parts: plain, snapshot: snapshotHash, frame };
  return decodePirAnswer(await pools.answer<Bytes>("lookup", "pir.answer", task, { signal }));
}

function lookupSnapshot({ snapshot: { body } }: ServedProduct): LookupSnapshot {
  if (body.type !== "lookup-snapshot") throw misplaced("label-lookup");
  return body;
}
