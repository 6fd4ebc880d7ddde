/** Polynomials of linear scoring as coefficients: from SEAL's NTT form, and whole numbers added to them on their packed bytes.
 *  @module */
import { SCORE_COEFFICIENT_BYTES, SCORE_POLYNOMIAL_BYTES, type Bytes } from "@sluice/protocol";
import { fullBytes, type CiphertextBytes, type FullCiphertext } from "../ciphertext-bytes.ts";
import type { HeEngine } from "../engine.ts";
import { openHandles } from "../handles.ts";
import type { LINEAR_PARAMETERS } from "./parameters.ts";

/** The data prime is 2^56 - 286719: its upper 24 and lower 32 bits. */
const PRIME_HIGH = 2 ** 24 - 1;
const PRIME_LOW = 2 ** 32 - 286_719;
const WORD = 2 ** 32;

/** The first polynomial of a ciphertext in NTT form, as coefficients. */
export type ToCoefficients = (ciphertext: FullCiphertext) => Bytes;

/** @throws ERR_INTERNAL when SEAL's layout is not the expected one */
export function toCoefficients(engine: HeEngine<typeof LINEAR_PARAMETERS>): ToCoefficients {
  const { seal, context, evaluator, layout, full } = engine;
  const transform = (ciphertext: FullCiphertext): Bytes => {
    using scope = openHandles();
    const loaded = scope.keep(new seal.Ciphertext());
    loaded.loadFromArray(context, full.widen(ciphertext, 1));
    evaluator.cipherTransformFromNttInplace(loaded);
    return loaded.saveToArray(seal.ComprModeType.none) as Bytes;
  };
  // Any ciphertext shows the layout; SEAL refuses one without a second polynomial.
  const ones = new Uint8Array(SCORE_POLYNOMIAL_BYTES).fill(1);
  const coefficients: CiphertextBytes<FullCiphertext> = fullBytes(layout, transform({ c0: ones, c1: ones }));
  return (ciphertext) => {
    const saved = transform(ciphertext);
    const { c0, c1 } = coefficients.pack(saved);
    saved.fill(0);
    c1.fill(0);
    return c0;
  };
}

/** Adds `round(values[i] · scale)`, below 2^52 in magnitude, to coefficient i, in place. */
export function addValues(polynomial: Bytes, values: Float64Array, scale: number): void {
  const view = viewOf(polynomial);
  for (const [i, value] of values.entries()) {
    const whole = Math.round(value * scale);
    const high = Math.floor(whole / WORD);
    writeSum(view, i * SCORE_COEFFICIENT_BYTES, high, whole - high * WORD);
  }
}

/** Adds the coefficients of `other`, and gives all as numbers, below zero from 2^55 on; null when one of `polynomial` is not below the prime. */
export function centredSums(polynomial: Bytes, other: Bytes): Float64Array | null {
  const sum = polynomial.slice();
  const [view, second] = [viewOf(sum), viewOf(other)];
  const numbers = new Float64Array(polynomial.length / SCORE_COEFFICIENT_BYTES);
  for (let i = 0; i < numbers.length; i++) {
    const at = i * SCORE_COEFFICIENT_BYTES;
    if (highOf(view, at) === PRIME_HIGH && view.getUint32(at, true) >= PRIME_LOW) return null;
    writeSum(view, at, highOf(second, at), second.getUint32(at, true));
    const negative = highOf(view, at) > PRIME_HIGH / 2;
    const high = highOf(view, at) - (negative ? PRIME_HIGH : 0);
    numbers[i] = high * WORD + (view.getUint32(at, true) - (negative ? PRIME_LOW : 0));
  }
  sum.fill(0);
  return numbers;
}

/** Adds high · 2^32 + low, at least -q and below q, to the coefficient at `at`, modulo q. */
function writeSum(view: DataView, at: number, high: number, low: number): void {
  let sumLow = view.getUint32(at, true) + low;
  let sumHigh = highOf(view, at) + high;
  if (sumHigh + Math.floor(sumLow / WORD) < 0) {
    sumLow += PRIME_LOW;
    sumHigh += PRIME_HIGH;
  }
  sumHigh += Math.floor(sumLow / WORD);
  sumLow %= WORD;
  if (sumHigh > PRIME_HIGH || (sumHigh === PRIME_HIGH && sumLow >= PRIME_LOW)) {
    sumHigh -= PRIME_HIGH + (sumLow < PRIME_LOW ? 1 : 0);
    sumLow = (sumLow - PRIME_LOW + WORD) % WORD;
  }
  view.setUint32(at, sumLow, true);
  view.setUint16(at + 4, sumHigh & 0xffff, true);
  view.setUint8(at + 6, sumHigh >>> 16);
}

function highOf(view: DataView, at: number): number {
  return view.getUint16(at + 4, true) + view.getUint8(at + 6) * 65_536;
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
