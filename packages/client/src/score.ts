/** Encrypted scoring (密态评分): linear scores of the caller's rows. The caller learns its scores, from which the model follows
 *  after a few rows; domain and gateway learn the number of rows and columns, not a value and not a score.
 *  @module */
import type { ScoreClient, ScoreColumns } from "@sluice/mpc/he/linear/client";
import type { EvidencedReceipt, ScoreSnapshot } from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { openProduct, useOf, type ProductHandle } from "./product-handle.ts";
import { callOnce, type ProductionContext } from "./production-call.ts";
import { asClient, throwIfCancelled } from "./refusal.ts";

/** What scoring yields, one number per row. Do not send scores back to domain or gateway: they carry the noise of
 *  the key that they were decrypted with. */
export interface ScoreResult {
  /** Linear scores, each off by `snapshot.parameters.errorBound` at most. */
  readonly scores: Float64Array;
  /** Scores with the product's link applied: probabilities for `logistic`. */
  readonly responses: Float64Array;
  readonly receipt: EvidencedReceipt;
}

/** A scoring product at one snapshot. */
export interface ScoreHandle extends ProductHandle<ScoreSnapshot> {
  /** Scores rows given as columns by feature name, equally long; `snapshot.parameters` names the features and their bound.
   *  Spends as many rows as it sends, 4096 at most.
   *  @throws ERR_SCORE_ROWS, ERR_SCORE_INPUT, both before anything is sent; ERR_SCORE_CIPHERTEXT, ERR_RECEIPT,
   *  ERR_ANSWER_ALTERED, ERR_CANCELLED, and refusals of the peers */
  score(columns: ScoreColumns, options?: CallOptions): Promise<ScoreResult>;
}

/** Opens a scoring product. SEAL, some megabytes of WebAssembly, is loaded here and not before.
 *  @throws what `openProduct` throws */
export async function openScore(
  context: ProductionContext,
  name: string,
  options: CallOptions = {},
): Promise<ScoreHandle> {
  const product = await openProduct(context, name, "score", options);
  const { ScoreClient, applyLink } = await import("@sluice/mpc/he/linear/client");
  const client = await asClient(() => ScoreClient.open(product.snapshot.parameters));
  const link = (scores: Float64Array): Float64Array => applyLink(product.snapshot.link, scores);
  return {
    ...product,
    score: (columns, options = {}) => scoreRows(context, { product, client, link }, columns, options),
  };
}

interface OpenScore {
  readonly product: ProductHandle<ScoreSnapshot>;
  readonly client: ScoreClient;
  readonly link: (scores: Float64Array) => Float64Array;
}

async function scoreRows(
  context: ProductionContext,
  { product, client, link }: OpenScore,
  columns: ScoreColumns,
  options: CallOptions,
): Promise<ScoreResult> {
  throwIfCancelled(options.signal);
  const query = await asClient(() => client.encrypt(columns));
  try {
    const rows = columns[product.snapshot.parameters.features[0] ?? ""]?.length ?? 0;
    const answer = await callOnce(context, useOf(product, "score", rows), query.frame, options);
    const scores = await asClient(() => query.finish(answer.frame));
    return { scores, responses: link(scores), receipt: answer.receipt };
  } finally {
    query.discard();
  }
}
