/** Signed objects: signing, and the verifier's policy of who must have signed.
 *  @module */
import {
  MAX_SIGNATURES,
  signingBytes,
  SluiceError,
  toBase64url,
  type KeyId,
  type Signature,
  type Signed,
  type SignedType,
  type SuiteId,
} from "@sluice/protocol";
import type { SigningKey } from "./keys-signing.ts";
import { verifySignature } from "./suite.ts";

/** Who must have signed, and in which suites. */
export interface SignerPolicy {
  /** Of each inner list any one key, and a different one for each list. */
  readonly required: readonly (readonly KeyId[])[];
  /** Suites in each of which the lists must be signed: each list by one of its keys of that suite. Absent: by a key of
   *  any suite. A list without a key of a needed suite is met by nobody. */
  readonly suites?: readonly SuiteId[];
}

/** `body` with one signature by each of `keys`, of one suite or of several, over `sluice/<type>/v1` ‖ canonical JSON. */
export async function signDocument<T extends { type: SignedType }>(body: T, ...keys: SigningKey[]): Promise<Signed<T>> {
  const bytes = signingBytes(body);
  const signatures = await Promise.all(
    keys.map(async (key): Promise<Signature> => ({
      suite: key.suite,
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
    if (await verifySignature(signature, bytes)) signers.add(signature.keyId);
  }
  return [...signers];
}

/** Passes when each required list has its own signer, in each needed suite, and nothing else has signed: every signature is
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
    if (!named.has(keyId) || signers.has(keyId) || !(await verifySignature(signature, bytes))) {
      throw new SluiceError("ERR_SIGNATURE", { type, signer: keyId });
    }
    signers.add(keyId);
  }
  for (const suite of policy.suites?.length ? policy.suites : [null]) {
    const lists = suite === null ? policy.required : policy.required.map((list) => keysOf(list, suite));
    const missing = firstUnmatched(lists, signers);
    if (missing === null) continue;
    const nobody = suite === null ? "a valid key" : `a key of the suite ${suite}`;
    throw new SluiceError("ERR_SIGNATURE", { type, signer: missing.join(" or ") || nobody });
  }
}

function keysOf(list: readonly KeyId[], suite: SuiteId): readonly KeyId[] {
  return list.filter((keyId) => keyId.startsWith(`${suite}:`));
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
