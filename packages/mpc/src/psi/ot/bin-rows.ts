/** A bin's rows in the memory of the kernel: their combinations for the check, and the tags of entries, chunk after chunk, so that
 *  no more than the rows themselves leaves the cache. That memory is of the thread: from `openRows` to `wipe` nothing is
 *  waited for.
 *  @module */
import { PSI_TAG_BYTES, PSI_TRANSFER_CHECKS, PSI_TRANSFER_COLUMNS, type Bytes } from "@sluice/protocol";
import { frameBytes } from "../../kernel/sha-frame.ts";
import { hashMessages } from "../../kernel/sha-messages.ts";
import { addToCombinations, bucketBytes, sumsOfBuckets, TRANSPOSE_BYTES } from "../okvs/bulk.ts";
import { layOut } from "../okvs/regions.ts";
import { readStore, storeSizes, writeTables } from "../okvs/store.ts";
import { CODE_MESSAGE_BYTES, CODE_ROW_BYTES, codeTables } from "./code.ts";
import { COEFFICIENT_BYTES, openEngine, wordsOver } from "./engine.ts";
import type { TransferGeometry } from "./geometry.ts";
import { HASH_BYTES, TAG_SHAPE, writeKeys } from "./items.ts";

/** Entries, and rows, that stay in the cache together. */
const CHUNK_ENTRIES = 1_024;
const CHUNK_ROWS = 256;

/** Rows of a bin. */
export interface BinRows {
  /** 128 combinations of the store's rows, in rows of 80 bytes, each with its masking row. */
  combinations(coefficients: Bytes): Bytes;
  /** Tags of entries: of the rows that they read, to which with a secret the words of the entries are added where it has ones. */
  tags(entries: { readonly seed: Bytes; readonly hashes: Bytes }, secret?: Bytes): Bytes;
  /** Zeroes the rows. */
  wipe(): void;
}

/** Takes the columns of a bin's rows, one after another. */
export function openRows(columns: Bytes, geometry: TransferGeometry): BinRows {
  const { shape, columnBytes, rows } = geometry;
  const tables = codeTables();
  const rowBytes = CODE_ROW_BYTES;
  const { at, sizeBytes } = layOut({
    ...storeSizes(shape, CHUNK_ENTRIES, rowBytes),
    rows: rows * rowBytes,
    columns: columns.length,
    scratch: TRANSPOSE_BYTES,
    buckets: bucketBytes(rowBytes, COEFFICIENT_BYTES),
    choices: CHUNK_ROWS * COEFFICIENT_BYTES,
    code: tables.length,
    chosen: tables.length,
    mask: rowBytes,
    hashes: CHUNK_ENTRIES * HASH_BYTES,
    values: CHUNK_ENTRIES * rowBytes,
    frame: frameBytes(TAG_SHAPE),
    out: CHUNK_ENTRIES * PSI_TAG_BYTES,
  });
  const kernel = openEngine(sizeBytes);
  const { bytes } = kernel;
  bytes.set(columns, at.columns);
  kernel.transpose(at.rows, rowBytes, at.columns, columnBytes, PSI_TRANSFER_COLUMNS, rows, at.scratch);

  /** The code's tables with ones only where the secret has them. */
  const choose = (secret: Bytes): void => {
    bytes.set(tables, at.code);
    bytes.fill(0, at.chosen, at.chosen + tables.length);
    bytes.fill(0, at.mask, at.mask + rowBytes).set(secret, at.mask);
    kernel.addMaskedRows(at.chosen, at.code, rowBytes, at.mask, tables.length / rowBytes);
  };
  const wipeChosen = (): void => {
    bytes.fill(0, at.chosen, at.chosen + tables.length).fill(0, at.mask, at.mask + rowBytes);
  };

  return {
    combinations(coefficients) {
      bytes.fill(0, at.buckets, at.buckets + bucketBytes(rowBytes, COEFFICIENT_BYTES));
      for (let first = 0; first < shape.rows; first += CHUNK_ROWS) {
        const count = Math.min(CHUNK_ROWS, shape.rows - first);
        const some = coefficients.subarray(first * COEFFICIENT_BYTES, (first + count) * COEFFICIENT_BYTES);
        bytes.set(some, at.choices);
        const place = { buckets: at.buckets, rows: at.rows + first * rowBytes, choices: at.choices };
        addToCombinations(kernel, place, rowBytes, COEFFICIENT_BYTES, count);
      }
      const sums = sumsOfBuckets(kernel, at.buckets, rowBytes, COEFFICIENT_BYTES);
      const masks = at.rows + shape.rows * rowBytes;
      for (let i = 0; i < PSI_TRANSFER_CHECKS * rowBytes; i++) sums[i] = (sums[i] ?? 0) ^ (bytes[masks + i] ?? 0);
      return sums;
    },
    tags({ seed, hashes }, secret) {
      const count = hashes.length / HASH_BYTES;
      const tags = new Uint8Array(count * PSI_TAG_BYTES);
      const heads = wordsOver(bytes.subarray(at.hashes, at.hashes + CHUNK_ENTRIES * HASH_BYTES));
      const keys = wordsOver(bytes.subarray(at.keys, at.keys + CHUNK_ENTRIES * 16));
      bytes.set(seed, at.seed);
      writeTables(kernel, shape, at, rowBytes);
      if (secret !== undefined) choose(secret);
      for (let first = 0; first < count; first += CHUNK_ENTRIES) {
        const some = Math.min(CHUNK_ENTRIES, count - first);
        bytes.set(hashes.subarray(first * HASH_BYTES, (first + some) * HASH_BYTES), at.hashes);
        writeKeys(keys, heads);
        readStore(kernel, shape, at, { count: some, rowBytes, out: at.values, stride: rowBytes });
        if (secret !== undefined) {
          kernel.addCode(at.values, rowBytes, at.hashes, HASH_BYTES, CODE_MESSAGE_BYTES, at.chosen, some);
        }
        const { frame, values: tails, out } = at;
        const messages = { shape: TAG_SHAPE, frame, heads: at.hashes, tails, tailStride: rowBytes, out };
        hashMessages(kernel, { ...messages, digestBytes: PSI_TAG_BYTES, count: some });
        tags.set(bytes.subarray(out, out + some * PSI_TAG_BYTES), first * PSI_TAG_BYTES);
      }
      bytes.fill(0, at.values, at.values + CHUNK_ENTRIES * rowBytes);
      wipeChosen();
      return tags;
    },
    wipe() {
      bytes.fill(0, at.rows, at.rows + rows * rowBytes).fill(0, at.columns, at.columns + columns.length);
    },
  };
}
