/** Every kernel of the module, one file for each kind. A kernel reads and writes the imported memory at the byte offsets that it
 *  is given and keeps no state; its caller sees to bounds. Each has a plain-TypeScript reference in packages/mpc/src.
 *  @module */
export { dot1 } from "./dot1";
export { dot4 } from "./dot4";
export { hint } from "./hint";
export { inner } from "./inner";
export { columnsOf8, columnsOf16, halvesOfPairs, halvesOfQueries } from "./pack";
export { read } from "./read";
