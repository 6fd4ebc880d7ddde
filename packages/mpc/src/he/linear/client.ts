/** Client role of encrypted scoring (密态评分): encrypts columns of features, decrypts linear scores, applies the link.
 *
 *  Who learns what: the caller learns one score per row. The domain, and the gateway between, learn how many rows and
 *  features came, and no feature and no score, under the ring-LWE assumption at 128 bits. The model is not protected
 *  against callers: a score is linear, so d + 1 rows reveal d weights and the intercept, and so does the second
 *  polynomial of one answer. Serve only a model that counts as published.
 *  A cheating domain can return wrong scores; the receipt says who gave them.
 *
 *  Scores carry the noise of their key (IND-CPA-D, Li and Micciancio 2021): a peer that sees exact decrypted scores can
 *  compute the key. So each request has its own key, which ends with its answer, and scores must not go back to
 *  the domain or the gateway; nor may a peer see whether a particular answer decrypted.
 *  Values of a column are multiplied and rounded, and a score is off by at most `parameters.errorBound`.
 *  No `node:` import: runs in Node and in browsers. Synchronous: about 1.3 ms per column.
 *  @module */
import {
  decodeScoreReply,
  documentHash,
  encodeScoreRequest,
  fromHex,
  MAX_SCORE_ROWS,
  SCORE_COEFFICIENT_BYTES,
  SCORE_POLYNOMIAL_BYTES,
  SluiceError,
  type Bytes,
  type ScoreParameters,
  type SeededCiphertext,
} from "@sluice/protocol";
import type { Decryptor, Encryptor } from "node-seal/throws";
import { packPlaintext } from "../ciphertext-bytes.ts";
import { heEngine, loadFull, refusing, type HeEngine } from "../engine.ts";
import { openHandles } from "../handles.ts";
import { checkColumns, type ScoreColumns } from "../score-columns.ts";
import { scoreQuery, type ScoreQuery } from "../score-query.ts";
import { addValues, centredSums, toCoefficients, type ToCoefficients } from "./coefficients.ts";
import { LINEAR_PARAMETERS, refusedCiphertext } from "./parameters.ts";

export type { ScoreColumns } from "../score-columns.ts";
export type { ScoreQuery } from "../score-query.ts";
export { applyLink, type Link } from "./link.ts";

/** Encrypts for one product. Holds public parameters only, nothing to close. */
export class ScoreClient {
  readonly parameters: ScoreParameters;
  readonly #engine: HeEngine<typeof LINEAR_PARAMETERS>;
  readonly #hash: Bytes;
  readonly #toCoefficients: ToCoefficients;

  private constructor(parameters: ScoreParameters, engine: HeEngine<typeof LINEAR_PARAMETERS>, hash: Bytes) {
    this.parameters = parameters;
    this.#engine = engine;
    this.#hash = hash;
    this.#toCoefficients = toCoefficients(engine);
  }

  /** Loads SEAL on first use. The parameters are parsed, and the caller has verified who published them. */
  static async open(parameters: ScoreParameters): Promise<ScoreClient> {
    const hash = fromHex(await documentHash(parameters));
    return new ScoreClient(parameters, await heEngine(LINEAR_PARAMETERS), hash);
  }

  /** Encrypts one column per feature under a fresh key.
   *  @throws ERR_SCORE_ROWS; ERR_SCORE_INPUT when a column is missing, uneven, empty, or has a value that is not a
   *  finite number within the bound. */
  encrypt(columns: ScoreColumns): ScoreQuery {
    const { features, featureBound } = this.parameters;
    const bounds = features.map((name) => ({ name, low: -featureBound, high: featureBound }));
    const rows = checkColumns(columns, bounds, MAX_SCORE_ROWS);
    // Holds the key until the query ends.
    const scope = openHandles();
    try {
      const { seal, context } = this.#engine;
      using coins = openHandles();
      const keys = coins.keep(new seal.KeyGenerator(context));
      const secretKey = coins.keep(keys.secretKey());
      const encryptor = coins.keep(new seal.Encryptor(context, coins.keep(keys.createPublicKey()), secretKey));
      const decryptor = scope.keep(new seal.Decryptor(context, secretKey));
      const frame = encodeScoreRequest({
        parameters: this.#hash,
        rows,
        features: features.length,
        columns: features.map((feature) => this.#encryptColumn(encryptor, columns[feature], rows)),
      });
      return scoreQuery(frame, scope, (reply) => this.#decrypt(decryptor, reply, rows));
    } catch (error) {
      scope.close();
      throw error;
    }
  }

  /** SEAL encrypts zero, and the values are added to its coefficients: what is sent has SEAL's coins and key, and no others. */
  #encryptColumn(encryptor: Encryptor, column: Float64Array | undefined, rows: number): SeededCiphertext {
    const { seal, encoder, fresh } = this.#engine;
    using scope = openHandles();
    const zero = scope.keep(new seal.Plaintext());
    encoder.encode(new Float64Array(encoder.slotCount()), 1, zero);
    const ciphertext = scope.keep(encryptor.encryptSymmetricSerializable(zero));
    const { seed, c0 } = fresh.pack(ciphertext.saveToArray(seal.ComprModeType.none) as Bytes);
    // The second polynomial is not needed here, and anything stands for it.
    const coefficients = this.#toCoefficients({ c0, c1: c0 }).slice(0, rows * SCORE_COEFFICIENT_BYTES);
    addValues(coefficients, column ?? new Float64Array(rows), 2 ** this.parameters.featureScaleBits);
    return { seed, c0: coefficients };
  }

  #decrypt(decryptor: Decryptor, reply: Bytes, rows: number): Float64Array {
    const { rows: answered, c0, c1 } = decodeScoreReply(reply);
    if (answered !== rows) throw new SluiceError("ERR_FRAME_MALFORMED", { field: "rows", expected: String(rows) });
    const { featureScaleBits, weightScaleBits } = this.parameters;
    const refusal = refusedCiphertext(0);
    const mask = refusing(this.#engine, refusal, () => this.#maskOf(decryptor, c1));
    const sums = centredSums(c0, mask);
    mask.fill(0);
    if (sums === null) throw refusal("it does not load");
    return sums.map((sum) => sum / 2 ** (featureScaleBits + weightScaleBits));
  }

  /** Coefficients of c1 times the secret: what a decryption of 0 and c1 gives. As good as the secret, so it is wiped. */
  #maskOf(decryptor: Decryptor, c1: Bytes): Bytes {
    const { seal, layout, full } = this.#engine;
    using scope = openHandles();
    const ciphertext = scope.keep(new seal.Ciphertext());
    const plaintext = scope.keep(new seal.Plaintext());
    const none = new Uint8Array(SCORE_POLYNOMIAL_BYTES);
    loadFull(this.#engine, ciphertext, { c0: none, c1 }, 1);
    decryptor.decrypt(ciphertext, plaintext);
    const saved = plaintext.saveToArray(seal.ComprModeType.none) as Bytes;
    const c0 = packPlaintext(layout, saved);
    const mask = this.#toCoefficients({ c0, c1 });
    plaintext.setZero();
    for (const bytes of [saved, c0]) bytes.fill(0);
    full.widen({ c0: none, c1 }, 1);
    return mask;
  }
}
