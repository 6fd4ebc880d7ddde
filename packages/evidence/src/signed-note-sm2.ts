/** The SM2 line of a signed note: SM2 with SM3 and the standard user id over the text of the note. C2SP has assigned no
 *  byte to it, so its type is 0xff and the identifier below; verifiers that do not know it ignore the line.
 *  @see https://c2sp.org/signed-note#signature-types
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { base64 } from "@scure/base";
import { concatBytes, fromBase64url, Sm2KeyId, toHex, utf8, type Bytes, type KeyId } from "@sluice/protocol";
import type { SigningKey } from "./keys-signing.ts";
import { formatNoteSignature, KEY_HASH_BYTES, parseNote, signaturesOf } from "./signed-note.ts";

/** What follows the byte 0xff in the type of the line. */
export const SM2_NOTE_IDENTIFIER = "sluice/note-sm2-sm3/v1";

const TYPE = concatBytes(Uint8Array.of(0xff), utf8(SM2_NOTE_IDENTIFIER));

/** Type and key as a note names them: 0xff ‖ identifier ‖ the compressed point (33 bytes); null when `keyId` names none. */
function typedKey(keyId: KeyId): Bytes | null {
  return Sm2KeyId.safeParse(keyId).success ? concatBytes(TYPE, fromBase64url(keyId.slice("sm2:".length))) : null;
}

/** First bytes of SHA-256(name ‖ newline ‖ type ‖ key): the key's hash in its lines. */
function keyHashOf(name: string, typed: Bytes): Bytes {
  return sha256(concatBytes(utf8(`${name}\n`), typed)).subarray(0, KEY_HASH_BYTES);
}

/** The SM2 key of a log in the form of verifier keys, `name+hash+base64`. @throws RangeError when `keyId` is none of SM2 */
export function noteSm2VerifierKey(name: string, keyId: KeyId): string {
  const typed = typedKey(keyId);
  if (typed === null) throw new RangeError("an SM2 verifier key needs an SM2 key");
  return `${name}+${toHex(keyHashOf(name, typed))}+${base64.encode(typed)}`;
}

/** The line, with its newline, by which `key` signs `text` under `name`. @throws RangeError when `key` is none of SM2 */
export async function sm2NoteLine(text: string, name: string, key: SigningKey): Promise<string> {
  const typed = typedKey(key.keyId);
  if (typed === null) throw new RangeError("an SM2 line needs an SM2 key");
  return formatNoteSignature({ name, keyHash: keyHashOf(name, typed), signature: await key.sign(utf8(text)) });
}

/** What a note says about a key of SM2: it has no line of the key, exactly one that is valid, or anything else. */
export async function sm2LineOf(note: string, name: string, keyId: KeyId): Promise<"none" | "valid" | "invalid"> {
  const typed = typedKey(keyId);
  const parsed = parseNote(note);
  if (typed === null || parsed === null) return "invalid";
  const [line, second] = signaturesOf(parsed, name, keyHashOf(name, typed));
  if (line === undefined) return "none";
  if (second !== undefined) return "invalid";
  const { verifySm2 } = await import("./sm/sm2.ts");
  return verifySm2(keyId, utf8(parsed.text), line.signature) ? "valid" : "invalid";
}
