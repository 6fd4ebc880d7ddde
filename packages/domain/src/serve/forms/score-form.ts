/** Encrypted scoring over columns that callers encrypt, by the released linear model, which counts as published; or by a model that
 *  stays in the domain, in the scheme of `hidden-score.ts`. The snapshot's parameters say which. The domain learns how many features
 *  came, and of a linear model how many rows; not a value, not a score. No user code runs for a call and no row is read.
 *  @module */
import { planScore, type ScoreTask } from "@sluice/mpc/he/linear/server";
import {
  decodeScoreRequest,
  documentHash,
  SluiceError,
  toHex,
  type Bytes,
  type ScoreParameters,
  type ScoreSnapshot,
} from "@sluice/protocol";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { transferable } from "../work-pools.ts";
import { answerHidden, buildHidden, measureHidden } from "./hidden-score.ts";
import { misplaced, servedMembers, signProduct, type DomainForm, type ProductSource } from "./product-form.ts";

/** The form score. */
export function scoreForm(context: DomainContext): DomainForm {
  return {
    form: "score",
    downloads: {},
    build: (source) => build(context, source),
    measure: (served, _operation, frame) => {
      const { parameters } = scoreSnapshot(served);
      return parameters.packing === "slots" ? measureHidden(parameters, frame) : measureLinear(parameters, frame);
    },
    answer: (served, _operation, frame, signal) => {
      const { model, parameters } = scoreSnapshot(served);
      return parameters.packing === "slots"
        ? answerHidden(context, { served, parameters }, frame, signal)
        : answerLinear(context, { model, parameters }, frame, signal);
    },
  };
}

/** @throws ERR_SCORE_MODEL when the model cannot score under encryption */
async function build(context: DomainContext, source: ProductSource): Promise<ServedProduct> {
  const { content } = source;
  if (content.kind === "square-network") return await buildHidden(context, source, content);
  if (content.kind !== "score") throw misplaced("score");
  const body: ScoreSnapshot = {
    type: "score-snapshot",
    ...servedMembers(context, source),
    model: content.modelHash,
    parameters: planScore(content.model, content.featureBound),
    link: content.link,
  };
  return await signProduct(context, source, body, null);
}

/** Rows of the request: its columns have a coefficient for each and no more, so no other row is scored. The parameters it
 *  names are the snapshot's, or the snapshot is another. */
async function measureLinear(parameters: ScoreParameters, frame: Bytes): Promise<bigint> {
  const request = decodeScoreRequest(frame);
  if (toHex(request.parameters) !== (await documentHash(parameters))) throw new SluiceError("ERR_SNAPSHOT");
  const expected = parameters.features.length;
  if (request.features !== expected) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "features", expected: String(expected) });
  }
  return BigInt(request.rows);
}

async function answerLinear(
  context: DomainContext,
  { model: hash, parameters }: { readonly model: string; readonly parameters: ScoreParameters },
  frame: Bytes,
  signal: AbortSignal,
): Promise<Bytes> {
  const model = context.work.model(hash);
  if (model?.kind !== "linear-model") throw new SluiceError("ERR_NOT_FOUND", { kind: "model", name: hash });
  const task: ScoreTask = { model, parameters, frame };
  return context.pools.answer<Bytes>("score", "score.answer", task, { signal, transfer: transferable(frame) });
}

function scoreSnapshot({ snapshot: { body } }: ServedProduct): ScoreSnapshot {
  if (body.type !== "score-snapshot") throw misplaced("score");
  return body;
}
