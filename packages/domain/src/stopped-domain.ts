/** State and data of a domain that is not running, under its lock, for an officer's command.
 *  @module */
import { join } from "node:path";
import { lockDirectory, type KeyAccess } from "@sluice/evidence";
import type { Clock, Random } from "@sluice/protocol";
import { readConfig, type DomainConfig } from "./config.ts";
import { openStore, type DataStore } from "./data/store.ts";
import { Keyring } from "./keyring.ts";
import { MemoryFiles } from "./rest/memory-files.ts";
import { openSealedFiles } from "./rest/open-files.ts";
import type { SealedFiles } from "./rest/sealed-files.ts";
import { StateDatabase } from "./state/database.ts";
import { decisionsOf } from "./state/field-decisions.ts";

/** How to open the domain. */
export interface StoppedOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly memoryDirectory?: string | undefined;
  readonly keys?: KeyAccess | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A domain that stands still. */
export interface StoppedDomain extends AsyncDisposable {
  readonly store: DataStore;
  readonly db: StateDatabase;
  readonly keyring: Keyring;
  readonly files: SealedFiles;
  readonly domain: string;
  readonly config: DomainConfig;
}

/** Opens the domain in `directory`; with `readOnly`, its state cannot be changed.
 *  @throws ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_KEY, ERR_MEMORY_FILES, ERR_SEALED_FILE */
export async function openStopped(
  directory: string,
  options: StoppedOptions & { readonly readOnly?: boolean },
): Promise<StoppedDomain> {
  const { clock, random, memoryDirectory, keys, readOnly = false } = options;
  const config = await readConfig(directory);
  await using opening = new AsyncDisposableStack();
  const lock = await lockDirectory(directory);
  opening.defer(() => lock.release());
  const keyring = await Keyring.open(directory, config, keys);
  const db = new StateDatabase(join(directory, "state.sqlite"), { readOnly });
  opening.defer(() => db.close());
  const files = await openSealedFiles({ directory, config, keyring, random });
  const memory = await MemoryFiles.open(memoryDirectory);
  const store = await openStore({ clock, random, files, memory, decided: decisionsOf(db) });
  opening.defer(() => store.close());
  const opened = opening.move();
  return {
    store,
    db,
    keyring,
    files,
    domain: config.domain,
    config,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
