/** Signed notes (C2SP signed-note): text, a blank line, then one line for each signature.
 *  @see https://c2sp.org/signed-note
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { base64 } from "@scure/base";
import { concatBytes, equalBytes, toHex, utf8, type Bytes, type KeyId } from "@sluice/protocol";
import { keyIdOf, publicKeyOf, verifyEd25519 } from "./ed25519.ts";
import type { SigningKey } from "./keys-signing.ts";

/** Type of a signature line (C2SP signed-note): Ed25519 over the text, or a timestamped cosignature of a witness. */
export const NOTE_SIGNATURE_TYPES = { ed25519: 1, cosignature: 4 } as const;
export type NoteSignatureType = (typeof NOTE_SIGNATURE_TYPES)[keyof typeof NOTE_SIGNATURE_TYPES];

/** Bytes of the hash that stands for a key. */
export const KEY_HASH_BYTES = 4;
/** Longest note that is read, in characters. */
export const MAX_NOTE_CHARS = 4_096;
/** Most signature lines of a note: the log's own, and those of witnesses. */
export const MAX_NOTE_SIGNATURES = 16;

const SIGNATURE_LINE = /^— ([^ +\p{White_Space}]+) ([A-Za-z0-9+/]+={0,2})$/u;
const VERIFIER_KEY = /^([^+\p{White_Space}]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u;
// Control characters other than the newline are not allowed in a note.
const CONTROL = /[^\P{Cc}\n]/u;

/** One signature line. */
export type NoteSignature = { readonly name: string; readonly keyHash: Bytes; readonly signature: Bytes };

/** A note whose form was checked; its signatures were not. */
export type ParsedNote = { readonly text: string; readonly signatures: readonly NoteSignature[] };

/** First bytes of the hash that tells the keys of one name apart. */
export function noteKeyHash(name: string, type: NoteSignatureType, publicKey: Bytes): Bytes {
  return sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).subarray(0, KEY_HASH_BYTES);
}

/** The key in the form that note verifiers take: `name+hash+base64`. @throws RangeError when `keyId` names no key. */
export function noteVerifierKey(
  name: string,
  keyId: KeyId,
  type: NoteSignatureType = NOTE_SIGNATURE_TYPES.ed25519,
): string {
  const publicKey = publicKeyOf(keyId);
  if (publicKey === null) throw new RangeError("a verifier key needs a valid public key");
  const encoded = base64.encode(concatBytes(Uint8Array.of(type), publicKey));
  return `${name}+${toHex(noteKeyHash(name, type, publicKey))}+${encoded}`;
}

/** What a verifier key says, `keyId` being null when its type is none that is verified here; null when it is none. */
export function parseNoteVerifierKey(text: string): { name: string; type: number; keyId: KeyId | null } | null {
  const [, name, hash, encoded] = VERIFIER_KEY.exec(text) ?? [];
  if (name === undefined || encoded === undefined) return null;
  let bytes: Bytes;
  try {
    bytes = base64.decode(encoded);
  } catch {
    return null;
  }
  const [type] = bytes;
  if (type === undefined) return null;
  if (type !== NOTE_SIGNATURE_TYPES.ed25519 && type !== NOTE_SIGNATURE_TYPES.cosignature) {
    return { name, type, keyId: null };
  }
  const keyId = keyIdOf(bytes.subarray(1));
  const publicKey = publicKeyOf(keyId);
  if (publicKey === null || toHex(noteKeyHash(name, type, publicKey)) !== hash) return null;
  return { name, type, keyId };
}

/** A signature line, with its newline. */
export function formatNoteSignature({ name, keyHash, signature }: NoteSignature): string {
  return `— ${name} ${base64.encode(concatBytes(keyHash, signature))}\n`;
}

/** `text`, which ends in a newline, signed by `key` under `name`. */
export async function signNote(text: string, name: string, key: SigningKey): Promise<string> {
  const publicKey = publicKeyOf(key.keyId);
  if (publicKey === null) throw new RangeError("a note needs a valid key");
  const keyHash = noteKeyHash(name, NOTE_SIGNATURE_TYPES.ed25519, publicKey);
  return `${text}\n${formatNoteSignature({ name, keyHash, signature: await key.sign(utf8(text)) })}`;
}

/** The text of a note that `name` signed with `keyId`; `null` when its form is wrong, when that signature is
 *  missing, or when one that claims this key is not valid. Lines of other keys are left to their verifiers. */
export async function openNote(note: string, name: string, keyId: KeyId): Promise<string | null> {
  const publicKey = publicKeyOf(keyId);
  const parsed = parseNote(note);
  if (publicKey === null || parsed === null) return null;
  const ours = signaturesOf(parsed, name, noteKeyHash(name, NOTE_SIGNATURE_TYPES.ed25519, publicKey));
  const [first, second] = ours;
  if (first === undefined || second !== undefined) return null;
  return (await verifyEd25519(keyId, utf8(parsed.text), first.signature)) ? parsed.text : null;
}

/** Signature lines of one key. */
export function signaturesOf({ signatures }: ParsedNote, name: string, keyHash: Bytes): NoteSignature[] {
  return signatures.filter((line) => line.name === name && equalBytes(line.keyHash, keyHash));
}

/** The parts of a note; null when its form is wrong. */
export function parseNote(note: string): ParsedNote | null {
  if (note.length > MAX_NOTE_CHARS || CONTROL.test(note) || !note.isWellFormed()) return null;
  const split = note.lastIndexOf("\n\n");
  if (split === -1 || !note.endsWith("\n")) return null;
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_NOTE_SIGNATURES) return null;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
    if (name === undefined || encoded === undefined) return null;
    try {
      const bytes = base64.decode(encoded);
      if (bytes.length <= KEY_HASH_BYTES) return null;
      const keyHash = bytes.subarray(0, KEY_HASH_BYTES);
      signatures.push({ name, keyHash, signature: bytes.subarray(KEY_HASH_BYTES) });
    } catch {
      return null;
    }
  }
  return { text: note.slice(0, split + 1), signatures };
}
