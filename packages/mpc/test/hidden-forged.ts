/** What a cheating caller of a private model sends and reads: keys without a secret, polynomials of its choice in the place of
 *  encrypted columns, and of the reply the first polynomial, without decryption.
 *  @module */
import {
  decodeHiddenReply,
  documentHash,
  encodeHiddenRequest,
  fromHex,
  HIDDEN_COLUMN_BYTES,
  HIDDEN_KEY_BYTES,
  HIDDEN_RING,
  type Bytes,
  type HiddenParameters,
} from "@sluice/protocol";
import { openHandles } from "../src/he/handles.ts";
import { addWhole } from "../src/he/hidden/noise.ts";
import { hiddenRing } from "../src/he/hidden/ring.ts";

/** Metadata before SEAL's coefficients. */
const METADATA_BYTES = 113;
const seeded = (c0: Bytes) => ({ seed: new Uint8Array(64).fill(7), c0 });

/** The product of the data primes, of which a reply is taken. */
export async function forgedModulus(): Promise<bigint> {
  const { primes } = await hiddenRing();
  return primes.reduce((product, prime) => product * prime, 1n);
}

/** A request whose keys are zero, and whose columns are these polynomials, in whole numbers. */
export async function forgedRequest(parameters: HiddenParameters, columns: readonly bigint[][]): Promise<Bytes> {
  const { engine, coefficients, primes } = await hiddenRing();
  const { seal, context, evaluator, full } = engine;
  const key = (): Bytes => new Uint8Array(HIDDEN_KEY_BYTES);
  using scope = openHandles();
  const ciphertext = scope.keep(new seal.Ciphertext());
  return encodeHiddenRequest({
    parameters: fromHex(await documentHash(parameters)),
    publicKey: seeded(key()),
    relinKeys: [seeded(key()), seeded(key()), seeded(key())],
    columns: columns.map((numbers) => {
      const c0 = new Uint8Array(HIDDEN_COLUMN_BYTES);
      addWhole(c0, numbers, primes);
      ciphertext.loadFromArray(context, coefficients.widen({ c0, c1: c0 }, 1));
      evaluator.cipherTransformToNttInplace(ciphertext);
      return seeded(full.pack(ciphertext.saveToArray(seal.ComprModeType.none) as Bytes).c0);
    }),
  });
}

/** Coefficients of a reply's first polynomial, as parts of the modulus between 0 and 1. */
export async function forgedReading(reply: Bytes): Promise<number[]> {
  const { engine, lowest, primes } = await hiddenRing();
  const { seal, context, evaluator } = engine;
  using scope = openHandles();
  const ciphertext = scope.keep(new seal.Ciphertext());
  ciphertext.loadFromArray(context, lowest.widen(decodeHiddenReply(reply), 1));
  evaluator.cipherTransformFromNttInplace(ciphertext);
  const saved = ciphertext.saveToArray(seal.ComprModeType.none) as Bytes;
  const view = new DataView(saved.buffer, saved.byteOffset + METADATA_BYTES, 8 * HIDDEN_RING);
  const prime = Number(primes[0] ?? 1n);
  return Array.from({ length: HIDDEN_RING }, (_, k) => Number(view.getBigUint64(8 * k, true)) / prime);
}
