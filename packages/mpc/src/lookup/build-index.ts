/** Builds the index of a lookup product in one go and in memory: every record encrypted under a key that only an OPRF evaluation
 *  yields, laid into binary fuse filters over Z_256, one filter per bucket side by side, and the hint over it.
 *  For small tables; `build-table.ts` does the same in steps over threads, and its results are held against this one's.
 *
 *  Who learns what: whoever holds the index without the OPRF key sees pseudo-random bytes and the padded number of
 *  records; free slots are random too. Assumptions: the OPRF, HKDF-SHA-256 and AES-256-GCM are pseudo-random.
 *  Whoever holds the OPRF key can try keys one by one: the salted context is no defence against that.
 *  @module */
import { toHex, type Bytes, type LookupParameters, type Random } from "@sluice/protocol";
import { checkCancelled } from "../cancel.ts";
import type { OprfKeyPair } from "../oprf/server.ts";
import { systemRandom } from "../random.ts";
import { arrange } from "./arrange.ts";
import { TAG_BYTES } from "./derive.ts";
import { deriveRows, payloadBytesOf, refuse, type TableRows } from "./derive-rows.ts";
import { assignAll, fillRandom, placeRecords } from "./fill.ts";
import { chooseShape } from "./geometry.ts";
import { computeHint } from "./hint.ts";
import { allocateIndex, IndexMemory } from "./index-memory.ts";
import { checkParameters, ERROR_DEVIATION, LWE_DIMENSION } from "./lwe.ts";
import { LweMatrix } from "./matrix.ts";
import type { FilterShape } from "./positions.ts";

/** What an index is built from; the keys are distinct. */
export interface IndexSource extends TableRows {
  readonly keyPair: OprfKeyPair;
  readonly random?: Random;
  /** `lookupContext` of the product. */
  readonly context: Bytes;
  /** Entries that the index shows, at least its own; the number of its records, rounded up, when it is left out. */
  readonly shownRows?: number;
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
  const { keys, signal, random = systemRandom } = source;
  checkCancelled(signal);
  const recordBytes = payloadBytesOf(source) + TAG_BYTES;
  if (new Set(keys).size !== keys.length) refuse("a key occurs more than once");
  const matrixSeed = random.bytes(32);
  const { positions, records } = await deriveRows(source, { ...source, matrixSeed }, signal);
  const shape = chooseShape(Math.max(keys.length, source.shownRows ?? 0), recordBytes);
  // A kernel's memory is too much for small tables.
  const memory = new IndexMemory(allocateIndex({ count: keys.length, shape, recordBytes }, { kernel: false }));
  const { filterSeed, starts } = await arrange(positions, memory, random, signal);
  const parameters = indexParameters(shape, { recordBytes, matrixSeed, filterSeed });
  await fillRandom(memory, random, signal);
  placeRecords(memory, 0, records);
  await assignAll(memory, starts, signal);
  positions.fill(0);
  const database = memory.database.slice();
  const hint = await computeHint(parameters, database, await LweMatrix.open(matrixSeed), signal);
  return { parameters, hint, database };
}

/** Parameters of an index, checked. @throws ERR_FRAME_MALFORMED */
export function indexParameters(
  shape: FilterShape,
  seeds: { readonly recordBytes: number; readonly matrixSeed: Bytes; readonly filterSeed: Bytes },
): LookupParameters {
  const parameters: LookupParameters = {
    lweDimension: LWE_DIMENSION,
    errorDeviation: ERROR_DEVIATION,
    ...shape,
    recordBytes: seeds.recordBytes,
    matrixSeed: toHex(seeds.matrixSeed),
    filterSeed: toHex(seeds.filterSeed),
  };
  checkParameters(parameters);
  return parameters;
}
