/** One message of each struct with its fields, made by the codecs of `protocol`; and messages that are malformed.
 *  @module */
import {
  concatBytes,
  encodeEvaluateRequest,
  encodeEvaluateResponse,
  encodeLabelRecord,
  encodeLookupRecord,
  encodePirAnswer,
  encodePirQuery,
  encodeSealedAnswer,
  encodeSealedQuery,
  fromHex,
  toHex,
  utf8,
  type Bytes,
} from "@sluice/protocol";

const run = (first: number, length: number): Bytes => Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);
const hexRun = (first: number, length: number): string => toHex(run(first, length));
const elements = [run(0, 32), run(32, 32)];
const elementFields = elements.map((element) => ({ bytes: toHex(element) }));

/** A message, and the fields that it decodes to: numbers, hexadecimal, JSON, lists. */
export type StructVector = { struct: string; hex: string; fields: unknown };
/** A message that no reader accepts, and the code by which it is refused. */
export type MalformedVector = { struct: string; name: string; hex: string; code: string };

/** A message of each struct. Envelopes are those of a whole call. */
export function structVectors(call: string, answer: string): StructVector[] {
  const vector = (struct: string, bytes: Bytes, fields: unknown): StructVector => ({
    struct,
    hex: toHex(bytes),
    fields,
  });
  return [
    { struct: "CallEnvelope", hex: call, fields: envelopeFields(fromHex(call), "request") },
    { struct: "AnswerEnvelope", hex: answer, fields: envelopeFields(fromHex(answer), "receipt") },
    vector("SealedQuery", encodeSealedQuery({ encapsulatedKey: run(1, 32), ciphertext: run(100, 20) }), {
      version: 1,
      encapsulatedKey: hexRun(1, 32),
      ciphertext: hexRun(100, 20),
    }),
    vector("SealedAnswer", encodeSealedAnswer({ nonce: run(2, 32), ciphertext: run(200, 70) }), {
      version: 1,
      nonce: hexRun(2, 32),
      ciphertext: hexRun(200, 70),
    }),
    vector("Commitment", concatBytes(utf8("sluice/leaf/v1"), run(3, 32), run(4, 32)), {
      label: toHex(utf8("sluice/leaf/v1")),
      salt: hexRun(3, 32),
      documentHash: hexRun(4, 32),
    }),
    vector(
      "Reference",
      concatBytes(
        utf8("sluice/reference/v1"),
        Uint8Array.of(5),
        utf8("party"),
        run(6, 32),
        Uint8Array.of(2),
        utf8("键").subarray(0, 2),
      ),
      { label: toHex(utf8("sluice/reference/v1")), member: toHex(utf8("party")), salt: hexRun(6, 32), value: "e994" },
    ),
    vector("NoteSignature", run(5, 68), { keyHash: hexRun(5, 4), signature: hexRun(9, 64) }),
    vector("Hint", run(1, 12), { words: [0x04030201, 0x08070605, 0x0c0b0a09] }),
    vector("OprfInput", concatBytes(Uint8Array.of(0, 5), utf8("bound"), utf8("键")), {
      context: toHex(utf8("bound")),
      key: toHex(utf8("键")),
    }),
    vector("Element", run(7, 32), { bytes: hexRun(7, 32) }),
    vector("EvaluateRequest", encodeEvaluateRequest({ snapshot: run(10, 32), elements }), {
      version: 2,
      snapshot: hexRun(10, 32),
      count: 2,
      elements: elementFields,
    }),
    vector("EvaluateResponse", encodeEvaluateResponse({ elements, proof: run(64, 64) }), {
      version: 2,
      count: 2,
      elements: elementFields,
      proof: hexRun(64, 64),
    }),
    vector("RecordSecrets", run(8, 76), {
      position: hexRun(8, 32),
      key: hexRun(40, 32),
      nonce: hexRun(72, 12),
    }),
    vector("PositionDigest", run(0x7e, 32), {
      bucket: 0x7e7f8081,
      first: 0x82838485,
      second: 0x86878889,
      third: 0x8a8b8c8d,
      unused: hexRun(0x8e, 16),
    }),
    vector("LookupPart", fromHex("0000000201000000feffffff"), { count: 2, words: [1, 0xfffffffe] }),
    vector(
      "PirQuery",
      encodePirQuery({ snapshot: run(9, 32), parts: [Uint32Array.of(1, 0xfffffffe, 0x01020304), Uint32Array.of(5)] }),
      {
        version: 2,
        snapshot: hexRun(9, 32),
        count: 2,
        parts: [
          { count: 3, words: [1, 0xfffffffe, 0x01020304] },
          { count: 1, words: [5] },
        ],
      },
    ),
    vector("PirAnswer", encodePirAnswer([Uint32Array.of(0x80000000, 7)]), {
      version: 2,
      count: 1,
      parts: [{ count: 2, words: [0x80000000, 7] }],
    }),
    vector("LookupRecord", encodeLookupRecord(run(11, 5)), { state: 0, value: hexRun(11, 5) }),
    vector("LabelRecord", encodeLabelRecord(3), { label: 3, pad: "00".repeat(14) }),
  ];
}

/** Messages cut short, with bytes left over, of another version, or with fields out of their range. */
export function malformedVectors(call: string, answer: string): MalformedVector[] {
  const malformed: MalformedVector[] = [];
  for (const { struct, hex } of structVectors(call, answer)) {
    const bytes = fromHex(hex);
    const code = struct === "LookupRecord" ? "ERR_LOOKUP_CORRUPT" : "ERR_FRAME_MALFORMED";
    const add = (name: string, changed: Bytes): number => malformed.push({ struct, name, hex: toHex(changed), code });
    const tail = TAILS[struct];
    add("empty", struct === "Hint" ? new Uint8Array(1) : new Uint8Array());
    add("truncated", bytes.subarray(0, tail === "bytes" ? (SHORTEST[struct] ?? 0) - 1 : bytes.length - 1));
    if (tail !== "bytes") add("extra byte", concatBytes(bytes, new Uint8Array(1)));
    const [high, version = 0] = bytes;
    if (high === 0 && (version === 1 || LOOKUP_FRAMES.has(struct)) && !UNVERSIONED.has(struct)) {
      add(`version ${3 - version}`, concatBytes(Uint8Array.of(0, 3 - version), bytes.subarray(2)));
      add("version little-endian", concatBytes(Uint8Array.of(version, 0), bytes.subarray(2)));
    }
    if (struct.startsWith("Evaluate")) {
      const at = struct === "EvaluateRequest" ? 34 : 2;
      const [head, rest] = [bytes.subarray(0, at), bytes.subarray(at + 2)];
      add("no elements", concatBytes(head, Uint8Array.of(0, 0), rest.subarray(64)));
      add("one element more than there is", concatBytes(head, Uint8Array.of(0, 3), rest));
      add("one element fewer than there are", concatBytes(head, Uint8Array.of(0, 1), rest));
      if (at === 34) add("1025 elements", concatBytes(head, Uint8Array.of(4, 1), new Uint8Array(1_025 * 32)));
    }
    if (struct.startsWith("Pir")) {
      const at = struct === "PirQuery" ? 34 : 2;
      for (const count of [0, 3]) {
        add(`${count} parts`, concatBytes(bytes.subarray(0, at), Uint8Array.of(count), new Uint8Array(4 * count)));
      }
      add("a part fewer than it counts", concatBytes(bytes.subarray(0, at), Uint8Array.of(2, 0, 0, 0, 0)));
      add("a word more than there is", bytes.with(at + 4, (bytes[at + 4] ?? 0) + 1));
      add("a word fewer than there is", bytes.with(at + 4, (bytes[at + 4] ?? 0) - 1));
    }
    if (struct === "LookupRecord") {
      add("another state", bytes.with(0, 2));
      add("a deletion with a value", bytes.with(0, 1));
    }
    if (struct === "LabelRecord") add("padding that is not zero", concatBytes(bytes.subarray(0, 14), Uint8Array.of(1)));
    if (struct.endsWith("Envelope")) {
      const [, , high = 0, low = 0] = bytes;
      const length = high * 256 + low;
      add("document longer than the message", concatBytes(bytes.subarray(0, 2), Uint8Array.of(255, 255), run(0, 40)));
      add("document that is not JSON", concatBytes(Uint8Array.of(0, 1, 0, 2), utf8("{]"), Uint8Array.of(0, 0, 0)));
      add("document that is not UTF-8", concatBytes(Uint8Array.of(0, 1, 0, 3, 34, 255, 34), Uint8Array.of(0, 0, 0)));
      add("document length one short", concatBytes(bytes.subarray(0, 2), be16(length - 1), bytes.subarray(4)));
      add("frame length one more", withFrameLength(bytes, 4 + length, 1));
      add("frame length one short", withFrameLength(bytes, 4 + length, -1));
    }
  }
  return malformed;
}

/** What may follow to the end of a message: any bytes, or whole words. */
const TAILS: Readonly<Record<string, "bytes" | "words">> = {
  SealedQuery: "bytes",
  SealedAnswer: "bytes",
  OprfInput: "bytes",
  Hint: "words",
  LookupRecord: "bytes",
};
const SHORTEST: Readonly<Record<string, number>> = { SealedQuery: 34, SealedAnswer: 34, OprfInput: 7, LookupRecord: 1 };
/** Frames of version 2. */
const LOOKUP_FRAMES: ReadonlySet<string> = new Set(["EvaluateRequest", "EvaluateResponse", "PirQuery", "PirAnswer"]);
const UNVERSIONED: ReadonlySet<string> = new Set(["LabelRecord", "LookupPart", "LookupRecord", "Hint", "OprfInput"]);

function be16(value: number): Bytes {
  return Uint8Array.of(value >> 8, value & 0xff);
}

function withFrameLength(bytes: Bytes, at: number, change: number): Bytes {
  const copy = bytes.slice();
  copy[at + 2] = (copy[at + 2] ?? 0) + change;
  return copy;
}

/** The fields of an envelope that its codec wrote: version, document and frame behind their lengths. */
function envelopeFields(bytes: Bytes, name: string): unknown {
  const [, , high = 0, low = 0] = bytes;
  const end = 4 + high * 256 + low;
  const document: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(4, end)));
  return { version: 1, [name]: document, frame: toHex(bytes.subarray(end + 3)) };
}
