/** Work on whole arrays by the kernels of set intersection: hashes of many messages, transposes, words of a code,
 *  combinations of rows. Each takes the function that opens a kernel; arrays are copied in and out.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { CODE_ROW_BYTES, openPsiKernel, type PsiKernel } from "../../kernel/psi-kernel.ts";
import { frameBytes, type MessageShape } from "../../kernel/sha-frame.ts";
import { hashMessages } from "../../kernel/sha-messages.ts";
import { layOut } from "./regions.ts";

/** Opens a kernel of a size. */
export type OpenKernel = (sizeBytes: number) => PsiKernel;

/** Columns of the extension's matrix, and what is transposed for them: whole blocks of 128. */
const COLUMNS = 624;
const BLOCK_COLUMNS = 640;
/** Scratch of a transpose. */
export const TRANSPOSE_BYTES = 2_304;
/** Rows that a transpose takes at once, and rows and messages that stay in the cache. */
const BLOCK_ROWS = 128;
const CHUNK_ROWS = 256;
const CHUNK_MESSAGES = 4_096;
const CHOICES = 256;

/** Many messages of a shape: heads one after another, and tails, `tailStride` bytes apart (by default those of a tail). */
export interface ManyMessages {
  readonly shape: MessageShape;
  readonly count: number;
  readonly heads: Bytes;
  readonly tails: Bytes;
  readonly tailStride?: number;
  /** Bytes of each digest that are kept, 1 … 32. */
  readonly digestBytes: number;
}

/** SHA-256 of each message, one digest after another.
 *  @throws RangeError when there are fewer heads or tails than messages, or a head is no multiple of 16 bytes. */
export function hashMany(messages: ManyMessages, open: OpenKernel = openPsiKernel): Bytes {
  const { shape, count, heads, tails, tailStride = shape.tailBytes, digestBytes } = messages;
  if (shape.headBytes % 16 !== 0 || heads.length < count * shape.headBytes) throw new RangeError("heads do not fit");
  if (tailStride < shape.tailBytes || tails.length < (count - 1) * tailStride + shape.tailBytes) {
    throw new RangeError("tails do not fit");
  }
  const { at, sizeBytes } = layOut({
    frame: frameBytes(shape),
    heads: CHUNK_MESSAGES * shape.headBytes,
    tails: CHUNK_MESSAGES * tailStride,
    out: CHUNK_MESSAGES * digestBytes,
  });
  const kernel = open(sizeBytes);
  const digests = new Uint8Array(count * digestBytes);
  for (let first = 0; first < count; first += CHUNK_MESSAGES) {
    const end = Math.min(first + CHUNK_MESSAGES, count);
    kernel.bytes.set(heads.subarray(first * shape.headBytes, end * shape.headBytes), at.heads);
    kernel.bytes.set(tails.subarray(first * tailStride, end * tailStride), at.tails);
    hashMessages(kernel, { ...at, shape, tailStride, digestBytes, count: end - first });
    digests.set(kernel.bytes.subarray(at.out, at.out + (end - first) * digestBytes), first * digestBytes);
  }
  return digests;
}

/** Rows of 80 bytes from 624 columns of `rows` bits, a multiple of 128, one after another. Bits are lowest first. */
export function rowsOfColumns(columns: Bytes, rows: number, open: OpenKernel = openPsiKernel): Bytes {
  const columnBytes = checkMatrix(rows, columns, COLUMNS / 8);
  const to = rows * CODE_ROW_BYTES;
  const { at, sizeBytes } = layOut({ to, from: columns.length, scratch: TRANSPOSE_BYTES });
  const kernel = open(sizeBytes);
  kernel.bytes.set(columns, at.from);
  kernel.transpose(at.to, CODE_ROW_BYTES, at.from, columnBytes, COLUMNS, rows, at.scratch);
  return kernel.bytes.slice(at.to, at.to + to);
}

/** The columns of rows of 80 bytes, of which two stay unread: `rowsOfColumns` the other way. */
export function columnsOfRows(matrix: Bytes, rows: number, open: OpenKernel = openPsiKernel): Bytes {
  const columnBytes = checkMatrix(rows, matrix, CODE_ROW_BYTES);
  const to = BLOCK_COLUMNS * columnBytes;
  const { at, sizeBytes } = layOut({ to, from: matrix.length, scratch: TRANSPOSE_BYTES });
  const kernel = open(sizeBytes);
  kernel.bytes.set(matrix, at.from);
  kernel.transpose(at.to, columnBytes, at.from, CODE_ROW_BYTES, rows, BLOCK_COLUMNS, at.scratch);
  return kernel.bytes.slice(at.to, at.to + COLUMNS * columnBytes);
}

function checkMatrix(rows: number, matrix: Bytes, rowBytes: number): number {
  if (rows % BLOCK_ROWS !== 0 || matrix.length !== rows * rowBytes) throw new RangeError("a matrix does not fit");
  return rows / 8;
}

/** Words of a linear code, 80 bytes each, for messages of `messageBytes`, one after another; room for `rows`, zeros behind.
 *  `tables` has 256 words for each byte of a message. */
export function codeRows(
  tables: Bytes,
  messages: Bytes,
  messageBytes: number,
  rows = messages.length / messageBytes,
  open: OpenKernel = openPsiKernel,
): Bytes {
  const { kernel, to } = writeCode(tables, messages, messageBytes, rows, open);
  return kernel.bytes.slice(to, to + rows * CODE_ROW_BYTES);
}

/** The columns of the same words. */
export function codeColumns(
  tables: Bytes,
  messages: Bytes,
  messageBytes: number,
  rows: number,
  open: OpenKernel = openPsiKernel,
): Bytes {
  if (rows % BLOCK_ROWS !== 0) throw new RangeError("a matrix does not fit");
  const { kernel, to, columns, scratch } = writeCode(tables, messages, messageBytes, rows, open);
  kernel.transpose(columns, rows / 8, to, CODE_ROW_BYTES, rows, BLOCK_COLUMNS, scratch);
  return kernel.bytes.slice(columns, columns + (COLUMNS * rows) / 8);
}

function writeCode(tables: Bytes, messages: Bytes, messageBytes: number, rows: number, open: OpenKernel) {
  const count = messages.length / messageBytes;
  if (tables.length !== messageBytes * CHOICES * CODE_ROW_BYTES) throw new RangeError("tables do not fit");
  if (!Number.isInteger(count) || count > rows) throw new RangeError("messages do not fit");
  const to = rows * CODE_ROW_BYTES;
  const columns = BLOCK_COLUMNS * Math.ceil(rows / 8);
  const sizes = { to, tables: tables.length, messages: messages.length, columns, scratch: TRANSPOSE_BYTES };
  const { at, sizeBytes } = layOut(sizes);
  const kernel = open(sizeBytes);
  kernel.bytes.set(tables, at.tables);
  kernel.bytes.set(messages, at.messages);
  kernel.bytes.fill(0, at.to, at.to + to);
  kernel.addCode(at.to, CODE_ROW_BYTES, at.messages, messageBytes, messageBytes, at.tables, count);
  return { kernel, ...at };
}

/** Combinations of `count` rows over GF(2), `choiceBytes` · 8 of them: bit l of a row's choices, lowest first, says whether
 *  it is in combination l. */
export function combineRows(
  rows: Bytes,
  rowBytes: number,
  count: number,
  choices: Bytes,
  choiceBytes: number,
  open: OpenKernel = openPsiKernel,
): Bytes {
  if (rows.length < count * rowBytes || choices.length < count * choiceBytes) throw new RangeError("rows do not fit");
  const sizes = {
    buckets: bucketBytes(rowBytes, choiceBytes),
    rows: CHUNK_ROWS * rowBytes,
    choices: CHUNK_ROWS * choiceBytes,
  };
  const { at, sizeBytes } = layOut(sizes);
  const kernel = open(sizeBytes);
  kernel.bytes.fill(0, at.buckets, at.buckets + sizes.buckets);
  for (let first = 0; first < count; first += CHUNK_ROWS) {
    const end = Math.min(first + CHUNK_ROWS, count);
    kernel.bytes.set(rows.subarray(first * rowBytes, end * rowBytes), at.rows);
    kernel.bytes.set(choices.subarray(first * choiceBytes, end * choiceBytes), at.choices);
    addToCombinations(kernel, at, rowBytes, choiceBytes, end - first);
  }
  return sumsOfBuckets(kernel, at.buckets, rowBytes, choiceBytes);
}

/** Bytes of the buckets of combinations, zeros at first. */
export function bucketBytes(rowBytes: number, choiceBytes: number): number {
  return choiceBytes * CHOICES * rowBytes;
}

/** Adds `count` rows in the kernel's memory, few enough to stay in the cache, to the buckets of their choices. */
export function addToCombinations(
  kernel: PsiKernel,
  at: { readonly buckets: number; readonly rows: number; readonly choices: number },
  rowBytes: number,
  choiceBytes: number,
  count: number,
): void {
  for (let byte = 0; byte < choiceBytes; byte++) {
    const buckets = at.buckets + byte * CHOICES * rowBytes;
    kernel.addToBuckets(buckets, at.rows, rowBytes, at.choices + byte, choiceBytes, count);
  }
}

/** The combinations, from their buckets, which are used up. */
export function sumsOfBuckets(kernel: PsiKernel, buckets: number, rowBytes: number, choiceBytes: number): Bytes {
  const sums = new Uint8Array(8 * choiceBytes * rowBytes);
  for (let byte = 0; byte < choiceBytes; byte++) {
    for (let bit = 7; bit >= 0; bit--) {
      // Those with the bit are added to those without, for the lower bits, and then to one another.
      const without = buckets + byte * CHOICES * rowBytes;
      const upper = without + (rowBytes << bit);
      kernel.xorBytes(without, upper, rowBytes << bit);
      for (let half = bit - 1; half >= 0; half--) kernel.xorBytes(upper, upper + (rowBytes << half), rowBytes << half);
      sums.set(kernel.bytes.subarray(upper, upper + rowBytes), (8 * byte + bit) * rowBytes);
    }
  }
  return sums;
}
