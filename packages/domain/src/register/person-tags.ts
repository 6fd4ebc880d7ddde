/** Tags by which the guard tells persons apart over all runs of one source table: HMAC-SHA-256 (RFC 2104) of the key, cut to
 *  64 bits, under a key of the table and its key column. Unlike the tags of trails they can be joined over builds, which is
 *  their purpose; they stay in the domain's memory, and only digests of many are kept, sealed.
 *  @module */
import { hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Bytes } from "@sluice/protocol";
import type { KeyColumn } from "../data/key-column.ts";

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Persons worked on before other work of the process has its turn: some milliseconds. */
const PERSONS_PER_TURN = 4_096;

/** Two words for each person, by number. `subjects[i]` is the number of the person of key i, as they come.
 *  @throws what `signal` was aborted with */
export async function personTags(
  secret: Bytes,
  keys: KeyColumn,
  subjects: Uint32Array,
  signal: AbortSignal,
): Promise<Uint32Array> {
  const tagOf = taggedBy(secret);
  let persons = 0;
  const words = new Uint32Array(2 * keys.length);
  for (let i = 0; i < keys.length; i++) {
    if (subjects[i] !== persons) continue;
    const tag = tagOf(keys.text(i));
    words[2 * persons] = tag.readUInt32LE(0);
    words[2 * persons + 1] = tag.readUInt32LE(4);
    persons++;
    if (persons % PERSONS_PER_TURN !== 0) continue;
    await setImmediate();
    signal.throwIfAborted();
  }
  return words.slice(0, 2 * persons);
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
