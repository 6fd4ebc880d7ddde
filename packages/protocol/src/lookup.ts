/** The signed snapshot of private lookup (匿踪查询), which pins every parameter.
 *  @module */
import { z } from "zod";
import { Sha256Hex } from "./identifiers.ts";
import { servedMembers } from "./served.ts";
import { signedSchema } from "./signed.ts";

/** Parameters of one index: enough for a client to query it, nothing about its rows but their padded number. */
export const LookupParameters = z.strictObject({
  /** LWE dimension. */
  lweDimension: z.literal(1024),
  /** Standard deviation of the discrete Gaussian error. */
  errorDeviation: z.number(),
  /** Columns of the database: one filter per bucket, side by side. */
  buckets: z.int().min(1).max(4_096),
  /** Rows of the database: filter slots per bucket. */
  rowsPerBucket: z.int().min(1).max(16_777_216),
  /** Segment length of the binary fuse filters, a power of two. */
  segmentLength: z.int().min(1).max(1_048_576),
  /** Bytes of one encrypted record. */
  recordBytes: z.int().min(16).max(4_096),
  /** Public seed of the LWE matrix, hexadecimal. */
  matrixSeed: Sha256Hex,
  /** Public seed of the filter positions, hexadecimal. */
  filterSeed: Sha256Hex,
});
export type LookupParameters = z.infer<typeof LookupParameters>;

/** A table that a snapshot offers: an index with the hint over it. */
export const LookupTable = z.strictObject({
  parameters: LookupParameters,
  /** Hash of the hint bytes. */
  hint: Sha256Hex,
  hintBytes: z.int().positive(),
});
export type LookupTable = z.infer<typeof LookupTable>;

/** The snapshot a product serves: a base table, whose members stand in the snapshot itself, and at most one delta table over it.
 *  Signed by the domain's receipt key; its hash is in every receipt. */
export const LookupSnapshot = z.strictObject({
  type: z.literal("lookup-snapshot"),
  ...servedMembers,
  parameters: LookupParameters,
  /** OPRF public key of this product and epoch, hexadecimal. */
  oprfPublicKey: Sha256Hex,
  /** Number of the key: a full build counts it up, an update of the delta table leaves it. */
  epoch: z.int().min(1),
  hint: Sha256Hex,
  hintBytes: z.int().positive(),
  /** What has changed since the base was built, to be asked first; when it is there, every query asks both. */
  delta: LookupTable.optional(),
  /** Closed list of labels a record can hold. */
  vocabulary: z.array(z.string()).min(2).max(64),
});
export type LookupSnapshot = z.infer<typeof LookupSnapshot>;
export const SignedLookupSnapshot = signedSchema(LookupSnapshot);
export type SignedLookupSnapshot = z.infer<typeof SignedLookupSnapshot>;

/** The tables of a snapshot in the order in which a query's parts stand: base, then delta. */
export function lookupTables({ parameters, hint, hintBytes, delta }: LookupSnapshot): LookupTable[] {
  return [{ parameters, hint, hintBytes }, ...(delta === undefined ? [] : [delta])];
}
