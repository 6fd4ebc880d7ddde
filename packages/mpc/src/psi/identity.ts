/** What a set is bound to. Entries are hashed, tagged and keyed for one variant, product, version, grant, purpose and
 *  epoch: under another identity the same entry gives unrelated elements, so nothing links two products.
 *  @see https://www.rfc-editor.org/rfc/rfc9380 §3.1 (domain separation)
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { canonicalBytes, concatBytes, utf8, type Bytes, type PsiKind, type PsiSnapshot } from "@sluice/protocol";

/** The members of a snapshot that stay the same while a product version is rebuilt, and its variant. */
export type PsiIdentity = Pick<PsiSnapshot, "domain" | "product" | "version" | "grant" | "purpose" | "epoch"> & {
  readonly kind: PsiKind;
};

/** The identity that a snapshot states. */
export function psiIdentity(snapshot: PsiSnapshot): PsiIdentity {
  const { domain, product, version, grant, purpose, epoch } = snapshot;
  return { kind: snapshot.parameters.kind, domain, product, version, grant, purpose, epoch };
}

/** Context string in the sense of RFC 9497 §3.1: entries are hashed to the group under `"HashToGroup-" ‖ context`. */
export function psiContext(identity: PsiIdentity): Bytes {
  return concatBytes(utf8("SluicePSIV1-ristretto255-SHA512-"), sha256(identityBytes(identity)));
}

/** Info of DeriveKeyPair. It never equals the info of a lookup key, which starts with `sluice/lookup/`. */
export function psiKeyInfo(identity: PsiIdentity): Bytes {
  return concatBytes(utf8("sluice/psi/key/v1|"), identityBytes(identity));
}

/** Only the named members: whatever else an object carries must not change the key. */
function identityBytes({ kind, domain, product, version, grant, purpose, epoch }: PsiIdentity): Bytes {
  return canonicalBytes({ kind, domain, product, version, grant, purpose, epoch });
}
