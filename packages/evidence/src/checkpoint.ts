/** Checkpoints (C2SP tlog-checkpoint): a signed note of origin, size and root.
 *  @see https://c2sp.org/tlog-checkpoint
 *  @module */
import { base64 } from "@scure/base";
import { SluiceError, type Checkpoint, type KeyId } from "@sluice/protocol";
import type { SigningKey } from "./keys-signing.ts";
import { sm2LineOf, sm2NoteLine } from "./signed-note-sm2.ts";
import { openNote, signNote } from "./signed-note.ts";
import { HASH_BYTES, type TreeHead } from "./tree-hash.ts";

/** What pins a log: the name it goes by, and the keys that sign its checkpoints. */
export type LogIdentity = {
  readonly origin: string;
  readonly logKey: KeyId;
  /** Key of the SM2 line. Where it is pinned, a checkpoint needs both lines. */
  readonly logSm2Key?: KeyId | undefined;
};

/** A log as configurations and pins name it. */
export type PinnedLog = { readonly logOrigin: string } & Omit<LogIdentity, "origin">;

/** The identity that pins name. */
export function logIdentity({ logOrigin, logKey, logSm2Key }: PinnedLog): LogIdentity {
  return { origin: logOrigin, logKey, ...(logSm2Key === undefined ? {} : { logSm2Key }) };
}

const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;

/** The checkpoint over `head`, signed under the log's origin: by Ed25519, and by SM2 where there is such a key. */
export async function signCheckpoint(
  origin: string,
  { size, rootHash }: TreeHead,
  key: SigningKey,
  sm2Key?: SigningKey,
): Promise<Checkpoint> {
  const body = `${origin}\n${size}\n${base64.encode(rootHash)}\n`;
  const [note, line] = await Promise.all([
    signNote(body, origin, key),
    sm2Key === undefined ? "" : sm2NoteLine(body, origin, sm2Key),
  ]);
  return { origin, size, rootHash, text: note + line };
}

/** The checkpoint that `text` is. Extension lines are accepted and ignored.
 *  @throws ERR_LOG when it is not one of this log, signed by its key; by both of them where an SM2 key is pinned. */
export async function openCheckpoint(text: string, { origin, logKey, logSm2Key }: LogIdentity): Promise<Checkpoint> {
  const body = await openNote(text, origin, logKey);
  if (body === null) throw new SluiceError("ERR_LOG", { origin, reason: "a checkpoint is not signed by its key" });
  if (logSm2Key !== undefined && (await sm2LineOf(text, origin, logSm2Key)) !== "valid") {
    throw new SluiceError("ERR_LOG", { origin, reason: "a checkpoint is not signed by its SM2 key" });
  }
  const [name, size = "", root = ""] = body.split("\n");
  const rootHash = decodeRoot(root);
  if (name !== origin || !SIZE.test(size) || !Number.isSafeInteger(Number(size)) || rootHash === null) {
    throw new SluiceError("ERR_LOG", { origin, reason: "a checkpoint does not have the documented form" });
  }
  return { origin, size: Number(size), rootHash, text };
}

function decodeRoot(text: string): Uint8Array | null {
  try {
    const rootHash = base64.decode(text);
    return rootHash.length === HASH_BYTES ? rootHash : null;
  } catch {
    return null;
  }
}
