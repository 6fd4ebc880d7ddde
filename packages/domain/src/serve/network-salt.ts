/** The salt of a model that stays in the domain: the same when its run is made again, and unknown to everybody else.
 *  @module */
import { toHex, type Run, type Sha256Hex } from "@sluice/protocol";
import type { Keyring } from "../keyring.ts";

/** Of the model that run `callId` makes. */
export function networkSalt(keyring: Pick<Keyring, "derive">, { callId }: Pick<Run, "callId">): Sha256Hex {
  return toHex(keyring.derive("network-salt", callId));
}
