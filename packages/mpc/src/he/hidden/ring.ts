/** What both roles of scoring with a hidden layer agree on: the parameter set, its primes, and SEAL's bytes of what they send. Keys
 *  are fresh ciphertexts with a prime more; as for ciphertexts, their metadata is our own and never a peer's.
 *  @module */
import { HIDDEN_KEY_BYTES, SCORE_SEED_BYTES, SluiceError, type Bytes, type SeededCiphertext } from "@sluice/protocol";
import { fullBytes, type CiphertextBytes, type FullCiphertext, type PolynomialLayout } from "../ciphertext-bytes.ts";
import { heEngine, type HeEngine } from "../engine.ts";
import { openHandles } from "../handles.ts";
import type { HeParameterSetName } from "../parameter-sets.ts";

/** The parameter set of scoring with a hidden layer. */
export const HIDDEN_SET = "ckks-16384" satisfies HeParameterSetName;

/** Seeded keys to and from what SEAL saves without compression. */
export interface KeyBytes {
  /** @throws ERR_INTERNAL when SEAL wrote something else */
  pack(saved: Bytes): SeededCiphertext[];
  widen(keys: readonly SeededCiphertext[]): Bytes;
}

/** The engine of this thread with what only this protocol needs. */
export interface HiddenRing {
  readonly engine: HeEngine<typeof HIDDEN_SET>;
  /** Data primes in SEAL's order; rescaling drops the last. */
  readonly primes: readonly bigint[];
  /** Ciphertexts whose polynomials stand as coefficients, with all data primes. */
  readonly coefficients: CiphertextBytes<FullCiphertext>;
  /** Ciphertexts at the lowest level, of one prime. */
  readonly lowest: CiphertextBytes<FullCiphertext>;
  readonly publicKey: KeyBytes;
  readonly relinKeys: KeyBytes;
}

/** Bytes before the coefficients of a key, and between them and its seed. */
const KEY_METADATA_BYTES = 113;
const SEED_METADATA_BYTES = 17;
const KEY_LENGTH = KEY_METADATA_BYTES + HIDDEN_KEY_BYTES + SEED_METADATA_BYTES + SCORE_SEED_BYTES;
const LOWEST_LAYOUT: PolynomialLayout = { polyModulusDegree: 16_384, coefficientBytes: [8] };

const rings = new WeakMap<HeEngine<typeof HIDDEN_SET>, HiddenRing>();

/** Opened by the first call of a thread, in seconds; lives as long as the engine. */
export async function hiddenRing(): Promise<HiddenRing> {
  const engine = await heEngine(HIDDEN_SET);
  const ring = rings.get(engine) ?? open(engine);
  rings.set(engine, ring);
  return ring;
}

/** What is thrown when column `index`, or a reply, is refused. */
export function refusedColumn(index: number): (reason: string) => SluiceError {
  return (reason) => new SluiceError("ERR_SCORE_CIPHERTEXT", { index, reason });
}

/** What is thrown when keys are refused. */
export function refusedKeys(reason: string): SluiceError {
  return new SluiceError("ERR_SCORE_KEY", { reason });
}

function open(engine: HeEngine<typeof HIDDEN_SET>): HiddenRing {
  const { seal, context, evaluator, layout } = engine;
  using scope = openHandles();
  const keys = scope.keep(new seal.KeyGenerator(context));
  const none = seal.ComprModeType.none;
  const encryptor = scope.keep(new seal.Encryptor(context, scope.keep(keys.createPublicKey())));
  const zero = scope.keep(new seal.Ciphertext());
  encryptor.encryptZero(zero);
  evaluator.cipherTransformFromNttInplace(zero);
  const coefficients = fullBytes(layout, zero.saveToArray(none) as Bytes);
  encryptor.encryptZero(zero);
  evaluator.cipherModSwitchToInplace(zero, scope.keep(context.lastParmsId()));
  const moduli = scope.keep(scope.keep(scope.keep(context.firstContextData()).parms()).coeffModulus());
  const primes = Array.from({ length: moduli.size() }, (_, i) => moduli.get(i)?.value() ?? 0n);
  return {
    engine,
    primes,
    coefficients,
    lowest: fullBytes(LOWEST_LAYOUT, zero.saveToArray(none) as Bytes),
    publicKey: keyBytes(scope.keep(keys.createPublicKeySerializable()).saveToArray(none) as Bytes, 1),
    relinKeys: keyBytes(scope.keep(keys.createRelinKeysSerializable()).saveToArray(none) as Bytes, 3),
  };
}

/** Keys stand behind one another at the end of what SEAL saves. */
function keyBytes(sample: Bytes, count: number): KeyBytes {
  const own = Uint8Array.from(sample);
  const first = own.length - count * KEY_LENGTH;
  if (first < 0) throw new SluiceError("ERR_INTERNAL", { reference: "he.layout" });
  const places = Array.from({ length: count }, (_, i) => {
    const c0 = first + i * KEY_LENGTH + KEY_METADATA_BYTES;
    return { c0, seed: c0 + HIDDEN_KEY_BYTES + SEED_METADATA_BYTES };
  });
  return {
    pack(saved) {
      if (saved.length !== own.length) throw new SluiceError("ERR_INTERNAL", { reference: "he.layout" });
      return places.map(({ c0, seed }) => ({
        c0: saved.slice(c0, c0 + HIDDEN_KEY_BYTES),
        seed: saved.slice(seed, seed + SCORE_SEED_BYTES),
      }));
    },
    widen(keys) {
      for (const [i, { c0, seed }] of places.entries()) {
        own.set(keys[i]?.c0 ?? [], c0);
        own.set(keys[i]?.seed ?? [], seed);
      }
      return own;
    },
  };
}
