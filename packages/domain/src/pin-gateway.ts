/** Another key of the gateway for a domain that is not running: the decision of the domain's operator, at its machine, since
 *  nothing that arrives over the network changes what a domain trusts.
 *  @module */
import { DEFAULT_KEY_OVERLAP_MS, lockDirectory, rotatedPin } from "@sluice/evidence";
import type { Clock, Instant, KeyId, Keyring } from "@sluice/protocol";
import { readConfig, replaceConfig } from "./config.ts";
import { refuseRetired } from "./retire/retired-mark.ts";

/** Pins `gatewayKey` in the domain of `directory`, from now on by its clock; the keys before end at `until`, a day from now unless
 *  given, or where they ended already. The same key again brings their end forward. The next start logs the event.
 *  @throws ERR_BODY_INVALID for a key that was ended or an `until` before the old key counted; ERR_DIRECTORY_LOCKED while the domain
 *  runs, ERR_DIRECTORY_STATE, ERR_DOMAIN_RETIRED */
export async function pinGateway(
  directory: string,
  options: { readonly gatewayKey: KeyId; readonly until?: Instant | undefined; readonly clock: Clock },
): Promise<Keyring> {
  const config = await readConfig(directory);
  using _lock = await lockDirectory(directory);
  await refuseRetired(directory, config.domain);
  const now = options.clock.now();
  const gatewayKey = rotatedPin(config.pins.gatewayKey, options.gatewayKey, {
    from: now.toISOString(),
    until: options.until ?? new Date(now.getTime() + DEFAULT_KEY_OVERLAP_MS).toISOString(),
  });
  await replaceConfig(directory, { ...config, pins: { ...config.pins, gatewayKey } });
  return gatewayKey;
}
