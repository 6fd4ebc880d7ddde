/** Sums of rows and codewords over GF(2), as the kernel computes them.
 *  @module */
import type { PsiFunctions } from "./psi-kernel.ts";

const CODE_ROW_BYTES = 80;

type RowFunctions = Pick<
  PsiFunctions,
  "denseTables" | "decode" | "assign" | "addCode" | "addMaskedRows" | "addToBuckets" | "packRows" | "xorBytes"
>;

/** The functions over `bytes`. */
export function plainRows(bytes: Uint8Array<ArrayBuffer>): RowFunctions {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const word = (at: number): number => view.getUint32(at, true);
  function xorBytes(to: number, from: number, count: number): void {
    for (let i = 0; i < count; i++) bytes[to + i] = (bytes[to + i] ?? 0) ^ (bytes[from + i] ?? 0);
  }
  function sumOf(rows: number, width: number, tables: number, place: number): Uint8Array {
    const sum = new Uint8Array(width);
    const add = (from: number): void => {
      for (let b = 0; b < width; b++) sum[b] = (sum[b] ?? 0) ^ (bytes[from + b] ?? 0);
    };
    for (let j = 0; j < 12; j += 4) add(rows + word(place + j) * width);
    for (let j = 0; j < 4; j++) add(tables + (256 * j + (bytes[place + 12 + j] ?? 0)) * width);
    return sum;
  }
  return {
    xorBytes,
    denseTables(tables, rows, width, groups) {
      for (let group = 0; group < groups; group++) {
        const table = tables + 256 * group * width;
        bytes.fill(0, table, table + width);
        for (let bits = 1; bits < 256; bits++) {
          const to = table + bits * width;
          bytes.copyWithin(to, table + (bits & (bits - 1)) * width, table + ((bits & (bits - 1)) + 1) * width);
          xorBytes(to, rows + (8 * group + 31 - Math.clz32(bits & -bits)) * width, width);
        }
      }
    },
    decode(out, stride, rows, width, tables, places, count) {
      for (let i = 0; i < count; i++) bytes.set(sumOf(rows, width, tables, places + 16 * i), out + i * stride);
    },
    assign(rows, width, tables, places, values, order, count) {
      for (let at = order + 8 * (count - 1); at >= order; at -= 8) {
        const key = word(at);
        const own = rows + word(at + 4) * width;
        // It is among the three, and adds nothing when it is empty.
        bytes.fill(0, own, own + width).set(sumOf(rows, width, tables, places + 16 * key), own);
        xorBytes(own, values + key * width, width);
      }
    },
    addCode(to, stride, messages, messageStride, messageBytes, tables, count) {
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < messageBytes; j++) {
          const entry = 256 * j + (bytes[messages + i * messageStride + j] ?? 0);
          xorBytes(to + i * stride, tables + entry * CODE_ROW_BYTES, CODE_ROW_BYTES);
        }
      }
    },
    addMaskedRows(to, from, fromStride, mask, count) {
      for (let i = 0; i < count * CODE_ROW_BYTES; i++) {
        const b = i % CODE_ROW_BYTES;
        const other = bytes[from + ((i - b) / CODE_ROW_BYTES) * fromStride + b] ?? 0;
        bytes[to + i] = (bytes[to + i] ?? 0) ^ (other & (bytes[mask + b] ?? 0));
      }
    },
    addToBuckets(buckets, rows, width, choices, choiceStride, count) {
      for (let i = 0; i < count; i++) {
        xorBytes(buckets + (bytes[choices + i * choiceStride] ?? 0) * width, rows + i * width, width);
      }
    },
    packRows(to, toStride, from, count) {
      for (let i = 0; i < count; i++)
        bytes.copyWithin(to + i * toStride, from + i * CODE_ROW_BYTES, from + i * CODE_ROW_BYTES + toStride);
    },
  };
}
