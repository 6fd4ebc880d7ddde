/** Making a directory from a backup: whole or not at all, and each file held against its hash as it is copied.
 *  @module */
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { syncFile } from "../durable-files.ts";
import { copyHashed, syncAll } from "./hashed-files.ts";
import { backupFault, readBackupManifest, type BackupManifest } from "./manifest.ts";
import { isGone, walk } from "./walk.ts";
import type { BackupOptions } from "./writer.ts";

/** How a backup is restored. */
export interface RestoreOptions extends Pick<BackupOptions, "signal" | "onProgress"> {
  /** Where the new directory shall be. */
  readonly to: string;
  /** Folder with the keys, where they are not in the backup. */
  readonly keys?: string | undefined;
}

/** Copies the backup in `folder` to a directory beside the target, has `prepare` look at it, and then gives it its name.
 *  @throws ERR_BACKUP, ERR_DIRECTORY_UNWRITABLE, ERR_CANCELLED, and what `prepare` throws */
export async function restoreBackup(
  folder: string,
  kind: BackupManifest["kind"],
  { to, keys, signal, onProgress }: RestoreOptions,
  prepare: (directory: string, manifest: BackupManifest) => Promise<void>,
): Promise<BackupManifest> {
  const { manifest } = await readBackupManifest(folder);
  if (manifest.kind !== kind) throw backupFault(folder, `it is of a ${manifest.kind}`);
  if (keys !== undefined && manifest.keys !== "none") throw backupFault(folder, "it has keys of its own");
  const target = resolve(to);
  const taken = await readdir(target).catch((cause: unknown) => (isGone(cause) ? [] : ["unreadable"]));
  if (taken.length > 0) throw backupFault(target, "it is there already, and not empty");
  const partial = await makeBeside(target);
  try {
    let [files, bytes] = [0, 0];
    for (const path of manifest.folders) await mkdir(join(partial, path), { recursive: true, mode: 0o700 });
    for (const [path, known] of Object.entries(manifest.files)) {
      await makeFolder(dirname(join(partial, path)));
      const found = await copyHashed(join(folder, path), join(partial, path), signal).catch((cause: unknown) => {
        throw isGone(cause) ? backupFault(folder, `${path} is missing`, cause) : cause;
      });
      if (found.sha256 !== known.sha256) throw backupFault(folder, `${path} is not what was copied`);
      onProgress?.({ files: ++files, bytes: (bytes += found.bytes), linked: 0 });
    }
    if (keys !== undefined) await copyKeys(keys, join(partial, "keys"));
    await prepare(partial, manifest);
    const written = await Array.fromAsync(
      walk(partial, () => false),
      ({ path }) => join(partial, path),
    );
    await syncAll([...written, ...new Set(written.map(dirname))]);
    await rename(partial, target);
    await syncFile(dirname(target));
    return manifest;
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED", {}, { cause });
    if (cause instanceof SluiceError) throw cause;
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: dirname(target) }, { cause });
  }
}

async function makeBeside(target: string): Promise<string> {
  try {
    await mkdir(dirname(target), { recursive: true });
    return await mkdtemp(join(dirname(target), `.${basename(target)}.partial-`));
  } catch (cause) {
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: dirname(target) }, { cause });
  }
}

async function copyKeys(source: string, target: string): Promise<void> {
  await makeFolder(target);
  let count = 0;
  for await (const { path } of walk(source, () => false)) {
    await makeFolder(dirname(join(target, path)));
    await copyHashed(join(source, path), join(target, path));
    count++;
  }
  if (count === 0) throw backupFault(source, "there are no keys in it");
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}
