/** The peer of encrypted scoring: a probability under encryption, by SEAL as its documentation uses it. The linear score of 32
 *  columns and the cubic approximation of a logistic function in CKKS at N = 8192, one column of 4096 rows in the slots of one
 *  ciphertext, seeded and compressed as SEAL saves them. Weights carry the cube root of the cubic's factor, so that the
 *  cube needs no level of its own; constants are encoded beforehand.
 *  @module */
import openSeal, { type Ciphertext, type Plaintext, type RelinKeys } from "node-seal/throws";

const DEGREE = 8_192;
const COEFF_MODULUS_BITS = Int32Array.of(54, 36, 36, 36, 56);
const SCALE = 2 ** 36;
/** σ(z) ≈ 1/2 + C1 z + C3 z³ on [-8, 8] (Kim, Song, Wang, Xia and Jiang, 2018). */
const C1 = 1.20096 / 8;
const C3 = -0.81562 / 512;

/** The cubic in the clear. */
export function cubicOf(score: number): number {
  return 0.5 + C1 * score + C3 * score ** 3;
}

/** One request and its answer. */
export interface CubicPeer {
  /** Loads the columns, computes, and saves the result; gives its bytes. */
  answer(): Uint8Array;
  decrypt(reply: Uint8Array): Float64Array;
}

/** Encrypts the columns and prepares the model. */
export async function openCubicPeer(
  columns: readonly Float64Array[],
  weights: readonly number[],
  intercept: number,
): Promise<CubicPeer> {
  const seal = await openSeal();
  const parameters = new seal.EncryptionParameters(seal.SchemeType.ckks);
  parameters.setPolyModulusDegree(DEGREE);
  parameters.setCoeffModulus(seal.CoeffModulus.Create(DEGREE, COEFF_MODULUS_BITS));
  const context = new seal.SEALContext(parameters, true, seal.SecLevelType.tc128);
  const encoder = new seal.CKKSEncoder(context);
  const evaluator = new seal.Evaluator(context);
  const keys = new seal.KeyGenerator(context);
  const relinKeys: RelinKeys = keys.createRelinKeys();
  const secretKey = keys.secretKey();
  const encryptor = new seal.Encryptor(context, keys.createPublicKey(), secretKey);
  const decryptor = new seal.Decryptor(context, secretKey);
  const encode = (values: Float64Array, scale: number): Plaintext => {
    const plaintext = new seal.Plaintext();
    encoder.encode(values, scale, plaintext);
    return plaintext;
  };
  const constant = (value: number, scale: number): Plaintext => encode(new Float64Array(DEGREE / 2).fill(value), scale);
  const frames = columns.map((column) => {
    const plaintext = encode(column, SCALE);
    const saved = encryptor.encryptSymmetricSerializable(plaintext).saveToArray(seal.ComprModeType.zstd) as Uint8Array;
    return saved;
  });
  const root = Math.cbrt(C3);
  const factors = weights.map((weight) => constant(weight * root, SCALE));
  let prepared: { intercept: Plaintext; linear: Plaintext; half: Plaintext } | undefined;
  const at = (value: number, ciphertext: Ciphertext): Plaintext => {
    const plaintext = constant(value, ciphertext.scale());
    evaluator.plainModSwitchToInplace(plaintext, ciphertext.parmsId());
    return plaintext;
  };
  const answer = (): Uint8Array => {
    const [sum, column] = [new seal.Ciphertext(), new seal.Ciphertext()];
    for (const [i, frame] of frames.entries()) {
      const into = i === 0 ? sum : column;
      into.loadFromArray(context, frame);
      const factor = factors[i];
      if (factor === undefined) continue;
      evaluator.multiplyPlainInplace(into, factor);
      if (i > 0) evaluator.addInplace(sum, column);
    }
    evaluator.rescaleToNextInplace(sum);
    const known = prepared?.intercept ?? at(intercept * root, sum);
    evaluator.addPlainInplace(sum, known);
    const square = new seal.Ciphertext();
    evaluator.square(sum, square);
    evaluator.relinearizeInplace(square, relinKeys);
    evaluator.rescaleToNextInplace(square);
    const linear = prepared?.linear ?? at(C1 / root, square);
    evaluator.addPlainInplace(square, linear);
    evaluator.cipherModSwitchToInplace(sum, square.parmsId());
    evaluator.multiplyInplace(sum, square);
    evaluator.relinearizeInplace(sum, relinKeys);
    evaluator.rescaleToNextInplace(sum);
    const half = prepared?.half ?? at(0.5, sum);
    evaluator.addPlainInplace(sum, half);
    prepared ??= { intercept: known, linear, half };
    const reply = sum.saveToArray(seal.ComprModeType.none) as Uint8Array;
    for (const each of [sum, column, square]) each.delete();
    return reply;
  };
  return {
    answer,
    decrypt: (reply) => {
      const [ciphertext, plaintext] = [new seal.Ciphertext(), new seal.Plaintext()];
      ciphertext.loadFromArray(context, reply);
      decryptor.decrypt(ciphertext, plaintext);
      const values = encoder.decodeFloat64(plaintext) as Float64Array;
      for (const each of [ciphertext, plaintext]) each.delete();
      return values;
    },
  };
}
