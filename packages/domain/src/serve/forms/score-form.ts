/** Encrypted scoring: the released linear model over columns that callers encrypt. The domain learns how many rows and
 *  features came; not a value, not a score. The model counts as published: a few rows of a caller reveal it. No user
 *  code runs for it and no row is read.
 *  @module */
import { planScore, type ScoreTask } from "@sluice/mpc/he/linear/server";
import { decodeScoreRequest, documentHash, SluiceError, toHex, type Bytes, type ScoreSnapshot } from "@sluice/protocol";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { transferable } from "../work-pools.ts";
import { misplaced, servedMembers, signProduct, type DomainForm, type ProductSource } from "./product-form.ts";

/** The form score. */
export function scoreForm(context: DomainContext): DomainForm {
  return {
    form: "score",
    downloads: {},
    build: (source) => build(context, source),
    measure: (served, _operation, frame) => measure(served, frame),
    answer: (served, _operation, frame, signal) => answer(context, served, frame, signal),
  };
}

/** @throws ERR_SCORE_MODEL when the model cannot score under encryption */
function build(context: DomainContext, source: ProductSource): Promise<ServedProduct> {
  const { content } = source;
  if (content.kind !== "score") throw misplaced("score");
  const body: ScoreSnapshot = {
    type: "score-snapshot",
    ...servedMembers(context, source),
    model: content.modelHash,
    parameters: planScore(content.model, content.featureBound),
    link: content.link,
  };
  return signProduct(context, source, body, null);
}

/** Rows of the request: its columns have a coefficient for each and no more, so no other row is scored. The parameters it
 *  names are the snapshot's, or the snapshot is another. */
async function measure(served: ServedProduct, frame: Bytes): Promise<bigint> {
  const { parameters } = scoreSnapshot(served);
  const request = decodeScoreRequest(frame);
  if (toHex(request.parameters) !== (await documentHash(parameters))) throw new SluiceError("ERR_SNAPSHOT");
  const expected = parameters.features.length;
  if (request.features !== expected) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "features", expected: String(expected) });
  }
  return BigInt(request.rows);
}

async function answer(
  context: DomainContext,
  served: ServedProduct,
  frame: Bytes,
  signal: AbortSignal,
): Promise<Bytes> {
  const { model: hash, parameters } = scoreSnapshot(served);
  const model = context.work.model(hash);
  if (model?.kind !== "linear-model") throw new SluiceError("ERR_NOT_FOUND", { kind: "model", name: hash });
  const task: ScoreTask = { model, parameters, frame };
  return context.pools.answer<Bytes>("score", "score.answer", task, { signal, transfer: transferable(frame) });
}

function scoreSnapshot({ snapshot: { body } }: ServedProduct): ScoreSnapshot {
  if (body.type !== "score-snapshot") throw misplaced("score");
  return body;
}
