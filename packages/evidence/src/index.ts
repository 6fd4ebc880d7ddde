export * from "./directory-lock.ts";
export * from "./directory-log.ts";
export type { LogOptions } from "./log-options.ts";
export { createLogProof } from "./log-proof.ts";
export { DEFAULT_PUBLISH_INTERVAL_MS } from "./log-writer.ts";
export * from "./sign.ts";
export * from "./verify.ts";
export * from "./verify-directory.ts";
