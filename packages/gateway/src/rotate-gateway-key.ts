/** Another key for a gateway that is not running: it signs requests to domains and bookings. Old bookings stay valid under the old
 *  key, whose private half is destroyed. Domains take requests of the new key once their operators have pinned it.
 *  @module */
import {
  currentKey,
  lockDirectory,
  nextHomeKey,
  pinFromNow,
  type RotatedKey,
  type RotateKeyOptions,
} from "@sluice/evidence";
import { KEY_NAMES, notAGateway, readConfig, readKeys, replaceConfig } from "./configuration.ts";

/** Makes the next key of the gateway in `directory`, or takes the one that was prepared, and puts it in the place of the present
 *  one; cut off anywhere, either of them signs at the next start.
 *  @throws ERR_KEY, ERR_NOT_FOUND when the environment has no next key; ERR_BODY_INVALID after the 64th key; ERR_DIRECTORY_STATE,
 *  ERR_DIRECTORY_LOCKED */
export async function rotateGatewayKey(directory: string, options: RotateKeyOptions): Promise<RotatedKey> {
  const config = await readConfig(directory);
  if (config === null) throw notAGateway(directory, "a gateway");
  using _lock = await lockDirectory(directory);
  await readKeys(directory, config, options.keys);
  const { suite, random, logN } = options;
  const keys = { ...options.keys, keeping: config.keys, random, logN };
  const present = currentKey(config.gatewayKey);
  const { keyId: nextKey } = await nextHomeKey(directory, KEY_NAMES.gateway, { present, suite, keys });
  if (options.prepareOnly === true) return { nextKey, pin: config.gatewayKey };
  const pin = pinFromNow(config.gatewayKey, nextKey, options);
  const rotated = { ...config, gatewayKey: pin };
  await replaceConfig(directory, rotated);
  // Reading moves the files. Keys of the environment are where their keeper puts them.
  if (config.keys !== "environment") await readKeys(directory, rotated, options.keys);
  return { nextKey, pin };
}
