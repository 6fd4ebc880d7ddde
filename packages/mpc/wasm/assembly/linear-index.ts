/** The kernels of linear scoring.
 *  @module */
export { expandSeed } from "./blake2xb";
export { addColumn, addMask, reduceSums } from "./linear";
