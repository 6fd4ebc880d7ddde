/** Signed HTTP requests, in Node and in browsers: nothing here imports `node:`.
 *  @module */
export { contentDigest } from "./content-digest.ts";
export * from "./http-signature.ts";
export type { HttpRequest } from "./signature-base.ts";
