/** Messages of an aggregation over several domains, one of each type from each party. Each names the plan, its sender, and the
 *  transcript: a hash of all that its sender has received before, so that parties which were told different things find out. Each
 *  ends with a signature of its sender's key. A relay carries them to all parties; it learns sizes and who stays.
 *  @module */
import type { Bytes } from "./bytes.ts";
import { concatBytes, utf8 } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { MAX_AGGREGATE_ELEMENTS, MAX_AGGREGATE_PARTIES } from "./aggregate-plan.ts";
import { MAX_SESSION_FRAME_BYTES } from "./limits.ts";

/** Version of these frames. */
export const AGGREGATE_VERSION = 1;
/** Rounds in their order; each has one type of message. */
export const AGGREGATE_ROUNDS = ["advert", "shares", "masked", "survivors", "unmask"] as const;
export type AggregateRound = (typeof AGGREGATE_ROUNDS)[number];
/** Bytes of a signature of either suite. */
export const AGGREGATE_SIGNATURE_BYTES = 64;
/** Bytes of a secret that is shared, and of each share of it. */
export const AGGREGATE_SECRET_BYTES = 32;
/** Bytes of the hashes of both shares of one party. */
export const AGGREGATE_SHARE_HASH_BYTES = 2 * 32;
const TAG_BYTES = 16;
/** Bytes of the sealed shares that one party has for another. */
export const AGGREGATE_SHARES_BYTES = 2 * AGGREGATE_SECRET_BYTES + TAG_BYTES;

/** What every message says of itself. */
export type AggregateHead = {
  readonly round: AggregateRound;
  /** SHA-256 of the plan. */
  readonly plan: Bytes;
  /** Number of the sender in the plan. */
  readonly party: number;
  /** Hash of what the sender has received before. */
  readonly transcript: Bytes;
};

/** Public keys of one aggregation: one that shares are sealed to, one that masks come from. */
export type AggregateAdvert = { readonly sealingKey: Bytes; readonly maskingKey: Bytes };
/** Something sealed for each of several parties. */
export type SealedFor = { readonly to: number; readonly sealed: Bytes };
/** Shares of the sender's secrets for every other party, what its own mask's seed hashes to, and what each share does:
 *  for each party that sent an advert, by its number, a hash of its share of the seed and one of that of the masking key. */
export type AggregateShares = {
  readonly commitment: Bytes;
  readonly hashes: Bytes;
  readonly shares: readonly SealedFor[];
};
/** The sender's vector under its masks. */
export type AggregateMasked = { readonly vector: Bytes };
/** Whose vectors the sum is of: numbers in ascending order. */
export type AggregateSurvivors = { readonly survivors: readonly number[] };
/** For every other survivor: the sender's share of each survivor's own mask, and of the key of each party that is none. */
export type AggregateUnmask = { readonly shares: readonly SealedFor[] };

/** What a message of each round says. */
export type AggregateBodies = {
  advert: AggregateAdvert;
  shares: AggregateShares;
  masked: AggregateMasked;
  survivors: AggregateSurvivors;
  unmask: AggregateUnmask;
};

/** A message that was read. */
export type AggregateMessage<R extends AggregateRound = AggregateRound> = {
  readonly head: AggregateHead;
  readonly body: AggregateBodies[R];
  /** All of it but the signature. */
  readonly signed: Bytes;
  readonly signature: Bytes;
};

const HEAD_BYTES = 2 + 1 + 32 + 1 + 32;
/** Largest sealed part: a share for each party. */
const MAX_SEALED_BYTES = MAX_AGGREGATE_PARTIES * AGGREGATE_SECRET_BYTES + TAG_BYTES;

// struct { uint16 version; uint8 type; opaque plan[32]; uint8 party; opaque transcript[32]; } AggregateHead;
// struct { uint8 to; opaque sealed<0..1040>; } SealedFor;
// struct { AggregateHead head;  /* type 1 */ opaque sealingKey[32]; opaque maskingKey[32]; opaque signature[64]; } AggregateAdvert;
// struct { AggregateHead head;  /* type 2 */ opaque commitment[32]; opaque hashes<0..2048>; uint8 count;
//          SealedFor shares[count]; opaque signature[64]; } AggregateShares;
// struct { AggregateHead head;  /* type 3 */ opaque vector<0..524288>; opaque signature[64]; } AggregateMasked;
// struct { AggregateHead head;  /* type 4 */ uint8 count; uint8 survivors[count]; opaque signature[64]; } AggregateSurvivors;
// struct { AggregateHead head;  /* type 5 */ uint8 count; SealedFor shares[count]; opaque signature[64]; } AggregateUnmask;
const MAX_HASHES_BYTES = MAX_AGGREGATE_PARTIES * AGGREGATE_SHARE_HASH_BYTES;
const MAX_VECTOR_BYTES = MAX_AGGREGATE_ELEMENTS * 16;

type Codec<B> = { readonly write: (writer: ByteWriter, body: B) => void; readonly read: (reader: ByteReader) => B };

const CODECS: { readonly [R in AggregateRound]: Codec<AggregateBodies[R]> } = {
  advert: {
    write: (writer, { sealingKey, maskingKey }) =>
      void writer.fixed(exactly(sealingKey, 32, "sealingKey")).fixed(exactly(maskingKey, 32, "maskingKey")),
    read: (reader) => ({ sealingKey: reader.fixed(32), maskingKey: reader.fixed(32) }),
  },
  shares: {
    write: (writer, { commitment, hashes, shares }) => {
      writer.fixed(exactly(commitment, 32, "commitment")).opaque(hashes, MAX_HASHES_BYTES);
      writeSealed(writer, shares);
    },
    read: (reader) => ({
      commitment: reader.fixed(32),
      hashes: reader.opaque(MAX_HASHES_BYTES),
      shares: readSealed(reader),
    }),
  },
  masked: {
    write: (writer, { vector }) => void writer.opaque(vector, MAX_VECTOR_BYTES),
    read: (reader) => ({ vector: reader.opaque(MAX_VECTOR_BYTES) }),
  },
  survivors: {
    write: (writer, { survivors }) => {
      writer.uint(survivors.length, 1).fixed(Uint8Array.from(ascending(survivors, "survivors")));
    },
    read: (reader) => ({ survivors: ascending([...reader.fixed(reader.uint(1))], "survivors") }),
  },
  unmask: {
    write: (writer, { shares }) => writeSealed(writer, shares),
    read: (reader) => ({ shares: readSealed(reader) }),
  },
};

/** A message without its signature. @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function encodeAggregate<R extends AggregateRound>(
  head: AggregateHead & { readonly round: R },
  body: AggregateBodies[R],
): Bytes {
  const writer = new ByteWriter()
    .uint(AGGREGATE_VERSION, 2)
    .uint(AGGREGATE_ROUNDS.indexOf(head.round) + 1, 1)
    .fixed(exactly(head.plan, 32, "plan"))
    .uint(party(head.party), 1)
    .fixed(exactly(head.transcript, 32, "transcript"));
  CODECS[head.round].write(writer, body);
  return writer.finish();
}

/** The bytes that the signature of a message covers. */
export function aggregateSigningBytes(signed: Bytes): Bytes {
  return concatBytes(utf8("sluice/aggregate/v1"), signed);
}

/** Views share memory with `frame`. @throws ERR_FRAME_MALFORMED when it is no message of `round`, ERR_FRAME_TOO_LARGE */
export function decodeAggregate<R extends AggregateRound>(frame: Bytes, round: R): AggregateMessage<R> {
  if (frame.length > MAX_SESSION_FRAME_BYTES) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: frame.length, maxBytes: MAX_SESSION_FRAME_BYTES });
  }
  if (frame.length < HEAD_BYTES + AGGREGATE_SIGNATURE_BYTES) throw malformed("length", "a whole message");
  const signed = frame.subarray(0, frame.length - AGGREGATE_SIGNATURE_BYTES);
  const reader = new ByteReader(signed);
  if (reader.uint(2) !== AGGREGATE_VERSION) throw malformed("version", String(AGGREGATE_VERSION));
  const type = AGGREGATE_ROUNDS.indexOf(round) + 1;
  if (reader.uint(1) !== type) throw malformed("type", String(type));
  const plan = reader.fixed(32);
  const head = { round, plan, party: party(reader.uint(1)), transcript: reader.fixed(32) };
  const body = CODECS[round].read(reader);
  reader.end();
  return { head, body, signed, signature: frame.subarray(signed.length) };
}

function writeSealed(writer: ByteWriter, parts: readonly SealedFor[]): void {
  ascending(
    parts.map(({ to }) => to),
    "to",
  );
  writer.uint(parts.length, 1);
  for (const { to, sealed } of parts) writer.uint(to, 1).opaque(sealed, MAX_SEALED_BYTES);
}

function readSealed(reader: ByteReader): SealedFor[] {
  const parts = Array.from({ length: reader.uint(1) }, () => ({
    to: reader.uint(1),
    sealed: reader.opaque(MAX_SEALED_BYTES),
  }));
  ascending(
    parts.map(({ to }) => to),
    "to",
  );
  return parts;
}

function ascending(numbers: readonly number[], field: string): readonly number[] {
  for (const [i, number] of numbers.entries()) {
    party(number);
    if (i > 0 && number <= (numbers[i - 1] ?? number)) throw malformed(field, "ascending numbers of parties");
  }
  return numbers;
}

function party(number: number): number {
  if (Number.isInteger(number) && number >= 0 && number < MAX_AGGREGATE_PARTIES) return number;
  throw malformed("party", `below ${MAX_AGGREGATE_PARTIES}`);
}

function exactly(bytes: Bytes, length: number, field: string): Bytes {
  if (bytes.length !== length) throw malformed(field, `${length} bytes`);
  return bytes;
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
