/** Another receipt key for a domain that is not running. Old receipts stay valid under the old key, whose private half is
 *  destroyed; the log's key is another and stays, so that whoever stole the old key can date a receipt as they like and find
 *  no log that holds it.
 *  @module */
import { join } from "node:path";
import {
  currentKey,
  lockDirectory,
  nextHomeKey,
  pinFromNow,
  type RotatedKey,
  type RotateKeyOptions,
} from "@sluice/evidence";
import { SluiceError, type Random } from "@sluice/protocol";
import { readConfig, replaceConfig, type DomainConfig } from "./config.ts";
import { KEY_NAMES, Keyring } from "./keyring.ts";
import { signEvent } from "./serve/events.ts";
import { StateDatabase } from "./state/database.ts";
import { EventStore } from "./state/events.ts";
import { UseStore } from "./state/uses.ts";

/** Makes the next receipt key of the domain in `directory`, or takes the one that was prepared, and puts it in the place of the
 *  present one; cut off anywhere, either of them signs at the next start. That start signs the snapshots anew and logs the event.
 *  @throws ERR_KEY, ERR_NOT_FOUND when the environment has no next key; ERR_CLOCK, ERR_BODY_INVALID after the 64th key;
 *  ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_DOMAIN_RETIRED */
export async function rotateReceiptKey(directory: string, options: RotateKeyOptions): Promise<RotatedKey> {
  const config = await readConfig(directory);
  using _lock = await lockDirectory(directory);
  const keyring = await Keyring.open(directory, config, options.keys);
  const { suite, random, logN } = options;
  const keys = { ...options.keys, keeping: config.keys, random, logN };
  const present = currentKey(config.receiptKey);
  const { keyId: nextKey } = await nextHomeKey(directory, KEY_NAMES.receipt, { present, suite, keys });
  if (options.prepareOnly === true) return { nextKey, pin: config.receiptKey };
  await signWaiting(directory, { config, keyring, random, now: options.clock.now() });
  const pin = pinFromNow(config.receiptKey, nextKey, options);
  const rotated: DomainConfig = { ...config, receiptKey: pin };
  await replaceConfig(directory, rotated);
  // Opening moves the files. Keys of the environment are where their keeper puts them.
  if (config.keys !== "environment") await Keyring.open(directory, rotated, options.keys);
  return { nextKey, pin };
}

/** Events that commands put down are of the old key's time: it signs them while it is there. */
async function signWaiting(
  directory: string,
  parts: { config: DomainConfig; keyring: Keyring; random: Random; now: Date },
): Promise<void> {
  const db = new StateDatabase(join(directory, "state.sqlite"));
  try {
    const events = new EventStore(db);
    for (const at of [events.latest(), new UseStore(db).latest()]) {
      if (at !== null && parts.now.toISOString() < at) throw new SluiceError("ERR_CLOCK");
    }
    for (const put of events.unsigned()) await signEvent({ ...parts, events }, put);
  } finally {
    db.close();
  }
}
