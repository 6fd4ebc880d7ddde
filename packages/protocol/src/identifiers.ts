/** Names and identifiers. All are printable ASCII, so that they may stand in logs and URLs.
 *  @module */
import { z } from "zod";

/** Short name chosen by people: lower case, digits, `-`; 1 to 64 characters. */
export const Name = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/);
export type Name = z.infer<typeof Name>;

/** Name of a column: a letter, then letters, digits or `_`; at most 64 characters. */
export const FieldName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/);
export type FieldName = z.infer<typeof FieldName>;

/** Name of a member that a job declares: an output, a metric, a label. */
export const MemberName = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,39}$/);
export type MemberName = z.infer<typeof MemberName>;

/** Lower-case hexadecimal SHA-256. */
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
export type Sha256Hex = z.infer<typeof Sha256Hex>;

/** Signature suites: Ed25519 (RFC 8032), and SM2 with SM3 and the standard user id (GB/T 32918.2-2016). */
export const SuiteId = z.enum(["ed25519", "sm2"]);
export type SuiteId = z.infer<typeof SuiteId>;

/** The suite and the public key as unpadded base64url: a key names itself. `ed25519:` and the raw 32 bytes, or `sm2:` and
 *  the 33 bytes of the compressed point, which begin with 2 or 3. */
export const KeyId = z.string().regex(/^(?:ed25519:[A-Za-z0-9_-]{43}|sm2:A[g-z0-9_-][A-Za-z0-9_-]{42})$/);
export type KeyId = z.infer<typeof KeyId>;

/** A `KeyId` of the suite `sm2`. */
export const Sm2KeyId = KeyId.refine((key) => key.startsWith("sm2:"), "an SM2 key");

/** Random 128 bits as 32 hexadecimal digits: call ids and nonces. */
export const Random128 = z.string().regex(/^[0-9a-f]{32}$/);
export type Random128 = z.infer<typeof Random128>;

/** RFC 3339 instant in UTC with `Z` and milliseconds, as `Date.prototype.toISOString` writes it. */
export const Instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .refine((text) => exists(text), "an instant that exists");
export type Instant = z.infer<typeof Instant>;

/** Whether the day is in its month: `Date` reads 30 February as 2 March. */
function exists(instant: string): boolean {
  const milliseconds = Date.parse(instant);
  return !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString() === instant;
}

/** Non-negative whole number in decimal, without leading zeros, up to 30 digits. */
export const Amount = z.string().regex(/^(?:0|[1-9][0-9]{0,29})$/);
export type Amount = z.infer<typeof Amount>;

/** Exact non-negative decimal with up to 6 places, for prices. */
export const Decimal = z.string().regex(/^(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,6})?$/);
export type Decimal = z.infer<typeof Decimal>;

/** Code given to a product when it is registered (登记编码). */
export const RegistrationCode = z.string().regex(/^SLP-[0-9]{4}-[0-9]{6}$/);
export type RegistrationCode = z.infer<typeof RegistrationCode>;
