/** Private lookup: one label for each key. The domain learns that this caller asked this product; not the key, not hit
 *  or miss. A cheating caller gains nothing beyond its quota of evaluations, which is the only defence against trying
 *  every identity number.
 *  @module */
import { buildTable, lookupContext, packTable, type EvaluateTask, type AnswerTask } from "@sluice/mpc/lookup/server";
import {
  decodeEvaluateRequest,
  decodePirQuery,
  encodeLabelRecord,
  encodeLookupRecord,
  LABEL_RECORD_BYTES,
  lookupTables,
  RECORD_STATE_BYTES,
  sha256Hex,
  SluiceError,
  type Bytes,
  type LookupSnapshot,
  type Operation,
} from "@sluice/protocol";
import { judgingKeys } from "../../data/unfit-keys.ts";
import type { ServedProduct } from "../../state/work.ts";
import { buildParts } from "../build-folders.ts";
import type { DomainContext } from "../context.ts";
import { servedPart, writeIndex } from "../indexes.ts";
import { FIRST_EPOCH, oprfInfo, oprfSeed } from "../product-keys.ts";
import {
  expectSnapshot,
  misplaced,
  servedMembers,
  signProduct,
  type DomainForm,
  type ProductSource,
} from "./product-form.ts";

/** Stays in the domain. */
const DATABASE_PART = "database.bin";
/** Fetched by callers. */
const HINT_PART = "hint.bin";

/** The form label-lookup. */
export function lookupForm(context: DomainContext): DomainForm {
  return {
    form: "label-lookup",
    downloads: { hint: HINT_PART },
    build: (source, signal) => build(context, source, signal),
    measure,
    answer: (served, operation, frame, signal) => answer(context, served, operation, frame, signal),
  };
}

function build(context: DomainContext, source: ProductSource, signal: AbortSignal): Promise<ServedProduct> {
  return judgingKeys(source.held.grant.body.key, () => buildIndex(context, source, signal));
}

/** A key with two labels has no answer, and no index. */
async function buildIndex(context: DomainContext, source: ProductSource, signal: AbortSignal): Promise<ServedProduct> {
  const { run, held, content, onProgress } = source;
  if (content.kind !== "labels") throw misplaced("label-lookup");
  const { product, version, grant } = run;
  const { keys, codes } = content;
  const built = await context.pools.buildInSteps("lookup", (pool, threads) =>
    buildTable({
      count: keys.length,
      payloadBytes: RECORD_STATE_BYTES + LABEL_RECORD_BYTES,
      rows: (from, to) =>
        packTable(
          keys.slice(from, to),
          Array.from(codes.subarray(from, to), (code) => encodeLookupRecord(encodeLabelRecord(code))),
        ),
      seed: oprfSeed(context),
      info: oprfInfo(held, product, FIRST_EPOCH),
      context: lookupContext({ domain: context.config.domain, product, version, grant, epoch: FIRST_EPOCH }),
      pool,
      threads,
      parts: buildParts(context.files, run.callId, signal),
      random: context.random,
      signal,
      ...(onProgress === undefined ? {} : { onProgress }),
    }),
  );
  const { parameters, oprfPublicKey, database, hint } = built;
  const index = await writeIndex(context, run.callId, { [DATABASE_PART]: database, [HINT_PART]: hint });
  const body: LookupSnapshot = {
    type: "lookup-snapshot",
    ...servedMembers(context, source),
    parameters,
    oprfPublicKey,
    epoch: FIRST_EPOCH,
    hint: await sha256Hex(hint),
    hintBytes: hint.length,
    vocabulary: content.vocabulary,
  };
  return signProduct(context, source, body, index);
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
  const { epoch, grant, parameters } = lookupSnapshot(served);
  if (operation === "lookup.query") {
    const database = await context.parts.open(servedPart(served, DATABASE_PART));
    const task: AnswerTask = { parts: [{ parameters, database }], snapshot: served.snapshotHash, frame };
    return await context.pools.answer<Bytes>("lookup", "pir.answer", task, { signal });
  }
  const held = context.documents.grant(grant);
  if (held === null) throw new SluiceError("ERR_GRANT_UNKNOWN", { grant });
  const task: EvaluateTask = { seed: oprfSeed(context), info: oprfInfo(held, served.product, epoch), frame };
  return await context.pools.answer<Bytes>("lookup", "oprf.evaluate", task, { signal });
}

function lookupSnapshot({ snapshot: { body } }: ServedProduct): LookupSnapshot {
  if (body.type !== "lookup-snapshot") throw misplaced("label-lookup");
  return body;
}
