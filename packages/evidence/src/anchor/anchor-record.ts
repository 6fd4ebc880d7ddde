/** Records of anchors, as they lie in a directory and in an export: for each anchored checkpoint `<size>.json`, the text
 *  `<size>.checkpoint`, and what the anchor answered, `<size>.tsr` or `<size>.answer`. They verify offline, and in browsers.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import {
  canonicalBytes,
  equalBytes,
  fromHex,
  fromUtf8,
  Instant,
  LogOrigin,
  Name,
  Sha256Hex,
  SluiceError,
  toHex,
  type Bytes,
  type Checkpoint,
} from "@sluice/protocol";
import { z } from "zod";
import { openCheckpoint, type LogIdentity } from "../checkpoint.ts";
import { fileTiles, readCheckpoint, type ReadLogFile } from "../log-files.ts";
import { rootOf, subtreesOf } from "../tile-proof.ts";
import { ANCHOR_FAULTS, ANCHOR_KINDS, anchorError, type AnchorKind } from "./anchor.ts";
import type { AnchorPin } from "./anchor-pin.ts";
import { verifyTimestamp } from "./timestamp.ts";

/** What a record says beside the checkpoint and the answer. */
export const AnchorRecord = z.strictObject({
  type: z.literal("sluice/anchor-record/v1"),
  anchor: Name,
  kind: z.enum(ANCHOR_KINDS),
  origin: LogOrigin,
  size: z.int().positive(),
  rootHash: Sha256Hex,
  /** Of the checkpoint's text: what was stamped, and what to look for on a chain. */
  checkpointSha256: Sha256Hex,
  /** Of the answer, byte for byte. */
  answerSha256: Sha256Hex,
  /** Nonce of the time-stamp query. */
  nonce: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  /** When the answer was taken, by the clock of who asked. */
  at: Instant,
});
export type AnchorRecord = z.infer<typeof AnchorRecord>;
const Stored = AnchorRecord.extend({ digest: Sha256Hex });

/** Suffix of the file that holds an answer. */
export const ANSWER_SUFFIX: Readonly<Record<AnchorKind, string>> = { timestamp: "tsr", webhook: "answer" };

/** Longest file of a record. */
export const MAX_RECORD_FILE_BYTES = 16_384;

/** Text of `<size>.json`; its digest is the SHA-256 of the canonical JSON of everything else in it. */
export function anchorRecordText(record: AnchorRecord): string {
  return `${JSON.stringify({ ...record, digest: toHex(sha256(canonicalBytes(record))) }, null, 2)}\n`;
}

/** The record that `bytes` is. @throws ERR_ANCHOR naming `file` */
export function readAnchorRecord(bytes: Bytes, file: string): AnchorRecord {
  let text: string;
  let stored: z.infer<typeof Stored>;
  try {
    text = fromUtf8(bytes);
    stored = Stored.parse(JSON.parse(text));
  } catch (cause) {
    throw anchorError(file, "it does not have the documented form", cause);
  }
  const { digest: _digest, ...record } = stored;
  if (anchorRecordText(record) !== text) throw anchorError(file, "it was changed after it was written");
  return record;
}

/** What is known of a log at one time. */
export interface VerifiedAnchor {
  readonly record: AnchorRecord;
  /** The authority's time; null for a webhook, whose answer is nobody's signature. */
  readonly stampedAt: Date | null;
}

/** One record to verify. */
export interface AnchorSubject {
  /** Name of the anchor: that of the directory. */
  readonly anchor: string;
  readonly size: number;
  readonly pin: AnchorPin;
  readonly log: LogIdentity;
  /** Bytes of `<size>.<suffix>`, or null. */
  readonly read: (suffix: string) => Promise<Bytes | null>;
}

/** Passes when the record is whole, its checkpoint is signed by the log's key, and, of a time stamp, the authority signed
 *  it. Does not look at the log: see `holdsAnchored`. @throws ERR_ANCHOR naming the file, ERR_BODY_INVALID for the pin */
export async function verifyAnchorRecord(subject: AnchorSubject): Promise<VerifiedAnchor> {
  const { anchor, size, pin, log } = subject;
  const file = (suffix: string): string => `${anchor}/${size}.${suffix}`;
  const part = async (suffix: string): Promise<Bytes> => {
    const bytes = await subject.read(suffix);
    if (bytes === null) throw anchorError(file(suffix), "it is missing");
    if (bytes.length > MAX_RECORD_FILE_BYTES) throw anchorError(file(suffix), "it is longer than allowed");
    return bytes;
  };
  const record = readAnchorRecord(await part("json"), file("json"));
  if (record.anchor !== anchor || record.size !== size || record.kind !== pin.kind) {
    throw anchorError(file("json"), "it is of another anchor, size or kind");
  }
  const data = await part("checkpoint");
  if (!equalBytes(sha256(data), fromHex(record.checkpointSha256))) {
    throw anchorError(file("checkpoint"), "its SHA-256 is not the one in the record");
  }
  await openAnchored(data, record, log, file("checkpoint"));
  const answer = await part(ANSWER_SUFFIX[pin.kind]);
  if (!equalBytes(sha256(answer), fromHex(record.answerSha256))) {
    throw anchorError(file(ANSWER_SUFFIX[pin.kind]), "its SHA-256 is not the one in the record");
  }
  if (pin.kind === "webhook") return { record, stampedAt: null };
  if (record.nonce === undefined) throw anchorError(file("json"), "the nonce is missing");
  const verdict = await verifyTimestamp(answer, { data, nonce: fromHex(record.nonce), trust: pin });
  if (verdict.kind === "invalid") throw anchorError(file("tsr"), ANCHOR_FAULTS[verdict.fault]);
  return { record, stampedAt: verdict.at };
}

/** Passes when the log in these files continues what was anchored. One that was cut off or rewritten since does not, whoever
 *  signed it. @throws ERR_ANCHOR saying which, ERR_LOG when the files are not whole */
export async function holdsAnchored(read: ReadLogFile, record: AnchorRecord, log: LogIdentity): Promise<void> {
  const { anchor, size, rootHash } = record;
  const published = await readCheckpoint(read, log);
  if (published.size < size) {
    const reason = `the log has ${published.size} entries, and had ${size} when they were anchored: it was cut off`;
    throw anchorError(`${anchor}/${size}`, reason);
  }
  const tree = subtreesOf(fileTiles(read, log.origin), published.size);
  if (!equalBytes(await rootOf(tree, published.size), published.rootHash)) {
    throw new SluiceError("ERR_LOG", { origin: log.origin, reason: "the tiles do not lead to the checkpoint" });
  }
  if (!equalBytes(await rootOf(tree, size), fromHex(rootHash))) {
    const reason = `the first ${size} entries of the log are not those that were anchored: it was rewritten`;
    throw anchorError(`${anchor}/${size}`, reason);
  }
}

async function openAnchored(data: Bytes, record: AnchorRecord, log: LogIdentity, file: string): Promise<void> {
  let opened: Checkpoint;
  try {
    opened = await openCheckpoint(fromUtf8(data), log);
  } catch (cause) {
    throw anchorError(file, "it is no checkpoint of this log, signed by its key", cause);
  }
  const { origin, size, rootHash } = opened;
  if (origin !== record.origin || size !== record.size || toHex(rootHash) !== record.rootHash) {
    throw anchorError(file, "it is another checkpoint than the record says");
  }
}
