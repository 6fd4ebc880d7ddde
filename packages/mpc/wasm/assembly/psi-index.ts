/** Kernels of private set intersection over OT extension, one file for each kind. Like the others they work on the imported
 *  memory and keep no state; a caller sees to bounds, and to 80 bytes of room behind whatever they read or write.
 *  packages/mpc/src/kernel/psi-plain.ts gives the same results.
 *  @module */
export { addCode, addMaskedRows, addToBuckets, packRows, xorBytes } from "./psi-code";
export { assign, decode, denseTables } from "./psi-rows";
export { hashKeys, place } from "./psi-place";
export { peelPlaces } from "./psi-peel";
export { sha256 } from "./psi-sha";
export { transpose } from "./psi-transpose";
