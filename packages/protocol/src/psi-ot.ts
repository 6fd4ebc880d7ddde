/** Messages of set intersection by oblivious transfer (method `"transfer"`): the caller opens, the domain chooses, the
 *  caller answers and sends the rows of its list, bin after bin, each bin with its check; the domain sends tags. Every frame
 *  after the first names its session, and says which part of which bin it is: none can be left out, repeated or moved.
 *  The domain learns the padded size of the list; the caller that of the set.
 *  @module */
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { MAX_SESSION_FRAME_BYTES } from "./limits.ts";
import { ELEMENT_BYTES } from "./lookup-frames.ts";
import { MIN_PSI_PADDED_ITEMS, padPsiItems, PSI_TAG_BYTES } from "./psi-sizes.ts";

/** Version of these frames. */
export const PSI_TRANSFER_VERSION = 1;
/** Distinct entries of a list or set: a padded size above 10^7. */
export const MAX_PSI_TRANSFER_ITEMS = 10_485_760;
/** Fewest entries that a list shows and is charged for: a shorter one still sends rows enough to encode more than it declares. */
export const MIN_PSI_TRANSFER_LIST_ITEMS = 1_024;
/** Base transfers, which are columns of the rows' matrix: bits of a word of the code [624, 132, 128]. */
export const PSI_TRANSFER_COLUMNS = 624;
/** Combinations of a bin's rows that its check opens. */
export const PSI_TRANSFER_CHECKS = 128;
/** Bytes of a combination of rows. */
export const PSI_TRANSFER_SUM_BYTES = PSI_TRANSFER_COLUMNS / 8;
/** Bytes of the message whose word of the code belongs to it. */
export const PSI_TRANSFER_MESSAGE_BYTES = 17;
/** Bytes that name a session in a frame. */
export const PSI_TRANSFER_ID_BYTES = 16;
const NONCE_BYTES = 32;
const TYPES = { open: 1, choices: 2, answers: 3, rows: 4, check: 5, tags: 6 } as const;
type FrameType = keyof typeof TYPES;
/** Head of a frame with columns, or with tags. */
const PART_HEAD_BYTES = 3 + PSI_TRANSFER_ID_BYTES + 12;

/** Columns of `columnBytes` that one frame holds. */
export function columnsPerFrame(columnBytes: number): number {
  const most = Math.floor((MAX_SESSION_FRAME_BYTES - PART_HEAD_BYTES) / columnBytes);
  return Math.min(PSI_TRANSFER_COLUMNS, most);
}

/** Tags that one frame holds. */
export const MAX_PSI_TRANSFER_FRAME_TAGS = 65_536;

/** The size that a list of `count` entries shows. */
export function padPsiTransferList(count: number): number {
  return padPsiItems(Math.max(count, MIN_PSI_TRANSFER_LIST_ITEMS));
}

/** The caller begins: which snapshot, how long its list is, and what its part of the session's seed hashes to. */
export type PsiTransferOpen = {
  snapshot: Bytes;
  /** SHA-256 of what the caller reveals in its answers. */
  commitment: Bytes;
  /** Padded: at least 1,024. */
  items: number;
};

// struct { uint16 version; uint8 type = 1; opaque snapshot[32]; opaque commitment[32]; uint32 items; } PsiTransferOpen;
/** @throws ERR_PSI_SET_TOO_LARGE; ERR_FRAME_MALFORMED when the size is not padded. */
export function encodePsiTransferOpen({ snapshot, commitment, items }: PsiTransferOpen): Bytes {
  const writer = head("open")
    .fixed(exactly(snapshot, 32, "snapshot"))
    .fixed(exactly(commitment, 32, "commitment"));
  return writer.uint(checkListItems(items), 4).finish();
}

/** @throws as `encodePsiTransferOpen` does. */
export function decodePsiTransferOpen(bytes: Bytes): PsiTransferOpen {
  const reader = readHead(bytes, "open");
  const message = { snapshot: reader.fixed(32), commitment: reader.fixed(32), items: checkListItems(reader.uint(4)) };
  reader.end();
  return message;
}

/** The domain's choices of the base transfers, blinded: two elements for each. */
export type PsiTransferChoices = { session: Bytes; nonce: Bytes; items: number; pairs: Bytes };

// struct { uint16 version; uint8 type = 2; opaque session[16]; opaque nonce[32]; uint32 items;
//          opaque element[32] × 1248; } PsiTransferChoices;
/** @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED */
export function encodePsiTransferChoices({ session, nonce, items, pairs }: PsiTransferChoices): Bytes {
  const writer = head("choices", session)
    .fixed(exactly(nonce, NONCE_BYTES, "nonce"))
    .uint(checkItems(items), 4);
  return writer.fixed(exactly(pairs, 2 * PSI_TRANSFER_COLUMNS * ELEMENT_BYTES, "pairs")).finish();
}

/** @throws as `encodePsiTransferChoices` does. */
export function decodePsiTransferChoices(bytes: Bytes): PsiTransferChoices {
  const reader = readHead(bytes, "choices");
  const session = reader.fixed(PSI_TRANSFER_ID_BYTES);
  const nonce = reader.fixed(NONCE_BYTES);
  const items = checkItems(reader.uint(4));
  const pairs = reader.fixed(2 * PSI_TRANSFER_COLUMNS * ELEMENT_BYTES);
  reader.end();
  return { session, nonce, items, pairs };
}

/** The caller's answers to the base transfers, and what it had committed to. */
export type PsiTransferAnswers = { session: Bytes; opening: Bytes; answers: Bytes };

// struct { uint16 version; uint8 type = 3; opaque session[16]; opaque opening[32]; opaque element[32] × 624; } PsiTransferAnswers;
/** @throws ERR_FRAME_MALFORMED */
export function encodePsiTransferAnswers({ session, opening, answers }: PsiTransferAnswers): Bytes {
  const writer = head("answers", session).fixed(exactly(opening, NONCE_BYTES, "opening"));
  return writer.fixed(exactly(answers, PSI_TRANSFER_COLUMNS * ELEMENT_BYTES, "answers")).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodePsiTransferAnswers(bytes: Bytes): PsiTransferAnswers {
  const reader = readHead(bytes, "answers");
  const session = reader.fixed(PSI_TRANSFER_ID_BYTES);
  const opening = reader.fixed(NONCE_BYTES);
  const answers = reader.fixed(PSI_TRANSFER_COLUMNS * ELEMENT_BYTES);
  reader.end();
  return { session, opening, answers };
}

/** Some columns of a bin's rows, `columnBytes` each. */
export type PsiTransferRows = { session: Bytes; bin: number; first: number; columnBytes: number; columns: Bytes };

// struct { uint16 version; uint8 type = 4; opaque session[16]; uint32 bin; uint16 first; uint16 count; uint32 columnBytes;
//          opaque column[columnBytes] × count; } PsiTransferRows;
/** @throws ERR_FRAME_TOO_LARGE, ERR_FRAME_MALFORMED */
export function encodePsiTransferRows({ session, bin, first, columnBytes, columns }: PsiTransferRows): Bytes {
  const count = checkColumns(first, columns.length / columnBytes);
  const writer = head("rows", session).uint(bin, 4).uint(first, 2).uint(count, 2).uint(columnBytes, 4);
  return bounded(writer.fixed(columns).finish());
}

/** Columns share memory with `bytes`. @throws as `encodePsiTransferRows` does. */
export function decodePsiTransferRows(bytes: Bytes): PsiTransferRows {
  const reader = readHead(bytes, "rows");
  const session = reader.fixed(PSI_TRANSFER_ID_BYTES);
  const bin = reader.uint(4);
  const first = reader.uint(2);
  const count = checkColumns(first, reader.uint(2));
  const columnBytes = reader.uint(4);
  const columns = reader.fixed(count * columnBytes);
  reader.end();
  if (columnBytes === 0) throw malformed("columnBytes", "at least 1");
  return { session, bin, first, columnBytes, columns };
}

/** What a bin's check opens: combinations of rows, and the messages that belong to them. */
export type PsiTransferCheck = { session: Bytes; bin: number; sums: Bytes; messages: Bytes };

// struct { uint16 version; uint8 type = 5; opaque session[16]; uint32 bin; opaque sum[78] × 128;
//          opaque message[17] × 128; } PsiTransferCheck;
/** @throws ERR_FRAME_MALFORMED */
export function encodePsiTransferCheck({ session, bin, sums, messages }: PsiTransferCheck): Bytes {
  const writer = head("check", session).uint(bin, 4);
  writer.fixed(exactly(sums, PSI_TRANSFER_CHECKS * PSI_TRANSFER_SUM_BYTES, "sums"));
  return writer.fixed(exactly(messages, PSI_TRANSFER_CHECKS * PSI_TRANSFER_MESSAGE_BYTES, "messages")).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodePsiTransferCheck(bytes: Bytes): PsiTransferCheck {
  const reader = readHead(bytes, "check");
  const session = reader.fixed(PSI_TRANSFER_ID_BYTES);
  const bin = reader.uint(4);
  const sums = reader.fixed(PSI_TRANSFER_CHECKS * PSI_TRANSFER_SUM_BYTES);
  const messages = reader.fixed(PSI_TRANSFER_CHECKS * PSI_TRANSFER_MESSAGE_BYTES);
  reader.end();
  return { session, bin, sums, messages };
}

/** Some of the tags of a bin, in no order. */
export type PsiTransferTags = { session: Bytes; bin: number; first: number; tags: Bytes };

// struct { uint16 version; uint8 type = 6; opaque session[16]; uint32 bin; uint32 first; uint32 count;
//          opaque tag[12] × count; } PsiTransferTags;
/** @throws ERR_FRAME_MALFORMED */
export function encodePsiTransferTags({ session, bin, first, tags }: PsiTransferTags): Bytes {
  const count = checkTags(tags.length / PSI_TAG_BYTES);
  return head("tags", session).uint(bin, 4).uint(first, 4).uint(count, 4).fixed(tags).finish();
}

/** Tags share memory with `bytes`. @throws ERR_FRAME_MALFORMED */
export function decodePsiTransferTags(bytes: Bytes): PsiTransferTags {
  const reader = readHead(bytes, "tags");
  const session = reader.fixed(PSI_TRANSFER_ID_BYTES);
  const bin = reader.uint(4);
  const first = reader.uint(4);
  const tags = reader.fixed(checkTags(reader.uint(4)) * PSI_TAG_BYTES);
  reader.end();
  return { session, bin, first, tags };
}

function head(type: FrameType, session?: Bytes): ByteWriter {
  const writer = new ByteWriter().uint(PSI_TRANSFER_VERSION, 2).uint(TYPES[type], 1);
  return session === undefined ? writer : writer.fixed(exactly(session, PSI_TRANSFER_ID_BYTES, "session"));
}

function readHead(bytes: Bytes, type: FrameType): ByteReader {
  const reader = new ByteReader(bounded(bytes));
  if (reader.uint(2) !== PSI_TRANSFER_VERSION) throw malformed("version", String(PSI_TRANSFER_VERSION));
  if (reader.uint(1) !== TYPES[type]) throw malformed("type", String(TYPES[type]));
  return reader;
}

function bounded(bytes: Bytes): Bytes {
  if (bytes.length <= MAX_SESSION_FRAME_BYTES) return bytes;
  throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: bytes.length, maxBytes: MAX_SESSION_FRAME_BYTES });
}

function checkItems(items: number): number {
  if (items > MAX_PSI_TRANSFER_ITEMS)
    throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: MAX_PSI_TRANSFER_ITEMS });
  if (items < MIN_PSI_PADDED_ITEMS || padPsiItems(items) !== items) throw malformed("items", "a padded size");
  return items;
}

function checkListItems(items: number): number {
  if (items >= MIN_PSI_TRANSFER_LIST_ITEMS) return checkItems(items);
  throw malformed("items", `a padded size of ${MIN_PSI_TRANSFER_LIST_ITEMS} or more`);
}

function checkColumns(first: number, count: number): number {
  if (Number.isInteger(count) && count >= 1 && first + count <= PSI_TRANSFER_COLUMNS) return count;
  throw malformed("count", `columns below ${PSI_TRANSFER_COLUMNS}, and at least one`);
}

function checkTags(count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_PSI_TRANSFER_FRAME_TAGS) return count;
  throw malformed("count", `1 to ${MAX_PSI_TRANSFER_FRAME_TAGS}`);
}

function exactly(bytes: Bytes, length: number, field: string): Bytes {
  if (bytes.length !== length) throw malformed(field, `${length} bytes`);
  return bytes;
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
