/** The body of `add-checkpoint` (C2SP tlog-witness): the size that the witness knows, a proof from there, and the
 *  checkpoint.
 *  @see https://c2sp.org/tlog-witness
 *  @module */
import { base64 } from "@scure/base";
import type { Bytes } from "@sluice/protocol";
import { MAX_NOTE_CHARS } from "./signed-note.ts";
import { HASH_BYTES, MAX_PROOF_HASHES } from "./tree-hash.ts";

/** One submission. */
export type AddCheckpoint = {
  /** Size that the witness last cosigned; 0 when it never did. */
  readonly oldSize: number;
  /** Consistency proof from there to the checkpoint (RFC 6962 §2.1.2). */
  readonly proof: readonly Bytes[];
  /** The signed checkpoint. */
  readonly checkpoint: string;
};

/** Longest body that is read, in characters. */
export const MAX_ADD_CHECKPOINT_CHARS = MAX_NOTE_CHARS + 64 + MAX_PROOF_HASHES * 45;

const OLD_SIZE = /^old (0|[1-9][0-9]{0,15})$/;

/** The body of a submission. */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  return `old ${oldSize}\n${proof.map((hash) => `${base64.encode(hash)}\n`).join("")}\n${checkpoint}`;
}

/** The submission in a body; null when its form is wrong. The checkpoint is not looked at. */
export function parseAddCheckpoint(body: string): AddCheckpoint | null {
  const split = body.indexOf("\n\n");
  if (body.length > MAX_ADD_CHECKPOINT_CHARS || split === -1) return null;
  const [first = "", ...lines] = body.slice(0, split).split("\n");
  const oldSize = Number(OLD_SIZE.exec(first)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(oldSize) || lines.length > MAX_PROOF_HASHES) return null;
  const proof: Bytes[] = [];
  for (const line of lines) {
    try {
      const hash = base64.decode(line);
      if (hash.length !== HASH_BYTES) return null;
      proof.push(hash);
    } catch {
      return null;
    }
  }
  return { oldSize, proof, checkpoint: body.slice(split + 2) };
}
