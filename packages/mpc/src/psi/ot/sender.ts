/** Sender role of set intersection by oblivious transfer: the domain. See `transfer-receiver.ts` for who learns what.
 *  @module */
export type { TransferContext } from "./binding.ts";
export { TransferSender, type TransferSenderOptions } from "./transfer-sender.ts";
export { transferSet, type TransferSet } from "./transfer-set.ts";
