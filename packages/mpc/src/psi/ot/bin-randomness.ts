/** Randomness of a role that can be made again: what a bin says is the same when it is said again after the same frames, or the
 *  difference of both would tell about the entries; and has nothing in common with what it says after others, so that
 *  masks are used once even by a role that was taken back to an earlier state.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, SluiceError, utf8, type Bytes, type Random } from "@sluice/protocol";
import { expandKey } from "./key-streams.ts";

/** Where randomness is drawn: the role's secret, what was said before, and the bin. */
export interface DrawnFor {
  readonly secret: Bytes;
  readonly transcript: Bytes;
  readonly bin: number;
}

/** `length` bytes of one bin. @param use tells apart what a secret is used for. */
export async function binRandomness(of: DrawnFor, use: string, length: number): Promise<Random> {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, of.bin);
  const key = sha256(concatBytes(utf8(`sluice/psi/ot/${use}/v1`), of.secret, of.transcript, number));
  const stream = await expandKey(key, length);
  key.fill(0);
  let used = 0;
  return {
    bytes(count) {
      if (used + count > stream.length) throw new SluiceError("ERR_INTERNAL", { reference: `psi-${use}` });
      const part = stream.slice(used, used + count);
      stream.fill(0, used, used + count);
      used += count;
      return part;
    },
  };
}
