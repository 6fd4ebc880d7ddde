/** A new key for the data at rest of a domain that is not running. Every sealed file is sealed again, one by one; until the last
 *  one is, both keys open, and a rotation that was cut off is ended by the next. Then the old key is destroyed.
 *  @module */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { lockDirectory, resealFile, type FileSuite, type KeyAccess } from "@sluice/evidence";
import type { Random } from "@sluice/protocol";
import { readConfig } from "./config.ts";
import { Keyring } from "./keyring.ts";
import { findSealed } from "./rest/find-sealed.ts";
import { openDataKeys } from "./rest/open-files.ts";
import { sealedContext } from "./rest/sealed-files.ts";
import { StateDatabase } from "./state/database.ts";
import { EventStore } from "./state/events.ts";

/** Suffix of a sealed file that was never finished. */
const LEFT_OVER = ".tmp";

/** How far a rotation is. */
export interface RotationProgress {
  /** Files that are under the new key. */
  readonly done: number;
  readonly total: number;
}

/** How to rotate. */
export interface RotateOptions {
  readonly keys?: KeyAccess | undefined;
  /** Suite of the new key; that of the present one unless given. */
  readonly suite?: FileSuite | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: RotationProgress) => void) | undefined;
}

/** Rotates the data key of the domain in `directory`. Returns the number of files that are under the new key.
 *  @throws ERR_SEALED_FILE when a file does not open: then no key is destroyed; ERR_KEY, ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED;
 *  the signal's reason */
export async function rotateDataKey(directory: string, options: RotateOptions = {}): Promise<number> {
  const config = await readConfig(directory);
  using _lock = await lockDirectory(directory);
  const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
  const keyring = await Keyring.open(directory, config, options.keys);
  const keys = await openDataKeys({ directory, config, keyring, random });
  const suite = options.suite ?? keys.current.suite;
  // Two keys are there when a rotation was cut off: that one is ended, unless it was to another suite.
  if (keys.all.length === 1 || keys.current.suite !== suite) {
    noteRotation(directory);
    await keys.add(suite);
  }
  const files = await Array.fromAsync(findSealed(directory));
  const { all, current: key } = keys;
  const { signal } = options;
  for (const [done, { name, keyId }] of files.entries()) {
    options.onProgress?.({ done, total: files.length });
    signal?.throwIfAborted();
    if (name.endsWith(LEFT_OVER)) await rm(join(directory, name), { force: true });
    if (keyId === key.id || name.endsWith(LEFT_OVER)) continue;
    const context = sealedContext(config.domain, name);
    await resealFile(join(directory, name), {
      keys: all,
      key,
      context,
      random,
      ...(signal === undefined ? {} : { signal }),
    });
  }
  options.onProgress?.({ done: files.length, total: files.length });
  await keys.dropOthers();
  return files.length;
}

/** Puts the event down, before anything is done: no rotation is without one. The next start of the domain signs and logs it. */
function noteRotation(directory: string): void {
  const db = new StateDatabase(join(directory, "state.sqlite"));
  try {
    new EventStore(db).put({ kind: "data-key-rotated" }, new Date());
  } finally {
    db.close();
  }
}
