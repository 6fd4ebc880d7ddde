/** Extension of the base transfers to the rows of one bin (IKNP, with words of a code as in KK13 and OOS16). With columns
 *  t0_i and t1_i of the caller's two streams and C the code, the caller sends u_i = t0_i + t1_i + C(D)_i; the domain, which
 *  has one of the two streams of each column, by the bits of its secret s, adds u_i where s_i is 1, and has rows
 *
 *      q = t0 + (C(d) & s)         for each row, of which t0 and the message d are the caller's.
 *
 *  Who learns what: u is masked by the stream that the domain has not, so it learns nothing of D. The caller learns nothing of
 *  s as long as its rows are words of the code: that is what the check is for (`consistency.ts`).
 *  @see https://eprint.iacr.org/2016/933 (OOS16), https://eprint.iacr.org/2013/491 (KK13)
 *  @module */
import { PSI_TRANSFER_COLUMNS, type Bytes } from "@sluice/protocol";
import { bitAt } from "./base-ot.ts";
import { columnsOfWords, wordsOver } from "./engine.ts";
import type { TransferGeometry } from "./geometry.ts";
import type { KeyStreams } from "./key-streams.ts";

/** The caller's side of a bin. @param messages 17 bytes for each row but those that fill up.
 *  @returns the columns of the rows t0, which stay, and the columns u, which go to the domain. */
export async function extendCaller(
  streams: readonly [KeyStreams, KeyStreams],
  bin: number,
  messages: Bytes,
  { rows, columnBytes }: TransferGeometry,
): Promise<{ own: Bytes; columns: Bytes }> {
  const columns = columnsOfWords(messages, rows);
  const own = new Uint8Array(columns.length);
  for (let index = 0; index < PSI_TRANSFER_COLUMNS; index++) {
    const column = columns.subarray(index * columnBytes, (index + 1) * columnBytes);
    const first = streams[0].column(index, bin);
    const ownColumn = first instanceof Promise ? await first : first;
    own.set(ownColumn, index * columnBytes);
    addTo(column, ownColumn);
    const sum = streams[1].column(index, bin, column);
    column.set(sum instanceof Promise ? await sum : sum);
  }
  return { own, columns };
}

/** The domain's side: the caller's columns become those of its rows q. */
export async function extendDomain(
  streams: KeyStreams,
  choices: Bytes,
  bin: number,
  columns: Bytes,
  { columnBytes }: TransferGeometry,
): Promise<void> {
  for (let index = 0; index < PSI_TRANSFER_COLUMNS; index++) {
    const column = columns.subarray(index * columnBytes, (index + 1) * columnBytes);
    const sum = streams.column(index, bin, bitAt(choices, index) === 1 ? column : undefined);
    column.set(sum instanceof Promise ? await sum : sum);
  }
}

/** `sum` += `bytes`. */
function addTo(sum: Bytes, bytes: Bytes): void {
  const words = wordsOver(bytes);
  const sums = wordsOver(sum);
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) ^ (words[i] ?? 0);
}
