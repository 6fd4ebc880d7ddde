/** Proof that a log holds a commitment to a document. The entry is
 *  SHA-256("sluice/leaf/v1" ‖ salt ‖ SHA-256(canonical JSON)), so that a reader of the log learns nothing.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import {
  canonicalBytes,
  concatBytes,
  fromHex,
  LogProof,
  SluiceError,
  toHex,
  utf8,
  type Bytes,
  type EvidenceLog,
} from "@sluice/protocol";
import { openCheckpoint, type LogIdentity } from "./checkpoint.ts";
import { leafHash, verifyInclusion } from "./tree-hash.ts";

/** Bytes of a salt, fresh for each document. */
export const SALT_BYTES = 32;

const CONTEXT = utf8("sluice/leaf/v1");

/** The 32-byte log entry for `document`, any JSON value. @throws RangeError when the salt is not 32 bytes. */
export function commitment(document: unknown, salt: Bytes): Bytes {
  if (salt.length !== SALT_BYTES) throw new RangeError("a salt has 32 bytes");
  return sha256(concatBytes(CONTEXT, salt, sha256(canonicalBytes(document))));
}

/** Proof for the entry at `index`, under a checkpoint of now. The log must hold it: `append` has returned. */
export async function createLogProof(log: EvidenceLog, index: number, salt: Bytes): Promise<LogProof> {
  const checkpoint = await log.checkpoint();
  const inclusion = await log.inclusion(index, checkpoint.size);
  return {
    origin: log.origin,
    index,
    salt: toHex(salt),
    checkpoint: checkpoint.text,
    inclusion: inclusion.map(toHex),
  };
}

/** Passes when the log `trust` pins holds a commitment to `document`, under a checkpoint it signed.
 *  @throws ERR_LOG */
export async function verifyLogProof(proof: LogProof, document: unknown, trust: LogIdentity): Promise<void> {
  const { origin } = trust;
  const parsed = LogProof.safeParse(proof);
  if (!parsed.success)
    throw new SluiceError("ERR_LOG", { origin, reason: "a proof does not have the documented form" });
  const { index, salt, checkpoint: text, inclusion } = parsed.data;
  if (parsed.data.origin !== origin) throw new SluiceError("ERR_LOG", { origin, reason: "a proof is of another log" });
  const checkpoint = await openCheckpoint(text, trust);
  const leaf = leafHash(commitment(document, fromHex(salt)));
  if (!verifyInclusion(leaf, index, checkpoint.size, inclusion.map(fromHex), checkpoint.rootHash)) {
    throw new SluiceError("ERR_LOG", { origin, reason: "an inclusion proof does not lead to the checkpoint" });
  }
}
