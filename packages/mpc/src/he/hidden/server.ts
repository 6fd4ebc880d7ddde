/** Server role of scoring by a private model: one hidden layer with square activations over encrypted columns.
 *
 *  Who learns what: the domain learns no feature and no score. A caller that follows the protocol learns the scores of its 8,192 rows
 *  to the noise, and within 2^-statisticalBits of nothing else per reply: the reply is re-randomised by an encryption of zero
 *  under the caller's key, which hides the second polynomial (ring-LWE), with noise in the first that drowns all that depends on
 *  weights (`plan.ts`), and only then brought to the lowest level. A quadratic form of d features has (d + 1)(d + 2) / 2
 *  coefficients, and one request more rows than that: scores determine the form to the noise's resolution
 *  (`hidden-attack.test.ts`). A caller that forges its public key or its keys for relinearisation, or columns, escapes the noise and
 *  reads the form of the rounded weights exactly: no check here sees it. Quotas bound replies; see docs/scoring-hidden.md.
 *  @module */
import {
  decodeHiddenRequest,
  documentHash,
  encodeHiddenReply,
  HIDDEN_RING,
  MAX_FRAME_BYTES,
  SluiceError,
  toHex,
  type Bytes,
  type HiddenRequest,
  type Random,
} from "@sluice/protocol";
import type { Ciphertext, Encryptor, RelinKeys } from "node-seal/throws";
import { systemRandom } from "../../random.ts";
import { loadFresh, refusing } from "../engine.ts";
import { openHandles, type HandleScope } from "../handles.ts";
import { addWhole, drowningNoise, residue } from "./noise.ts";
import { checkHiddenProduct, roundUnits, scoreBits, type HiddenProduct } from "./plan.ts";
import { hiddenRing, refusedColumn, refusedKeys, type HiddenRing } from "./ring.ts";
import { wholeSums } from "./whole-sums.ts";

export { hiddenErrorBound, planHidden, roundUnits, type HiddenPlanOptions, type HiddenProduct } from "./plan.ts";
export { HIDDEN_WORKER, type HiddenTask } from "./tasks.ts";

/** Scores one HiddenRequest and gives the HiddenReply.
 *  @throws ERR_FRAME_TOO_LARGE, ERR_FRAME_MALFORMED; ERR_SCORE_MODEL when the model is not the one its parameters admit; ERR_SNAPSHOT
 *  when the request names other parameters; ERR_SCORE_KEY, ERR_SCORE_CIPHERTEXT. */
export async function scoreHidden(product: HiddenProduct, frame: Bytes, random: Random = systemRandom): Promise<Bytes> {
  if (frame.length > MAX_FRAME_BYTES) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: frame.length, maxBytes: MAX_FRAME_BYTES });
  }
  const request = decodeHiddenRequest(frame);
  await checkHiddenProduct(product);
  const { parameters } = product;
  if ((await documentHash(parameters)) !== toHex(request.parameters)) throw new SluiceError("ERR_SNAPSHOT");
  if (request.columns.length !== parameters.features.length) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "features", expected: String(parameters.features.length) });
  }
  const ring = await hiddenRing();
  using scope = openHandles();
  const keys = loadKeys(ring, scope, request);
  const sum = hiddenSum(ring, scope, product, request);
  const { engine, lowest } = ring;
  return refusing(engine, refusedKeys, () => {
    const { evaluator, seal } = engine;
    evaluator.relinearizeInplace(sum, keys.relinKeys);
    const noise = drowningNoise(random, parameters.noiseBits, HIDDEN_RING);
    const intercept = BigInt(Math.round(product.network.intercept * 2 ** scoreBits(parameters)));
    noise[0] = (noise[0] ?? 0n) + intercept;
    evaluator.addInplace(sum, encryptNoise(ring, scope, keys.encryptor, noise));
    sum.setScale(2 ** scoreBits(parameters));
    evaluator.rescaleToNextInplace(sum);
    evaluator.rescaleToNextInplace(sum);
    return encodeHiddenReply(lowest.pack(sum.saveToArray(seal.ComprModeType.none) as Bytes));
  });
}

/** A fresh encryption of the whole numbers under the caller's public key, without a scale. */
export function encryptNoise(ring: HiddenRing, scope: HandleScope, encryptor: Encryptor, noise: bigint[]): Ciphertext {
  const { engine, coefficients, primes } = ring;
  const ciphertext = scope.keep(new engine.seal.Ciphertext());
  encryptor.encryptZero(ciphertext);
  engine.evaluator.cipherTransformFromNttInplace(ciphertext);
  const polynomials = coefficients.pack(ciphertext.saveToArray(engine.seal.ComprModeType.none) as Bytes);
  addWhole(polynomials.c0, noise, primes);
  noise.fill(0n);
  ciphertext.loadFromArray(engine.context, coefficients.widen(polynomials, 1));
  polynomials.c0.fill(0);
  engine.evaluator.cipherTransformToNttInplace(ciphertext);
  return ciphertext;
}

function loadKeys(
  ring: HiddenRing,
  scope: HandleScope,
  { publicKey, relinKeys }: HiddenRequest,
): { encryptor: Encryptor; relinKeys: RelinKeys } {
  const { seal, context } = ring.engine;
  return refusing(ring.engine, refusedKeys, () => {
    const ownKey = scope.keep(new seal.PublicKey());
    ownKey.loadFromArray(context, ring.publicKey.widen([publicKey]));
    const switching = scope.keep(new seal.RelinKeys());
    switching.loadFromArray(context, ring.relinKeys.widen(relinKeys));
    return { encryptor: scope.keep(new seal.Encryptor(context, ownKey)), relinKeys: switching };
  });
}

/** Σ ±h² as ciphertexts of three polynomials, without a scale. */
function hiddenSum(ring: HiddenRing, scope: HandleScope, product: HiddenProduct, request: HiddenRequest): Ciphertext {
  const { engine, primes } = ring;
  const { seal, context, evaluator, full } = engine;
  const { featureScaleBits, weightScaleBits } = product.parameters;
  const units = roundUnits(product.network, weightScaleBits);
  const weights = units.map((unit) => unit.weights.map((weight) => weight * 2 ** weightScaleBits));
  // A constant polynomial has the same value at every place of its transform.
  const biases = units.map(({ bias }) => {
    const whole = BigInt(Math.round(bias * 2 ** (featureScaleBits + weightScaleBits)));
    return primes.map((prime) => residue(whole, prime));
  });
  const loaded = scope.keep(new seal.Ciphertext());
  const columns = request.columns.map((column, index) =>
    refusing(engine, refusedColumn(index), () => {
      loadFresh(engine, loaded, column, 1);
      return full.pack(loaded.saveToArray(seal.ComprModeType.none) as Bytes);
    }),
  );
  const c0 = wholeSums(
    columns.map((column) => column.c0),
    weights,
    biases,
    primes,
  );
  const c1 = wholeSums(
    columns.map((column) => column.c1),
    weights,
    [],
    primes,
  );
  const sum = scope.keep(new seal.Ciphertext());
  const none = new Uint8Array(0);
  for (const [j, { sign }] of units.entries()) {
    refusing(engine, refusedColumn(0), () => {
      loaded.loadFromArray(context, full.widen({ c0: c0[j] ?? none, c1: c1[j] ?? none }, 1));
      evaluator.squareInplace(loaded);
      if (j > 0) evaluator[sign > 0 ? "addInplace" : "subInplace"](sum, loaded);
      else if (sign > 0) sum.assign(loaded);
      else evaluator.negate(loaded, sum);
    });
  }
  return sum;
}
