/** Salted references of a receipt: who asked, and of which snapshot, stand in it as commitments. Who holds an opening
 *  learns the value; once every copy of the salt is erased, nobody can tell what it was, not even by trying every
 *  known key, and receipt and logs still verify.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import {
  ByteWriter,
  fromHex,
  SluiceError,
  toHex,
  utf8,
  type Bytes,
  type EvidencedReceipt,
  type Sha256Hex,
} from "@sluice/protocol";
import { SALT_BYTES } from "./log-proof.ts";

/** Members of a receipt that are commitments. */
export const REFERENCES = ["party", "snapshot"] as const;
export type ReferenceMember = (typeof REFERENCES)[number];

/** A value and the salt of its commitment, hexadecimal. */
type Opening = { readonly value: string; readonly salt: string };

const LABEL = utf8("sluice/reference/v1");
const MAX_TEXT_BYTES = 255;

// struct { opaque label[19]; opaque member<0..2^8-1>; opaque salt[32]; opaque value<0..2^8-1>; } Reference;
/** SHA-256 of the reference of `member` to `value`, both as UTF-8. @throws RangeError when the salt is not 32 bytes */
export function referenceHash(member: ReferenceMember, value: string, salt: Bytes): Sha256Hex {
  if (salt.length !== SALT_BYTES) throw new RangeError("a salt has 32 bytes");
  const reference = new ByteWriter()
    .fixed(LABEL)
    .opaque(utf8(member), MAX_TEXT_BYTES)
    .fixed(salt)
    .opaque(utf8(value), MAX_TEXT_BYTES)
    .finish();
  return toHex(sha256(reference));
}

/** The receipt's commitments to these values, and what opens them; salts come from `random`. */
export function referTo(
  values: Readonly<Record<ReferenceMember, string>>,
  random: { bytes(length: number): Bytes },
): { readonly references: Record<ReferenceMember, Sha256Hex>; readonly openings: Record<ReferenceMember, Opening> } {
  const salts = { party: random.bytes(SALT_BYTES), snapshot: random.bytes(SALT_BYTES) };
  return {
    references: {
      party: referenceHash("party", values.party, salts.party),
      snapshot: referenceHash("snapshot", values.snapshot, salts.snapshot),
    },
    openings: {
      party: { value: values.party, salt: toHex(salts.party) },
      snapshot: { value: values.snapshot, salt: toHex(salts.snapshot) },
    },
  };
}

/** What a commitment of the receipt opens to; null when its opening was erased.
 *  @throws ERR_RECEIPT when the opening does not fit, naming the member as `part` */
export function openReference(
  { receipt, openings }: Pick<EvidencedReceipt, "receipt" | "openings">,
  member: ReferenceMember,
): string | null {
  const opening = openings[member];
  if (opening === undefined) return null;
  if (referenceHash(member, opening.value, fromHex(opening.salt)) === receipt.body[member]) return opening.value;
  throw new SluiceError("ERR_RECEIPT", { part: member, reason: `the opening of its ${member} does not fit` });
}
