/** Server role of encrypted scoring: a linear model over encrypted columns.
 *
 *  Who learns what: the domain learns how many rows and features came, and nothing of their values or scores (`client.ts`
 *  has the assumptions). The caller learns its scores and the rounded weights: d + 1 rows determine them, and already the
 *  second polynomial of one answer does. The model therefore counts as published: encryption protects the caller's
 *  features against domain and gateway, not the model against callers.
 *
 *  No keys, no library: weights are whole numbers, and coefficients are added up on the bytes of the frame, which is capped,
 *  decoded to fixed lengths, and refused where a coefficient is not below the prime. A cheating caller can spoil its own
 *  scores; columns that cancel to a transparent result are refused.
 *  @module */
import {
  decodeScoreRequest,
  encodeScoreReply,
  MAX_FRAME_BYTES,
  SluiceError,
  toHex,
  type Bytes,
} from "@sluice/protocol";
import { refusedCiphertext } from "./parameters.ts";
import type { ScoreProduct } from "./plan.ts";
import { prepareProduct } from "./prepared.ts";
import { weightedSum } from "./weighted-sum.ts";

export { planScore, scoreErrorBound, type ScoreProduct } from "./plan.ts";
export { SCORE_WORKER, type ScoreTask } from "./tasks.ts";

/** Scores one ScoreRequest and gives the ScoreReply.
 *  @throws ERR_FRAME_TOO_LARGE, ERR_FRAME_MALFORMED, ERR_SCORE_ROWS; ERR_SNAPSHOT when the request names other
 *  parameters; ERR_SCORE_CIPHERTEXT; ERR_SCORE_MODEL when model and parameters do not fit together. */
export async function score(product: ScoreProduct, frame: Bytes): Promise<Bytes> {
  if (frame.length > MAX_FRAME_BYTES) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: frame.length, maxBytes: MAX_FRAME_BYTES });
  }
  const request = decodeScoreRequest(frame);
  const { hash, features, weights, intercept } = await prepareProduct(product);
  if (hash !== toHex(request.parameters)) throw new SluiceError("ERR_SNAPSHOT");
  if (request.features !== features) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "features", expected: String(features) });
  }
  const sum = weightedSum(request.columns, weights, intercept, (index, reason) => refusedCiphertext(index)(reason));
  return encodeScoreReply({ rows: request.rows, ...sum });
}
