/** The domain's key of one session: it encrypts the values, and decrypts one coefficient of what comes back. A key lives no longer than its
 *  session, since tags and their order are those of the session too.
 *  @module */
import { SluiceError, type Bytes, type MaskedSum, type SeededCiphertext } from "@sluice/protocol";
import { loadFull, refusing } from "../engine.ts";
import { openHandles } from "../handles.ts";
import { sumRing } from "./ring.ts";

/** Close it: it holds memory outside of the garbage collector. */
export interface SumKey extends Disposable {
  /** What plaintexts are counted by. */
  readonly plainModulus: bigint;
  /** A fresh encryption of at most as many whole numbers as a block has; those missing are zeros. */
  encrypt(values: Float64Array): SeededCiphertext;
  /** The constant coefficient of what is under the ciphertext. @throws ERR_FRAME_MALFORMED */
  decryptConstant(sum: MaskedSum): bigint;
  close(): void;
}

/** Draws a key, from SEAL's own randomness. */
export async function openSumKey(): Promise<SumKey> {
  const ring = await sumRing();
  const { seal, context, fresh, layout } = ring.engine;
  const owned = openHandles();
  const generator = owned.keep(new seal.KeyGenerator(context));
  const secretKey = owned.keep(generator.secretKey());
  const encryptor = owned.keep(new seal.Encryptor(context, owned.keep(generator.createPublicKey()), secretKey));
  const decryptor = owned.keep(new seal.Decryptor(context, secretKey));
  const plaintext = owned.keep(new seal.Plaintext());
  const ciphertext = owned.keep(new seal.Ciphertext());
  return {
    plainModulus: ring.plainModulus,
    encrypt(values) {
      ring.load(plaintext, values);
      using scope = openHandles();
      const encrypted = scope.keep(encryptor.encryptSymmetricSerializable(plaintext));
      return fresh.pack(encrypted.saveToArray(seal.ComprModeType.none) as Bytes);
    },
    decryptConstant({ c0, c1 }) {
      // Each coefficient decrypts by itself: those that were not sent are zeros here, and give nothing.
      const polynomial = new Uint8Array(c1.length);
      let [from, to] = [0, 0];
      for (const bytes of layout.coefficientBytes) {
        polynomial.set(c0.subarray(from, from + bytes), to);
        from += bytes;
        to += bytes * ring.degree;
      }
      return refusing(ring.engine, refusal, () => {
        loadFull(ring.engine, ciphertext, { c0: polynomial, c1 }, 1);
        decryptor.decrypt(ciphertext, plaintext);
        return ring.constantOf(plaintext);
      });
    },
    close: () => owned.close(),
    [Symbol.dispose]: () => owned.close(),
  };
}

function refusal(): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field: "ciphertext", expected: "one of the parameter set" });
}
