export * from "./anchor/anchor.ts";
export { ANCHORS_FILE, readAnchors, type ConfiguredAnchor } from "./anchor/anchor-config.ts";
export * from "./anchor/anchor-keeper.ts";
export { parseAnchorPath } from "./anchor/anchor-path.ts";
export * from "./anchor/anchor-post.ts";
export { readAnchorFile, sizesIn } from "./anchor/anchor-store.ts";
export * from "./anchor/timestamp-anchor.ts";
export * from "./anchor/webhook-anchor.ts";
export * from "./directory-lock.ts";
export * from "./directory-log.ts";
export type { Cosign, LogOptions } from "./log-options.ts";
export * from "./prune-log.ts";
export { createLogProof } from "./log-proof.ts";
export { DEFAULT_PUBLISH_INTERVAL_MS } from "./log-writer.ts";
export { changePassphrase } from "./keys-change.ts";
export * from "./keys-home.ts";
export * from "./keys-passphrase.ts";
export * from "./keys-provider.ts";
export * from "./keys-rotation.ts";
export {
  DEFAULT_SCRYPT_LOG_N,
  isSealedKey,
  openPrivateKey,
  openSecret,
  sealPrivateKey,
  sealSecret,
} from "./keys-sealed.ts";
export * from "./sealed-file.ts";
export { FILE_SUITES, FileKey, openStream, sealStream, type FileSuite, type SealedFacts } from "./sealed-stream.ts";
export { readerOf, readFileIfAny, replaceFileDurably, syncFile } from "./durable-files.ts";
export * from "./sign.ts";
export * from "./verify.ts";
export * from "./verify-directory.ts";
export * from "./witness.ts";
export * from "./witness-client.ts";
export { witnessesOfFile, type LogWitnesses } from "./witness-file.ts";
export { MAX_ADD_CHECKPOINT_CHARS } from "./witness-request.ts";
