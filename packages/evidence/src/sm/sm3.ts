/** SM3 (GB/T 32905-2016), in Node and in browsers. Inside a Node-only module `node:crypto` has the same hash, faster.
 *  @module */
import { fromHex, type Bytes } from "@sluice/protocol";
import { sm3 } from "sm-crypto-v2";

/** The 32-byte SM3 hash of `bytes`. */
export function sm3Hash(bytes: Bytes): Bytes {
  return fromHex(sm3(bytes));
}
