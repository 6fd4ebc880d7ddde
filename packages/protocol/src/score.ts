/** Messages of encrypted scoring (密态评分): seeded CKKS ciphertexts of feature columns one way, one ciphertext of scores
 *  per block the other way. A frame carries coefficients and seeds only: every parameter stands in the published
 *  `ScoreParameters`, which the request names by their hash, so no library's own format crosses the boundary.
 *  The domain learns rows and features by number; not a value, not a score.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { LinearModel } from "./model.ts";

/** Version of the scoring frames. */
export const SCORE_VERSION = 1;
/** Ring dimension. */
export const SCORE_RING = 4_096;
/** Rows in one ciphertext: the slots of CKKS are half the ring's dimension. */
export const SCORE_BLOCK_ROWS = SCORE_RING / 2;
/** Rows of one request. */
export const MAX_SCORE_ROWS = 4_096;
/** Columns of one request. */
export const MAX_SCORE_FEATURES = 256;
/** Bytes of one coefficient, little-endian: the data prime has 56 bits. */
export const SCORE_COEFFICIENT_BYTES = 7;
/** Bytes of one polynomial: its 4096 values in NTT form. */
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
  polyModulusDegree: z.literal(SCORE_RING),
  /** Data prime and special prime, the largest of these sizes that are 1 modulo 8192. */
  coeffModulusBits: z.tuple([z.literal(56), z.literal(53)]),
  /** Names of the columns, in the order of the request. */
  features: LinearModel.shape.features,
  /** Every value lies in [-featureBound, featureBound]. */
  featureBound: z.number().positive().max(MAX_FEATURE_BOUND),
  /** A column is encoded as x · 2^featureScaleBits. */
  featureScaleBits: z.int().min(16).max(40),
  /** A weight is w · 2^weightScaleBits, rounded; a score has both scales. */
  weightScaleBits: z.int().min(8).max(40),
  /** No score of a request is further from the plain one, but with probability 2^-40. */
  errorBound: z.number().positive(),
});
export type ScoreParameters = z.infer<typeof ScoreParameters>;

/** A fresh ciphertext: `seed` expands to its second polynomial. */
export type SeededCiphertext = { seed: Bytes; c0: Bytes };

/** `columns[feature × blocks + block]`: feature `feature` of rows `block × 2048` and following, padded with zeros. */
export type ScoreRequest = { parameters: Bytes; rows: number; features: number; columns: SeededCiphertext[] };

// struct { opaque seed[64]; opaque c0[28672]; } SeededCiphertext;
// struct { uint16 version; opaque parameters[32]; uint16 rows; uint16 features;
//          SeededCiphertext columns[features × blocks]; } ScoreRequest;          blocks = ⌈rows / 2048⌉
/** Bytes of a request. @throws ERR_SCORE_ROWS, ERR_FRAME_MALFORMED */
export function encodeScoreRequest(request: ScoreRequest): Bytes {
  const { parameters, rows, features, columns } = request;
  checkShape(rows, features);
  const writer = new ByteWriter().uint(SCORE_VERSION, 2).fixed(sized("parameters", parameters, 32));
  writer.uint(rows, 2).uint(features, 2);
  if (columns.length !== features * scoreBlocks(rows)) throw malformed("columns", "features × blocks ciphertexts");
  for (const { seed, c0 } of columns) {
    writer.fixed(sized("seed", seed, SCORE_SEED_BYTES)).fixed(sized("c0", c0, SCORE_POLYNOMIAL_BYTES));
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
  const columns = Array.from({ length: features * scoreBlocks(rows) }, () => ({
    seed: reader.fixed(SCORE_SEED_BYTES),
    c0: reader.fixed(SCORE_POLYNOMIAL_BYTES),
  }));
  reader.end();
  return { parameters, rows, features, columns };
}

/** Scores of one block, encrypted. */
export type ScoreCiphertext = { c0: Bytes; c1: Bytes };

/** Scores of `rows` rows, a ciphertext for each block. */
export type ScoreReply = { rows: number; blocks: ScoreCiphertext[] };

// struct { uint16 version; uint16 rows; struct { opaque c0[28672]; opaque c1[28672]; } blocks[⌈rows / 2048⌉]; } ScoreReply;
/** Bytes of a reply. @throws ERR_SCORE_ROWS, ERR_FRAME_MALFORMED */
export function encodeScoreReply({ rows, blocks }: ScoreReply): Bytes {
  checkRows(rows);
  if (blocks.length !== scoreBlocks(rows)) throw malformed("blocks", "one ciphertext per block of rows");
  const writer = new ByteWriter().uint(SCORE_VERSION, 2).uint(rows, 2);
  for (const { c0, c1 } of blocks) {
    writer.fixed(sized("c0", c0, SCORE_POLYNOMIAL_BYTES)).fixed(sized("c1", c1, SCORE_POLYNOMIAL_BYTES));
  }
  return writer.finish();
}

/** @throws ERR_SCORE_ROWS, ERR_FRAME_MALFORMED */
export function decodeScoreReply(bytes: Bytes): ScoreReply {
  const reader = new ByteReader(bytes);
  readVersion(reader);
  const rows = reader.uint(2);
  checkRows(rows);
  const blocks = Array.from({ length: scoreBlocks(rows) }, () => ({
    c0: reader.fixed(SCORE_POLYNOMIAL_BYTES),
    c1: reader.fixed(SCORE_POLYNOMIAL_BYTES),
  }));
  reader.end();
  return { rows, blocks };
}

/** Ciphertexts that one column of `rows` rows takes. */
export function scoreBlocks(rows: number): number {
  return Math.ceil(rows / SCORE_BLOCK_ROWS);
}

/** Rows that a request of `rows` rows spends: every slot of a block is scored, whatever number of rows it declares. */
export function paddedScoreRows(rows: number): number {
  return SCORE_BLOCK_ROWS * scoreBlocks(rows);
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
