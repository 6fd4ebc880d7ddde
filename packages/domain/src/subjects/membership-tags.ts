/** Tags of the persons whose rows a build held: HMAC-SHA-256 (RFC 2104) of the key, cut to 128 bits, under a key of that
 *  build alone. Without the key a tag tells nothing of a person, and tags of two builds cannot be joined. Whoever holds
 *  the key can test every identity number, so it stays in this process.
 *  @module */
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Bytes } from "@sluice/protocol";
import type { KeyColumn } from "../data/key-column.ts";
import type { Keyring } from "../keyring.ts";

/** Bytes of a tag: among a million rows, one of somebody else with the same tag has probability 2^-108. */
export const TAG_BYTES = 16;

/** Keys worked on before other work of the process has its turn: some milliseconds. */
const KEYS_PER_TURN = 2_048;
/** Tags moved before other work of the process has its turn. */
const TAGS_PER_TURN = 65_536;
/** Tags are brought into order by digits of 16 bits, the last first. */
const RADIX = 65_536;

/** What a build is to its tags. */
export interface BuildIdentity {
  readonly resource: string;
  /** Column whose values name the persons. */
  readonly column: string;
  /** Name of the build's membership file. */
  readonly name: string;
}

/** Key of the tags of one build. */
export function membershipKey(keyring: Keyring, { resource, column, name }: BuildIdentity): KeyObject {
  return createSecretKey(keyring.derive("membership", resource, column, name));
}

/** Tag of the person whose key is `value`, as the store reads it. */
export function membershipTag(key: KeyObject, value: string): Bytes {
  return new Uint8Array(createHmac("sha256", key).update(value, "utf8").digest().subarray(0, TAG_BYTES));
}

/** The tags of `values`, one after another: each once and in ascending order, so that they tell neither rows nor their
 *  order. Needs 32 bytes for each value while it works. @throws what `signal` was aborted with */
export async function membershipTags(key: KeyObject, values: KeyColumn, signal: AbortSignal): Promise<Bytes> {
  let tags: Bytes = new Uint8Array(values.length * TAG_BYTES);
  for (let from = 0; from < values.length; from += KEYS_PER_TURN) {
    for (let i = from; i < Math.min(from + KEYS_PER_TURN, values.length); i++) {
      tags.set(membershipTag(key, values.text(i)), i * TAG_BYTES);
    }
    await nextTurn(signal);
  }
  for (let offset = TAG_BYTES - 2; offset >= 0; offset -= 2) tags = await byDigit(tags, offset, signal);
  return distinct(tags, signal);
}

/** `tags` in the order of their 16 bits at `offset`; equal ones stay as they were. */
async function byDigit(tags: Bytes, offset: number, signal: AbortSignal): Promise<Bytes> {
  const digit = (at: number): number => ((tags[at + offset] ?? 0) << 8) | (tags[at + offset + 1] ?? 0);
  const places = new Uint32Array(RADIX + 1);
  for (let at = 0, i = 0; at < tags.length; at += TAG_BYTES, i++) {
    places[digit(at) + 1] = (places[digit(at) + 1] ?? 0) + 1;
    if (i % TAGS_PER_TURN === 0) await nextTurn(signal);
  }
  for (let i = 1; i < places.length; i++) places[i] = (places[i] ?? 0) + (places[i - 1] ?? 0);
  const from = new BigUint64Array(tags.buffer);
  const to = new BigUint64Array(from.length);
  for (let at = 0, i = 0; at < tags.length; at += TAG_BYTES, i++) {
    const place = places[digit(at)] ?? 0;
    places[digit(at)] = place + 1;
    to[2 * place] = from[2 * i] ?? 0n;
    to[2 * place + 1] = from[2 * i + 1] ?? 0n;
    if (i % TAGS_PER_TURN === 0) await nextTurn(signal);
  }
  return new Uint8Array(to.buffer);
}

/** Tags that are in order, each once. Works in place. */
async function distinct(tags: Bytes, signal: AbortSignal): Promise<Bytes> {
  let length = 0;
  for (let at = 0, i = 0; at < tags.length; at += TAG_BYTES, i++) {
    if (i % TAGS_PER_TURN === 0) await nextTurn(signal);
    if (length > 0 && sameTag(tags, length - TAG_BYTES, at)) continue;
    if (length < at) tags.copyWithin(length, at, at + TAG_BYTES);
    length += TAG_BYTES;
  }
  return tags.slice(0, length);
}

function sameTag(tags: Bytes, one: number, other: number): boolean {
  for (let i = 0; i < TAG_BYTES; i++) if (tags[one + i] !== tags[other + i]) return false;
  return true;
}

async function nextTurn(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
