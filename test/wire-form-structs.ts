/** One message of each struct of the pages on matching, scoring and reports, and messages that are malformed, each with
 *  the code that a reader refuses it by.
 *  @module */
import {
  concatBytes,
  encodePsiCardinalityAnswer,
  encodePsiCardinalityQuery,
  encodePsiIdsAnswer,
  encodePsiQuery,
  encodePsiFilter,
  encodeDatasetRequest,
  encodeReportRequest,
  encodeScoreReply,
  encodeScoreRequest,
  toHex,
  type Bytes,
} from "@sluice/protocol";
import type { MalformedVector, StructVector } from "./wire-struct-vectors.ts";

/** The least padded size. */
const PADDED = 16;
const POLYNOMIAL_BYTES = 28_672;

/** `length` bytes that count up. */
export const run = (first: number, length: number): Bytes => Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);
/** `count` items of `itemBytes`, ascending. */
const items = (count: number, itemBytes: number, step = 1): Bytes =>
  concatBytes(...Array.from({ length: count }, (_, i) => run(i * step, itemBytes)));
const fieldsOf = (bytes: Bytes, itemBytes: number) =>
  Array.from({ length: bytes.length / itemBytes }, (_, i) => ({
    bytes: toHex(bytes.subarray(i * itemBytes, (i + 1) * itemBytes)),
  }));

const elements = items(PADDED, 32);
const tags = items(20, 12, 3);
const snapshot = run(9, 32);
const zeros = new Uint8Array(POLYNOMIAL_BYTES);
const polynomial = "00".repeat(POLYNOMIAL_BYTES);
const fresh = { seed: run(1, 64), c0: run(9, 21) };

/** A message, and the fields that it decodes to. */
export type FormMessage = { struct: string; bytes: Bytes; fields: unknown };

const MESSAGES: readonly FormMessage[] = [
  { struct: "Tag", bytes: run(3, 12), fields: { bytes: toHex(run(3, 12)) } },
  {
    struct: "PsiQuery",
    bytes: encodePsiQuery({ snapshot, elements }),
    fields: { version: 1, kind: 1, snapshot: toHex(snapshot), count: PADDED, elements: fieldsOf(elements, 32) },
  },
  {
    struct: "PsiCardinalityQuery",
    bytes: encodePsiCardinalityQuery({ snapshot, base: run(5, 32), elements }),
    fields: {
      version: 1,
      kind: 2,
      snapshot: toHex(snapshot),
      base: { bytes: toHex(run(5, 32)) },
      count: PADDED,
      elements: fieldsOf(elements, 32),
    },
  },
  {
    struct: "PsiIdsAnswer",
    bytes: encodePsiIdsAnswer({ elements, proofs: run(5, 64) }),
    fields: {
      version: 1,
      kind: 1,
      count: PADDED,
      elements: fieldsOf(elements, 32),
      proofCount: 1,
      proofs: [{ challenge: toHex(run(5, 32)), response: toHex(run(37, 32)) }],
    },
  },
  {
    struct: "PsiCardinalityAnswer",
    bytes: encodePsiCardinalityAnswer({ elements, tags }),
    fields: {
      version: 1,
      kind: 2,
      count: PADDED,
      elements: fieldsOf(elements, 32),
      tagCount: 20,
      tags: fieldsOf(tags, 12),
    },
  },
  {
    struct: "Proof",
    bytes: run(6, 64),
    fields: { challenge: toHex(run(6, 32)), response: toHex(run(38, 32)) },
  },
  {
    struct: "Slot",
    bytes: run(4, 4),
    fields: { bytes: toHex(run(4, 4)) },
  },
  {
    struct: "PsiFilter",
    bytes: encodePsiFilter({ slots: items(6, 4, 5) }),
    fields: { version: 1, kind: 1, count: 6, slots: fieldsOf(items(6, 4, 5), 4) },
  },
  {
    struct: "ScoreRequest",
    bytes: encodeScoreRequest({ parameters: run(7, 32), rows: 3, features: 2, columns: [fresh, fresh] }),
    fields: {
      version: 2,
      parameters: toHex(run(7, 32)),
      rows: 3,
      features: 2,
      columns: toHex(concatBytes(fresh.seed, fresh.c0, fresh.seed, fresh.c0)),
    },
  },
  {
    struct: "ScoreReply",
    bytes: encodeScoreReply({ rows: 2, c0: run(3, 14), c1: zeros }),
    fields: { version: 2, rows: 2, c1: polynomial, c0: toHex(run(3, 14)) },
  },
  {
    struct: "ReportRequest",
    bytes: encodeReportRequest({ snapshot }),
    fields: { version: 1, snapshot: toHex(snapshot) },
  },
  {
    struct: "DatasetRequest",
    bytes: encodeDatasetRequest({ snapshot, ask: "page", page: 258 }),
    fields: { version: 1, snapshot: toHex(snapshot), ask: 2, page: 258 },
  },
];

/** A message of each struct; long runs of one byte are left out of message and fields. */
export function formStructVectors(messages = MESSAGES): StructVector[] {
  return messages.map(({ struct, bytes, fields }) => ({ struct, hex: shortHex(bytes), fields: shortFields(fields) }));
}

/** Messages that no reader accepts. */
export function formMalformedVectors(messages = MESSAGES, own = OWN): MalformedVector[] {
  return messages.flatMap(({ struct, bytes }) =>
    [...usual(struct, bytes), ...(own[struct]?.(bytes) ?? [])].map(({ name, bytes: changed, code }) => ({
      struct,
      name,
      hex: shortHex(changed),
      code: code ?? "ERR_FRAME_MALFORMED",
    })),
  );
}

/** A message in a wrong way; malformed if it says no code. */
export type Malformed = { name: string; bytes: Bytes; code?: string };

const UNVERSIONED: ReadonlySet<string> = new Set([
  "Tag",
  "Proof",
  "Slot",
  "SeededCiphertext",
  "ScoreCiphertext",
  "SessionFrame",
]);

function usual(struct: string, bytes: Bytes): Malformed[] {
  const always = [
    { name: "empty", bytes: new Uint8Array() },
    { name: "truncated", bytes: bytes.subarray(0, -1) },
    { name: "extra byte", bytes: concatBytes(bytes, new Uint8Array(1)) },
  ];
  if (UNVERSIONED.has(struct)) return always;
  const [, version = 1] = bytes;
  return [
    ...always,
    { name: `version ${3 - version}`, bytes: changed(bytes, 0, [0, 3 - version]) },
    { name: "version little-endian", bytes: changed(bytes, 0, [version, 0]) },
  ];
}

/** Wrong ways of one struct. */
export type OwnMalformed = Readonly<Record<string, (bytes: Bytes) => Malformed[]>>;

const OWN: OwnMalformed = {
  PsiQuery: (bytes) => [
    { name: "kind 0", bytes: changed(bytes, 2, [0]) },
    { name: "kind 2", bytes: changed(bytes, 2, [2]) },
    ...counts(bytes, 35, 32),
    { name: "the longest list and one step more", bytes: changed(bytes, 35, be32(163_840)), code: TOO_LARGE },
  ],
  PsiCardinalityQuery: (bytes) => [
    { name: "kind 1", bytes: changed(bytes, 2, [1]) },
    { name: "kind 3", bytes: changed(bytes, 2, [3]) },
    ...counts(bytes, 67, 32),
    { name: "the longest list and one step more", bytes: changed(bytes, 67, be32(81_920)), code: TOO_LARGE },
  ],
  DatasetRequest: (bytes) => [
    { name: "ask 0", bytes: changed(bytes, 34, [0]) },
    { name: "ask 3", bytes: changed(bytes, 34, [3]) },
    { name: "the term of a page", bytes: changed(bytes, 34, [1]) },
  ],
  PsiIdsAnswer: (bytes) => {
    const unproven = bytes.subarray(0, -66);
    const proofs = bytes.subarray(-64);
    return [
      { name: "kind 2", bytes: changed(bytes, 2, [2]) },
      ...counts(unproven, 3, 32).map((vector) => ({
        ...vector,
        bytes: concatBytes(vector.bytes, bytes.subarray(-66)),
      })),
      { name: "no proof", bytes: concatBytes(unproven, run(0, 2).fill(0)) },
      { name: "two proofs for one batch", bytes: concatBytes(unproven, Uint8Array.of(0, 2), proofs, proofs) },
    ];
  },
  PsiCardinalityAnswer: (bytes) => [
    { name: "kind 1", bytes: changed(bytes, 2, [1]) },
    { name: "no elements", bytes: changed(bytes, 3, be32(0)) },
    { name: "elements not ascending", bytes: exchanged(bytes, 7, 32) },
    { name: "an element twice", bytes: repeated(bytes, 7, 32) },
    { name: "tags not ascending", bytes: exchanged(bytes, 11 + PADDED * 32, 12) },
    { name: "a tag twice", bytes: repeated(bytes, 11 + PADDED * 32, 12) },
    { name: "no tags", bytes: changed(bytes, 7 + PADDED * 32, be32(0)) },
    { name: "more elements than a list and dummies are", bytes: changed(bytes, 3, be32(66_337)), code: TOO_LARGE },
    {
      name: "more tags than a set and dummies are",
      bytes: changed(bytes, 7 + PADDED * 32, be32(131_873)),
      code: TOO_LARGE,
    },
  ],
  PsiFilter: (bytes) => [
    { name: "kind 2", bytes: changed(bytes, 2, [2]) },
    { name: "2 slots, fewer than a key has", bytes: changed(bytes, 3, be32(2)).subarray(0, 7 + 2 * 4) },
    { name: "a count above the limit", bytes: changed(bytes, 3, be32(2 ** 22 + 1)) },
    { name: "a count that is little-endian", bytes: changed(bytes, 3, [6, 0, 0, 0]) },
  ],
  ScoreRequest: (bytes) => [
    { name: "no rows", bytes: changed(bytes, 34, [0, 0]) },
    { name: "4097 rows", bytes: changed(bytes, 34, [16, 1]), code: "ERR_SCORE_ROWS" },
    { name: "no features", bytes: changed(bytes, 36, [0, 0]) },
    { name: "257 features", bytes: changed(bytes, 36, [1, 1]) },
    { name: "a row more than coefficients", bytes: changed(bytes, 34, [0, 4]) },
    { name: "a column more than features", bytes: changed(bytes, 36, [0, 1]) },
  ],
  ScoreReply: (bytes) => [
    { name: "no rows", bytes: changed(bytes, 2, [0, 0]) },
    { name: "4097 rows", bytes: changed(bytes, 2, [16, 1]), code: "ERR_SCORE_ROWS" },
    { name: "a row more than coefficients", bytes: changed(bytes, 2, [0, 3]) },
  ],
};

const TOO_LARGE = "ERR_PSI_SET_TOO_LARGE";

/** The number of elements at `at`, in wrong ways. */
function counts(bytes: Bytes, at: number, itemBytes: number): Malformed[] {
  const short = concatBytes(bytes.subarray(0, at + 4 + 15 * itemBytes));
  const long = concatBytes(bytes.subarray(0, at + 4 + PADDED * itemBytes), run(0x80, itemBytes));
  return [
    { name: "no elements", bytes: changed(bytes, at, be32(0)).subarray(0, at + 4) },
    { name: "15 elements, below the least size", bytes: changed(short, at, be32(15)) },
    { name: "17 elements, no padded size", bytes: changed(long, at, be32(17)) },
    { name: "a count that is little-endian", bytes: changed(bytes, at, [PADDED, 0, 0, 0]), code: TOO_LARGE },
  ];
}

/** A number as four bytes. */
export function be32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** `bytes` with others from `at` on. */
export function changed(bytes: Bytes, at: number, values: readonly number[]): Bytes {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

function exchanged(bytes: Bytes, at: number, itemBytes: number): Bytes {
  const copy = bytes.slice();
  copy.copyWithin(at, at + itemBytes, at + 2 * itemBytes);
  copy.set(bytes.subarray(at, at + itemBytes), at + itemBytes);
  return copy;
}

function repeated(bytes: Bytes, at: number, itemBytes: number): Bytes {
  const copy = bytes.slice();
  copy.copyWithin(at + itemBytes, at, at + itemBytes);
  return copy;
}

const ZEROS = /0{1024,}/g;

/** Hexadecimal in which `(n)` stands for n zero bytes. */
function shortHex(bytes: Bytes): string {
  return shorten(toHex(bytes));
}

/** The bytes of `shortHex`, in hexadecimal. */
export function longHex(short: string): string {
  return short.replaceAll(/\((\d+)\)/g, (_, count: string) => "00".repeat(Number(count)));
}

function shorten(hex: string): string {
  let short = "";
  let at = 0;
  for (const { 0: found, index } of hex.matchAll(ZEROS)) {
    const start = index + (index % 2);
    const bytes = Math.floor((index + found.length - start) / 2);
    short += `${hex.slice(at, start)}(${bytes})`;
    at = start + 2 * bytes;
  }
  return short + hex.slice(at);
}

function shortFields(fields: unknown): unknown {
  return JSON.parse(JSON.stringify(fields), (_, value: unknown) =>
    typeof value === "string" ? shorten(value) : value,
  );
}
