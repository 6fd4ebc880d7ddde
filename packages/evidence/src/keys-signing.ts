/** What signs documents. A key pair in this process is one; a device that keeps its key to itself can be another.
 *  @module */
import type { Bytes, KeyId, SuiteId } from "@sluice/protocol";

/** A private key that signs, named by its public half. */
export interface SigningKey {
  readonly suite: SuiteId;
  readonly keyId: KeyId;
  /** The signature over `bytes`, in the suite's fixed length. */
  sign(bytes: Bytes): Promise<Bytes>;
}
