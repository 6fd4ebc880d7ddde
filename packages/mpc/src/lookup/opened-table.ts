/** A table of a snapshot as a client holds it: parameters that were checked, the matrix, and the hint that the snapshot names.
 *  @module */
import {
  canonicalText,
  fromHex,
  sha256Hex,
  SluiceError,
  wordsOfBytes,
  type Bytes,
  type LookupParameters,
  type LookupTable,
} from "@sluice/protocol";
import { checkParameters, hintBytesOf } from "./lwe.ts";
import { LweMatrix } from "./matrix.ts";

/** Public bytes only, nothing to close. */
export interface OpenedTable {
  readonly parameters: LookupParameters;
  readonly matrix: LweMatrix;
  readonly hint: Int32Array;
  /** The same for the same table only. */
  readonly name: string;
}

/** Names a table by all that the snapshot says of it. */
export function tableName(table: LookupTable): string {
  return canonicalText(table);
}

/** Checks the hint against the table. @throws ERR_RECEIPT when size or hash do not match; ERR_FRAME_MALFORMED when the
 *  parameters are not acceptable */
export async function openTable(table: LookupTable, hint: Bytes): Promise<OpenedTable> {
  const { parameters } = table;
  checkParameters(parameters);
  const expectedBytes = hintBytesOf(parameters);
  if (hint.length !== expectedBytes || table.hintBytes !== expectedBytes) {
    throw new SluiceError("ERR_RECEIPT", { reason: "a hint has another size than the snapshot's parameters give" });
  }
  if ((await sha256Hex(hint)) !== table.hint) {
    throw new SluiceError("ERR_RECEIPT", { reason: "a hint is not the one the snapshot names" });
  }
  return {
    parameters,
    matrix: await LweMatrix.open(fromHex(parameters.matrixSeed)),
    hint: new Int32Array(wordsOfBytes(hint).buffer),
    name: tableName(table),
  };
}
