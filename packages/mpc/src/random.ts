/** The operating system's randomness behind the injected `Random`.
 *  @module */
import type { Random } from "@sluice/protocol";

/** `getRandomValues` refuses to fill more at once. */
const MAX_FILL_BYTES = 65_536;

/** Cryptographic randomness of the platform: the default wherever a `Random` is asked for. */
export const systemRandom: Random = {
  bytes(length) {
    const out = new Uint8Array(length);
    for (let offset = 0; offset < length; offset += MAX_FILL_BYTES) {
      crypto.getRandomValues(out.subarray(offset, offset + MAX_FILL_BYTES));
    }
    return out;
  },
};
