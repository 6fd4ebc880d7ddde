/** Positions and proofs of a tamper-evident log: C2SP tlog-tiles with RFC 6962 hashing.
 *  @module */
import { z } from "zod";
import { Sha256Hex } from "./identifiers.ts";

/** Origin line of a log: names it in checkpoints and proofs. */
export const LogOrigin = z.string().regex(/^[a-z0-9.-]{1,64}(?:\/[a-z0-9-]{1,64}){1,3}$/);
export type LogOrigin = z.infer<typeof LogOrigin>;

/** A signed-note checkpoint as text (C2SP tlog-checkpoint): origin, size, root, signature lines. */
export const CheckpointText = z.string().max(4_096);
export type CheckpointText = z.infer<typeof CheckpointText>;

/** Body of `POST /v1/checkpoints` of a domain: a checkpoint of its own log that somebody kept. */
export const CheckpointDelivery = z.strictObject({ checkpoint: CheckpointText });
export type CheckpointDelivery = z.infer<typeof CheckpointDelivery>;

/** Proof that the log holds a commitment to a document. The entry is
 *  SHA-256("sluice/leaf/v1" ‖ salt ‖ SHA-256(canonical JSON of the document)); see `evidence`. */
export const LogProof = z.strictObject({
  origin: LogOrigin,
  index: z.int().nonnegative(),
  /** 32 random bytes that hide the document from readers of the log. */
  salt: Sha256Hex,
  checkpoint: CheckpointText,
  /** Inclusion path from leaf to root (RFC 6962 §2.1.1), at most 63 hashes. */
  inclusion: z.array(Sha256Hex).max(63),
});
export type LogProof = z.infer<typeof LogProof>;
