/** Messages of sums under a hidden selection: the encrypted selection with its proofs, a request for measures under it, and
 *  encrypted sums. Elements and scalars are those of ristretto255, 32 bytes each (RFC 9496).
 *  @module */
import { fromUtf8, utf8, type Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { Name } from "./identifiers.ts";
import { MAX_SELECTION_GROUPS, MAX_SELECTION_MEASURES } from "./selection-parameters.ts";

const VERSION = 1;
const KINDS = { selection: 1, request: 2, sums: 3 } as const;
const ITEM_BYTES = 32;
/** Bytes of a ciphertext: two elements. */
export const SELECTION_CIPHERTEXT_BYTES = 2 * ITEM_BYTES;
const MAX_EPOCH_BYTES = 64;

/** Proof that a ciphertext encrypts one of n numbers. */
export type SelectionProof = {
  /** Two elements for each number. */
  commitments: Bytes;
  /** A scalar for each number but the last, whose challenge follows from the others. */
  challenges: Bytes;
  /** A scalar for each number. */
  responses: Bytes;
};

/** A selection: 0 or 1 for each group, encrypted under the caller's key. */
export type Selection = {
  /** Hash of what it is made for. */
  statement: Bytes;
  publicKey: Bytes;
  /** One for each group, in the order of the parameters. */
  ciphertexts: Bytes[];
  /** Of each ciphertext: that it is 0 or 1. */
  proofs: SelectionProof[];
  /** Of their sum: that it is an allowed total. */
  total: SelectionProof;
};

// struct { opaque commitments[64] × n; opaque challenge[32] × (n - 1); opaque response[32] × n; } Proof(n);
// struct { uint16 version; uint8 kind = 1; opaque statement[32]; opaque publicKey[32];
//          uint16 groups; opaque ciphertext[64] × groups; Proof(2) proof × groups; uint16 totals; Proof(totals) total; } Selection;
/** Bytes of a selection. @throws ERR_FRAME_MALFORMED */
export function encodeSelection({ statement, publicKey, ciphertexts, proofs, total }: Selection): Bytes {
  const writer = head("selection").fixed(sized(statement, ITEM_BYTES)).fixed(sized(publicKey, ITEM_BYTES));
  checkCount("groups", ciphertexts.length, MAX_SELECTION_GROUPS);
  if (proofs.length !== ciphertexts.length) throw malformed("proofs", "one for each group");
  writer.uint(ciphertexts.length, 2);
  for (const ciphertext of ciphertexts) writer.fixed(sized(ciphertext, SELECTION_CIPHERTEXT_BYTES));
  for (const proof of proofs) writeProof(writer, proof, 2);
  const totals = total.responses.length / ITEM_BYTES;
  checkCount("totals", totals, MAX_SELECTION_GROUPS);
  writer.uint(totals, 2);
  return writeProof(writer, total, totals).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeSelection(bytes: Bytes): Selection {
  const reader = new ByteReader(bytes);
  expectHead(reader, "selection");
  const statement = reader.fixed(ITEM_BYTES);
  const publicKey = reader.fixed(ITEM_BYTES);
  const groups = checkCount("groups", reader.uint(2), MAX_SELECTION_GROUPS);
  const ciphertexts = Array.from({ length: groups }, () => reader.fixed(SELECTION_CIPHERTEXT_BYTES));
  const proofs = Array.from({ length: groups }, () => readProof(reader, 2));
  const total = readProof(reader, checkCount("totals", reader.uint(2), MAX_SELECTION_GROUPS));
  reader.end();
  return { statement, publicKey, ciphertexts, proofs, total };
}

/** Asks for sums under a selection. */
export type SelectionRequest = {
  /** Of the selection. */
  commitment: Bytes;
  /** Which state of the data: a name. */
  epoch: string;
  /** Indices in the parameters, strictly ascending. */
  measures: number[];
};

// struct { uint16 version; uint8 kind = 2; opaque commitment[32]; opaque epoch<0..64>; uint8 count; uint8 measure × count; } SelectionRequest;
/** Bytes of a request. @throws ERR_FRAME_MALFORMED */
export function encodeSelectionRequest({ commitment, epoch, measures }: SelectionRequest): Bytes {
  const writer = writeSubject(head("request"), commitment, epoch);
  checkMeasures(measures);
  writer.uint(measures.length, 1);
  for (const measure of measures) writer.uint(measure, 1);
  return writer.finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeSelectionRequest(bytes: Bytes): SelectionRequest {
  const reader = new ByteReader(bytes);
  expectHead(reader, "request");
  const { commitment, epoch } = readSubject(reader);
  const measures = Array.from({ length: reader.uint(1) }, () => reader.uint(1));
  reader.end();
  checkMeasures(measures);
  return { commitment, epoch, measures };
}

/** The answer to a request: a ciphertext for each of its measures, in its order. */
export type SelectionSums = { commitment: Bytes; epoch: string; measures: number[]; sums: Bytes[] };

// struct { uint16 version; uint8 kind = 3; opaque commitment[32]; opaque epoch<0..64>;
//          uint8 count; struct { uint8 measure; opaque ciphertext[64]; } × count; } SelectionSums;
/** Bytes of an answer. @throws ERR_FRAME_MALFORMED */
export function encodeSelectionSums({ commitment, epoch, measures, sums }: SelectionSums): Bytes {
  const writer = writeSubject(head("sums"), commitment, epoch);
  checkMeasures(measures);
  if (sums.length !== measures.length) throw malformed("sums", "one for each measure");
  writer.uint(measures.length, 1);
  for (const [i, measure] of measures.entries()) {
    writer.uint(measure, 1).fixed(sized(sums[i] ?? new Uint8Array(), SELECTION_CIPHERTEXT_BYTES));
  }
  return writer.finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeSelectionSums(bytes: Bytes): SelectionSums {
  const reader = new ByteReader(bytes);
  expectHead(reader, "sums");
  const { commitment, epoch } = readSubject(reader);
  const items = Array.from({ length: reader.uint(1) }, () => ({
    measure: reader.uint(1),
    sum: reader.fixed(SELECTION_CIPHERTEXT_BYTES),
  }));
  reader.end();
  const measures = items.map(({ measure }) => measure);
  checkMeasures(measures);
  return { commitment, epoch, measures, sums: items.map(({ sum }) => sum) };
}

function head(kind: keyof typeof KINDS): ByteWriter {
  return new ByteWriter().uint(VERSION, 2).uint(KINDS[kind], 1);
}

function expectHead(reader: ByteReader, kind: keyof typeof KINDS): void {
  if (reader.uint(2) !== VERSION) throw malformed("version", String(VERSION));
  if (reader.uint(1) !== KINDS[kind]) throw malformed("kind", kind);
}

function writeSubject(writer: ByteWriter, commitment: Bytes, epoch: string): ByteWriter {
  if (!Name.safeParse(epoch).success) throw malformed("epoch", "a name");
  return writer.fixed(sized(commitment, ITEM_BYTES)).opaque(utf8(epoch), MAX_EPOCH_BYTES);
}

function readSubject(reader: ByteReader): { commitment: Bytes; epoch: string } {
  const commitment = reader.fixed(ITEM_BYTES);
  const bytes = reader.opaque(MAX_EPOCH_BYTES);
  // A name is ASCII: other bytes become a character that is in no name.
  const epoch = bytes.every((byte) => byte < 0x80) ? fromUtf8(bytes) : "";
  if (!Name.safeParse(epoch).success) throw malformed("epoch", "a name");
  return { commitment, epoch };
}

function writeProof(writer: ByteWriter, { commitments, challenges, responses }: SelectionProof, n: number): ByteWriter {
  return writer
    .fixed(sized(commitments, 2 * n * ITEM_BYTES))
    .fixed(sized(challenges, (n - 1) * ITEM_BYTES))
    .fixed(sized(responses, n * ITEM_BYTES));
}

function readProof(reader: ByteReader, n: number): SelectionProof {
  return {
    commitments: reader.fixed(2 * n * ITEM_BYTES),
    challenges: reader.fixed((n - 1) * ITEM_BYTES),
    responses: reader.fixed(n * ITEM_BYTES),
  };
}

function sized(bytes: Bytes, length: number): Bytes {
  if (bytes.length !== length) throw malformed("length", `${length} bytes`);
  return bytes;
}

function checkCount(field: string, count: number, most: number): number {
  if (!Number.isInteger(count) || count < 1 || count > most) throw malformed(field, `1 to ${most}`);
  return count;
}

function checkMeasures(measures: readonly number[]): void {
  checkCount("measures", measures.length, MAX_SELECTION_MEASURES);
  if (measures.some((measure, i) => i > 0 && measure <= (measures[i - 1] ?? measure))) {
    throw malformed("measures", "strictly ascending");
  }
  if ((measures.at(-1) ?? 0) >= MAX_SELECTION_MEASURES) throw malformed("measures", `below ${MAX_SELECTION_MEASURES}`);
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
