/** Rows `join-sum-1M-he`: what is done under encryption to sum a million values over those that match, by both roles on one thread:
 *  the domain's encryption, the caller's mask, the domain's decryption, with frames. Each sum is compared with plain addition.
 *  @module */
import { openSumMask } from "@sluice/mpc/he/join-sum/caller";
import { openSumKey } from "@sluice/mpc/he/join-sum/domain";
import {
  decodeJoinSumBlock,
  decodeJoinSumMasked,
  encodeJoinSumBlock,
  encodeJoinSumMasked,
  JOIN_SUM_BLOCK_ITEMS,
} from "@sluice/protocol";
import { randomBytes } from "node:crypto";
import { measure, type Row } from "../suite.ts";

const VALUES = 1_000_000;
const ROUNDS = 5;
const NAME = "join-sum-1M-he";
/** In cents: some ten million, the largest that one ciphertext takes. */
const BOUND = 2 ** 30;

/** Both of them. */
export async function joinSumRows(progress: (line: string) => void): Promise<Row[]> {
  progress(NAME);
  const values = Float64Array.from({ length: VALUES }, (_, i) => Math.round(BOUND * Math.sin(i * i)));
  const matches = Uint8Array.from({ length: VALUES }, (_, i) => (i % 7 < 3 ? 1 : 0));
  const plain = values.reduce((sum, value, i) => sum + (matches[i] === 1 ? BigInt(value) : 0n), 0n);
  const session = new Uint8Array(16);
  let bytes = 0;
  const once = async (): Promise<number> => {
    bytes = 0;
    const start = performance.now();
    using key = await openSumKey();
    using mask = await openSumMask({ bytes: (length) => new Uint8Array(randomBytes(length)) });
    for (let block = 0; block * JOIN_SUM_BLOCK_ITEMS < VALUES; block++) {
      const from = block * JOIN_SUM_BLOCK_ITEMS;
      const encrypted = key.encrypt(values.subarray(from, from + JOIN_SUM_BLOCK_ITEMS));
      const frame = encodeJoinSumBlock({ session, block, limb: 0, values: encrypted });
      bytes += frame.length;
      const places: number[] = [];
      for (let i = 0; i < JOIN_SUM_BLOCK_ITEMS; i++) if (matches[from + i] === 1) places.push(i);
      mask.choose(places);
      mask.add(0, decodeJoinSumBlock(frame).values);
    }
    const { sum, blind } = mask.finish(0, key.encrypt(new Float64Array(0)));
    const masked = encodeJoinSumMasked({ session, matches: 1, limb: 0, sum });
    const found = key.decryptConstant(decodeJoinSumMasked(masked).sum);
    const seconds = (performance.now() - start) / 1_000;
    const error = (found - blind - plain) % key.plainModulus;
    progress(`${NAME}: ${seconds.toFixed(2)} s, error ${error}`);
    if (error !== 0n) throw new Error("the sum is not that of plain addition");
    return seconds;
  };
  await once(); // warms up
  const row = await measure({ name: NAME, n: VALUES, unit: "seconds" }, ROUNDS, once);
  return [
    row,
    { name: `${NAME} traffic`, n: VALUES, value: Number((bytes / VALUES).toPrecision(3)), unit: "bytes/value" },
  ];
}
