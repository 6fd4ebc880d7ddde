/** The secret that decides whose rows are in samples. One for all scenes, so that their samples of a table are parts of one;
 *  one for all tables of a domain, so that a scene's tables show the same persons.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import type { Keyring } from "../keyring.ts";

/** The domain's sampling seed, 32 bytes. */
export function sampleSeed(keyring: Keyring): Bytes {
  return keyring.derive("sample-seed", "persons");
}
