/** Builds the index of a large table in steps over the threads of a pool, in bounded memory, and goes on after a crash.
 *
 *  Rows come in chunks. What is derived from a chunk, positions and sealed records, is kept as a part on the disk of the domain,
 *  whose store seals it; a build that was cut off finds the parts and derives only what is missing, when keys, records,
 *  product and key are the same, and starts anew with a fresh matrix seed when they are not: no record key ever seals two
 *  payloads. Then the filters are fitted, records go into their slots, and the hint is computed.
 *
 *  Memory: database, hint, and 58 bytes for each row; besides, for each thread, some chunks.
 *  Disk: 48 bytes and the payload for each row, besides what sealing adds.
 *  Who learns what: see `build-index.ts`; of the parts, `derive-rows.ts`.
 *  @module */
import {
  concatBytes,
  fromHex,
  SluiceError,
  toHex,
  utf8,
  type Bytes,
  type LookupParameters,
  type Random,
  type TaskPool,
} from "@sluice/protocol";
import { createHash } from "node:crypto";
import { checkCancelled } from "../cancel.ts";
import { deriveKeyPair } from "../oprf/server.ts";
import type { Arrangement } from "./arrange.ts";
import { indexParameters } from "./build-index.ts";
import { readState, writeState, type BuildParts, type BuildState } from "./build-parts.ts";
import type {
  ArrangeTask,
  AssignTask,
  DeriveTask,
  DigestResult,
  DigestTask,
  DistinctTask,
  HintTask,
} from "./build-tasks.ts";
import { POSITION_BYTES, TAG_BYTES } from "./derive.ts";
import { MAX_PAYLOAD_BYTES, refuse, type DerivedRows } from "./derive-rows.ts";
import { placeRecords } from "./fill.ts";
import { chooseShape, MAX_LOOKUP_ROWS } from "./geometry.ts";
import { allocateIndex, IndexMemory } from "./index-memory.ts";
import { hintBytesOf } from "./lwe.ts";
import type { BuildResult, OprfKeySource, PackedTable } from "./tasks.ts";

/** Most rows of a chunk: some two seconds of a thread. */
const DEFAULT_CHUNK_ROWS = 16_384;
/** Fewest columns of the hint that a thread is given. */
const MIN_HINT_COLUMNS = 16;
/** Most bytes of what is derived from one. */
const MAX_CHUNK_BYTES = 8 * 1_048_576;

/** Where a build is. `done` and `total` count rows. */
export interface BuildProgress {
  readonly stage: "checking" | "deriving" | "arranging" | "placing" | "solving" | "hint";
  readonly done: number;
  readonly total: number;
}

/** A table to build from, and with what. */
export interface TableBuild extends OprfKeySource {
  readonly count: number;
  readonly payloadBytes: number;
  /** Rows `from` … `to - 1`; asked more than once. */
  readonly rows: (from: number, to: number) => PackedTable;
  /** `lookupContext` of the product. */
  readonly context: Bytes;
  /** Entries that the index shows, at least its own; `padDelta` of a delta table. */
  readonly shownRows?: number;
  readonly pool: TaskPool;
  /** Chunks that are derived at a time: the threads of the pool. */
  readonly threads: number;
  /** Most rows of a chunk. Fewer take less memory, and less is lost by a crash. */
  readonly chunkRows?: number;
  readonly parts: BuildParts;
  readonly random: Random;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BuildProgress) => void;
}

interface Chunk {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

/** Builds the index, its database in shared memory; `seed` is wiped. The caller keeps the index, then removes the parts.
 *  @throws ERR_LOOKUP_TABLE when the table is empty, too large, uneven or repeats a key; ERR_OPRF_INPUT when a key is
 *  empty, too long or not well-formed; ERR_CANCELLED; what parts and pool throw */
export async function buildTable(build: TableBuild): Promise<BuildResult> {
  try {
    return await new TableBuilder(build).run();
  } finally {
    build.seed.fill(0);
  }
}

class TableBuilder {
  readonly #build: TableBuild;
  readonly #recordBytes: number;
  readonly #chunks: readonly Chunk[];
  /** Ends what else runs when a step has failed. */
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;

  constructor(build: TableBuild) {
    const { count, payloadBytes, signal } = build;
    if (count < 1 || count > MAX_LOOKUP_ROWS) refuse(`it needs 1 to ${MAX_LOOKUP_ROWS} records`);
    if (payloadBytes < 1 || payloadBytes > MAX_PAYLOAD_BYTES) refuse(`a record has 1 to ${MAX_PAYLOAD_BYTES} bytes`);
    this.#build = build;
    this.#recordBytes = payloadBytes + TAG_BYTES;
    const rows = Math.floor(MAX_CHUNK_BYTES / (POSITION_BYTES + this.#recordBytes));
    this.#chunks = chunksOf(count, Math.min(build.chunkRows ?? DEFAULT_CHUNK_ROWS, rows));
    this.#signal = signal === undefined ? this.#ended.signal : AbortSignal.any([signal, this.#ended.signal]);
  }

  async run(): Promise<BuildResult> {
    const { count, seed, info, shownRows = 0 } = this.#build;
    checkCancelled(this.#signal);
    const keyPair = await deriveKeyPair(seed, info);
    keyPair.secret.wipe();
    const oprfPublicKey = toHex(keyPair.publicKey);
    const source = await this.#source(oprfPublicKey);
    const matrixSeed = await this.#matrixSeed({ source, chunks: this.#chunks.length });
    const positions = new Uint8Array(new SharedArrayBuffer(count * POSITION_BYTES));
    await this.#eachChunk("deriving", (chunk) => this.#derive(chunk, matrixSeed, positions));
    const recordBytes = this.#recordBytes;
    const shape = chooseShape(Math.max(count, shownRows), recordBytes);
    const index = allocateIndex({ count, shape, recordBytes });
    const arranging: ArrangeTask = { positions, index };
    const { filterSeed, starts } = await this.#step<Arrangement>("arranging", "lookup.arrange", arranging);
    positions.fill(0);
    const memory = new IndexMemory(index);
    await this.#eachChunk("placing", async (chunk) => {
      const derived = await this.#kept(chunk);
      if (derived === null) throw new SluiceError("ERR_STORE", { reason: "a part of a build is gone" });
      placeRecords(memory, chunk.from, derived.records);
    });
    await this.#step("solving", "lookup.assign", { index, starts } satisfies AssignTask);
    const parameters = indexParameters(shape, { recordBytes, matrixSeed, filterSeed });
    const { database } = memory;
    const hint = await this.#hint(parameters, database);
    return { parameters, hint, database, oprfPublicKey };
  }

  /** Threads share its columns. Each range expands the matrix anew, so ranges are large. */
  async #hint(parameters: LookupParameters, database: Bytes): Promise<Bytes> {
    const columns = parameters.buckets * parameters.recordBytes;
    const hint = new Uint8Array(hintBytesOf(parameters));
    const ranges = chunksOf(columns, Math.max(MIN_HINT_COLUMNS, Math.ceil(columns / (2 * this.#build.threads))));
    const columnBytes = hint.length / columns;
    await this.#each("hint", ranges, columns, async ({ from, to }) => {
      const task: HintTask = { parameters, database, columns: [from, to] };
      hint.set(await this.#run<Bytes>("lookup.hint", task), from * columnBytes);
    });
    return hint;
  }

  /** What the build is of: equal for equal rows under one key and context, in chunks of one size. */
  async #source(oprfPublicKey: string): Promise<string> {
    const { count, payloadBytes, rows, random, context } = this.#build;
    const salt = random.bytes(32);
    const tags = new BigUint64Array(new SharedArrayBuffer(count * 8));
    const hashes: Bytes[] = [];
    await this.#eachChunk("checking", async ({ number, from, to }) => {
      const table = rows(from, to);
      if (table.count !== to - from || table.records.length !== table.count * payloadBytes) {
        refuse("its records are not of the length that was said");
      }
      const digest = await this.#run<DigestResult>("lookup.digest", { table, salt } satisfies DigestTask);
      tags.set(digest.tags, from);
      hashes[number] = digest.hash;
    });
    await this.#run("lookup.distinct", { tags } satisfies DistinctTask);
    tags.fill(0n);
    const facts = utf8(JSON.stringify(["sluice/lookup/build/v1", oprfPublicKey, toHex(context), count, payloadBytes]));
    return createHash("sha256")
      .update(concatBytes(facts, ...hashes))
      .digest("hex");
  }

  /** That of the build which goes on, or a fresh one, when nothing of another is left. */
  async #matrixSeed(wanted: Omit<BuildState, "matrixSeed">): Promise<Bytes> {
    const { parts, random } = this.#build;
    const kept = await readState(parts);
    if (kept !== null && kept.source === wanted.source && kept.chunks === wanted.chunks)
      return fromHex(kept.matrixSeed);
    await parts.clear();
    const matrixSeed = random.bytes(32);
    await writeState(parts, { ...wanted, matrixSeed: toHex(matrixSeed) });
    return matrixSeed;
  }

  async #derive(chunk: Chunk, matrixSeed: Bytes, positions: Bytes): Promise<void> {
    const { rows, seed, info, context, parts } = this.#build;
    let derived = await this.#kept(chunk);
    if (derived === null) {
      const table = rows(chunk.from, chunk.to);
      const task: DeriveTask = { seed, info, context, matrixSeed, table };
      derived = await this.#run<DerivedRows>("lookup.derive", task);
      await parts.write(partOf(chunk), concatBytes(derived.positions, derived.records));
    }
    positions.set(derived.positions, chunk.from * POSITION_BYTES);
  }

  /** What an earlier attempt derived, when it is whole. */
  async #kept(chunk: Chunk): Promise<DerivedRows | null> {
    const bytes = await this.#build.parts.read(partOf(chunk));
    const count = chunk.to - chunk.from;
    if (bytes === null || bytes.length !== count * (POSITION_BYTES + this.#recordBytes)) return null;
    const split = count * POSITION_BYTES;
    return { positions: bytes.subarray(0, split), records: bytes.subarray(split) };
  }

  #eachChunk(stage: BuildProgress["stage"], work: (chunk: Chunk) => Promise<void>): Promise<void> {
    return this.#each(stage, this.#chunks, this.#build.count, work);
  }

  /** Works on every chunk of `total`, as many at a time as there are threads. */
  async #each(
    stage: BuildProgress["stage"],
    all: readonly Chunk[],
    total: number,
    work: (chunk: Chunk) => Promise<void>,
  ): Promise<void> {
    const { threads, onProgress } = this.#build;
    const chunks = all.values();
    let done = 0;
    onProgress?.({ stage, done, total });
    const lane = async (): Promise<void> => {
      for (const chunk of chunks) {
        checkCancelled(this.#signal);
        await work(chunk);
        done += chunk.to - chunk.from;
        onProgress?.({ stage, done, total });
      }
    };
    const lanes = Array.from({ length: threads }, lane);
    try {
      await Promise.all(lanes);
    } catch (error) {
      this.#ended.abort();
      await Promise.allSettled(lanes);
      throw error;
    }
  }

  async #step<T>(stage: BuildProgress["stage"], task: string, input: object): Promise<T> {
    const { count: total, onProgress } = this.#build;
    onProgress?.({ stage, done: 0, total });
    const result = await this.#run<T>(task, input);
    onProgress?.({ stage, done: total, total });
    return result;
  }

  #run<T>(task: string, input: object): Promise<T> {
    return this.#build.pool.run<T>(task, input, { signal: this.#signal });
  }
}

function chunksOf(count: number, chunkRows: number): Chunk[] {
  return Array.from({ length: Math.ceil(count / chunkRows) }, (_, number) => ({
    number,
    from: number * chunkRows,
    to: Math.min(count, (number + 1) * chunkRows),
  }));
}

function partOf({ number }: Chunk): string {
  return `chunk-${number}`;
}
