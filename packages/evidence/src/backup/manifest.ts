/** `backup.json`: what a backup holds, each file with its hash. It is written last; a folder without one is no backup. Its own
 *  hash is for whoever keeps it elsewhere: nothing in the folder vouches for it.
 *  @module */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Instant, KeyId, LogOrigin, Sha256Hex, Sm2KeyId, SluiceError } from "@sluice/protocol";
import { z } from "zod";

/** Name of the manifest in the folder of a backup. */
export const BACKUP_MANIFEST = "backup.json";
/** Files of one backup. */
export const MAX_BACKUP_FILES = 1_000_000;
const MAX_MANIFEST_BYTES = 256 * 1_024 * 1_024;

/** A path below the folder, with `/`, that leads nowhere else. */
const BackupPath = z
  .string()
  .max(1_024)
  .refine(
    (path) => path.split("/").every((part) => !["", ".", ".."].includes(part)) && !/[\\\0]/.test(path),
    "a path below the folder",
  );

/** What a backup is of, and how it was taken. */
export const BackupFacts = z.strictObject({
  kind: z.enum(["domain", "gateway"]),
  /** When copying began: what was acknowledged later may be missing. */
  at: Instant,
  log: z.strictObject({
    origin: LogOrigin,
    logKey: KeyId,
    logSm2Key: Sm2KeyId.optional(),
    /** Entries in the copy. */
    size: z.int().min(0),
    /** The published checkpoint that the copy leads to; null for a log that was never opened. */
    checkpoint: z.string().nullable(),
  }),
  /** Whether key files are in the backup, sealed under their passphrase. */
  keys: z.enum(["none", "sealed"]),
  /** Ids of the data keys that its sealed files need; a gateway has none. */
  dataKeys: z.array(z.string().regex(/^[0-9a-f]{16}$/)).max(64),
});
export type BackupFacts = z.infer<typeof BackupFacts>;

/** The manifest. */
export const BackupManifest = z.strictObject({
  version: z.literal(1),
  ...BackupFacts.shape,
  /** Folders with nothing in them, which have to be there. */
  folders: z.array(BackupPath).max(MAX_BACKUP_FILES),
  files: z.record(BackupPath, z.strictObject({ sha256: Sha256Hex, bytes: z.int().min(0) })),
});
export type BackupManifest = z.infer<typeof BackupManifest>;

/** The error for a backup that cannot be used, or not be taken. */
export function backupFault(folder: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_BACKUP", { folder, reason }, { cause });
}

/** The manifest in `folder`, and its bytes. @throws ERR_BACKUP */
export async function readBackupManifest(folder: string): Promise<{ manifest: BackupManifest; bytes: Buffer }> {
  const file = join(folder, BACKUP_MANIFEST);
  try {
    if ((await stat(file)).size > MAX_MANIFEST_BYTES) throw new RangeError("the manifest is too long");
    const bytes = await readFile(file);
    const manifest = BackupManifest.parse(JSON.parse(bytes.toString("utf8")));
    if (Object.keys(manifest.files).length > MAX_BACKUP_FILES) throw new RangeError("there are too many files");
    return { manifest, bytes };
  } catch (cause) {
    throw backupFault(folder, `it has no valid ${BACKUP_MANIFEST}`, cause);
  }
}
