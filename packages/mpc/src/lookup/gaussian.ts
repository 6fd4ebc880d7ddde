/** Samples of the discrete Gaussian of deviation 12.8 by inversion over a cumulative table of 64-bit thresholds. Every
 *  threshold is looked at for every sample, so the memory trace does not depend on the sample.
 *  The table is computed with exact integers; each entry is right to 2^-64, so a query of 65,536 samples is
 *  within 2^-40 of the exact distribution.
 *  @module */
import type { Random } from "@sluice/protocol";

/** 2σ² = 2 · (64/5)² = 8192/25, as a fraction. */
const TWICE_VARIANCE = { numerator: 8_192n, denominator: 25n };
/** Samples beyond 10σ have probability below 2^-70 and are left out. */
const TAIL = 128;
/** Fraction bits of the table's arithmetic. */
const PRECISION = 192n;
const BYTES_PER_SAMPLE = 8;

const { high: HIGH, low: LOW } = cumulativeTable();

/** Fills `out` with fresh samples, as residues modulo 2^32. Wipe it after use. */
export function sampleErrors(out: Uint32Array, random: Random): void {
  const bytes = random.bytes(out.length * BYTES_PER_SAMPLE);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < out.length; i++) {
    const high = view.getUint32(i * BYTES_PER_SAMPLE);
    const low = view.getUint32(i * BYTES_PER_SAMPLE + 4);
    let sample = -TAIL;
    for (let j = 0; j < HIGH.length; j++) {
      const thresholdHigh = HIGH[j] ?? 0;
      const above = Number(high > thresholdHigh) | (Number(high === thresholdHigh) & Number(low >= (LOW[j] ?? 0)));
      sample += above;
    }
    out[i] = sample;
  }
  bytes.fill(0);
}

/** Thresholds T_x = ⌊2^64 · P(sample ≤ x)⌋ for x from -TAIL to TAIL - 1: the sample is the number of thresholds
 *  at or below 64 uniform bits, less TAIL. */
function cumulativeTable(): { high: Uint32Array; low: Uint32Array } {
  const one = 1n << PRECISION;
  // ρ(x + 1) = ρ(x) · g^(2x + 1) with g = exp(-1 / 2σ²).
  const g = exponential(TWICE_VARIANCE.denominator, TWICE_VARIANCE.numerator);
  const gSquared = (g * g) >> PRECISION;
  const weights: bigint[] = [one];
  let factor = g;
  for (let x = 1; x <= TAIL; x++) {
    weights.push(((weights[x - 1] ?? 0n) * factor) >> PRECISION);
    factor = (factor * gSquared) >> PRECISION;
  }
  const weightOf = (x: number): bigint => weights[Math.abs(x)] ?? 0n;
  let total = 0n;
  for (let x = -TAIL; x <= TAIL; x++) total += weightOf(x);

  const high = new Uint32Array(2 * TAIL);
  const low = new Uint32Array(2 * TAIL);
  let sum = 0n;
  for (let j = 0; j < 2 * TAIL; j++) {
    sum += weightOf(j - TAIL);
    const threshold = (sum << 64n) / total;
    high[j] = Number(threshold >> 32n);
    low[j] = Number(threshold & 0xffff_ffffn);
  }
  return { high, low };
}

/** exp(-numerator / denominator) for a fraction below 1, in PRECISION fraction bits, by its power series. */
function exponential(numerator: bigint, denominator: bigint): bigint {
  let term = 1n << PRECISION;
  let sum = 0n;
  for (let k = 1n; term !== 0n; k++) {
    sum += term;
    term = (-term * numerator) / (denominator * k);
  }
  return sum;
}
