/** One message of each struct of the pages on calls of many messages and on intersection by oblivious transfer, and
 *  messages that are malformed.
 *  @module */
import {
  concatBytes,
  decodeAnswer,
  encodePsiTransferAnswers,
  encodePsiTransferCheck,
  encodePsiTransferChoices,
  encodePsiTransferOpen,
  encodePsiTransferRows,
  encodePsiTransferTags,
  encodeSessionMessage,
  encodeSessionOpening,
  encodeSessionPacket,
  encodeSessionReply,
  encodeSessionSummary,
  fromHex,
  toHex,
  type Bytes,
} from "@sluice/protocol";
import {
  be32,
  changed,
  formMalformedVectors,
  formStructVectors,
  run,
  type FormMessage,
  type OwnMalformed,
} from "./wire-form-structs.ts";
import type { MalformedVector, StructVector } from "./wire-struct-vectors.ts";

const TOO_LARGE = "ERR_FRAME_TOO_LARGE";
const session = run(7, 16);
const named = { version: 1, session: toHex(session) };
const zeros = (length: number) => new Uint8Array(length);
const frames = [
  { number: 3, frame: run(1, 5) },
  { number: 4, frame: run(9, 2) },
];
const packet = { session, state: "ended", next: 258, room: 5, frames } as const;
const summary = { items: 20, callerBytes: 2 ** 32 + 5, domainBytes: 7, digest: run(2, 32) };

/** `answer` is an AnswerEnvelope in hexadecimal. */
function messages(answer: string): FormMessage[] {
  const snapshot = run(9, 32);
  return [
    {
      struct: "SessionOpening",
      bytes: encodeSessionOpening({ snapshot, items: 20 }),
      fields: { version: 1, snapshot: toHex(snapshot), items: 20 },
    },
    {
      struct: "SessionMessage",
      bytes: encodeSessionMessage({ number: 258, sealed: run(5, 40) }),
      fields: { version: 1, number: 258, sealed: toHex(run(5, 40)) },
    },
    {
      struct: "SessionReply",
      bytes: encodeSessionReply({ sealed: run(5, 40), answer: decodeAnswer(fromHex(answer)) }),
      fields: { version: 1, sealed: toHex(run(5, 40)), answer },
    },
    { struct: "SessionFrame", bytes: Uint8Array.of(0, 0, 2, 9, 8), fields: { bytes: "0908" } },
    {
      struct: "SessionPacket",
      bytes: encodeSessionPacket(packet),
      fields: {
        ...named,
        state: 1,
        next: 258,
        room: 5,
        first: 3,
        count: 2,
        frames: frames.map(({ frame }) => ({ bytes: toHex(frame) })),
      },
    },
    {
      struct: "SessionSummary",
      bytes: encodeSessionSummary(summary),
      fields: { version: 1, ...summary, digest: toHex(summary.digest) },
    },
    {
      struct: "PsiTransferOpen",
      bytes: encodePsiTransferOpen({ snapshot, commitment: run(50, 32), items: 1_280 }),
      fields: { version: 1, type: 1, snapshot: toHex(snapshot), commitment: toHex(run(50, 32)), items: 1_280 },
    },
    {
      struct: "PsiTransferChoices",
      bytes: encodePsiTransferChoices({ session, nonce: run(60, 32), items: 24, pairs: zeros(39_936) }),
      fields: { ...named, type: 2, nonce: toHex(run(60, 32)), items: 24, pairs: toHex(zeros(39_936)) },
    },
    {
      struct: "PsiTransferAnswers",
      bytes: encodePsiTransferAnswers({ session, opening: run(70, 32), answers: zeros(19_968) }),
      fields: { ...named, type: 3, opening: toHex(run(70, 32)), answers: toHex(zeros(19_968)) },
    },
    {
      struct: "PsiTransferRows",
      bytes: encodePsiTransferRows({ session, bin: 1, first: 600, columnBytes: 16, columns: run(1, 24 * 16) }),
      fields: { ...named, type: 4, bin: 1, first: 600, count: 24, columnBytes: 16, columns: toHex(run(1, 24 * 16)) },
    },
    {
      struct: "PsiTransferCheck",
      bytes: encodePsiTransferCheck({ session, bin: 1, sums: zeros(9_984), messages: zeros(2_176) }),
      fields: { ...named, type: 5, bin: 1, sums: toHex(zeros(9_984)), messages: toHex(zeros(2_176)) },
    },
    {
      struct: "PsiTransferTags",
      bytes: encodePsiTransferTags({ session, bin: 1, first: 5, tags: run(3, 24) }),
      fields: {
        ...named,
        type: 6,
        bin: 1,
        first: 5,
        count: 2,
        tags: [{ bytes: toHex(run(3, 12)) }, { bytes: toHex(run(15, 12)) }],
      },
    },
  ];
}

const sizes = (at: number, bytes: Bytes, below: number, uneven: number) => [
  { name: "items below the least size", bytes: changed(bytes, at, be32(below)) },
  { name: "items that are no padded size", bytes: changed(bytes, at, be32(uneven)) },
  {
    name: "a step more items than there may be",
    bytes: changed(bytes, at, be32(12_582_912)),
    code: "ERR_PSI_SET_TOO_LARGE",
  },
];

const OWN: OwnMalformed = {
  SessionReply: (bytes) => [
    { name: "an answer that is no envelope", bytes: Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 2, 0, 1) },
    {
      name: "an answer of 69632 bytes",
      bytes: concatBytes(bytes.subarray(0, 45), Uint8Array.of(1, 16, 0), zeros(69_632)),
      code: TOO_LARGE,
    },
  ],
  SessionPacket: (bytes) => [
    { name: "a state that is none", bytes: changed(bytes, 18, [3]) },
    { name: "room for 9 frames", bytes: changed(bytes, 23, [9]) },
    { name: "9 frames", bytes: changed(bytes, 28, [9]) },
    { name: "a count of one less", bytes: changed(bytes, 28, [1]) },
    { name: "a number above the last", bytes: changed(bytes, 24, be32(2 ** 32 - 2)) },
    { name: "a number without a frame", bytes: changed(bytes, 28, [0]).subarray(0, 29) },
    { name: "an empty frame", bytes: concatBytes(changed(bytes, 28, [1]).subarray(0, 29), zeros(3)) },
    {
      name: "a frame of 1048577 bytes",
      bytes: concatBytes(changed(bytes, 28, [1]).subarray(0, 29), Uint8Array.of(16, 0, 1), zeros(1_048_577)),
      code: TOO_LARGE,
    },
  ],
  SessionSummary: (bytes) => [{ name: "2^53 bytes", bytes: changed(bytes, 6, [0, 32, 0, 0, 0, 0, 0, 0]) }],
  PsiTransferOpen: (bytes) => [{ name: "type 2", bytes: changed(bytes, 2, [2]) }, ...sizes(67, bytes, 896, 1_025)],
  PsiTransferChoices: (bytes) => [{ name: "type 1", bytes: changed(bytes, 2, [1]) }, ...sizes(51, bytes, 15, 17)],
  PsiTransferAnswers: (bytes) => [{ name: "type 2", bytes: changed(bytes, 2, [2]) }],
  PsiTransferRows: (bytes) => [
    { name: "type 5", bytes: changed(bytes, 2, [5]) },
    { name: "a column after the last", bytes: changed(bytes, 23, [2, 89]) },
    { name: "no columns", bytes: changed(bytes, 25, [0, 0]).subarray(0, 31) },
    { name: "columns of 15 bytes", bytes: changed(bytes, 27, be32(15)) },
    { name: "columns without a byte", bytes: changed(bytes, 27, be32(0)).subarray(0, 31) },
  ],
  PsiTransferCheck: (bytes) => [{ name: "type 4", bytes: changed(bytes, 2, [4]) }],
  PsiTransferTags: (bytes) => [
    { name: "type 7", bytes: changed(bytes, 2, [7]) },
    { name: "no tags", bytes: changed(bytes, 27, be32(0)).subarray(0, 31) },
    { name: "65537 tags", bytes: concatBytes(changed(bytes, 27, be32(65_537)).subarray(0, 31), zeros(65_537 * 12)) },
  ],
};

/** A message of each struct. */
export function sessionStructVectors(answer: string): StructVector[] {
  return formStructVectors(messages(answer));
}

/** Messages that no reader accepts. */
export function sessionMalformedVectors(answer: string): MalformedVector[] {
  return formMalformedVectors(messages(answer), OWN);
}
