/** Taking a backup of a directory that changes meanwhile: what was copied and does not belong together is copied again.
 *  @module */
import type { Clock } from "@sluice/protocol";
import { backupFault, type BackupFacts } from "./manifest.ts";
import { BackupWriter, type BackupOptions, type WrittenBackup } from "./writer.ts";

/** Copies of a directory that changes before it is given up. */
const MAX_ATTEMPTS = 5;

/** How a directory is backed up. */
export interface BackUpOptions extends BackupOptions {
  /** Folder of the backup; it must not be there yet. */
  readonly out: string;
  /** Whether its keys, sealed under their passphrase, are in it. */
  readonly withKeys?: boolean;
  readonly clock: Clock;
}

/** Backs up `directory` by `copyOnce`, which copies everything, or gives null when what it copied does not belong together.
 *  @throws ERR_BACKUP, ERR_DIRECTORY_UNWRITABLE, ERR_CANCELLED, and what `copyOnce` throws */
export async function takeBackup(
  directory: string,
  of: { readonly kind: BackupFacts["kind"]; readonly origin: string },
  options: BackUpOptions,
  copyOnce: (writer: BackupWriter) => Promise<BackupFacts | null>,
): Promise<WrittenBackup> {
  const writer = await BackupWriter.create(options.out, of, options);
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const facts = await copyOnce(writer);
      if (facts !== null) return await writer.finish(facts);
      await writer.clear();
    }
    throw backupFault(directory, "it changes faster than it can be copied");
  } finally {
    await writer.discard();
  }
}
