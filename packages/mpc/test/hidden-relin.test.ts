/** A caller of a private model whose public key, columns and errors are honest, and whose keys for relinearisation are not
 *  (docs/scoring-hidden.md): the noise of the reply bounds nothing for it. @module */
import {
  decodeHiddenReply,
  documentHash,
  encodeHiddenRequest,
  fromHex,
  HIDDEN_RING,
  HIDDEN_ROWS,
  type Bytes,
  type SeededCiphertext,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { loadFresh } from "../src/he/engine.ts";
import { openHandles } from "../src/he/handles.ts";
import { hiddenRing } from "../src/he/hidden/ring.ts";
import { scoreHidden } from "../src/he/hidden/server.ts";
import { hiddenProduct, networkOf } from "./hidden-product.ts";

const RESOLUTION = 0.05;
const WHOLES = [208, -95, 28, 51, 131, 77, 128];
/** Steps of weights: no whole weight is beyond 256. */
const STEP = 2 ** -8;

const wordsOf = (bytes: Bytes): BigUint64Array => new BigUint64Array(bytes.slice().buffer);

test("forged relinearisation keys alone give exact products of weights, by one reply, under any noise", async () => {
  const { engine, primes, publicKey, relinKeys, lowest } = await hiddenRing();
  const { seal, context, encoder, evaluator, fresh, full } = engine;
  const none = seal.ComprModeType.none;
  let place = 0;
  const product = await hiddenProduct(
    networkOf(2, 2, () => (WHOLES[place++] ?? 0) * STEP),
    { resolution: RESOLUTION },
  );
  const { parameters } = product;
  using scope = openHandles();
  const generator = scope.keep(new seal.KeyGenerator(context));
  const secret = scope.keep(generator.secretKey());
  const encryptor = scope.keep(new seal.Encryptor(context, scope.keep(generator.createPublicKey()), secret));
  const plaintext = scope.keep(new seal.Plaintext());
  encoder.encode(new Float64Array(HIDDEN_ROWS), 2 ** parameters.featureScaleBits, plaintext);
  const columns = [0, 1].map(() =>
    fresh.pack(scope.keep(encryptor.encryptSymmetricSerializable(plaintext)).saveToArray(none) as Bytes),
  );
  // Key j for the j-th prime, more by the special prime there: switching adds to the first polynomial the third one as it is.
  const moduli = scope.keep(scope.keep(scope.keep(context.keyContextData()).parms()).coeffModulus());
  const special = moduli.get(primes.length)?.value() ?? 0n;
  const honest = relinKeys.pack(scope.keep(generator.createRelinKeysSerializable()).saveToArray(none) as Bytes);
  const forged = honest.map(({ seed, c0 }, j): SeededCiphertext => {
    const words = wordsOf(c0);
    const prime = primes[j] ?? 1n;
    for (let i = j * HIDDEN_RING; i < (j + 1) * HIDDEN_RING; i++) words[i] = ((words[i] ?? 0n) + special) % prime;
    return { seed, c0: new Uint8Array(words.buffer) };
  });
  const [ownKey] = publicKey.pack(scope.keep(generator.createPublicKeySerializable()).saveToArray(none) as Bytes);
  if (ownKey === undefined) throw new RangeError("a key");
  const hash = fromHex(await documentHash(parameters));
  const asked = { parameters: hash, publicKey: ownKey, relinKeys: forged, columns };
  const reply = decodeHiddenReply(await scoreHidden(product, encodeHiddenRequest(asked)));

  const known = columns.map((column) => {
    const ciphertext = scope.keep(new seal.Ciphertext());
    loadFresh(engine, ciphertext, column, 1);
    return wordsOf(full.pack(ciphertext.saveToArray(none) as Bytes).c1);
  });
  const decryptor = scope.keep(new seal.Decryptor(context, secret));
  const products = [
    [0, 0],
    [0, 1],
    [1, 1],
  ].map(([i = 0, k = 0]) => {
    const other = known[k];
    return known[i]?.map((word, n) => (word * (other?.[n] ?? 0n)) % (primes[Math.floor(n / HIDDEN_RING)] ?? 1n));
  });
  /** Root of the mean square of what the reply decrypts to, once so many times each product are taken off. */
  const left = (...times: readonly bigint[]): number => {
    const words = new BigUint64Array(primes.length * HIDDEN_RING).map((_, n) => {
      const prime = primes[Math.floor(n / HIDDEN_RING)] ?? 1n;
      const sum = times.reduce((total, each, i) => total + each * (products[i]?.[n] ?? 0n), 0n) % prime;
      return sum < 0n ? sum + prime : sum;
    });
    using handles = openHandles();
    const ciphertext = handles.keep(new seal.Ciphertext());
    const bytes = new Uint8Array(words.buffer);
    // Its second polynomial, which is not looked at, must not be zero.
    ciphertext.loadFromArray(
      context,
      full.widen({ c0: bytes, c1: known[0] === undefined ? bytes : new Uint8Array(known[0].buffer) }, 1),
    );
    ciphertext.setScale(2 ** 170);
    evaluator.rescaleToNextInplace(ciphertext);
    evaluator.rescaleToNextInplace(ciphertext);
    const off = wordsOf(lowest.pack(ciphertext.saveToArray(none) as Bytes).c0);
    const [prime = 1n] = primes;
    const rest = wordsOf(reply.c0).map((word, n) => (word + prime - (off[n] ?? 0n)) % prime);
    ciphertext.loadFromArray(context, lowest.widen({ c0: new Uint8Array(rest.buffer), c1: reply.c1 }, 2 ** 50));
    const decrypted = handles.keep(new seal.Plaintext());
    decryptor.decrypt(ciphertext, decrypted);
    const values = encoder.decodeFloat64(decrypted) as Float64Array;
    return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  };
  const productOf = (i: number, k: number): bigint =>
    product.network.units.reduce((sum, { sign, weights }) => {
      const whole = (at: number): bigint => BigInt(Math.round((weights[at] ?? 0) * 2 ** parameters.weightScaleBits));
      return sum + BigInt(sign) * whole(i) * whole(k);
    }, 0n);
  const [square, mixed, last] = [productOf(0, 0), 2n * productOf(0, 1), productOf(1, 1)];
  const right = left(square, mixed, last);
  for (const wrong of [
    left(square + 1n, mixed, last),
    left(square, mixed - 1n, last),
    left(square, mixed, last + 1n),
  ]) {
    expect(wrong).toBeGreaterThan(100 * right);
  }
}, 60_000);
