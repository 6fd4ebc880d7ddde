/** What an OPRF evaluation is bound to: the same key string gives unrelated outputs for another product.
 *  @module */
import { canonicalBytes, concatBytes, SluiceError, utf8, type Bytes, type LookupSnapshot } from "@sluice/protocol";

/** Longest key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1_024;
/** Longest context. */
const MAX_CONTEXT_BYTES = 8_192;

/** The members of a snapshot that stay the same while a product version is rebuilt. */
export type LookupIdentity = Pick<LookupSnapshot, "domain" | "product" | "version" | "grant" | "epoch">;

/** Context bytes of a product: what the builder passes to `buildIndex` and the client derives from the snapshot. */
export function lookupContext(identity: LookupIdentity): Bytes {
  const { domain, product, version, grant, epoch } = identity;
  return concatBytes(utf8("sluice/lookup/context/v1"), canonicalBytes({ domain, product, version, grant, epoch }));
}

// struct { opaque context<0..2^16-1>; opaque key[]; } OprfInput;
/** OPRF input of `key`, whose UTF-8 bytes are used exactly as they are.
 *  @throws ERR_OPRF_INPUT when the key is empty, too long, or not well-formed Unicode. */
export function oprfInput(context: Bytes, key: string): Bytes {
  // A lone surrogate has no UTF-8 form: two such keys would collide silently.
  if (!key.isWellFormed()) throw new SluiceError("ERR_OPRF_INPUT", { reason: "it is not well-formed Unicode" });
  const bytes = utf8(key);
  if (bytes.length < 1 || bytes.length > MAX_KEY_BYTES || context.length > MAX_CONTEXT_BYTES) {
    throw new SluiceError("ERR_OPRF_INPUT", { reason: `a key has 1 to ${MAX_KEY_BYTES} bytes` });
  }
  return concatBytes(Uint8Array.of(context.length >> 8, context.length & 0xff), context, bytes);
}
