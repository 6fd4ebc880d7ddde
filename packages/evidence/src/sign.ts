/** What a signer needs, in Node and in browsers: nothing here imports `node:`.
 *  @module */
export * from "./keys.ts";
export * from "./keys-signing.ts";
export * from "./signed-document.ts";
export { generateSm2Key, Sm2KeyPair } from "./sm/sm2-keys.ts";
export * from "./suite.ts";
