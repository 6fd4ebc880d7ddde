/** Checkpoints (C2SP tlog-checkpoint): a signed note of origin, size and root.
 *  @see https://c2sp.org/tlog-checkpoint
 *  @module */
import { base64 } from "@scure/base";
import { SluiceError, type Checkpoint, type KeyId } from "@sluice/protocol";
import type { KeyPair } from "./keys.ts";
import { openNote, signNote } from "./signed-note.ts";
import { HASH_BYTES, type TreeHead } from "./tree-hash.ts";

/** What pins a log: the name it goes by, and the key that signs its checkpoints. */
export type LogIdentity = { readonly origin: string; readonly logKey: KeyId };

const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;

/** The checkpoint over `head`, signed under the log's origin. */
export async function signCheckpoint(origin: string, head: TreeHead, key: KeyPair): Promise<Checkpoint> {
  const text = await signNote(`${origin}\n${head.size}\n${base64.encode(head.rootHash)}\n`, origin, key);
  return { origin, size: head.size, rootHash: head.rootHash, text };
}

/** The checkpoint that `text` is. Extension lines are accepted and ignored.
 *  @throws ERR_LOG when it is not one of this log, signed by its key. */
export async function openCheckpoint(text: string, { origin, logKey }: LogIdentity): Promise<Checkpoint> {
  const body = await openNote(text, origin, logKey);
  if (body === null) throw new SluiceError("ERR_LOG", { origin, reason: "a checkpoint is not signed by its key" });
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
