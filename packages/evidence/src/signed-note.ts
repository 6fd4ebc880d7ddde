/** Signed notes (C2SP signed-note): text, a blank line, then one line for each signature.
 *  @see https://c2sp.org/signed-note
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { base64 } from "@scure/base";
import { concatBytes, equalBytes, toHex, utf8, type Bytes, type KeyId } from "@sluice/protocol";
import { publicKeyOf, verifyEd25519 } from "./ed25519.ts";
import type { KeyPair } from "./keys.ts";

/** Signature type of plain Ed25519. */
const ED25519_TYPE = Uint8Array.of(1);
const KEY_HASH_BYTES = 4;
/** Longest note that is read, in characters. */
const MAX_NOTE_CHARS = 4_096;
/** Most signature lines of a note: the log's own, and those of witnesses. */
const MAX_NOTE_SIGNATURES = 16;

const SIGNATURE_LINE = /^— ([^ +\p{White_Space}]+) ([A-Za-z0-9+/]+={0,2})$/u;
// Control characters other than the newline are not allowed in a note.
const CONTROL = /[^\P{Cc}\n]/u;

/** A note whose form was checked; its signatures were not. */
type ParsedNote = { text: string; signatures: { name: string; keyHash: Bytes; signature: Bytes }[] };

function keyHashOf(name: string, publicKey: Bytes): Bytes {
  return sha256(concatBytes(utf8(`${name}\n`), ED25519_TYPE, publicKey)).subarray(0, KEY_HASH_BYTES);
}

/** The key in the form that note verifiers take: `name+hash+base64`. @throws RangeError when `keyId` names no key. */
export function noteVerifierKey(name: string, keyId: KeyId): string {
  const publicKey = publicKeyOf(keyId);
  if (publicKey === null) throw new RangeError("a verifier key needs a valid public key");
  return `${name}+${toHex(keyHashOf(name, publicKey))}+${base64.encode(concatBytes(ED25519_TYPE, publicKey))}`;
}

/** `text`, which ends in a newline, signed by `key` under `name`. */
export async function signNote(text: string, name: string, key: KeyPair): Promise<string> {
  const publicKey = publicKeyOf(key.keyId);
  if (publicKey === null) throw new RangeError("a note needs a valid key");
  const signature = concatBytes(keyHashOf(name, publicKey), await key.sign(utf8(text)));
  return `${text}\n— ${name} ${base64.encode(signature)}\n`;
}

/** The text of a note that `name` signed with `keyId`; `null` when its form is wrong, when that signature is
 *  missing, or when one that claims this key is not valid. Lines of other keys are left to their verifiers. */
export async function openNote(note: string, name: string, keyId: KeyId): Promise<string | null> {
  const publicKey = publicKeyOf(keyId);
  const parsed = parseNote(note);
  if (publicKey === null || parsed === null) return null;
  const keyHash = keyHashOf(name, publicKey);
  const ours = parsed.signatures.filter((line) => line.name === name && equalBytes(line.keyHash, keyHash));
  const [first, second] = ours;
  if (first === undefined || second !== undefined) return null;
  return (await verifyEd25519(keyId, utf8(parsed.text), first.signature)) ? parsed.text : null;
}

function parseNote(note: string): ParsedNote | null {
  if (note.length > MAX_NOTE_CHARS || CONTROL.test(note) || !note.isWellFormed()) return null;
  const split = note.lastIndexOf("\n\n");
  if (split === -1 || !note.endsWith("\n")) return null;
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_NOTE_SIGNATURES) return null;
  const signatures: ParsedNote["signatures"] = [];
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
