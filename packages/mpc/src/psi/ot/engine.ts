/** What the roles compute with: the kernels of set intersection over one memory of this thread, which is used again and again,
 *  since work on a bin is done in one go; in plain TypeScript where an engine has no kernel.
 *  @module */
import { PSI_TRANSFER_CHECKS, type Bytes } from "@sluice/protocol";
import { reusedPsiKernel } from "../../kernel/psi-kernel.ts";
import { codeColumns, codeRows, combineRows, type OpenKernel } from "../okvs/bulk.ts";
import { CODE_MESSAGE_BYTES, codeTables } from "./code.ts";

const kernel = reusedPsiKernel();

/** Opens the kernel of this thread. */
export const openEngine: OpenKernel = (sizeBytes) => kernel.open(sizeBytes);

/** Zeroes what sessions have left in the kernel's memory. */
export function wipeEngine(): void {
  kernel.wipe();
}

/** Columns of the words of the code for messages of 17 bytes, and of rows of zeros behind. */
export function columnsOfWords(messages: Bytes, rows: number): Bytes {
  return codeColumns(codeTables(), messages, CODE_MESSAGE_BYTES, rows, openEngine);
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
