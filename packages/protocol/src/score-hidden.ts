/** Encrypted scoring by a model that stays with the domain (隐藏层模型): one hidden layer with square activations, in CKKS slots.
 *  A request carries 8,192 rows for each feature, whatever the caller fills in, and the keys to compute with; the reply is one
 *  ciphertext. Frames have fixed lengths and carry coefficients and seeds only: every parameter stands in the published
 *  `HiddenParameters`, which the request names by their hash.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { Sha256Hex } from "./identifiers.ts";
import { SCORE_SEED_BYTES, type SeededCiphertext } from "./score.ts";
import { HiddenFeatures, MAX_HIDDEN_FEATURES } from "./square-network.ts";

/** Version of the frames. */
export const HIDDEN_VERSION = 1;
/** Ring dimension. */
export const HIDDEN_RING = 16_384;
/** Rows of every request: the slots of a ciphertext. A request is charged as so many, since all are computed. */
export const HIDDEN_ROWS = HIDDEN_RING / 2;
/** Primes that a fresh ciphertext has, and a polynomial of a key; each coefficient has 8 bytes. */
const DATA_PRIMES = 3;
const KEY_PRIMES = DATA_PRIMES + 1;
const COEFFICIENT_BYTES = 8;
/** Bytes of one polynomial of a fresh ciphertext. */
export const HIDDEN_COLUMN_BYTES = HIDDEN_RING * DATA_PRIMES * COEFFICIENT_BYTES;
/** Bytes of one polynomial of a key. */
export const HIDDEN_KEY_BYTES = HIDDEN_RING * KEY_PRIMES * COEFFICIENT_BYTES;
/** Bytes of one polynomial of a reply. */
export const HIDDEN_REPLY_BYTES = HIDDEN_RING * COEFFICIENT_BYTES;

/** What a caller needs to encrypt for one model and to read its scores. Public. */
export const HiddenParameters = z.strictObject({
  type: z.literal("score-hidden-parameters"),
  scheme: z.literal("ckks"),
  packing: z.literal("slots"),
  polyModulusDegree: z.literal(HIDDEN_RING),
  /** Data primes and special prime, the largest of these sizes that are 1 modulo 32768. */
  coeffModulusBits: z.tuple([z.literal(60), z.literal(60), z.literal(60), z.literal(60)]),
  /** Hash of the admitted `SquareNetwork`, which its salt makes a commitment. */
  network: Sha256Hex,
  features: HiddenFeatures,
  /** A column is z · 2^featureScaleBits. */
  featureScaleBits: z.int().min(30).max(84),
  /** A weight is w · 2^weightScaleBits, rounded; a score has both scales squared. */
  weightScaleBits: z.int().min(-30).max(40),
  /** A reply is within 2^-statisticalBits of one that depends on the scores alone (docs/scoring-hidden.md). */
  statisticalBits: z.int().min(20).max(64),
  /** The noise of a coefficient is the difference of two whole numbers below 2^noiseBits. */
  noiseBits: z.int().min(1).max(176),
  /** No score of a request is further from the plain one of the rounded model, but with probability 2^-39. */
  errorBound: z.number().positive(),
});
export type HiddenParameters = z.infer<typeof HiddenParameters>;

/** Standard deviation of the noise of a score. */
export function hiddenNoise({
  noiseBits,
  featureScaleBits,
  weightScaleBits,
}: Pick<HiddenParameters, "noiseBits" | "featureScaleBits" | "weightScaleBits">): number {
  return Math.sqrt(HIDDEN_RING / 12) * 2 ** (noiseBits - 2 * (featureScaleBits + weightScaleBits));
}

/** Keys of one request, and one column per feature. A key's `c0` has a prime more than a column's. */
export type HiddenRequest = {
  parameters: Bytes;
  publicKey: SeededCiphertext;
  relinKeys: SeededCiphertext[];
  columns: SeededCiphertext[];
};

// struct { opaque seed[64]; opaque c0[524288]; } HiddenKey;
// struct { opaque seed[64]; opaque c0[393216]; } HiddenColumn;
// struct { uint16 version; opaque parameters[32]; uint16 features; HiddenKey publicKey; HiddenKey relinKeys[3];
//          HiddenColumn columns[features]; } HiddenRequest;
/** Bytes of a request. @throws ERR_FRAME_MALFORMED */
export function encodeHiddenRequest({ parameters, publicKey, relinKeys, columns }: HiddenRequest): Bytes {
  checkFeatures(columns.length);
  if (relinKeys.length !== DATA_PRIMES) throw malformed("relinKeys", `${DATA_PRIMES} keys`);
  const writer = new ByteWriter().uint(HIDDEN_VERSION, 2).fixed(sized("parameters", parameters, 32));
  writer.uint(columns.length, 2);
  const write = ({ seed, c0 }: SeededCiphertext, length: number): void => {
    writer.fixed(sized("seed", seed, SCORE_SEED_BYTES)).fixed(sized("c0", c0, length));
  };
  for (const key of [publicKey, ...relinKeys]) write(key, HIDDEN_KEY_BYTES);
  for (const column of columns) write(column, HIDDEN_COLUMN_BYTES);
  return writer.finish();
}

/** Bytes of every request with so many features. */
export function hiddenRequestBytes(features: number): number {
  const keys = (1 + DATA_PRIMES) * (SCORE_SEED_BYTES + HIDDEN_KEY_BYTES);
  return 2 + 32 + 2 + keys + features * (SCORE_SEED_BYTES + HIDDEN_COLUMN_BYTES);
}

/** What a request begins with. @throws ERR_FRAME_MALFORMED */
export function readHiddenHead(bytes: Bytes): { parameters: Bytes; features: number } {
  return readHead(new ByteReader(bytes));
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeHiddenRequest(bytes: Bytes): HiddenRequest {
  const reader = new ByteReader(bytes);
  const { parameters, features } = readHead(reader);
  const read = (length: number): SeededCiphertext => ({
    seed: reader.fixed(SCORE_SEED_BYTES),
    c0: reader.fixed(length),
  });
  const publicKey = read(HIDDEN_KEY_BYTES);
  const relinKeys = Array.from({ length: DATA_PRIMES }, () => read(HIDDEN_KEY_BYTES));
  const columns = Array.from({ length: features }, () => read(HIDDEN_COLUMN_BYTES));
  reader.end();
  return { parameters, publicKey, relinKeys, columns };
}

/** Scores of all slots, encrypted, at the lowest level. */
export type HiddenReply = { c0: Bytes; c1: Bytes };

// struct { uint16 version; opaque c0[131072]; opaque c1[131072]; } HiddenReply;
/** Bytes of a reply. @throws ERR_FRAME_MALFORMED */
export function encodeHiddenReply({ c0, c1 }: HiddenReply): Bytes {
  const writer = new ByteWriter().uint(HIDDEN_VERSION, 2);
  return writer
    .fixed(sized("c0", c0, HIDDEN_REPLY_BYTES))
    .fixed(sized("c1", c1, HIDDEN_REPLY_BYTES))
    .finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeHiddenReply(bytes: Bytes): HiddenReply {
  const reader = new ByteReader(bytes);
  readVersion(reader);
  const c0 = reader.fixed(HIDDEN_REPLY_BYTES);
  const c1 = reader.fixed(HIDDEN_REPLY_BYTES);
  reader.end();
  return { c0, c1 };
}

function readHead(reader: ByteReader): { parameters: Bytes; features: number } {
  readVersion(reader);
  const parameters = reader.fixed(32);
  const features = reader.uint(2);
  checkFeatures(features);
  return { parameters, features };
}

function checkFeatures(features: number): void {
  if (features < 1 || features > MAX_HIDDEN_FEATURES) throw malformed("features", `1 to ${MAX_HIDDEN_FEATURES}`);
}

function readVersion(reader: ByteReader): void {
  if (reader.uint(2) !== HIDDEN_VERSION) throw malformed("version", String(HIDDEN_VERSION));
}

function sized(field: string, bytes: Bytes, length: number): Bytes {
  if (bytes.length !== length) throw malformed(field, `${length} bytes`);
  return bytes;
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
