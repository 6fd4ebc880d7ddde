/** Messages of encrypted scoring (密态评分): seeded ciphertexts of feature columns one way, one ciphertext of scores the other
 *  way. The value of row i stands in coefficient i, so that a frame carries as many coefficients as there are rows. It
 *  carries coefficients and seeds only: every parameter stands in the published `ScoreParameters`, which the request
 *  names by their hash, so no library's own format crosses the boundary.
 *  The domain learns rows and features by number; not a value, not a score.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { LinearModel } from "./model.ts";

/** Version of the scoring frames. */
export const SCORE_VERSION = 2;
/** Ring dimension. */
export const SCORE_RING = 4_096;
/** Rows of one request: a ciphertext has a coefficient for each. */
export const MAX_SCORE_ROWS = 4_096;
/** Columns of one request. */
export const MAX_SCORE_FEATURES = 256;
/** Bytes of one coefficient, little-endian: the data prime has 56 bits. */
export const SCORE_COEFFICIENT_BYTES = 7;
/** Bytes of one whole polynomial. */
export const SCORE_POLYNOMIAL_BYTES = SCORE_RING * SCORE_COEFFICIENT_BYTES;
/** Bytes of the seed that stands for the uniform half of a fresh ciphertext. */
export const SCORE_SEED_BYTES = 64;
/** Largest magnitude a feature may have; products choose a smaller bound. */
export const MAX_FEATURE_BOUND = 2 ** 20;

/** What a caller makes of a linear score, in the clear: nothing, or a probability. */
export const ScoreLink = z.enum(["identity", "logistic"]);
export type ScoreLink = z.infer<typeof ScoreLink>;

/** What a caller needs to encrypt for one product and to read its scores. Public, published with the product. */
export const ScoreParameters = z.strictObject({
  type: z.literal("score-parameters"),
  scheme: z.literal("ckks"),
  /** Row i is coefficient i: no slots, since columns are added and multiplied by numbers only. */
  packing: z.literal("coefficients"),
  polyModulusDegree: z.literal(SCORE_RING),
  /** Data prime and special prime, the largest of these sizes that are 1 modulo 8192. */
  coeffModulusBits: z.tuple([z.literal(56), z.literal(53)]),
  /** Names of the columns, in the order of the request. */
  features: LinearModel.shape.features,
  /** Every value lies in [-featureBound, featureBound]. */
  featureBound: z.number().positive().max(MAX_FEATURE_BOUND),
  /** A column is x · 2^featureScaleBits, rounded. */
  featureScaleBits: z.int().min(16).max(40),
  /** A weight is w · 2^weightScaleBits, rounded; a score has both scales. */
  weightScaleBits: z.int().min(8).max(40),
  /** No score of a request is further from the plain one, but with probability 2^-40. */
  errorBound: z.number().positive(),
});
export type ScoreParameters = z.infer<typeof ScoreParameters>;

/** A fresh ciphertext: the coefficients of its rows, and the seed that expands to its second polynomial. */
export type SeededCiphertext = { seed: Bytes; c0: Bytes };

/** One column per feature. */
export type ScoreRequest = { parameters: Bytes; rows: number; features: number; columns: SeededCiphertext[] };

// struct { opaque seed[64]; opaque c0[7 × rows]; } SeededCiphertext;
// struct { uint16 version; opaque parameters[32]; uint16 rows; uint16 features;
//          SeededCiphertext columns[features]; } ScoreRequest;
/** Bytes of a request. @throws ERR_SCORE_ROWS, ERR_FRAME_MALFORMED */
export function encodeScoreRequest(request: ScoreRequest): Bytes {
  const { parameters, rows, features, columns } = request;
  checkShape(rows, features);
  const writer = new ByteWriter().uint(SCORE_VERSION, 2).fixed(sized("parameters", parameters, 32));
  writer.uint(rows, 2).uint(features, 2);
  if (columns.length !== features) throw malformed("columns", "one ciphertext per feature");
  for (const { seed, c0 } of columns) {
    writer.fixed(sized("seed", seed, SCORE_SEED_BYTES)).fixed(sized("c0", c0, rows * SCORE_COEFFICIENT_BYTES));
  }
  return writer.finish();
}

/** @throws ERR_SCORE_ROWS, ERR_FRAME_MALFORMED */
export function decodeScoreRequest(bytes: Bytes): ScoreRequest {
  const reader = new ByteReader(bytes);
  readVersion(reader);
  const parameters = reader.fixed(32);
  const rows = reader.uint(2);
  const features = reader.uint(2);
  checkShape(rows, features);
  const columns = Array.from({ length: features }, () => ({
    seed: reader.fixed(SCORE_SEED_BYTES),
    c0: reader.fixed(rows * SCORE_COEFFICIENT_BYTES),
  }));
  reader.end();
  return { parameters, rows, features, columns };
}

/** Scores of `rows` rows, encrypted: the coefficients of the rows, and the whole second polynomial. */
export type ScoreReply = { rows: number; c0: Bytes; c1: Bytes };

// struct { uint16 version; uint16 rows; opaque c1[28672]; opaque c0[7 × rows]; } ScoreReply;
/** Bytes of a reply. @throws ERR_SCORE_ROWS, ERR_FRAME_MALFORMED */
export function encodeScoreReply({ rows, c0, c1 }: ScoreReply): Bytes {
  checkRows(rows);
  const writer = new ByteWriter().uint(SCORE_VERSION, 2).uint(rows, 2);
  writer.fixed(sized("c1", c1, SCORE_POLYNOMIAL_BYTES)).fixed(sized("c0", c0, rows * SCORE_COEFFICIENT_BYTES));
  return writer.finish();
}

/** @throws ERR_SCORE_ROWS, ERR_FRAME_MALFORMED */
export function decodeScoreReply(bytes: Bytes): ScoreReply {
  const reader = new ByteReader(bytes);
  readVersion(reader);
  const rows = reader.uint(2);
  checkRows(rows);
  const c1 = reader.fixed(SCORE_POLYNOMIAL_BYTES);
  const c0 = reader.fixed(rows * SCORE_COEFFICIENT_BYTES);
  reader.end();
  return { rows, c0, c1 };
}

function checkShape(rows: number, features: number): void {
  checkRows(rows);
  if (features < 1 || features > MAX_SCORE_FEATURES) throw malformed("features", `1 to ${MAX_SCORE_FEATURES}`);
}

function checkRows(rows: number): void {
  if (rows > MAX_SCORE_ROWS) throw new SluiceError("ERR_SCORE_ROWS", { rows, maxRows: MAX_SCORE_ROWS });
  if (rows < 1) throw malformed("rows", `1 to ${MAX_SCORE_ROWS}`);
}

function readVersion(reader: ByteReader): void {
  if (reader.uint(2) !== SCORE_VERSION) throw malformed("version", String(SCORE_VERSION));
}

function sized(field: string, bytes: Bytes, length: number): Bytes {
  if (bytes.length !== length) throw malformed(field, `${length} bytes`);
  return bytes;
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
