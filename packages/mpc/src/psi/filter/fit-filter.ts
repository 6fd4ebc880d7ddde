/** Fits a filter to outputs of the OPRF, with the peeling and the sums of the lookup's filters. What a filter shows to whoever has not
 *  evaluated an entry is that of as many random outputs: padding is random outputs, and slots that are no key's own are random.
 *  A seed that does not fit is tried again with another; whether it fits depends on pseudo-random outputs, not on entries.
 *  @module */
import {
  encodePsiFilter,
  PSI_SLOT_BYTES,
  sha256Hex,
  SluiceError,
  toHex,
  type Bytes,
  type PsiFilterTable,
  type Random,
} from "@sluice/protocol";
import { hash } from "node:crypto";
import { pause } from "../../cancel.ts";
import { fillRandom } from "../../lookup/fill.ts";
import { allocateIndex, IndexMemory } from "../../lookup/index-memory.ts";
import {
  FILTER_KEY_BYTES,
  FILTER_SEED_BYTES,
  fingerprintOf,
  psiFilterShape,
  slotsOf,
  type PsiFilterShape,
} from "./shape.ts";

/** Seeds tried; most fit, and of the smallest sets nine in ten. */
const MAX_ATTEMPTS = 128;
/** Keys between two looks at the signal: some 20 ms. */
const BATCH_KEYS = 16_384;
const ARITY = 3;

/** A filter and what pins it. */
export interface FittedFilter {
  readonly table: PsiFilterTable;
  /** The PsiFilter that callers fetch. */
  readonly filter: Bytes;
}

/** What a filter is fitted to. */
export interface FilterKeys {
  /** FILTER_KEY_BYTES of each distinct entry's output, one after another. */
  readonly keys: Bytes;
  /** Keys that the filter shows: at least its own, and 16. */
  readonly items: number;
}

/** Fits a filter. @throws ERR_LOOKUP_TABLE when none fits, as of keys that are equal; ERR_CANCELLED */
export async function fitFilter(
  { keys, items }: FilterKeys,
  random: Random,
  signal?: AbortSignal,
): Promise<FittedFilter> {
  const padded = new Uint8Array(items * FILTER_KEY_BYTES);
  padded.set(keys);
  padded.set(random.bytes(padded.length - keys.length), keys.length);
  const shape = psiFilterShape(items);
  const memory = new IndexMemory(
    allocateIndex({
      count: items,
      shape: { buckets: 1, rowsPerBucket: shape.slots, segmentLength: shape.segmentLength },
      recordBytes: PSI_SLOT_BYTES,
    }),
  );
  const fingerprints = new Uint8Array(items * PSI_SLOT_BYTES);
  const order = Uint32Array.from({ length: items }, (_, key) => key);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const seed = random.bytes(FILTER_SEED_BYTES);
    memory.keys.set(order);
    await place(padded, seed, shape, { rows: memory.rows, fingerprints }, signal);
    if (!memory.peel(0, items)) continue;
    await fillRandom(memory, random, signal);
    for (let key = 0; key < items; key++) {
      const fingerprint = fingerprints.subarray(key * PSI_SLOT_BYTES, (key + 1) * PSI_SLOT_BYTES);
      memory.database.set(fingerprint, (memory.rows[key * ARITY] ?? 0) * PSI_SLOT_BYTES);
    }
    memory.assign(0, 0, items);
    padded.fill(0);
    const filter = encodePsiFilter({ slots: memory.database });
    return { table: { items, ...shape, filterSeed: toHex(seed), hash: await sha256Hex(filter) }, filter };
  }
  throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "no filter fits its keys" });
}

async function place(
  keys: Bytes,
  seed: Bytes,
  shape: PsiFilterShape,
  { rows, fingerprints }: { readonly rows: Uint32Array; readonly fingerprints: Bytes },
  signal: AbortSignal | undefined,
): Promise<void> {
  const message = new Uint8Array(FILTER_SEED_BYTES + FILTER_KEY_BYTES);
  message.set(seed);
  for (let key = 0; key * FILTER_KEY_BYTES < keys.length; key++) {
    if (key % BATCH_KEYS === 0) await pause(signal);
    message.set(keys.subarray(key * FILTER_KEY_BYTES, (key + 1) * FILTER_KEY_BYTES), FILTER_SEED_BYTES);
    const digest = hash("sha256", message, "buffer");
    rows.set(slotsOf(new DataView(digest.buffer, digest.byteOffset, digest.byteLength), shape), key * ARITY);
    fingerprints.set(fingerprintOf(digest), key * PSI_SLOT_BYTES);
  }
  message.fill(0);
}
