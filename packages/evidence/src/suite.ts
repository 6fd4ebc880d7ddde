/** Crypto suites behind one interface: `ed25519` with SHA-256, and `sm2` with SM3 and the standard user id. The second
 *  is loaded when the first of its signatures comes.
 *  @module */
import {
  fromBase64url,
  sha256,
  SluiceError,
  type Bytes,
  type CryptoSuite,
  type KeyId,
  type Signature,
  type SuiteId,
} from "@sluice/protocol";
import { verifyEd25519 } from "./ed25519.ts";
import type { SigningKey } from "./keys-signing.ts";

/** A suite that signs with `keys` and verifies with any key of Ed25519. */
export function createEd25519Suite(keys: readonly (SigningKey & { suite: "ed25519" })[]): CryptoSuite {
  return { id: "ed25519", hash: sha256, sign: signer(keys), verify: verifyEd25519 };
}

/** A suite that signs with `keys` and verifies with any key of SM2. */
export function createSm2Suite(keys: readonly (SigningKey & { suite: "sm2" })[]): CryptoSuite {
  return {
    id: "sm2",
    hash: async (bytes) => (await import("./sm/sm3.ts")).sm3Hash(bytes),
    sign: signer(keys),
    verify: async (keyId, bytes, signature) => (await import("./sm/sm2.ts")).verifySm2(keyId, bytes, signature),
  };
}

/** Whether `signature` is valid over `bytes`. False for a suite that is not known, and for a key of another suite than
 *  the signature names. */
export async function verifySignature(signature: Signature, bytes: Bytes): Promise<boolean> {
  let value: Bytes;
  try {
    value = fromBase64url(signature.value);
  } catch {
    return false; // not canonical base64url
  }
  return verifyBytes(signature.suite, signature.keyId, bytes, value);
}

/** Whether `signature` is one of `keyId` over `bytes` in `suite`. False for a suite that is not known, and for a key of
 *  another suite. */
export async function verifyBytes(suite: SuiteId, keyId: KeyId, bytes: Bytes, signature: Bytes): Promise<boolean> {
  switch (suite) {
    case "ed25519":
      return verifyEd25519(keyId, bytes, signature);
    case "sm2":
      return (await import("./sm/sm2.ts")).verifySm2(keyId, bytes, signature);
    default:
      return false;
  }
}

function signer(keys: readonly SigningKey[]): CryptoSuite["sign"] {
  const byId = new Map<KeyId, SigningKey>(keys.map((key) => [key.keyId, key]));
  return async (keyId, bytes) => {
    const key = byId.get(keyId);
    if (key === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "private key", name: keyId });
    return key.sign(bytes);
  };
}
