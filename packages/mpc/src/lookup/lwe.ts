/** Parameters of the learning-with-errors encryption that hides which rows a query selects (SimplePIR with
 *  p = 256: the database is a matrix of bytes).
 *
 *  Query privacy: n = 1024, q = 2^32, discrete Gaussian error of deviation 12.8 (64-bit sampling tables, 2^-40 from exact
 *  over a whole query), secret uniform modulo q and fresh for every query, at most 65,536 samples of one secret. `LWE_SECURITY` says
 *  what the known attacks cost. All queries under one snapshot share A, so whoever reduces its lattice once pays for each
 *  further query with the last sieve only (2^128). The 6.4 that SimplePIR and its successors state as 128 bits gives 2^122 here.
 *  Not measured: the lattice-estimator itself, coded BKW, hybrids other than the dual one, and whatever is not known yet.
 *
 *  Correctness: column c of an answer carries 2^24 · byte + Σ_i D[i][c] · e_i with D centred to -128 … 127. The sum is
 *  subgaussian with deviation at most 128 · 12.8 · √rows, whatever the database holds. The client refuses
 *  noise of 2^22 or more (a wrong byte would take 2^23), so a query fails with probability at most
 *      columns · 2 · exp(-(2^22 / (1638.4 · √rows))² / 2).
 *  20,000 records of 32 bytes (about 2,600 rows, 400 columns): below 2^-1700. Largest index (65,536 rows, 2^20 columns):
 *  2^-51. `decodingFailureLog2` computes it and `checkParameters` insists on 2^-40.
 *  @see https://eprint.iacr.org/2022/949 §4, https://eprint.iacr.org/2015/046, https://doi.org/10.5281/zenodo.6412487
 *  @module */
import { SluiceError, type LookupParameters } from "@sluice/protocol";
import { ARITY } from "./positions.ts";

/** n. */
export const LWE_DIMENSION = 1_024;
/** σ of the error. */
export const ERROR_DEVIATION = 12.8;
/** log2 of the cost of the cheapest known attacks on one query, by attack and model. The first three count gates as the
 *  lattice-estimator does by default (MATZOV 2022): 130.5 is the figure to quote. `Standard` is the model behind the Homomorphic
 *  Encryption Standard (BDGL16); core-SVP (ADPS16) counts one sieve as its exponent, with no polynomial factor and no memory.
 *  Source: the formulas in `test/lwe-estimate.ts`, which agree with figures that the lattice-estimator published for other instances. */
export const LWE_SECURITY = {
  primalBdd: 130.5,
  primalUsvp: 132.1,
  dualHybrid: 136.1,
  primalUsvpStandard: 135.1,
  primalUsvpCoreSvp: 104.5,
  primalUsvpQuantumCoreSvp: 94.9,
} as const;
/** log2 of Δ = q / p. */
export const SCALE_BITS = 24;
/** Noise that a client accepts in an answer; a quarter of Δ. */
export const MAX_NOISE = 2 ** 22;
/** Most rows of a bucket. */
export const MAX_ROWS_PER_BUCKET = 65_536;
/** Most columns: buckets × record bytes. Bounds the answer to 4 MiB and the hint to 4 GiB. */
export const MAX_COLUMNS = 1_048_576;
/** A query must decode except with probability 2^-40. */
const MAX_FAILURE_LOG2 = -40;
const MAX_ABSOLUTE_BYTE = 128;

/** log2 of an upper bound on the probability that one honest answer is refused or decodes wrongly. */
export function decodingFailureLog2(parameters: Pick<LookupParameters, "buckets" | "rowsPerBucket" | "recordBytes">) {
  const deviation = MAX_ABSOLUTE_BYTE * ERROR_DEVIATION * Math.sqrt(parameters.rowsPerBucket);
  const columns = parameters.buckets * parameters.recordBytes;
  return Math.log2(2 * columns) - (MAX_NOISE / deviation) ** 2 / 2 / Math.LN2;
}

/** Bytes of the hint that belongs to `parameters`. */
export function hintBytesOf(parameters: Pick<LookupParameters, "buckets" | "recordBytes">): number {
  return parameters.buckets * parameters.recordBytes * LWE_DIMENSION * 4;
}

/** Refuses parameters that are weaker than this module's or contradict one another: they come from the network.
 *  @throws ERR_FRAME_MALFORMED naming the member. */
export function checkParameters(parameters: LookupParameters): void {
  const { errorDeviation, segmentLength, rowsPerBucket, buckets, recordBytes } = parameters;
  refuseUnless(errorDeviation === ERROR_DEVIATION, "parameters.errorDeviation", String(ERROR_DEVIATION));
  refuseUnless(Number.isInteger(Math.log2(segmentLength)), "parameters.segmentLength", "a power of two");
  const segments = rowsPerBucket / segmentLength;
  refuseUnless(
    Number.isInteger(segments) && segments >= ARITY && rowsPerBucket <= MAX_ROWS_PER_BUCKET,
    "parameters.rowsPerBucket",
    `at least ${ARITY} whole segments, at most ${MAX_ROWS_PER_BUCKET}`,
  );
  refuseUnless(buckets * recordBytes <= MAX_COLUMNS, "parameters.buckets", `at most ${MAX_COLUMNS} columns`);
  refuseUnless(decodingFailureLog2(parameters) <= MAX_FAILURE_LOG2, "parameters", "a query that decodes");
}

function refuseUnless(holds: boolean, field: string, expected: string): void {
  if (!holds) throw new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
