/** Signed objects: signing, and the verifier's policy of who must have signed.
 *  @module */
import {
  fromBase64url,
  MAX_SIGNATURES,
  signingBytes,
  SluiceError,
  toBase64url,
  type KeyId,
  type Signature,
  type Signed,
  type SignedType,
} from "@sluice/protocol";
import { verifyEd25519 } from "./ed25519.ts";
import type { KeyPair } from "./keys.ts";

/** Who must have signed: of each inner list any one key, and a different one for each list. */
export type SignerPolicy = { readonly required: readonly (readonly KeyId[])[] };

/** `body` with one signature by each of `keys`, over `sluice/<type>/v1` ‖ canonical JSON. */
export async function signDocument<T extends { type: SignedType }>(body: T, ...keys: KeyPair[]): Promise<Signed<T>> {
  const bytes = signingBytes(body);
  const signatures = await Promise.all(
    keys.map(async (key): Promise<Signature> => ({
      suite: "ed25519",
      keyId: key.keyId,
      value: toBase64url(await key.sign(bytes)),
    })),
  );
  return { body, signatures };
}

/** Keys whose signature on the document is valid, each once, in order. */
export async function signersOf(signed: Signed<{ type: SignedType }>): Promise<KeyId[]> {
  const bytes = signingBytes(signed.body);
  const signers = new Set<KeyId>();
  for (const signature of signed.signatures.slice(0, MAX_SIGNATURES)) {
    if (await isValid(signature, bytes)) signers.add(signature.keyId);
  }
  return [...signers];
}

/** Passes when each required list has its own signer and nothing else has signed: every signature is
 *  valid, no key signs twice, and no key signs whom the policy does not name.
 *  @throws ERR_SIGNATURE naming the signer that is missing or wrong. */
export async function verifySigned(signed: Signed<{ type: SignedType }>, policy: SignerPolicy): Promise<void> {
  const type = signed.body.type;
  const named = new Set(policy.required.flat());
  if (named.size === 0 || signed.signatures.length > MAX_SIGNATURES) {
    throw new SluiceError("ERR_SIGNATURE", { type, signer: "at least one and at most eight named signers" });
  }
  const bytes = signingBytes(signed.body);
  const signers = new Set<KeyId>();
  for (const signature of signed.signatures) {
    const { keyId } = signature;
    if (!named.has(keyId) || signers.has(keyId) || !(await isValid(signature, bytes))) {
      throw new SluiceError("ERR_SIGNATURE", { type, signer: keyId });
    }
    signers.add(keyId);
  }
  const missing = firstUnmatched(policy.required, signers);
  if (missing !== null) throw new SluiceError("ERR_SIGNATURE", { type, signer: missing.join(" or ") });
}

async function isValid(signature: Signature, bytes: Uint8Array): Promise<boolean> {
  let value: Uint8Array;
  try {
    value = fromBase64url(signature.value);
  } catch {
    return false;
  }
  return signature.suite === "ed25519" && verifyEd25519(signature.keyId, bytes, value);
}

/** The first list for which no signer is left, or null: one signer never stands for two lists. */
function firstUnmatched(lists: readonly (readonly KeyId[])[], signers: ReadonlySet<KeyId>): readonly KeyId[] | null {
  const [list, ...rest] = lists;
  if (list === undefined) return null;
  let missing: readonly KeyId[] = list;
  for (const keyId of list) {
    if (!signers.has(keyId)) continue;
    const others = new Set(signers);
    others.delete(keyId);
    const unmatched = firstUnmatched(rest, others);
    if (unmatched === null) return null;
    missing = unmatched;
  }
  return missing;
}
