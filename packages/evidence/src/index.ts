export * from "./directory-lock.ts";
export { findEntry, MAX_READ_ENTRIES, openLog, type DirectoryLog, type LogOptions } from "./directory-log.ts";
export { createLogProof } from "./log-proof.ts";
export * from "./sign.ts";
export * from "./verify.ts";
export * from "./verify-directory.ts";
