/** Builds the filters of a set in steps over the threads of a pool, and goes on after a crash: entries are evaluated in chunks, what came
 *  of each is kept as a part on the disk of the domain, whose store seals it, and then each filter is fitted.
 *
 *  A part tells which key and which entries it is of, so that one of another build is made again.
 *  Memory: 32 bytes for each entry, and some 42 for each key of the filter that is fitted; besides, for each thread, a chunk.
 *  @module */
import { concatBytes, equalBytes, SluiceError, toHex, type Bytes, type TaskPool } from "@sluice/protocol";
import { createHash } from "node:crypto";
import { checkCancelled } from "../../cancel.ts";
import type { BuildParts } from "../../lookup/build-parts.ts";
import type { BuildProgress } from "../../lookup/build-table.ts";
import type { PsiIdentity } from "../identity.ts";
import { derivePsiKey } from "../sender-key.ts";
import { packEntries, type PackedEntries, type PsiEvaluateTask, type PsiFitTask } from "../tasks.ts";
import type { FittedFilter } from "./fit-filter.ts";
import { FILTER_KEY_BYTES } from "./shape.ts";

/** Most entries of a chunk: some two seconds of a thread. */
const CHUNK_ENTRIES = 16_384;
const HASH_BYTES = 32;

/** The entries of one filter. */
export interface FilterSet {
  readonly count: number;
  /** Entries `from` … `to - 1`; all of them are distinct. */
  readonly entries: (from: number, to: number) => readonly string[];
  /** Entries that the filter shows, at least its own. */
  readonly items: number;
}

/** What filters are built from, and with what. */
export interface FiltersBuild {
  readonly identity: PsiIdentity;
  /** Secret; wiped when the build has ended. */
  readonly seed: Bytes;
  readonly sets: readonly FilterSet[];
  readonly pool: TaskPool;
  /** Chunks that are evaluated at a time: the threads of the pool. */
  readonly threads: number;
  readonly parts: BuildParts;
  readonly signal?: AbortSignal;
  /** Told in entries. */
  readonly onProgress?: (progress: BuildProgress) => void;
}

/** A filter for each set, under one key. */
export interface BuiltFilters {
  /** Hexadecimal. */
  readonly oprfPublicKey: string;
  readonly filters: readonly FittedFilter[];
}

/** Builds them. The caller keeps the filters, then removes the parts.
 *  @throws ERR_OPRF_INPUT when an entry cannot be one; ERR_LOOKUP_TABLE when entries repeat; ERR_CANCELLED; what parts and pool throw */
export async function buildPsiFilters(build: FiltersBuild): Promise<BuiltFilters> {
  const { identity, seed, sets } = build;
  try {
    const { publicKey, secret } = await derivePsiKey(seed, identity);
    secret.wipe();
    const kept = sets.map(({ count }) => new Uint8Array(new SharedArrayBuffer(count * FILTER_KEY_BYTES)));
    await evaluateAll(build, publicKey, kept);
    const filters: FittedFilter[] = [];
    for (const [i, { items }] of sets.entries()) {
      const keys = kept[i] ?? new Uint8Array();
      build.onProgress?.({ stage: "arranging", done: 0, total: items });
      filters.push(await run<FittedFilter>(build, "psi.fit", { keys, items } satisfies PsiFitTask));
      build.onProgress?.({ stage: "arranging", done: items, total: items });
      keys.fill(0);
    }
    return { oprfPublicKey: toHex(publicKey), filters };
  } finally {
    seed.fill(0);
  }
}

/** Writes the keys of every entry to `kept`, several chunks at a time. */
async function evaluateAll(build: FiltersBuild, publicKey: Bytes, kept: readonly Bytes[]): Promise<void> {
  const { sets, threads, signal, onProgress } = build;
  const chunks = sets.flatMap(({ count }, set) =>
    Array.from({ length: Math.ceil(count / CHUNK_ENTRIES) }, (_, number) => ({
      set,
      from: number * CHUNK_ENTRIES,
    })),
  );
  const total = sets.reduce((sum, { count }) => sum + count, 0);
  const ended = new AbortController();
  const both = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  const left = chunks.values();
  let done = 0;
  onProgress?.({ stage: "deriving", done, total });
  const lane = async (): Promise<void> => {
    for (const { set, from } of left) {
      checkCancelled(both);
      const { count = 0, entries: take } = sets[set] ?? {};
      const entries = take?.(from, Math.min(from + CHUNK_ENTRIES, count)) ?? [];
      const keys = await keysOf({ ...build, signal: both }, publicKey, `keys-${set}-${from}`, packEntries(entries));
      kept[set]?.set(keys, from * FILTER_KEY_BYTES);
      done += entries.length;
      onProgress?.({ stage: "deriving", done, total });
    }
  };
  const lanes = Array.from({ length: threads }, lane);
  try {
    await Promise.all(lanes);
  } catch (error) {
    ended.abort();
    await Promise.allSettled(lanes);
    throw error;
  }
}

/** What an earlier attempt kept of these entries under this key, or what they are evaluated to now. */
async function keysOf(build: FiltersBuild, publicKey: Bytes, part: string, set: PackedEntries): Promise<Bytes> {
  const { identity, seed, parts } = build;
  const source = createHash("sha256").update("sluice/psi/keys/v1").update(publicKey).update(set.entries).digest();
  const held = await parts.read(part);
  if (
    held?.length === HASH_BYTES + set.count * FILTER_KEY_BYTES &&
    equalBytes(held.subarray(0, HASH_BYTES), new Uint8Array(source))
  ) {
    return held.subarray(HASH_BYTES);
  }
  const keys = await run<Bytes>(build, "psi.evaluate", { identity, seed, set } satisfies PsiEvaluateTask);
  if (keys.length !== set.count * FILTER_KEY_BYTES) throw new SluiceError("ERR_POOL_WORKER", { task: "psi.evaluate" });
  await parts.write(part, concatBytes(new Uint8Array(source), keys));
  return keys;
}

function run<T>({ pool, signal }: FiltersBuild, task: string, input: object): Promise<T> {
  return pool.run<T>(task, input, signal === undefined ? {} : { signal });
}
