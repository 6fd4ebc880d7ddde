/** Builds the index of a lookup product: every record encrypted under a key that only an OPRF evaluation yields,
 *  laid into binary fuse filters over Z_256, one filter per bucket side by side, and the hint over it.
 *
 *  Who learns what: whoever holds the index without the OPRF key sees pseudo-random bytes and the padded number of
 *  records; free slots are random too. Assumptions: the OPRF, HKDF-SHA-256 and AES-256-GCM are pseudo-random.
 *  Whoever holds the OPRF key can try keys one by one: the salted context is no defence against that.
 *  @module */
import { concatBytes, SluiceError, toHex, type Bytes, type LookupParameters, type Random } from "@sluice/protocol";
import { createCipheriv } from "node:crypto";
import { checkCancelled, pause } from "../cancel.ts";
import { evaluateMany, type OprfKeyPair } from "../oprf/server.ts";
import { systemRandom } from "../random.ts";
import { oprfInput } from "./context.ts";
import { deriveRecordSecrets, TAG_BYTES, wipeRecordSecrets, type RecordSecrets } from "./derive.ts";
import { peel, type PeelOrder } from "./filter.ts";
import { chooseShape, MAX_LOOKUP_ROWS } from "./geometry.ts";
import { computeHint } from "./hint.ts";
import { checkParameters, ERROR_DEVIATION, LWE_DIMENSION } from "./lwe.ts";
import { LweMatrix } from "./matrix.ts";
import { ARITY, positionsOf, type FilterShape } from "./positions.ts";

/** Largest payload of a record. */
export const MAX_PAYLOAD_BYTES = 4_096 - TAG_BYTES;
/** Filter seeds tried; each fits with a probability of about 1/2 or more (see `geometry.ts`). */
const MAX_ATTEMPTS = 64;
const BATCH_KEYS = 1_024;

/** What an index is built from. Entry i of `records` belongs to `keys[i]`. */
export interface IndexSource {
  /** Distinct, non-empty, well-formed strings, used exactly as they are. */
  readonly keys: readonly string[];
  /** Payloads, all of one length: 1 to MAX_PAYLOAD_BYTES. */
  readonly records: readonly Bytes[];
  readonly keyPair: OprfKeyPair;
  readonly random?: Random;
  /** `lookupContext` of the product. */
  readonly context: Bytes;
  readonly signal?: AbortSignal;
}

/** A built index. */
export interface BuiltIndex {
  readonly parameters: LookupParameters;
  /** Public, for clients. */
  readonly hint: Bytes;
  /** Stays in the domain: rowsPerBucket rows of buckets × recordBytes bytes. */
  readonly database: Bytes;
}

/** Builds the index. @throws ERR_LOOKUP_TABLE when the table is empty, too large, uneven or repeats a key;
 *  ERR_OPRF_INPUT when a key is empty, too long or not well-formed; ERR_CANCELLED. */
export async function buildIndex(source: IndexSource): Promise<BuiltIndex> {
  const { keys, records, signal, random = systemRandom } = source;
  checkCancelled(signal);
  const payloadBytes = checkTable(keys, records);
  const recordBytes = payloadBytes + TAG_BYTES;
  const matrixSeed = random.bytes(32);
  const inputs = keys.map((key) => oprfInput(source.context, key));
  const secrets = await deriveAll(source.keyPair, inputs, matrixSeed, signal);
  try {
    const shape = chooseShape(keys.length, recordBytes);
    const { filterSeed, slots, order } = await findFilters(secrets, shape, random, signal);
    const parameters: LookupParameters = {
      lweDimension: LWE_DIMENSION,
      errorDeviation: ERROR_DEVIATION,
      ...shape,
      recordBytes,
      matrixSeed: toHex(matrixSeed),
      filterSeed: toHex(filterSeed),
    };
    checkParameters(parameters);
    const database = random.bytes(shape.rowsPerBucket * shape.buckets * recordBytes);
    fillSlots(database, recordBytes, slots, order, (key) => seal(secrets[key], records[key]));
    const hint = await computeHint(parameters, database, await LweMatrix.open(matrixSeed), signal);
    return { parameters, hint, database };
  } finally {
    for (const secret of secrets) wipeRecordSecrets(secret);
  }
}

/** Returns the length of the payloads. */
function checkTable(keys: readonly string[], records: readonly Bytes[]): number {
  const payloadBytes = records[0]?.length ?? 0;
  if (keys.length < 1 || keys.length > MAX_LOOKUP_ROWS) refuse(`it needs 1 to ${MAX_LOOKUP_ROWS} records`);
  if (keys.length !== records.length) refuse("keys and records differ in number");
  if (payloadBytes < 1 || payloadBytes > MAX_PAYLOAD_BYTES) refuse(`a record has 1 to ${MAX_PAYLOAD_BYTES} bytes`);
  if (records.some((record) => record.length !== payloadBytes)) refuse("its records differ in length");
  if (new Set(keys).size !== keys.length) refuse("a key occurs more than once");
  return payloadBytes;
}

function refuse(reason: string): never {
  throw new SluiceError("ERR_LOOKUP_TABLE", { reason });
}

async function deriveAll(
  keyPair: OprfKeyPair,
  inputs: readonly Bytes[],
  matrixSeed: Bytes,
  signal: AbortSignal | undefined,
): Promise<RecordSecrets[]> {
  const outputs = await evaluateMany(keyPair, inputs, { signal });
  const secrets: RecordSecrets[] = [];
  for (const output of outputs) {
    secrets.push(deriveRecordSecrets(output, matrixSeed));
    output.fill(0);
    if (secrets.length % BATCH_KEYS === 0) await pause(signal);
  }
  return secrets;
}

/** Tries filter seeds until every bucket peels. Slot numbers are bucket · rowsPerBucket + row. */
async function findFilters(
  secrets: readonly RecordSecrets[],
  shape: FilterShape,
  random: Random,
  signal: AbortSignal | undefined,
): Promise<{ filterSeed: Bytes; slots: Uint32Array; order: PeelOrder }> {
  const slots = new Uint32Array(secrets.length * ARITY);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const filterSeed = random.bytes(32);
    for (const [key, { position }] of secrets.entries()) {
      const { bucket, rows } = positionsOf(position, filterSeed, shape);
      for (const [j, row] of rows.entries()) slots[key * ARITY + j] = bucket * shape.rowsPerBucket + row;
    }
    await pause(signal);
    const order = peel(slots, shape.buckets * shape.rowsPerBucket);
    if (order !== null)
      return { filterSeed, slots: toDatabaseSlots(slots, shape), order: toDatabaseOrder(order, shape) };
  }
  return refuse("no filter fits its keys");
}

/** Slot numbers in the order of the database: row · buckets + bucket. */
function toDatabaseSlots(slots: Uint32Array, shape: FilterShape): Uint32Array {
  return slots.map((slot) => (slot % shape.rowsPerBucket) * shape.buckets + Math.floor(slot / shape.rowsPerBucket));
}

function toDatabaseOrder(order: PeelOrder, shape: FilterShape): PeelOrder {
  return { keys: order.keys, slots: toDatabaseSlots(order.slots, shape) };
}

/** Sets each key's own slot so that its three slots sum to its record, byte by byte modulo 256. */
function fillSlots(
  database: Bytes,
  recordBytes: number,
  slots: Uint32Array,
  order: PeelOrder,
  recordOf: (key: number) => Bytes,
): void {
  for (let i = order.keys.length - 1; i >= 0; i--) {
    const key = order.keys[i] ?? 0;
    const own = (order.slots[i] ?? 0) * recordBytes;
    const record = recordOf(key);
    const others = [0, 1, 2].map((j) => (slots[key * ARITY + j] ?? 0) * recordBytes).filter((slot) => slot !== own);
    const [first = 0, second = 0] = others;
    for (let b = 0; b < recordBytes; b++) {
      database[own + b] = (record[b] ?? 0) - (database[first + b] ?? 0) - (database[second + b] ?? 0);
    }
  }
}

/** AES-256-GCM under the record's own key: payload, then tag. */
function seal(secrets: RecordSecrets | undefined, payload: Bytes | undefined): Bytes {
  if (secrets === undefined || payload === undefined) throw new RangeError("no such record");
  const cipher = createCipheriv("aes-256-gcm", secrets.key, secrets.nonce);
  return concatBytes(cipher.update(payload), cipher.final(), cipher.getAuthTag());
}
