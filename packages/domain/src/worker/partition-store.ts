/** The partitions that a worker holds, by hash, in memory that its threads share. Nothing is written to disk: a worker that
 *  was restarted holds none and is sent them again. Bounded: what was asked for longest ago makes room.
 *  @module */
import { createHash } from "node:crypto";
import { PARTITION_HEADER_BYTES, readPartitionHeader } from "@sluice/mpc/remote/server";
import { SluiceError, type Bytes, type LookupParameters, type Sha256Hex } from "@sluice/protocol";

/** Memory for partitions when no other limit is given. */
export const DEFAULT_MAX_PARTITION_BYTES = 2 * 1_073_741_824;

/** A partition, ready to answer. */
export interface HeldPartition {
  readonly parameters: LookupParameters;
  /** In shared memory. */
  readonly database: Bytes;
}

/** Holds partitions of encrypted records. */
export class PartitionStore {
  readonly #maxBytes: number;
  readonly #held = new Map<Sha256Hex, HeldPartition>();
  /** Bytes of what is held and of what arrives. */
  #sizeBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Partitions held, and bytes of memory for them and for those that arrive. */
  load(): { readonly partitions: number; readonly sizeBytes: number } {
    return { partitions: this.#held.size, sizeBytes: this.#sizeBytes };
  }

  /** @throws ERR_PARTITION_UNKNOWN */
  get(hash: Sha256Hex): HeldPartition {
    const held = this.#held.get(hash);
    if (held === undefined) throw new SluiceError("ERR_PARTITION_UNKNOWN", { partition: hash });
    this.#held.delete(hash);
    this.#held.set(hash, held);
    return held;
  }

  /** Takes the `sizeBytes` bytes of `body` if their SHA-256 is `hash`; nothing stays of any others.
   *  @throws ERR_FRAME_TOO_LARGE, ERR_FRAME_MALFORMED, ERR_BODY_DIGEST */
  async receive(hash: Sha256Hex, sizeBytes: number, body: AsyncIterable<Bytes>): Promise<void> {
    this.#makeRoom(sizeBytes);
    this.#sizeBytes += sizeBytes;
    let isKept = false;
    try {
      const partition = await readPartition(hash, sizeBytes, body);
      isKept = !this.#held.has(hash);
      if (isKept) this.#held.set(hash, partition);
    } finally {
      if (!isKept) this.#sizeBytes -= sizeBytes;
    }
  }

  /** Forgets a partition, if it is there. */
  forget(hash: Sha256Hex): void {
    const held = this.#held.get(hash);
    if (held === undefined) return;
    this.#held.delete(hash);
    this.#sizeBytes -= PARTITION_HEADER_BYTES + held.database.length;
  }

  #makeRoom(sizeBytes: number): void {
    const [maxBytes, held] = [this.#maxBytes, [...this.#held.keys()]];
    if (sizeBytes > maxBytes) throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes, maxBytes });
    while (this.#sizeBytes + sizeBytes > maxBytes) {
      const oldest = held.shift();
      // What arrives at this moment cannot make room.
      if (oldest === undefined) throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes, maxBytes });
      this.forget(oldest);
    }
  }
}

async function readPartition(hash: Sha256Hex, sizeBytes: number, body: AsyncIterable<Bytes>): Promise<HeldPartition> {
  const digest = createHash("sha256");
  const header = new Uint8Array(PARTITION_HEADER_BYTES);
  let partition: HeldPartition | undefined;
  let filled = 0;
  for await (let chunk of body) {
    digest.update(chunk);
    if (filled < header.length) {
      const first = chunk.subarray(0, header.length - filled);
      header.set(first, filled);
      filled += first.length;
      chunk = chunk.subarray(first.length);
      if (filled === header.length) partition = allocate(header, sizeBytes);
    }
    // More than was announced would not fit.
    if (filled - header.length + chunk.length > (partition?.database.length ?? 0)) throw wrongSize(sizeBytes);
    partition?.database.set(chunk, filled - header.length);
    filled += chunk.length;
  }
  if (partition === undefined || filled !== sizeBytes) throw wrongSize(sizeBytes);
  if (digest.digest("hex") !== hash) throw new SluiceError("ERR_BODY_DIGEST");
  return partition;
}

function allocate(header: Bytes, sizeBytes: number): HeldPartition {
  const parameters = readPartitionHeader(header);
  const bytes = parameters.rowsPerBucket * parameters.buckets * parameters.recordBytes;
  if (PARTITION_HEADER_BYTES + bytes !== sizeBytes) throw wrongSize(sizeBytes);
  return { parameters, database: new Uint8Array(new SharedArrayBuffer(bytes)) };
}

function wrongSize(sizeBytes: number): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", {
    field: "partition",
    expected: `${sizeBytes} bytes, as its header says`,
  });
}
