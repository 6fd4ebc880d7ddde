/** Streams of AES-128-CTR under the keys of the base transfers: column i of a bin is the part of stream i that belongs to the
 *  bin. In Node by ciphers that stay open from bin to bin, elsewhere by WebCrypto.
 *  @see NIST SP 800-38A §6.5
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { nodeCrypto, type NodeCrypto } from "./node-crypto.ts";

/** Bytes of a key that one transfer hands over: an AES-128 key. */
export const OT_KEY_BYTES = 16;

type AesKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
const BLOCK_BYTES = 16;

/** One column at a time, in order; `at` is the bin. */
export interface KeyStreams {
  /** Bytes of the column of stream `index` in bin `bin`, added to `onto` when that is given: a view that is good until the
   *  next call, or a copy. */
  column(index: number, bin: number, onto?: Bytes): Promise<Bytes> | Bytes;
  close(): void;
}

/** Streams under `keys`, 16 bytes each, cut into columns of `columnBytes`, a multiple of 16. */
export async function openStreams(keys: Bytes, columnBytes: number): Promise<KeyStreams> {
  const node = nodeCrypto();
  return node === undefined ? openWebStreams(keys, columnBytes) : openNodeStreams(node, keys, columnBytes);
}

/** `length` bytes of the stream of one key from its beginning. */
export async function expandKey(key: Bytes, length: number): Promise<Bytes> {
  const streams = await openStreams(key.slice(0, OT_KEY_BYTES), Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES);
  const stream = (await streams.column(0, 0)).slice(0, length);
  streams.close();
  return stream;
}

function counterAt(bin: number, columnBytes: number): Bytes {
  const counter = new Uint8Array(BLOCK_BYTES);
  new DataView(counter.buffer).setBigUint64(8, BigInt(bin) * BigInt(columnBytes / BLOCK_BYTES));
  return counter;
}

function openNodeStreams(node: NodeCrypto, keys: Bytes, columnBytes: number): KeyStreams {
  const zeros = new Uint8Array(columnBytes);
  const ciphers: { cipher: ReturnType<NodeCrypto["createCipheriv"]>; next: number }[] = [];
  const open = (index: number, bin: number) => {
    const key = keys.subarray(index * OT_KEY_BYTES, (index + 1) * OT_KEY_BYTES);
    return { cipher: node.createCipheriv("aes-128-ctr", key, counterAt(bin, columnBytes)), next: bin };
  };
  return {
    column(index, bin, onto = zeros) {
      let stream = ciphers[index];
      if (stream?.next !== bin) stream = open(index, bin);
      ciphers[index] = stream;
      stream.next = bin + 1;
      // No Buffer: its `slice` would share memory.
      const { buffer, byteOffset, length } = stream.cipher.update(onto);
      return new Uint8Array(buffer, byteOffset, length);
    },
    close() {
      for (const { cipher } of ciphers.splice(0)) cipher.destroy();
    },
  };
}

/** The same by WebCrypto, one call for each column. */
export async function openWebStreams(keys: Bytes, columnBytes: number): Promise<KeyStreams> {
  const zeros = new Uint8Array(columnBytes);
  const imported: AesKey[] = [];
  for (let at = 0; at < keys.length; at += OT_KEY_BYTES) {
    const raw = keys.slice(at, at + OT_KEY_BYTES);
    imported.push(await crypto.subtle.importKey("raw", raw, { name: "AES-CTR" }, false, ["encrypt"]));
    raw.fill(0);
  }
  return {
    async column(index, bin, onto = zeros) {
      const key = imported[index];
      if (key === undefined) throw new RangeError(`there are ${imported.length} streams`);
      const algorithm = { name: "AES-CTR", counter: new Uint8Array(counterAt(bin, columnBytes)), length: 64 };
      return new Uint8Array(await crypto.subtle.encrypt(algorithm, key, onto));
    },
    close() {
      imported.length = 0;
    },
  };
}
