/** Encrypted scoring (密态评分): scores of the caller's rows, by a linear model or by one that stays with its domain: the snapshot's
 *  parameters say which, and a caller does the same for both. The caller learns its scores, from which a linear model follows after a
 *  few rows and the other one to its noise (docs/scoring-hidden.md); domain and gateway learn the number of columns, and of a
 *  linear model that of rows; not a value and not a score.
 *  @module */
import type { ScoreColumns, ScoreQuery } from "@sluice/mpc/he/linear/client";
import { HIDDEN_ROWS, type EvidencedReceipt, type ScoreSnapshot } from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { openProduct, useOf, type ProductHandle } from "./product-handle.ts";
import { callOnce, type ProductionContext } from "./production-call.ts";
import { asClient, throwIfCancelled } from "./refusal.ts";

/** What scoring yields, one number per row. Do not send scores back to domain or gateway: they carry the noise of
 *  the key that they were decrypted with. */
export interface ScoreResult {
  /** Scores before the link, each off by `snapshot.parameters.errorBound` at most. */
  readonly scores: Float64Array;
  /** Scores with the product's link applied: probabilities for `logistic`. */
  readonly responses: Float64Array;
  readonly receipt: EvidencedReceipt;
}

/** A scoring product at one snapshot. */
export interface ScoreHandle extends ProductHandle<ScoreSnapshot> {
  /** Names of the columns, in the order of the model. */
  readonly features: readonly string[];
  /** Scores rows given as columns by feature name, equally long; `snapshot.parameters` has the bounds of features. Of a linear model
   *  it spends as many rows as it sends, 4,096 at most; of a model that stays, 8,192 rows however few it sends.
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
  const { applyLink } = await import("@sluice/mpc/he/linear/client");
  const scheme = await asClient(() => openScheme(product.snapshot));
  const link = (scores: Float64Array): Float64Array => applyLink(product.snapshot.link, scores);
  return {
    ...product,
    features: scheme.features,
    score: (columns, options = {}) => scoreRows(context, { product, scheme, link }, columns, options),
  };
}

/** What the client does in the scheme of a product. */
interface Scheme {
  readonly features: readonly string[];
  encrypt(columns: ScoreColumns): ScoreQuery;
  /** Units that a call with so many rows spends. */
  spends(rows: number): number;
}

async function openScheme({ parameters }: ScoreSnapshot): Promise<Scheme> {
  if (parameters.type === "score-hidden-parameters") {
    const { HiddenClient } = await import("@sluice/mpc/he/hidden/client");
    const client = await HiddenClient.open(parameters);
    const features = parameters.features.map(({ name }) => name);
    return { features, encrypt: (columns) => client.encrypt(columns), spends: () => HIDDEN_ROWS };
  }
  const { ScoreClient } = await import("@sluice/mpc/he/linear/client");
  const client = await ScoreClient.open(parameters);
  return { features: parameters.features, encrypt: (columns) => client.encrypt(columns), spends: (rows) => rows };
}

interface OpenScore {
  readonly product: ProductHandle<ScoreSnapshot>;
  readonly scheme: Scheme;
  readonly link: (scores: Float64Array) => Float64Array;
}

async function scoreRows(
  context: ProductionContext,
  { product, scheme, link }: OpenScore,
  columns: ScoreColumns,
  options: CallOptions,
): Promise<ScoreResult> {
  throwIfCancelled(options.signal);
  const query = await asClient(() => scheme.encrypt(columns));
  try {
    const amount = scheme.spends(columns[scheme.features[0] ?? ""]?.length ?? 0);
    const answer = await callOnce(context, useOf(product, "score", amount), query.frame, options);
    const scores = await asClient(() => query.finish(answer.frame));
    return { scores, responses: link(scores), receipt: answer.receipt };
  } finally {
    query.discard();
  }
}
