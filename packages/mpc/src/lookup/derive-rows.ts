/** From rows to what an index is laid out of: for each key the seed of its positions and its record, sealed. The evaluation of the
 *  OPRF takes nearly all the time of a build. Whoever holds these bytes without the OPRF key can link slots of the index
 *  that belong to one record; no key and no payload opens with them.
 *  @module */
import { concatBytes, SluiceError, type Bytes } from "@sluice/protocol";
import { createCipheriv, hkdfSync } from "node:crypto";
import { evaluateMany, type OprfKeyPair } from "../oprf/server.ts";
import { oprfInput } from "./context.ts";
import {
  deriveRecordSecrets,
  POSITION_BYTES,
  TAG_BYTES,
  wipeRecordSecrets,
  type Hkdf,
  type RecordSecrets,
} from "./derive.ts";
import { MAX_LOOKUP_ROWS } from "./geometry.ts";

/** Largest payload of a record. */
export const MAX_PAYLOAD_BYTES = 4_096 - TAG_BYTES;
/** Keys whose outputs are in memory at a time: they die young. */
const BATCH_KEYS = 256;
/** By OpenSSL: a sixth faster than what clients compute, and the same. */
const nativeHkdf: Hkdf = (output, salt, info, length) => new Uint8Array(hkdfSync("sha256", output, salt, info, length));

/** Rows of a table. Entry i of `records` belongs to `keys[i]`. */
export interface TableRows {
  /** Non-empty, well-formed strings, used exactly as they are. */
  readonly keys: readonly string[];
  /** Payloads, all of one length: 1 to MAX_PAYLOAD_BYTES. */
  readonly records: readonly Bytes[];
}

/** What keys and records become under. */
export interface Derivation {
  readonly keyPair: OprfKeyPair;
  /** `lookupContext` of the product. */
  readonly context: Bytes;
  /** Fresh for every index. */
  readonly matrixSeed: Bytes;
}

/** Entry i of both belongs to row i. */
export interface DerivedRows {
  /** POSITION_BYTES for each row. */
  readonly positions: Bytes;
  /** Payload and tag of each row. */
  readonly records: Bytes;
}

/** The length of the payloads. @throws ERR_LOOKUP_TABLE when rows are missing, too many, uneven or too long */
export function payloadBytesOf({ keys, records }: TableRows): number {
  const payloadBytes = records[0]?.length ?? 0;
  if (keys.length < 1 || keys.length > MAX_LOOKUP_ROWS) refuse(`it needs 1 to ${MAX_LOOKUP_ROWS} records`);
  if (keys.length !== records.length) refuse("keys and records differ in number");
  if (payloadBytes < 1 || payloadBytes > MAX_PAYLOAD_BYTES) refuse(`a record has 1 to ${MAX_PAYLOAD_BYTES} bytes`);
  if (records.some((record) => record.length !== payloadBytes)) refuse("its records differ in length");
  return payloadBytes;
}

/** Refuses a table. @throws ERR_LOOKUP_TABLE */
export function refuse(reason: string): never {
  throw new SluiceError("ERR_LOOKUP_TABLE", { reason });
}

/** @throws as `payloadBytesOf`; ERR_OPRF_INPUT when a key is empty, too long or not well-formed; ERR_CANCELLED. */
export async function deriveRows(
  rows: TableRows,
  { keyPair, context, matrixSeed }: Derivation,
  signal?: AbortSignal,
): Promise<DerivedRows> {
  const recordBytes = payloadBytesOf(rows) + TAG_BYTES;
  const positions = new Uint8Array(rows.keys.length * POSITION_BYTES);
  const records = new Uint8Array(rows.keys.length * recordBytes);
  for (let first = 0; first < rows.keys.length; first += BATCH_KEYS) {
    const inputs = rows.keys.slice(first, first + BATCH_KEYS).map((key) => oprfInput(context, key));
    const outputs = await evaluateMany(keyPair, inputs, { signal });
    for (const input of inputs) input.fill(0);
    for (const [i, output] of outputs.entries()) {
      const secrets = deriveRecordSecrets(output, matrixSeed, nativeHkdf);
      output.fill(0);
      positions.set(secrets.position, (first + i) * POSITION_BYTES);
      records.set(seal(secrets, rows.records[first + i]), (first + i) * recordBytes);
      wipeRecordSecrets(secrets);
    }
  }
  return { positions, records };
}

/** AES-256-GCM under the record's own key: payload, then tag. */
function seal(secrets: RecordSecrets, payload: Bytes | undefined): Bytes {
  if (payload === undefined) throw new RangeError("no such record");
  const cipher = createCipheriv("aes-256-gcm", secrets.key, secrets.nonce);
  return concatBytes(cipher.update(payload), cipher.final(), cipher.getAuthTag());
}
