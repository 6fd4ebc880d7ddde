/** The partitions that a worker holds, by hash, in memory that its threads share. Nothing is written to disk: a worker that
 *  was restarted holds none and is sent them again. Bounded: what was asked for longest ago makes room, and what nobody asked for
 *  in a day goes, since its domain may have replaced it and ended before it said so.
 *  @module */
import { createHash, randomUUID } from "node:crypto";
import {
  PARTITION_HEADER_BYTES,
  readPartitionHeader,
  SharedDatabaseWriter,
  type SharedDatabase,
  type Timers,
} from "@sluice/mpc/remote/server";
import { SluiceError, type Bytes, type LookupParameters, type Sha256Hex } from "@sluice/protocol";

/** Memory for partitions when no other limit is given. */
export const DEFAULT_MAX_PARTITION_BYTES = 2 * 1_073_741_824;

/** Time after which a partition goes that nobody asked for. */
export const MAX_IDLE_MS = 86_400_000;

/** A partition, ready to answer. */
export interface HeldPartition {
  readonly parameters: LookupParameters;
  /** In shared memory, laid out for kernels; plain where the engine has none. */
  readonly database: Bytes | SharedDatabase;
  /** Bytes of the partition as it came. */
  readonly sizeBytes: number;
}

/** Holds partitions of encrypted records. */
export class PartitionStore {
  readonly #maxBytes: number;
  readonly #threads: number;
  readonly #timers: Timers;
  /** Take back the alarms of what is held. */
  readonly #awake = new Map<Sha256Hex, () => void>();
  readonly #held = new Map<Sha256Hex, HeldPartition>();
  /** What arrives at this moment, and what ends that. */
  readonly #arriving = new Map<AbortController, Sha256Hex>();
  /** Bytes of what is held and of what arrives. */
  #sizeBytes = 0;

  /** @param threads that work on a partition at a time */
  constructor(maxBytes: number, threads: number, timers: Timers) {
    this.#maxBytes = maxBytes;
    this.#threads = threads;
    this.#timers = timers;
  }

  /** Partitions held, and bytes of memory for them and for those that arrive. */
  load(): { readonly partitions: number; readonly sizeBytes: number } {
    return { partitions: this.#held.size, sizeBytes: this.#sizeBytes };
  }

  /** @throws ERR_PARTITION_UNKNOWN */
  get(hash: Sha256Hex): HeldPartition {
    const held = this.#held.get(hash);
    if (held === undefined) throw unknownPartition(hash);
    this.#held.delete(hash);
    this.#held.set(hash, held);
    this.#keepAwake(hash);
    return held;
  }

  /** Takes the `sizeBytes` bytes of `body` if their SHA-256 is `hash`; nothing stays of any others.
   *  @throws ERR_FRAME_TOO_LARGE, ERR_FRAME_MALFORMED, ERR_BODY_DIGEST; ERR_PARTITION_UNKNOWN when it was forgotten meanwhile */
  async receive(hash: Sha256Hex, sizeBytes: number, body: AsyncIterable<Bytes>): Promise<void> {
    this.#makeRoom(sizeBytes);
    this.#sizeBytes += sizeBytes;
    let isKept = false;
    const stop = new AbortController();
    this.#arriving.set(stop, hash);
    try {
      const partition = await readPartition({ hash, sizeBytes, threads: this.#threads, signal: stop.signal }, body);
      isKept = !this.#held.has(hash);
      if (isKept) {
        this.#held.set(hash, partition);
        this.#keepAwake(hash);
      }
    } finally {
      this.#arriving.delete(stop);
      if (!isKept) this.#sizeBytes -= sizeBytes;
    }
  }

  /** @throws ERR_FRAME_TOO_LARGE when a partition could not be held if all others went */
  expectRoom(sizeBytes: number): void {
    const maxBytes = this.#maxBytes;
    if (sizeBytes > maxBytes) throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes, maxBytes });
  }

  /** Forgets a partition, if it is there, and does not take it if it arrives at this moment. */
  forget(hash: Sha256Hex): void {
    for (const [stop, arriving] of this.#arriving) if (arriving === hash) stop.abort(unknownPartition(hash));
    this.#release(hash);
  }

  /** Forgets every partition. */
  forgetAll(): void {
    for (const hash of new Set([...this.#held.keys(), ...this.#arriving.values()])) this.forget(hash);
  }

  #release(hash: Sha256Hex): void {
    const held = this.#held.get(hash);
    if (held === undefined) return;
    this.#held.delete(hash);
    this.#sizeBytes -= held.sizeBytes;
    this.#awake.get(hash)?.();
    this.#awake.delete(hash);
  }

  #keepAwake(hash: Sha256Hex): void {
    this.#awake.get(hash)?.();
    const takeBack = this.#timers.after(MAX_IDLE_MS, () => this.#release(hash));
    this.#awake.set(hash, takeBack);
  }

  #makeRoom(sizeBytes: number): void {
    this.expectRoom(sizeBytes);
    const [maxBytes, held] = [this.#maxBytes, [...this.#held.keys()]];
    while (this.#sizeBytes + sizeBytes > maxBytes) {
      const oldest = held.shift();
      // What arrives at this moment cannot make room.
      if (oldest === undefined) throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes, maxBytes });
      this.#release(oldest);
    }
  }
}

interface Announced {
  readonly hash: Sha256Hex;
  readonly sizeBytes: number;
  readonly threads: number;
  /** Aborted when it is not wanted any more. */
  readonly signal: AbortSignal;
}

async function readPartition(announced: Announced, body: AsyncIterable<Bytes>): Promise<HeldPartition> {
  const { hash, sizeBytes, signal } = announced;
  const digest = createHash("sha256");
  const header = new Uint8Array(PARTITION_HEADER_BYTES);
  let partition: { readonly parameters: LookupParameters; readonly into: DatabaseSink } | undefined;
  let received = 0;
  for await (const chunk of body) {
    signal.throwIfAborted();
    digest.update(chunk);
    const first = chunk.subarray(0, Math.max(0, header.length - received));
    if (first.length > 0) header.set(first, received);
    received += chunk.length;
    if (received > sizeBytes) throw wrongSize(sizeBytes);
    if (received >= header.length) {
      partition ??= allocate(header, announced);
      partition.into.write(chunk.subarray(first.length));
    }
  }
  signal.throwIfAborted();
  if (partition === undefined || received !== sizeBytes) throw wrongSize(sizeBytes);
  if (digest.digest("hex") !== hash) throw new SluiceError("ERR_BODY_DIGEST");
  return { parameters: partition.parameters, database: partition.into.finish(), sizeBytes };
}

/** Takes the bytes of a database as they come. */
interface DatabaseSink {
  write(bytes: Bytes): void;
  finish(): Bytes | SharedDatabase;
}

function allocate(
  header: Bytes,
  { hash, sizeBytes, threads }: Announced,
): { readonly parameters: LookupParameters; readonly into: DatabaseSink } {
  const parameters = readPartitionHeader(header);
  const bytes = parameters.rowsPerBucket * parameters.buckets * parameters.recordBytes;
  if (PARTITION_HEADER_BYTES + bytes !== sizeBytes) throw wrongSize(sizeBytes);
  return { parameters, into: SharedDatabaseWriter.create(newId(hash), parameters, threads) ?? plainSink(bytes) };
}

function plainSink(length: number): DatabaseSink {
  const database = new Uint8Array(new SharedArrayBuffer(length));
  let filled = 0;
  return {
    write(bytes) {
      database.set(bytes, filled);
      filled += bytes.length;
    },
    finish: () => database,
  };
}

/** One that comes again lies in another memory. */
function newId(hash: Sha256Hex): string {
  return `${hash} ${randomUUID()}`;
}

function unknownPartition(hash: Sha256Hex): SluiceError {
  return new SluiceError("ERR_PARTITION_UNKNOWN", { partition: hash });
}

function wrongSize(sizeBytes: number): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", {
    field: "partition",
    expected: `${sizeBytes} bytes, as its header says`,
  });
}
