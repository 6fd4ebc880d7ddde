/** Production calls of private lookup. The domain learns that this caller asked this product; not the key,
 *  not hit or miss. A cheating caller gains nothing beyond its quota of evaluations, which is the only
 *  defence against trying every identity number.
 *  @module */
import { openQuery } from "@sluice/evidence/seal";
import {
  decodeEvaluateRequest,
  decodePirQuery,
  SluiceError,
  sealingContext,
  toHex,
  type AnswerEnvelope,
  type Bytes,
  type CallEnvelope,
  type Operation,
} from "@sluice/protocol";
import type { ServedProduct } from "../state/work.ts";
import { admit, decide, spend, type Admitted } from "./admit.ts";
import { indexDirectory } from "./build.ts";
import type { DomainContext } from "./context.ts";
import { oprfInfo, oprfSeed } from "./lookup-keys.ts";
import { issueReceipt, prove } from "./receipts.ts";

/** Answers one call. @throws the coded refusal; nothing was computed unless the use was spent. */
export async function answerCall(
  context: DomainContext,
  envelope: CallEnvelope,
  signal: AbortSignal,
): Promise<AnswerEnvelope> {
  const admitted = await admit(context, envelope);
  const { request } = admitted;
  if (request.operation !== "lookup.evaluate" && request.operation !== "lookup.query") {
    throw new SluiceError("ERR_GRANT_OPERATION", { operation: request.operation });
  }
  decide(context, admitted, null);
  const product = servedProduct(context, admitted);
  const query = await openQuery(context.sealKeys, admitted.frame, sealingContext(request));
  const amount = amountOf(request.operation, query.content, product);
  const charged = await spend(context, admitted, amount);
  const before = charged === "already" ? context.answers.get(request.callId) : null;
  const kept =
    before ??
    (await issueReceipt(context, admitted, {
      frame: await query.sealAnswer(await compute(context, admitted, query.content, product, signal), context.random),
      amount,
      snapshot: product.snapshotHash,
      release: product.snapshot.body.release,
      layers: product.layers,
    }));
  if (kept.frame === null) throw new SluiceError("ERR_CALL_REUSED");
  return { receipt: await prove(context, kept), frame: kept.frame };
}

function servedProduct(context: DomainContext, admitted: Admitted): ServedProduct {
  const { request, held } = admitted;
  const named = { product: request.product, version: request.version };
  const release = context.documents.release(request.product, request.version);
  if (release === null || release.release.body.grant !== held.hash) throw new SluiceError("ERR_RELEASE_MISSING", named);
  if (release.release.body.bundle !== request.bundle) throw new SluiceError("ERR_BUNDLE_CHANGED");
  const product = context.work.product(request.product, request.version);
  if (product === null) {
    throw new SluiceError("ERR_STATE", {
      kind: "product",
      name: request.product,
      state: "released",
      needed: "a build",
    });
  }
  return product;
}

function amountOf(operation: Operation, frame: Bytes, product: ServedProduct): bigint {
  if (operation === "lookup.evaluate") return BigInt(decodeEvaluateRequest(frame).elements.length);
  const query = decodePirQuery(frame);
  if (toHex(query.snapshot) !== product.snapshotHash) throw new SluiceError("ERR_SNAPSHOT");
  const rows = product.snapshot.body.parameters.rowsPerBucket;
  if (query.query.length !== rows) throw new SluiceError("ERR_LOOKUP_QUERY", { reason: `it needs ${rows} words` });
  return 1n;
}

async function compute(
  context: DomainContext,
  { held, request }: Admitted,
  frame: Bytes,
  product: ServedProduct,
  signal: AbortSignal,
): Promise<Bytes> {
  if (request.operation === "lookup.query") {
    const input = { directory: indexDirectory(context, product.index), snapshot: product.snapshotHash, frame };
    return context.pool.run<Bytes>("pir.answer", input, { signal });
  }
  const input = {
    seed: oprfSeed(context),
    info: oprfInfo(held, product.product, product.snapshot.body.epoch),
    frame,
  };
  return context.pool.run<Bytes>("oprf.evaluate", input, { signal });
}
