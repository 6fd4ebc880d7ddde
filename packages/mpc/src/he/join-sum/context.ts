/** What a session of join-and-sum is bound to: both roles must be given the same.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import {
  canonicalBytes,
  concatBytes,
  SluiceError,
  utf8,
  type Bytes,
  type JoinSumTerms,
  type Sha256Hex,
} from "@sluice/protocol";
import type { PsiIdentity } from "../../psi/identity.ts";

/** The members of a snapshot that entries are hashed for. */
export type JoinSumIdentity = Omit<PsiIdentity, "kind">;

/** Of one session. */
export interface JoinSumContext {
  /** Id of the session, of one call alone. */
  readonly session: Bytes;
  /** Hash of the snapshot that is served. */
  readonly snapshot: Sha256Hex;
  readonly identity: JoinSumIdentity;
  readonly terms: JoinSumTerms;
}

/** Context string of the hash to the group: unlike that of every set intersection, so nothing links the two. */
export function joinSumGroupContext({ domain, product, version, grant, purpose, epoch }: JoinSumIdentity): Bytes {
  const named = canonicalBytes({ kind: "join-sum", domain, product, version, grant, purpose, epoch });
  return concatBytes(utf8("SluiceJoinSumV1-ristretto255-SHA512-"), sha256(named));
}

/** @throws ERR_PSI_SESSION when a frame is of another session */
export function expectJoinSession(expected: Bytes, named: Bytes): void {
  if (expected.some((byte, i) => byte !== named[i])) throw misplaced("it is of another session");
}

/** A message that does not belong where it came. */
export function misplaced(reason: string): SluiceError {
  return new SluiceError("ERR_PSI_SESSION", { reason });
}

/** A field that is not what it should be. */
export function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
