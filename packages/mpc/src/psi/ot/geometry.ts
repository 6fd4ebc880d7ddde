/** Sizes of one session, which both roles compute from the two padded sizes: bins of the larger side's, so that neither
 *  side's bin is large, and in each bin a store for the caller's load, rows that mask the check, and rows that fill up.
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
  const { bins } = binShape(Math.max(callerItems, domainItems));
  const load = (items: number): number => (bins === 1 ? items : binLoad(items, bins));
  const callerLoad = load(callerItems);
  const shape = okvsShape(callerLoad);
  const rows = Math.ceil((shape.rows + PSI_TRANSFER_CHECKS) / BLOCK_ROWS) * BLOCK_ROWS;
  const columnBytes = rows / 8;
  const matrixBytes = columnBytes * PSI_TRANSFER_COLUMNS;
  return { bins, callerLoad, domainLoad: load(domainItems), shape, rows, columnBytes, matrixBytes };
}
