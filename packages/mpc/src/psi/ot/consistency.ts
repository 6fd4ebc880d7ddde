/** The check that rows are words of the code: without it, a caller that adds a few bits to the row of an entry it knows to be
 *  in the set reads bits of the domain's secret off that entry's tag, and once it has all of them it can test any entry.
 *
 *  For 128 combinations, one bit a row, of a bin's rows, each with a masking row of its own, the caller opens the sum of its
 *  rows t0 and the sum of their messages; the domain holds q-sum = t0-sum + (C(message-sum) & s) against them. A row that is no
 *  word of the code spoils each combination with probability 1/2, so it passes only where s happens to be 0 in the bits
 *  that are wrong: whoever passes with e wrong bits has guessed e bits of s, and is left with 128 - e bits to guess for
 *  any entry, since the code's distance is 128.
 *
 *  The combinations come from a hash of all that the caller has sent (Fiat–Shamir), so it may try many offline before it sends
 *  one: hence 128 of them, where an interactive check would do with 40.
 *  @see https://eprint.iacr.org/2016/933 (OOS16), https://eprint.iacr.org/2020/193 (PRTY20)
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import {
  concatBytes,
  PSI_TRANSFER_CHECKS,
  PSI_TRANSFER_MESSAGE_BYTES,
  PSI_TRANSFER_SUM_BYTES,
  utf8,
  type Bytes,
} from "@sluice/protocol";
import { CODE_ROW_BYTES, LAST_BYTE_MASK } from "./code.ts";
import { expandKey } from "./key-streams.ts";
import { COEFFICIENT_BYTES, combinations, wordsOfCode } from "./engine.ts";

const LABEL = utf8("sluice/psi/ot/check/v1");
/** What a check opens. */
export interface Opened {
  /** 78 bytes for each combination. */
  readonly sums: Bytes;
  /** 17 bytes for each. */
  readonly messages: Bytes;
}

/** Coefficients of `count` rows, 16 bytes each, from a hash of what was said. */
export function coefficientsOf(transcript: Bytes, count: number): Promise<Bytes> {
  return expandKey(sha256(concatBytes(LABEL, transcript)), count * COEFFICIENT_BYTES);
}

/** The caller's part. @param sums combinations of its rows t0. @param messages of 17 bytes, the 128 masking ones behind `count` others. */
export function openCheck(sums: Bytes, messages: Bytes, count: number, coefficients: Bytes): Opened {
  const opened = combinations(messages, PSI_TRANSFER_MESSAGE_BYTES, count, coefficients);
  const masks = count * PSI_TRANSFER_MESSAGE_BYTES;
  for (let i = 0; i < opened.length; i++) opened[i] = (opened[i] ?? 0) ^ (messages[masks + i] ?? 0);
  return { sums: narrowed(sums, CODE_ROW_BYTES, PSI_TRANSFER_SUM_BYTES), messages: opened };
}

/** The domain's part, which is ready before its rows are in the kernel's memory: whether what was opened fits the combinations
 *  of its rows q. */
export function checkOf(choices: Bytes, opened: Opened): (sums: Bytes) => boolean {
  const words = wordsOfCode(opened.messages);
  return (sums) => {
    let difference = 0;
    for (let l = 0; l < PSI_TRANSFER_CHECKS; l++) {
      for (let b = 0; b < PSI_TRANSFER_SUM_BYTES; b++) {
        const chosen = (words[l * CODE_ROW_BYTES + b] ?? 0) & (choices[b] ?? 0);
        difference |= (sums[l * CODE_ROW_BYTES + b] ?? 0) ^ (opened.sums[l * PSI_TRANSFER_SUM_BYTES + b] ?? 0) ^ chosen;
      }
      // A message has one encoding.
      difference |= (opened.messages[(l + 1) * PSI_TRANSFER_MESSAGE_BYTES - 1] ?? 0) & ~LAST_BYTE_MASK;
    }
    return difference === 0;
  };
}

function narrowed(rows: Bytes, rowBytes: number, toBytes: number): Bytes {
  const count = rows.length / rowBytes;
  const narrow = new Uint8Array(count * toBytes);
  for (let i = 0; i < count; i++) narrow.set(rows.subarray(i * rowBytes, i * rowBytes + toBytes), i * toBytes);
  return narrow;
}
