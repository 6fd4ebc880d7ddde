/** What the roles compute with: the kernels of set intersection over one memory of this thread, which is used again and again,
 *  since work on a bin is done in one go; in plain TypeScript where an engine has no kernel.
 *  @module */
import { PSI_TRANSFER_CHECKS, type Bytes } from "@sluice/protocol";
import { reusedPsiKernel } from "../../kernel/psi-kernel.ts";
import { codeRows, combineRows, type OpenKernel } from "../okvs/bulk.ts";
import { layOut } from "../okvs/regions.ts";
import { CODE_MESSAGE_BYTES, CODE_ROW_BYTES, codeTables } from "./code.ts";

const kernel = reusedPsiKernel();

/** Opens the kernel of this thread. */
export const openEngine: OpenKernel = (sizeBytes) => kernel.open(sizeBytes);

/** Zeroes what sessions have left in the kernel's memory. */
export function wipeEngine(): void {
  kernel.wipe();
}

/** Words of the code for messages of 17 bytes, in rows of 80 bytes; room for `rows`, zeros behind. */
export function wordsOfCode(messages: Bytes, rows?: number): Bytes {
  return codeRows(codeTables(), messages, CODE_MESSAGE_BYTES, rows, openEngine);
}

/** Bytes of a row's coefficients: one bit for each combination. */
export const COEFFICIENT_BYTES = PSI_TRANSFER_CHECKS / 8;

/** 128 combinations of `count` rows, where bit l of a row's 16 bytes of coefficients says whether it is in combination l. */
export function combinations(rows: Bytes, rowBytes: number, count: number, coefficients: Bytes): Bytes {
  return combineRows(rows, rowBytes, count, coefficients, COEFFICIENT_BYTES, openEngine);
}

/** Words over the same memory: bytes must lie on a multiple of 4, or they are copied. */
export function wordsOver(bytes: Bytes): Uint32Array {
  const own = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(own.buffer, own.byteOffset, own.length / 4);
}

/** Rows that stay in the cache. */
const CHUNK_ROWS = 1_024;
const HASH_BYTES = 32;

/** `values`, rows of 80 bytes, += the words of the messages that `hashes` begin with, where the secret has ones. */
export function addChosenWords(values: Bytes, hashes: Bytes, secret: Bytes): void {
  const tables = codeTables();
  const [to, heads] = [CHUNK_ROWS * CODE_ROW_BYTES, CHUNK_ROWS * HASH_BYTES];
  const { at, sizeBytes } = layOut({ tables: tables.length, to, words: to, heads, mask: CODE_ROW_BYTES });
  const { bytes, ...run } = openEngine(sizeBytes);
  bytes.set(tables, at.tables);
  bytes.fill(0, at.mask, at.mask + CODE_ROW_BYTES).set(secret, at.mask);
  for (let first = 0; first < hashes.length / HASH_BYTES; first += CHUNK_ROWS) {
    const chunk = values.subarray(first * CODE_ROW_BYTES, (first + CHUNK_ROWS) * CODE_ROW_BYTES);
    const count = chunk.length / CODE_ROW_BYTES;
    bytes.set(chunk, at.to);
    bytes.set(hashes.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES), at.heads);
    bytes.fill(0, at.words, at.words + chunk.length);
    run.addCode(at.words, CODE_ROW_BYTES, at.heads, HASH_BYTES, CODE_MESSAGE_BYTES, at.tables, count);
    run.addMaskedRows(at.to, at.words, CODE_ROW_BYTES, at.mask, count);
    chunk.set(bytes.subarray(at.to, at.to + chunk.length));
  }
  bytes.fill(0, at.mask, at.mask + CODE_ROW_BYTES);
}
