/** What a signer needs, in Node and in browsers: nothing here imports `node:`.
 *  @module */
export * from "./keys.ts";
export * from "./signed-document.ts";
export * from "./suite.ts";
