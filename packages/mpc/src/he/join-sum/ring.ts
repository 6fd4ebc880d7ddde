/** What both roles of join-and-sum compute with: polynomials of whole numbers as SEAL reads and writes them, and its moduli.
 *
 *  Value i of a block is coefficient i of its plaintext v(X). With m(X) = m_0 - m_1·X^(N-1) - … - m_(N-1)·X the constant coefficient of
 *  v·m is the sum of all m_i·v_i, since X^N = -1. So products are by coefficients of 0 and ±1, which leaves noise small and lets the plain
 *  modulus be 52 bits, where products by slots would need four primes for 20 bits.
 *  @module */
import { SluiceError, type Bytes } from "@sluice/protocol";
import type { Plaintext } from "node-seal/throws";
import { heEngine, type HeEngine } from "../engine.ts";
import { openHandles } from "../handles.ts";

/** The parameter set of both roles. */
export const JOIN_SUM_SET = "bfv-8192-sum";

/** struct { SealHeader header[16]; opaque parmsId[32]; uint64 coefficients; float64 scale; SealHeader dataHeader[16]; uint64 words; },
 *  little-endian, before the words. */
const METADATA_BYTES = 88;
const WORD_BYTES = 8;

/** The engine with its moduli. */
export interface SumRing {
  readonly engine: HeEngine<typeof JOIN_SUM_SET>;
  readonly degree: number;
  /** The data primes, in the order of the wire. */
  readonly primes: readonly bigint[];
  /** Their product. */
  readonly modulus: bigint;
  /** What sums are counted by. */
  readonly plainModulus: bigint;
  /** Makes `into` the polynomial with these coefficients; a negative one counts from the plain modulus down. */
  load(into: Plaintext, coefficients: Float64Array): void;
  /** The constant coefficient. */
  constantOf(plaintext: Plaintext): bigint;
}

let opened: { engine: SumRing["engine"]; ring: SumRing } | null = null;

/** The ring of this thread. */
export async function sumRing(): Promise<SumRing> {
  const engine = await heEngine(JOIN_SUM_SET);
  if (opened?.engine !== engine) opened = { engine, ring: openRing(engine) };
  return opened.ring;
}

function openRing(engine: SumRing["engine"]): SumRing {
  const { seal, context, encoder, layout } = engine;
  using scope = openHandles();
  const parameters = scope.keep(scope.keep(context.firstContextData()).parms());
  const coeffModulus = scope.keep(parameters.coeffModulus());
  const primes = layout.coefficientBytes.map((_, i) => {
    const prime = coeffModulus.get(i);
    if (prime === undefined) throw new SluiceError("ERR_INTERNAL", { reference: "he.parameters" });
    return scope.keep(prime).value();
  });
  const plainModulus = scope.keep(parameters.plainModulus()).value();
  const degree = layout.polyModulusDegree;
  // Slots of unlike values fill every coefficient, so that none is left out of the sample.
  const sample = scope.keep(new seal.Plaintext());
  encoder.encode(
    BigInt64Array.from({ length: degree }, (_, i) => BigInt(i * i)),
    sample,
  );
  const bytes = (sample.saveToArray(seal.ComprModeType.none) as Bytes).slice();
  if (bytes.length !== METADATA_BYTES + degree * WORD_BYTES) {
    throw new SluiceError("ERR_INTERNAL", { reference: "he.layout" });
  }
  const view = new DataView(bytes.buffer);
  const wrap = Number(plainModulus);
  return {
    engine,
    degree,
    primes,
    modulus: primes.reduce((product, prime) => product * prime, 1n),
    plainModulus,
    load(into, coefficients) {
      for (let i = 0; i < degree; i++) {
        const value = coefficients[i] ?? 0;
        const word = value < 0 ? value + wrap : value;
        view.setUint32(METADATA_BYTES + i * WORD_BYTES, word % 2 ** 32, true);
        view.setUint32(METADATA_BYTES + i * WORD_BYTES + 4, word / 2 ** 32, true);
      }
      into.loadFromArray(context, bytes);
      bytes.fill(0, METADATA_BYTES);
    },
    constantOf(plaintext) {
      const saved = (plaintext.saveToArray(seal.ComprModeType.none) as Bytes).slice();
      return saved.length > METADATA_BYTES ? new DataView(saved.buffer).getBigUint64(METADATA_BYTES, true) : 0n;
    },
  };
}
