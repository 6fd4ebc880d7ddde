/** The caller's randomness from one seed, so that a role that is made again from it, and given the same frames, says the same.
 *  @module */
import { PSI_TRANSFER_COLUMNS, type Bytes, type Random } from "@sluice/protocol";
import { NONCE_BYTES } from "./binding.ts";
import { OT_UNIFORM_BYTES } from "./ot-group.ts";
import { binRandomness } from "./bin-randomness.ts";

/** Scalars that are drawn twice at most: one is 0 with a probability of 2^-252. */
const SPARE_SCALARS = 4;

/** All that one caller's role draws, from 32 bytes that are of its session alone. */
export function callerRandomness(seed: Bytes): Promise<Random> {
  const scalars = (PSI_TRANSFER_COLUMNS + SPARE_SCALARS) * OT_UNIFORM_BYTES;
  // Drawn before anything was said.
  const before = { secret: seed, transcript: new Uint8Array(0), bin: 0 };
  return binRandomness(before, "caller", 2 * NONCE_BYTES + scalars);
}
