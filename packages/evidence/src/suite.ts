/** The international suite: Ed25519 and SHA-256 behind the interface that other suites join.
 *  @module */
import { sha256, SluiceError, type CryptoSuite, type KeyId } from "@sluice/protocol";
import { verifyEd25519 } from "./ed25519.ts";
import type { KeyPair } from "./keys.ts";

/** A suite that signs with `keys` and verifies with any key. */
export function createEd25519Suite(keys: readonly KeyPair[]): CryptoSuite {
  const byId = new Map<KeyId, KeyPair>(keys.map((key) => [key.keyId, key]));
  return {
    id: "ed25519",
    hash: sha256,
    async sign(keyId, bytes) {
      const key = byId.get(keyId);
      if (key === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "private key", name: keyId });
      return key.sign(bytes);
    },
    verify: verifyEd25519,
  };
}
