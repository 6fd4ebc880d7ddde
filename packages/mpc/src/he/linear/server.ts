/** Server role of encrypted scoring: a linear model over encrypted columns, one ciphertext of scores per block of rows.
 *
 *  Who learns what: the domain learns how many rows and features came, and nothing of their values or scores (`client.ts`
 *  has the assumptions). The caller learns its scores, from which d + 1 rows reveal the model; and the noise of a
 *  reply depends on the weights. The model therefore counts as published: encryption protects the caller's
 *  features against domain and gateway, not the model against callers.
 *
 *  No evaluation keys, no rescaling: each column is multiplied by one rounded weight. What a peer sends is capped by the
 *  frame, decoded to fixed lengths, and loaded by SEAL under our own parameters only. A cheating caller can spoil its
 *  own scores; ciphertexts that cancel to a transparent result are refused.
 *  @module */
import {
  decodeScoreRequest,
  documentHash,
  encodeScoreReply,
  MAX_FRAME_BYTES,
  SCORE_BLOCK_ROWS,
  scoreBlocks,
  SluiceError,
  toHex,
  type Bytes,
  type ScoreCiphertext,
  type ScoreRequest,
} from "@sluice/protocol";
import type { Plaintext } from "node-seal/throws";
import { heEngine, loadFresh, refusing, type HeEngine } from "../engine.ts";
import { openHandles, type HandleScope } from "../handles.ts";
import { LINEAR_PARAMETERS, refusedCiphertext } from "./parameters.ts";
import { checkScoreProduct, roundWeights, type ScoreProduct } from "./plan.ts";

export { planScore, scoreErrorBound, type ScoreProduct } from "./plan.ts";
export { SCORE_WORKER, type ScoreTask } from "./tasks.ts";

/** Models whose encoded weights stay in memory per thread, 32 kB for each weight. */
const MAX_PREPARED = 4;

/** A model in SEAL's terms. */
interface PreparedModel {
  readonly engine: HeEngine<typeof LINEAR_PARAMETERS>;
  /** Null where a weight rounds to zero: SEAL would refuse the transparent product. */
  readonly weights: readonly (Plaintext | null)[];
  readonly intercept: Plaintext;
  readonly scope: HandleScope;
}

const prepared = new Map<string, PreparedModel>();

/** Scores one ScoreRequest and gives the ScoreReply.
 *  @throws ERR_FRAME_TOO_LARGE, ERR_FRAME_MALFORMED, ERR_SCORE_ROWS; ERR_SNAPSHOT when the request names other
 *  parameters; ERR_SCORE_CIPHERTEXT; ERR_SCORE_MODEL when model and parameters do not fit together. */
export async function score(product: ScoreProduct, frame: Bytes): Promise<Bytes> {
  if (frame.length > MAX_FRAME_BYTES) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: frame.length, maxBytes: MAX_FRAME_BYTES });
  }
  const request = decodeScoreRequest(frame);
  checkScoreProduct(product);
  if ((await documentHash(product.parameters)) !== toHex(request.parameters)) throw new SluiceError("ERR_SNAPSHOT");
  if (request.features !== product.parameters.features.length) {
    throw new SluiceError("ERR_FRAME_MALFORMED", {
      field: "features",
      expected: String(product.parameters.features.length),
    });
  }
  const name = await documentHash(product);
  const model = prepare(product, name, await heEngine(LINEAR_PARAMETERS));
  const { featureScaleBits } = product.parameters;
  const blocks = Array.from({ length: scoreBlocks(request.rows) }, (_, block) =>
    scoreBlock(model, request, block, 2 ** featureScaleBits),
  );
  return encodeScoreReply({ rows: request.rows, blocks });
}

/** Σ weight · column + intercept of one block. Every column is loaded, and so checked, also when its weight is zero. */
function scoreBlock(model: PreparedModel, request: ScoreRequest, block: number, scale: number): ScoreCiphertext {
  const { engine, weights, intercept } = model;
  const { seal, evaluator } = engine;
  const blocks = scoreBlocks(request.rows);
  using scope = openHandles();
  const column = scope.keep(new seal.Ciphertext());
  const sum = scope.keep(new seal.Ciphertext());
  let empty = true;
  for (const [feature, weight] of weights.entries()) {
    const index = feature * blocks + block;
    const fresh = request.columns[index];
    if (fresh === undefined) continue;
    refusing(engine, refusedCiphertext(index), () => {
      loadFresh(engine, column, fresh, scale);
      if (weight === null) return;
      if (empty) {
        evaluator.multiplyPlain(column, weight, sum);
        empty = false;
      } else {
        evaluator.multiplyPlainInplace(column, weight);
        evaluator.addInplace(sum, column);
      }
    });
  }
  evaluator.addPlainInplace(sum, intercept);
  return engine.full.pack(sum.saveToArray(seal.ComprModeType.none) as Bytes);
}

/** Encoding a constant costs as much as encoding a column, so it is done once per model. The least recently used model
 *  leaves when a fifth comes. Runs without waiting, so no request loses its model midway. */
function prepare(product: ScoreProduct, name: string, engine: HeEngine<typeof LINEAR_PARAMETERS>): PreparedModel {
  const known = prepared.get(name);
  prepared.delete(name);
  const usable = known?.engine === engine ? known : encodeModel(product, engine);
  prepared.set(name, usable);
  const [[oldest, evicted] = []] = prepared;
  if (prepared.size > MAX_PREPARED && oldest !== undefined) {
    prepared.delete(oldest);
    evicted?.scope.close();
  }
  return usable;
}

function encodeModel(product: ScoreProduct, engine: HeEngine<typeof LINEAR_PARAMETERS>): PreparedModel {
  const { featureScaleBits, weightScaleBits } = product.parameters;
  const scope = openHandles();
  const encode = (value: number, scaleBits: number) => {
    const plaintext = scope.keep(new engine.seal.Plaintext());
    engine.encoder.encode(new Float64Array(SCORE_BLOCK_ROWS).fill(value), 2 ** scaleBits, plaintext);
    return plaintext;
  };
  try {
    const weights = roundWeights(product.model, weightScaleBits).map((weight) =>
      weight === 0 ? null : encode(weight, weightScaleBits),
    );
    return { engine, weights, intercept: encode(product.model.intercept, featureScaleBits + weightScaleBits), scope };
  } catch (error) {
    scope.close();
    throw error;
  }
}
