/** Messages of join-and-sum (求交求和): a caller's list under one blind, the domain's tags with encrypted values in the order of
 *  the tags, the caller's masked sums, and the domain's answer. Both roles know of each frame which one comes next; each names
 *  the session. Ciphertexts are those of the parameter set `bfv-8192-sum`.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { CountNoise, MAX_COUNT_SHIFT } from "./count-noise.ts";
import { SluiceError } from "./errors.ts";
import { MAX_SESSION_FRAME_BYTES } from "./limits.ts";
import { ELEMENT_BYTES } from "./lookup-frames.ts";
import { MIN_PSI_PADDED_ITEMS, padPsiItems, PSI_TAG_BYTES } from "./psi-sizes.ts";
import type { SeededCiphertext } from "./score.ts";

/** Version of the frames. */
export const JOIN_SUM_VERSION = 1;
/** Distinct entries of a list. */
export const MAX_JOIN_SUM_LIST_ITEMS = 65_536;
/** Distinct rows of a set. */
export const MAX_JOIN_SUM_SET_ITEMS = 1_048_576;
/** Largest bound of a value: every whole number up to it is exact. */
export const MAX_JOIN_SUM_BOUND = Number.MAX_SAFE_INTEGER;
/** Parts that a value is cut into at most. */
export const MAX_JOIN_SUM_LIMBS = 2;
/** Values of one ciphertext. */
export const JOIN_SUM_BLOCK_ITEMS = 8_192;
/** Elements or tags of one frame. */
export const MAX_JOIN_SUM_FRAME_ITEMS = 32_000;
/** Bytes of one coefficient of a ciphertext. */
export const JOIN_SUM_COEFFICIENT_BYTES = 16;
/** Of one polynomial. */
export const JOIN_SUM_POLYNOMIAL_BYTES = JOIN_SUM_BLOCK_ITEMS * JOIN_SUM_COEFFICIENT_BYTES;
/** Bytes of a session's name. */
export const JOIN_SUM_SESSION_BYTES = 16;
const SEED_BYTES = 64;
const SUM_BYTES = 8;

/** Public facts of a set whose values are summed. */
export const JoinSumTerms = z.strictObject({
  /** Padded number of rows. */
  paddedItems: z
    .int()
    .min(MIN_PSI_PADDED_ITEMS)
    .max(MAX_JOIN_SUM_SET_ITEMS)
    .refine((items) => padPsiItems(items) === items, "a padded size"),
  /** Every value is a whole number from -bound to bound: the sum's sensitivity to one entry. */
  bound: z.int().min(1).max(MAX_JOIN_SUM_BOUND),
  /** Fewest contributions, by the count with its noise, that a sum is given for. */
  minimum: z.int().min(1).max(MAX_JOIN_SUM_LIST_ITEMS),
  /** Of the count. */
  noise: CountNoise,
});
export type JoinSumTerms = z.infer<typeof JoinSumTerms>;

const TYPES = { open: 1, elements: 2, tags: 3, listed: 4, zero: 5, block: 6, masked: 7, answer: 8 } as const;
type FrameType = keyof typeof TYPES;

/** What every frame says first. */
export type JoinSumHead = { session: Bytes };

// struct { uint16 version = 1; uint8 type; opaque session[16]; } Head;
function head(type: FrameType, { session }: JoinSumHead): ByteWriter {
  if (session.length !== JOIN_SUM_SESSION_BYTES) throw malformed("session", `${JOIN_SUM_SESSION_BYTES} bytes`);
  return new ByteWriter().uint(JOIN_SUM_VERSION, 2).uint(TYPES[type], 1).fixed(session);
}

function read<T>(bytes: Bytes, type: FrameType, body: (reader: ByteReader) => T): T & JoinSumHead {
  if (bytes.length > MAX_SESSION_FRAME_BYTES) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: bytes.length, maxBytes: MAX_SESSION_FRAME_BYTES });
  }
  const reader = new ByteReader(bytes);
  if (reader.uint(2) !== JOIN_SUM_VERSION) throw malformed("version", String(JOIN_SUM_VERSION));
  if (reader.uint(1) !== TYPES[type]) throw malformed("type", String(TYPES[type]));
  const session = reader.fixed(JOIN_SUM_SESSION_BYTES);
  const frame = body(reader);
  reader.end();
  return { session, ...frame };
}

/** The caller begins. */
export type JoinSumOpen = JoinSumHead & {
  snapshot: Bytes;
  /** r times the group's base: what dummy matches are made from. */
  base: Bytes;
  /** Elements that follow: a padded number. */
  items: number;
};

// struct { Head head; opaque snapshot[32]; opaque base[32]; uint32 items; } JoinSumOpen;
/** @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED */
export function encodeJoinSumOpen(open: JoinSumOpen): Bytes {
  const sized = head("open", open).fixed(exactly(open.snapshot, 32, "snapshot"));
  return sized
    .fixed(exactly(open.base, ELEMENT_BYTES, "base"))
    .uint(listItems(open.items), 4)
    .finish();
}

/** @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeJoinSumOpen(bytes: Bytes): JoinSumOpen {
  return read(bytes, "open", (reader) => {
    const [snapshot, base] = [reader.fixed(32), reader.fixed(ELEMENT_BYTES)];
    return { snapshot, base, items: listItems(reader.uint(4)) };
  });
}

/** Items of a long list: the caller's elements, the domain's tags, or the elements that come back. */
export type JoinSumItems = JoinSumHead & {
  /** Place of the first of them. */
  first: number;
  items: Bytes;
};
/** Which list. */
export type JoinSumItemsType = "elements" | "tags" | "listed";

const ITEM_BYTES = { elements: ELEMENT_BYTES, tags: PSI_TAG_BYTES, listed: ELEMENT_BYTES } as const;

// struct { Head head; uint32 first; uint16 count = 1..32000; opaque items[count · itemBytes]; } JoinSumItems;
/** @throws ERR_FRAME_MALFORMED */
export function encodeJoinSumItems(type: JoinSumItemsType, { items, first, ...named }: JoinSumItems): Bytes {
  const count = checkCount(items.length / ITEM_BYTES[type]);
  return head(type, named).uint(first, 4).uint(count, 2).fixed(items).finish();
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeJoinSumItems(type: JoinSumItemsType, bytes: Bytes): JoinSumItems {
  return read(bytes, type, (reader) => {
    const first = reader.uint(4);
    return { first, items: reader.fixed(checkCount(reader.uint(2)) * ITEM_BYTES[type]) };
  });
}

/** A fresh encryption of zero: from it the caller makes encryptions under the domain's key. */
export type JoinSumZero = JoinSumHead & { zero: SeededCiphertext };

// struct { Head head; opaque seed[64]; opaque c0[131072]; } JoinSumZero;
/** @throws ERR_FRAME_MALFORMED */
export function encodeJoinSumZero({ zero, ...named }: JoinSumZero): Bytes {
  return writeSeeded(head("zero", named), zero).finish();
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeJoinSumZero(bytes: Bytes): JoinSumZero {
  return read(bytes, "zero", (reader) => ({ zero: readSeeded(reader) }));
}

/** Values of 8,192 rows, one part of each, in the order of the tags. */
export type JoinSumBlock = JoinSumHead & { block: number; limb: number; values: SeededCiphertext };

// struct { Head head; uint16 block; uint8 limb; opaque seed[64]; opaque c0[131072]; } JoinSumBlock;
/** @throws ERR_FRAME_MALFORMED */
export function encodeJoinSumBlock({ block, limb, values, ...named }: JoinSumBlock): Bytes {
  return writeSeeded(head("block", named).uint(block, 2).uint(checkLimb(limb), 1), values).finish();
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeJoinSumBlock(bytes: Bytes): JoinSumBlock {
  return read(bytes, "block", (reader) => {
    const [block, limb] = [reader.uint(2), checkLimb(reader.uint(1))];
    return { block, limb, values: readSeeded(reader) };
  });
}

/** One part of the sum, blinded: the second polynomial, and one coefficient of the first. */
export type MaskedSum = { c0: Bytes; c1: Bytes };
/** What the caller asks to have decrypted, part after part. */
export type JoinSumMasked = JoinSumHead & {
  /** Tags that the sum is over: the matches, dummies among them. The same in each frame. */
  matches: number;
  limb: number;
  sum: MaskedSum;
};

// struct { Head head; uint32 matches; uint8 limb; opaque c0[16]; opaque c1[131072]; } JoinSumMasked;
/** @throws ERR_FRAME_MALFORMED */
export function encodeJoinSumMasked({ matches, limb, sum, ...named }: JoinSumMasked): Bytes {
  const writer = head("masked", named).uint(checkMatches(matches), 4).uint(checkLimb(limb), 1);
  const c0 = exactly(sum.c0, JOIN_SUM_COEFFICIENT_BYTES, "c0");
  return writer
    .fixed(c0)
    .fixed(exactly(sum.c1, JOIN_SUM_POLYNOMIAL_BYTES, "c1"))
    .finish();
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeJoinSumMasked(bytes: Bytes): JoinSumMasked {
  return read(bytes, "masked", (reader) => {
    const [matches, limb] = [checkMatches(reader.uint(4)), checkLimb(reader.uint(1))];
    const [c0, c1] = [reader.fixed(JOIN_SUM_COEFFICIENT_BYTES), reader.fixed(JOIN_SUM_POLYNOMIAL_BYTES)];
    return { matches, limb, sum: { c0, c1 } };
  });
}

/** The parts of the sum, still under the caller's blinds; none when there are too few contributions. */
export type JoinSumAnswer = JoinSumHead & { sums: bigint[] };

// struct { Head head; uint8 limbs = 0..2; uint64 sums[2]; } JoinSumAnswer;   sums from `limbs` on are 0
/** As long whether it has sums or not. @throws ERR_FRAME_MALFORMED */
export function encodeJoinSumAnswer({ sums, ...named }: JoinSumAnswer): Bytes {
  if (sums.length > MAX_JOIN_SUM_LIMBS) throw malformed("limbs", `at most ${MAX_JOIN_SUM_LIMBS}`);
  const words = new Uint8Array(MAX_JOIN_SUM_LIMBS * SUM_BYTES);
  const view = new DataView(words.buffer);
  for (const [i, sum] of sums.entries()) view.setBigUint64(i * SUM_BYTES, sum);
  return head("answer", named).uint(sums.length, 1).fixed(words).finish();
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeJoinSumAnswer(bytes: Bytes): JoinSumAnswer {
  return read(bytes, "answer", (reader) => {
    const limbs = reader.uint(1);
    if (limbs > MAX_JOIN_SUM_LIMBS) throw malformed("limbs", `at most ${MAX_JOIN_SUM_LIMBS}`);
    const words = Array.from({ length: MAX_JOIN_SUM_LIMBS }, () => {
      const high = BigInt(reader.uint(4));
      return (high << 32n) | BigInt(reader.uint(4));
    });
    if (words.slice(limbs).some((word) => word !== 0n)) throw malformed("sums", "zeros after the last one");
    return { sums: words.slice(0, limbs) };
  });
}

function writeSeeded(writer: ByteWriter, { seed, c0 }: SeededCiphertext): ByteWriter {
  return writer.fixed(exactly(seed, SEED_BYTES, "seed")).fixed(exactly(c0, JOIN_SUM_POLYNOMIAL_BYTES, "c0"));
}

function readSeeded(reader: ByteReader): SeededCiphertext {
  const seed = reader.fixed(SEED_BYTES);
  return { seed, c0: reader.fixed(JOIN_SUM_POLYNOMIAL_BYTES) };
}

function listItems(items: number): number {
  if (items > MAX_JOIN_SUM_LIST_ITEMS) {
    throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: MAX_JOIN_SUM_LIST_ITEMS });
  }
  if (!Number.isInteger(items) || padPsiItems(items) !== items) throw malformed("items", "a padded size");
  return items;
}

function checkCount(count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_JOIN_SUM_FRAME_ITEMS) return count;
  throw malformed("count", `1 to ${MAX_JOIN_SUM_FRAME_ITEMS}`);
}

function checkLimb(limb: number): number {
  if (limb < MAX_JOIN_SUM_LIMBS) return limb;
  throw malformed("limb", `below ${MAX_JOIN_SUM_LIMBS}`);
}

function checkMatches(matches: number): number {
  const most = MAX_JOIN_SUM_LIST_ITEMS + 2 * MAX_COUNT_SHIFT;
  if (matches <= most) return matches;
  throw malformed("matches", `at most ${most}`);
}

function exactly(bytes: Bytes, length: number, field: string): Bytes {
  if (bytes.length !== length) throw malformed(field, `${length} bytes`);
  return bytes;
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
