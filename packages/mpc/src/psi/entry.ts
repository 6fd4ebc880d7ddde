/** Entries of a set: strings, compared exactly as they are. Canonical forms (an upper-case X, full-width digits) are what typed
 *  keys are brought into before they get here, on both sides alike.
 *  @module */
import { MAX_PSI_ENTRY_BYTES, SluiceError, utf8, type Bytes } from "@sluice/protocol";

/** UTF-8 bytes of an entry. @throws ERR_OPRF_INPUT when it is empty, too long, or not well-formed Unicode. */
export function psiEntry(entry: string): Bytes {
  // A lone surrogate has no UTF-8 form: two such entries would match without being equal.
  if (!entry.isWellFormed()) throw new SluiceError("ERR_OPRF_INPUT", { reason: "it is not well-formed Unicode" });
  const bytes = utf8(entry);
  if (bytes.length < 1 || bytes.length > MAX_PSI_ENTRY_BYTES) {
    throw new SluiceError("ERR_OPRF_INPUT", { reason: `an entry has 1 to ${MAX_PSI_ENTRY_BYTES} bytes` });
  }
  return bytes;
}
