/** Sealed streams: data at rest, in the suite that its key belongs to. Each stream has its own keys, made by HKDF from the
 *  file key, a random salt, and what the stream is; each segment is authentic, and so are their order and the end.
 *
 *  `intl` is Tink's AES-GCM-HKDF streaming AEAD with AES-256 and SHA-256. `sm` is its AES-CTR-HMAC streaming AEAD with SM4
 *  (GB/T 32907-2016) in counter mode (GB/T 17964-2021) and HMAC-SM3: Node's OpenSSL has no SM4-GCM.
 *  @see https://developers.google.com/tink/streaming-aead/aes_ctr_hmac_streaming
 *  @see https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming
 *  @module */
import { hkdfSync } from "node:crypto";
import { concatBytes, equalBytes, SluiceError, toHex, utf8, type Bytes, type Random } from "@sluice/protocol";
import {
  aesGcm,
  ctrHmac,
  cut,
  headerBytes,
  isHeader,
  NONCE_PREFIX_BYTES,
  SegmentStream,
  type SegmentSuite,
} from "./sealed-segments.ts";

/** Suites that seal data at rest. */
export type FileSuite = "intl" | "sm";

/** Every suite that seals data at rest. */
export const FILE_SUITES: readonly FileSuite[] = ["intl", "sm"];

const SEGMENT_BYTES = 65_536;
const SUITES: Readonly<Record<FileSuite, { readonly code: number; readonly segments: SegmentSuite }>> = {
  intl: { code: 1, segments: aesGcm("aes-256-gcm", 32, { hkdfHash: "sha256", segmentBytes: SEGMENT_BYTES }) },
  sm: { code: 2, segments: ctrHmac("sm4-ctr", "sm3", { hkdfHash: "sm3", segmentBytes: SEGMENT_BYTES }) },
};

// struct {
//   opaque magic[6];            "sluice"
//   uint8  version;             1
//   uint8  suite;               1 intl, 2 sm
//   opaque keyId[8];
//   uint8  headerLength;        1 + salt + 7; from here on it is Tink's
//   opaque salt[32 | 16];       intl | sm
//   opaque noncePrefix[7];
//   opaque segments[];          65,536 bytes each, the header counted to the first; the last may be shorter
// } SealedStream;
const MAGIC = utf8("sluice");
const VERSION = 1;
const KEY_ID_BYTES = 8;
/** Bytes before the header of Tink's. */
export const PREFIX_BYTES = MAGIC.length + 2 + KEY_ID_BYTES;
const SECRET_BYTES = 32;

/** What a sealed stream says of itself. */
export interface SealedFacts {
  readonly suite: FileSuite;
  /** As `FileKey.id`. */
  readonly keyId: string;
  /** Bytes of the content. */
  readonly plainBytes: number;
}

/** A key of one suite for data at rest. Prints as its id. */
export class FileKey {
  readonly suite: FileSuite;
  /** Names the key in each stream that it sealed: 8 bytes derived from it, in hexadecimal. */
  readonly id: string;
  readonly #secret: Bytes;

  /** @param secret 32 random bytes. @throws RangeError */
  constructor(suite: FileSuite, secret: Bytes) {
    if (secret.length !== SECRET_BYTES) throw new RangeError(`a file key has ${SECRET_BYTES} bytes`);
    const { hkdfHash } = SUITES[suite].segments;
    this.suite = suite;
    this.id = toHex(new Uint8Array(hkdfSync(hkdfHash, secret, "", `sluice/file-key-id/v1/${suite}`, KEY_ID_BYTES)));
    this.#secret = secret.slice();
  }

  /** The segments of a stream under this key. Only this module calls it. */
  stream(header: Bytes, info: Bytes): SegmentStream {
    return new SegmentStream(SUITES[this.suite].segments, this.#secret, header, info);
  }

  toString(): string {
    return `FileKey(${this.suite}:${this.id})`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** `plain`, sealed with `key`. `context` says what it is ("hrss/table/insured"): it opens under the same context only. */
export async function* sealStream(
  plain: AsyncIterable<Bytes>,
  { key, context, random }: { readonly key: FileKey; readonly context: string; readonly random: Random },
): AsyncGenerator<Bytes> {
  const { code, segments } = SUITES[key.suite];
  const prefix = concatBytes(MAGIC, Uint8Array.of(VERSION, code), Buffer.from(key.id, "hex"));
  const header = concatBytes(
    Uint8Array.of(headerBytes(segments)),
    random.bytes(segments.saltBytes),
    random.bytes(NONCE_PREFIX_BYTES),
  );
  const stream = key.stream(header, infoOf(prefix, context));
  yield concatBytes(prefix, header);
  let size = segments.segmentBytes - headerBytes(segments) - segments.tagBytes;
  const nextSize = (): number => {
    const now = size;
    size = segments.segmentBytes - segments.tagBytes;
    return now;
  };
  for await (const { bytes, last } of cut(plain, nextSize)) yield stream.seal(bytes, last);
}

/** What `sealStream` was given, segment by segment, each checked before it is yielded. That nothing is missing at the end is
 *  known only when the last has come: whoever acts on the whole waits for that.
 *  @param keys the current one and those before it. @throws ERR_SEALED_FILE naming `context` and the segment */
export async function* openStream(
  sealed: AsyncIterable<Bytes>,
  { keys, context }: { readonly keys: readonly FileKey[]; readonly context: string },
): AsyncGenerator<Bytes> {
  let size = PREFIX_BYTES;
  const pieces = cut(sealed, () => size);
  const refuse = (reason: string): SluiceError => new SluiceError("ERR_SEALED_FILE", { file: context, reason });
  try {
    const prefix = (await pieces.next()).value;
    if (prefix === undefined || prefix.last || !equalBytes(prefix.bytes.subarray(0, MAGIC.length), MAGIC)) {
      throw refuse("it is no sealed file");
    }
    const [version, code] = prefix.bytes.subarray(MAGIC.length);
    if (version !== VERSION) throw refuse("its version is not known");
    const id = toHex(prefix.bytes.subarray(MAGIC.length + 2));
    const key = keys.find((candidate) => candidate.id === id && SUITES[candidate.suite].code === code);
    if (key === undefined) throw refuse("its key is not here");
    const { segments } = SUITES[key.suite];
    size = headerBytes(segments);
    const header = (await pieces.next()).value;
    if (header === undefined || header.last || !isHeader(header.bytes, segments)) throw refuse("its header is cut");
    const stream = key.stream(header.bytes, infoOf(prefix.bytes, context));
    size = segments.segmentBytes - headerBytes(segments);
    for await (const { bytes, last } of pieces) {
      size = segments.segmentBytes;
      const { index } = stream;
      const plain = stream.open(bytes, last);
      if (plain === null) throw refuse(`segment ${index} is not as it was sealed`);
      yield plain;
    }
  } finally {
    await pieces.return(undefined);
  }
}

/** What the start of a sealed stream of `sizeBytes` bytes says: the key that sealed it, and how long its content is. Null when
 *  it is none of this version. Nothing of this is authentic before the stream is opened. */
export function sealedFacts(start: Bytes, sizeBytes: number): SealedFacts | null {
  if (start.length < PREFIX_BYTES || !equalBytes(start.subarray(0, MAGIC.length), MAGIC)) return null;
  const [version, code] = start.subarray(MAGIC.length);
  const suite = FILE_SUITES.find((name) => SUITES[name].code === code);
  if (version !== VERSION || suite === undefined) return null;
  const { segments } = SUITES[suite];
  const segmentCount = Math.max(1, Math.ceil((sizeBytes - PREFIX_BYTES) / segments.segmentBytes));
  const plainBytes = sizeBytes - PREFIX_BYTES - headerBytes(segments) - segmentCount * segments.tagBytes;
  if (plainBytes < 0) return null;
  return { suite, keyId: toHex(start.subarray(MAGIC.length + 2, PREFIX_BYTES)), plainBytes };
}

function infoOf(prefix: Bytes, context: string): Bytes {
  return concatBytes(prefix, utf8(context));
}
