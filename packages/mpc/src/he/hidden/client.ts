/** Client role of scoring by a private model with a hidden layer (密态评分): encrypts columns, decrypts scores.
 *
 *  Who learns what: the caller learns the scores of 8,192 rows, with noise. The domain, and the gateway between, learn which model is
 *  asked and no feature, no score and not how many rows are filled, under the ring-LWE assumption at 128 bits. What the caller learns of the model stands
 *  in `server.ts`. A cheating domain can return wrong scores.
 *  Each request has its own keys, which end with its answer; scores must not go back to the domain or the gateway (IND-CPA-D, Li and
 *  Micciancio 2021), nor may they see whether a particular answer decrypted.
 *  No `node:` import: runs in Node and in browsers. Synchronous but for opening.
 *  @module */
import {
  decodeHiddenReply,
  documentHash,
  encodeHiddenRequest,
  fromHex,
  HIDDEN_ROWS,
  SluiceError,
  type Bytes,
  type HiddenParameters,
} from "@sluice/protocol";
import type { Decryptor } from "node-seal/throws";
import { refusing } from "../engine.ts";
import { openHandles } from "../handles.ts";
import { checkColumns, type ScoreColumns } from "../score-columns.ts";
import { scoreQuery, type ScoreQuery } from "../score-query.ts";
import { centred, scoreBits } from "./plan.ts";
import { hiddenRing, refusedColumn, type HiddenRing } from "./ring.ts";

/** Encrypts for one model. Holds public parameters only, nothing to close. */
export class HiddenClient {
  readonly parameters: HiddenParameters;
  readonly #ring: HiddenRing;
  readonly #hash: Bytes;

  private constructor(parameters: HiddenParameters, ring: HiddenRing, hash: Bytes) {
    this.parameters = parameters;
    this.#ring = ring;
    this.#hash = hash;
  }

  /** Loads SEAL on first use. The parameters are parsed, and the caller has verified who published them. */
  static async open(parameters: HiddenParameters): Promise<HiddenClient> {
    return new HiddenClient(parameters, await hiddenRing(), fromHex(await documentHash(parameters)));
  }

  /** Encrypts one column per feature under fresh keys.
   *  @throws ERR_SCORE_ROWS; ERR_SCORE_INPUT when a column is missing, uneven, empty, or has a value that is not a
   *  finite number within its bounds. */
  encrypt(columns: ScoreColumns): ScoreQuery {
    const { features, featureScaleBits } = this.parameters;
    const rows = checkColumns(columns, features, HIDDEN_ROWS);
    const { engine, publicKey, relinKeys } = this.#ring;
    const { seal, context, encoder, fresh } = engine;
    const none = seal.ComprModeType.none;
    // Holds the key until the query ends.
    const scope = openHandles();
    try {
      using coins = openHandles();
      const keys = coins.keep(new seal.KeyGenerator(context));
      const secretKey = coins.keep(keys.secretKey());
      const encryptor = coins.keep(new seal.Encryptor(context, coins.keep(keys.createPublicKey()), secretKey));
      const decryptor = scope.keep(new seal.Decryptor(context, secretKey));
      const plaintext = coins.keep(new seal.Plaintext());
      const [ownKey] = publicKey.pack(coins.keep(keys.createPublicKeySerializable()).saveToArray(none) as Bytes);
      if (ownKey === undefined) throw new SluiceError("ERR_INTERNAL", { reference: "he.layout" });
      const slots = new Float64Array(HIDDEN_ROWS);
      const frame = encodeHiddenRequest({
        parameters: this.#hash,
        publicKey: ownKey,
        relinKeys: relinKeys.pack(coins.keep(keys.createRelinKeysSerializable()).saveToArray(none) as Bytes),
        columns: features.map((feature) => {
          for (const [row, value] of (columns[feature.name] ?? slots).entries()) slots[row] = centred(feature, value);
          encoder.encode(slots, 2 ** featureScaleBits, plaintext);
          using saved = openHandles();
          return fresh.pack(saved.keep(encryptor.encryptSymmetricSerializable(plaintext)).saveToArray(none) as Bytes);
        }),
      });
      slots.fill(0);
      plaintext.setZero();
      return scoreQuery(frame, scope, (reply) => this.#decrypt(decryptor, reply).slice(0, rows));
    } catch (error) {
      scope.close();
      throw error;
    }
  }

  #decrypt(decryptor: Decryptor, frame: Bytes): Float64Array {
    const { engine, lowest, primes } = this.#ring;
    const reply = decodeHiddenReply(frame);
    const dropped = primes.slice(1).reduce((product, prime) => product * Number(prime), 1);
    const scale = 2 ** scoreBits(this.parameters) / dropped;
    using scope = openHandles();
    const ciphertext = scope.keep(new engine.seal.Ciphertext());
    const plaintext = scope.keep(new engine.seal.Plaintext());
    return refusing(engine, refusedColumn(0), () => {
      ciphertext.loadFromArray(engine.context, lowest.widen(reply, scale));
      if (ciphertext.isTransparent()) throw refusedColumn(0)("it is transparent");
      decryptor.decrypt(ciphertext, plaintext);
      const scores = engine.encoder.decodeFloat64(plaintext) as Float64Array;
      plaintext.setZero();
      return scores;
    });
  }
}
