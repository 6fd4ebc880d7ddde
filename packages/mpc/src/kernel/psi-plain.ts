/** The kernels of set intersection in plain TypeScript: their reference, and what an engine without WebAssembly runs. Results
 *  are those of packages/mpc/wasm/assembly/psi-*.ts, byte for byte.
 *  @module */
import { plainPlaces } from "./psi-plain-places.ts";
import { plainRows } from "./psi-plain-rows.ts";
import { plainSha256 } from "./psi-plain-sha.ts";
import type { PsiFunctions } from "./psi-kernel.ts";

/** The functions over `bytes`. */
export function plainPsi(bytes: Uint8Array<ArrayBuffer>): PsiFunctions {
  return {
    sha256: plainSha256(bytes),
    ...plainPlaces(bytes),
    ...plainRows(bytes),
    transpose(to, rowStride, from, columnStride, columns, rows) {
      for (let row = 0; row < rows; row++) {
        const at = to + row * rowStride;
        bytes.fill(0, at, at + 16 * Math.ceil(columns / 128));
        for (let column = 0; column < columns; column++) {
          const bit = ((bytes[from + column * columnStride + (row >>> 3)] ?? 0) >>> (row & 7)) & 1;
          bytes[at + (column >>> 3)] = (bytes[at + (column >>> 3)] ?? 0) | (bit << (column & 7));
        }
      }
    },
  };
}
