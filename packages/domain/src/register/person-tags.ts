/** Tags by which the guard tells persons apart over all runs of one source table: HMAC-SHA-256 (RFC 2104) of the key, cut to
 *  64 bits, under a key of the table and its key column. Unlike the tags of trails they can be joined over builds, which is
 *  their purpose; they stay in the domain's memory, and only digests of many are kept, sealed.
 *  @module */
import { hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Bytes } from "@sluice/protocol";

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Persons worked on before other work of the process has its turn: some milliseconds. */
const PERSONS_PER_TURN = 4_096;

/** Two words for each person, by number. `subjects[i]` is the number of the person of key i, as they come.
 *  @throws what `signal` was aborted with */
export async function personTags(
  secret: Bytes,
  keys: readonly string[],
  subjects: Uint32Array,
  signal: AbortSignal,
): Promise<Uint32Array> {
  const tagOf = taggedBy(secret);
  const words: number[] = [];
  for (const [i, key] of keys.entries()) {
    if ((subjects[i] ?? 0) * 2 !== words.length) continue;
    const tag = tagOf(key);
    words.push(tag.readUInt32LE(0), tag.readUInt32LE(4));
    if (words.length % (2 * PERSONS_PER_TURN) !== 0) continue;
    await setImmediate();
    signal.throwIfAborted();
  }
  return Uint32Array.from(words);
}

/** Tags of single texts under `secret`, of at most a block. HMAC by two one-shot hashes: four times as fast as an object for each
 *  value. */
export function taggedBy(secret: Bytes): (text: string) => Buffer {
  const padded = (pad: number, bytes: number): Buffer => {
    const block = Buffer.alloc(BLOCK_BYTES + bytes);
    for (let i = 0; i < BLOCK_BYTES; i++) block[i] = (secret[i] ?? 0) ^ pad;
    return block;
  };
  const outer = padded(0x5c, DIGEST_BYTES);
  let inner = padded(0x36, 256);
  return (text) => {
    const length = Buffer.byteLength(text);
    if (BLOCK_BYTES + length > inner.length) inner = padded(0x36, 2 * length);
    inner.write(text, BLOCK_BYTES);
    outer.set(hash("sha256", inner.subarray(0, BLOCK_BYTES + length), "buffer"), BLOCK_BYTES);
    return hash("sha256", outer, "buffer");
  };
}
