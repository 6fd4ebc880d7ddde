/** Receiver role of set intersection by oblivious transfer: the caller. See `transfer-receiver.ts` for who learns what. No
 *  `node:` import: runs in Node and in browsers.
 *  @module */
export { callerRandomness } from "./caller-randomness.ts";
export type { TransferContext } from "./binding.ts";
export { TransferReceiver, type TransferReceiverOptions } from "./transfer-receiver.ts";
export { transferSet, type TransferSet } from "./transfer-set.ts";
