/** Sizes of one session, which both roles compute from the two padded sizes: bins of the caller's, and in each bin a store for its
 *  load, rows that mask the check, and rows that fill up. More bins, as the larger side would want them, would give a short list
 *  rows enough for many more entries than it declares; so a domain's bin may hold all of its set.
 *  @module */
import { PSI_TRANSFER_CHECKS, PSI_TRANSFER_COLUMNS } from "@sluice/protocol";
import { binLoad, binShape } from "../okvs/bins.ts";
import { okvsShape, type OkvsShape } from "../okvs/shape.ts";

/** Rows of which one block of a cipher's stream is a column. */
const BLOCK_ROWS = 128;

/** Sizes of a session. */
export interface TransferGeometry {
  readonly bins: number;
  /** Most keys of the caller, and of the domain, in one bin. */
  readonly callerLoad: number;
  readonly domainLoad: number;
  /** Store of a bin: its rows come first. */
  readonly shape: OkvsShape;
  /** Rows of a bin: of the store, of the check, and up to a multiple of 128. */
  readonly rows: number;
  /** Bytes of one column of a bin. */
  readonly columnBytes: number;
  /** Bytes of all columns of a bin. */
  readonly matrixBytes: number;
}

/** @param callerItems, domainItems padded. */
export function transferGeometry(callerItems: number, domainItems: number): TransferGeometry {
  const { bins, load: callerLoad } = binShape(callerItems);
  const domainLoad = bins === 1 ? domainItems : binLoad(domainItems, bins);
  const shape = okvsShape(callerLoad);
  const rows = Math.ceil((shape.rows + PSI_TRANSFER_CHECKS) / BLOCK_ROWS) * BLOCK_ROWS;
  const columnBytes = rows / 8;
  const matrixBytes = columnBytes * PSI_TRANSFER_COLUMNS;
  return { bins, callerLoad, domainLoad, shape, rows, columnBytes, matrixBytes };
}
