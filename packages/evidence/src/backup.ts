/** Backups of gateways and domains: what both share. Node only.
 *  @module */
export * from "./backup/check.ts";
export * from "./backup/home-files.ts";
export * from "./backup/log-copy.ts";
export * from "./backup/manifest.ts";
export { takeNewerLog } from "./backup/newer-log.ts";
export * from "./backup/restore.ts";
export { takeBackup, type BackUpOptions } from "./backup/take.ts";
export { isGone, isPassing, walk } from "./backup/walk.ts";
export { BackupWriter, type BackupOptions, type BackupProgress, type WrittenBackup } from "./backup/writer.ts";
