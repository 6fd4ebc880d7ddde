/** Cosignatures of witnesses over checkpoints (C2SP tlog-cosignature, `cosignature/v1`): a witness says that at that
 *  time the checkpoint was the largest consistent tree of its log that it had seen.
 *  @see https://c2sp.org/tlog-cosignature
 *  @module */
import { concatBytes, utf8, type Bytes, type KeyId } from "@sluice/protocol";
import { publicKeyOf, verifyEd25519 } from "./ed25519.ts";
import type { KeyPair } from "./keys.ts";
import { formatNoteSignature, NOTE_SIGNATURE_TYPES, noteKeyHash, parseNote, signaturesOf } from "./signed-note.ts";

/** What pins a witness: the name in its signature lines, and its key. */
export type WitnessIdentity = { readonly name: string; readonly witnessKey: KeyId };

/** A valid cosignature. */
export type Cosignature = {
  readonly name: string;
  readonly witnessKey: KeyId;
  /** When the witness signed, by its own clock. */
  readonly at: Date;
};

const TIMESTAMP_BYTES = 8;
/** Latest time that a `Date` has, in seconds. */
const MAX_TIMESTAMP = 8_640_000_000_000n;

/** The signature line, with its newline, of a witness over the checkpoint whose text, without signatures, is `text`. */
export async function cosign(text: string, name: string, key: KeyPair, at: Date): Promise<string> {
  const publicKey = publicKeyOf(key.keyId);
  if (publicKey === null) throw new RangeError("a cosignature needs a valid key");
  const timestamp = BigInt(Math.floor(at.getTime() / 1_000));
  const signature = concatBytes(timestampBytes(timestamp), await key.sign(messageOf(timestamp, text)));
  const keyHash = noteKeyHash(name, NOTE_SIGNATURE_TYPES.cosignature, publicKey);
  return formatNoteSignature({ name, keyHash, signature });
}

/** The valid cosignatures of `witnesses` on a checkpoint, at most one of each, in their order. Lines of others, and
 *  lines that are not valid, count for nothing. */
export async function openCosignatures(
  checkpoint: string,
  witnesses: readonly WitnessIdentity[],
): Promise<Cosignature[]> {
  const note = parseNote(checkpoint);
  if (note === null) return [];
  const found: Cosignature[] = [];
  for (const { name, witnessKey } of witnesses) {
    const publicKey = publicKeyOf(witnessKey);
    if (publicKey === null) continue;
    const keyHash = noteKeyHash(name, NOTE_SIGNATURE_TYPES.cosignature, publicKey);
    for (const { signature } of signaturesOf(note, name, keyHash)) {
      const at = await verifiedTime(note.text, witnessKey, signature);
      if (at === null) continue;
      found.push({ name, witnessKey, at });
      break;
    }
  }
  return found;
}

// struct { u64 timestamp; opaque ed25519_signature[64]; } timestamped_signature;
async function verifiedTime(text: string, witnessKey: KeyId, signature: Bytes): Promise<Date | null> {
  if (signature.length <= TIMESTAMP_BYTES) return null;
  const timestamp = new DataView(signature.buffer, signature.byteOffset, signature.length).getBigUint64(0);
  if (timestamp > MAX_TIMESTAMP) return null;
  const message = messageOf(timestamp, text);
  if (!(await verifyEd25519(witnessKey, message, signature.subarray(TIMESTAMP_BYTES)))) return null;
  return new Date(Number(timestamp) * 1_000);
}

function messageOf(timestamp: bigint, text: string): Bytes {
  return utf8(`cosignature/v1\ntime ${timestamp}\n${text}`);
}

function timestampBytes(timestamp: bigint): Bytes {
  const bytes = new Uint8Array(TIMESTAMP_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, timestamp);
  return bytes;
}
