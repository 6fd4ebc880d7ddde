/** An index of a million records that is made in seconds: a few keys have their records, every other slot holds synthetic bytes, of
 *  sixteen patterns in turn, so that the hint over them is a sum of sixteen products. A scan cannot tell; the answers for the few keys are right.
 *  @module */
import { createCipheriv, randomBytes } from "node:crypto";
import {
  bytesOfWords,
  concatBytes,
  documentHash,
  encodeLookupRecord,
  sha256Hex,
  toHex,
  utf8,
  type Bytes,
  type LookupParameters,
  type LookupSnapshot,
} from "@sluice/protocol";
import { deriveKeyPair, evaluateMany } from "@sluice/mpc/oprf/server";
import { lookupContext, SharedDatabaseWriter, type SharedDatabase } from "@sluice/mpc/lookup/server";
import { oprfInput } from "../../packages/mpc/src/lookup/context.ts";
import { deriveRecordSecrets, TAG_BYTES } from "../../packages/mpc/src/lookup/derive.ts";
import { chooseShape } from "../../packages/mpc/src/lookup/geometry.ts";
import { ERROR_DEVIATION, LWE_DIMENSION } from "../../packages/mpc/src/lookup/lwe.ts";
import { LweMatrix } from "../../packages/mpc/src/lookup/matrix.ts";
import { positionsOf } from "../../packages/mpc/src/lookup/positions.ts";

const PATTERNS = 16;
const PANEL_ROWS = 256;
const HASH = "ab".repeat(32);
const IDENTITY = { domain: "hrss", product: "bench", version: 1, grant: HASH, epoch: 1 };

/** What domain and client of the index hold. */
export interface SyntheticIndex {
  readonly snapshot: LookupSnapshot;
  readonly snapshotHash: string;
  readonly hint: Bytes;
  /** In memory that the pool's threads share, as a domain opens it. */
  readonly database: SharedDatabase;
  readonly key: { readonly seed: Bytes; readonly info: Bytes };
}

/** Makes an index that shows `rows` records and holds those of `table`, all values equally long; for `threads` threads. */
export async function makeSyntheticIndex(
  rows: number,
  table: ReadonlyMap<string, Bytes>,
  threads: number,
): Promise<SyntheticIndex> {
  const key = { seed: new Uint8Array(randomBytes(32)), info: utf8("bench/1") };
  const keyPair = await deriveKeyPair(key.seed, key.info);
  const [value = new Uint8Array()] = table.values();
  const recordBytes = encodeLookupRecord(value).length + TAG_BYTES;
  const [matrixSeed, filterSeed] = [new Uint8Array(randomBytes(32)), new Uint8Array(randomBytes(32))];
  const parameters: LookupParameters = {
    lweDimension: LWE_DIMENSION,
    errorDeviation: ERROR_DEVIATION,
    ...chooseShape(rows, recordBytes),
    recordBytes,
    matrixSeed: toHex(matrixSeed),
    filterSeed: toHex(filterSeed),
  };
  const patterns = new Uint8Array(randomBytes(PATTERNS * parameters.buckets * recordBytes));
  const database = fill(parameters, patterns);
  const changed = new Set<number>();
  const context = lookupContext(IDENTITY);
  const outputs = await evaluateMany(
    keyPair,
    [...table.keys()].map((name) => oprfInput(context, name)),
  );
  for (const [i, payload] of [...table.values()].entries()) {
    const secrets = deriveRecordSecrets(outputs[i] ?? new Uint8Array(), matrixSeed);
    const cipher = createCipheriv("aes-256-gcm", secrets.key, secrets.nonce);
    const sealed = concatBytes(cipher.update(encodeLookupRecord(payload)), cipher.final(), cipher.getAuthTag());
    const { bucket, rows: slots } = positionsOf(secrets.position, filterSeed, parameters);
    const [own, first, second] = slots.map((row) => (row * parameters.buckets + bucket) * recordBytes);
    if (own === undefined || first === undefined || second === undefined) throw new Error("a key has three slots");
    for (let b = 0; b < recordBytes; b++) {
      database[own + b] = (sealed[b] ?? 0) - (database[first + b] ?? 0) - (database[second + b] ?? 0);
    }
    changed.add(slots[0]);
  }
  const hint = await hintOf(parameters, matrixSeed, { patterns, database, changed });
  const snapshot: LookupSnapshot = {
    type: "lookup-snapshot",
    ...IDENTITY,
    bundle: HASH,
    release: HASH,
    parameters,
    hint: await sha256Hex(hint),
    hintBytes: hint.length,
    oprfPublicKey: toHex(keyPair.publicKey),
    sealKey: `x25519:${"A".repeat(43)}`,
    vocabulary: ["A", "B"],
    at: "2026-01-01T00:00:00.000Z",
  };
  const snapshotHash = await documentHash(snapshot);
  return { snapshot, snapshotHash, hint, database: share(snapshotHash, parameters, { database, threads }), key };
}

function share(
  id: string,
  parameters: LookupParameters,
  { database, threads }: { database: Bytes; threads: number },
): SharedDatabase {
  const writer = SharedDatabaseWriter.create(id, parameters, threads);
  if (writer === null) throw new Error("this engine has no kernels");
  writer.write(database);
  return writer.finish();
}

function fill({ rowsPerBucket, buckets, recordBytes }: LookupParameters, patterns: Bytes): Bytes {
  const columns = buckets * recordBytes;
  const database = new Uint8Array(rowsPerBucket * columns);
  for (let row = 0; row < rowsPerBucket; row++) {
    const at = (row % PATTERNS) * columns;
    database.set(patterns.subarray(at, at + columns), row * columns);
  }
  return database;
}

/** Dᵀ · A: the patterns with the sums of their rows of A, and what the changed rows differ from their patterns. */
async function hintOf(
  { rowsPerBucket, buckets, recordBytes }: LookupParameters,
  matrixSeed: Bytes,
  { patterns, database, changed }: { patterns: Bytes; database: Bytes; changed: ReadonlySet<number> },
): Promise<Bytes> {
  const columns = buckets * recordBytes;
  const matrix = await LweMatrix.open(matrixSeed);
  const sums = new Int32Array(PATTERNS * LWE_DIMENSION);
  const hint = new Int32Array(columns * LWE_DIMENSION);
  for (let first = 0; first < rowsPerBucket; first += PANEL_ROWS) {
    const count = Math.min(PANEL_ROWS, rowsPerBucket - first);
    const panel = await matrix.rows(first, count);
    for (let i = 0; i < count; i++) {
      const row = panel.subarray(i * LWE_DIMENSION, (i + 1) * LWE_DIMENSION);
      const at = ((first + i) % PATTERNS) * LWE_DIMENSION;
      for (let j = 0; j < LWE_DIMENSION; j++) sums[at + j] = (sums[at + j] ?? 0) + (row[j] ?? 0);
      if (!changed.has(first + i)) continue;
      for (let c = 0; c < columns; c++) {
        const pattern = centred(patterns[((first + i) % PATTERNS) * columns + c]);
        addProduct(hint, c, centred(database[(first + i) * columns + c]) - pattern, row, 0);
      }
    }
  }
  const words = new Uint32Array(sums.buffer);
  for (let k = 0; k < PATTERNS; k++) {
    for (let c = 0; c < columns; c++) addProduct(hint, c, centred(patterns[k * columns + c]), words, k * LWE_DIMENSION);
  }
  return bytesOfWords(new Uint32Array(hint.buffer));
}

function centred(byte: number | undefined): number {
  return ((byte ?? 0) << 24) >> 24;
}

function addProduct(hint: Int32Array, column: number, factor: number, words: Uint32Array, from: number): void {
  if (factor === 0) return;
  const at = column * LWE_DIMENSION;
  for (let j = 0; j < LWE_DIMENSION; j++)
    hint[at + j] = ((hint[at + j] ?? 0) + Math.imul(factor, words[from + j] ?? 0)) | 0;
}
