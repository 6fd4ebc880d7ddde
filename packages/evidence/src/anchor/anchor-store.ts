/** Records of anchors on a disk: `<anchor>/<size>.json` and the two files beside it, and `<anchor>/pending.checkpoint`, what
 *  an anchor was given without an answer that is known. The `.json` comes last: what has none was not anchored.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { toHex, utf8, type Bytes, type Checkpoint, type Clock } from "@sluice/protocol";
import { readFileIfAny, replaceFileDurably } from "../durable-files.ts";
import type { AnchorKind, AnchorOutcome } from "./anchor.ts";
import { MAX_INDEX_BYTES, parseAnchorPath } from "./anchor-path.ts";
import { ANSWER_SUFFIX, anchorRecordText, readAnchorRecord, type AnchorRecord } from "./anchor-record.ts";

const PENDING = "pending.checkpoint";
const RECORD = /^([1-9][0-9]{0,15})\.json$/;

/** The records of one anchor, one after the other: not for two writers. */
export class AnchorStore {
  readonly #directory: string;
  readonly #anchor: string;
  readonly #kind: AnchorKind;

  constructor(directory: string, anchor: string, kind: AnchorKind) {
    this.#directory = join(directory, anchor);
    this.#anchor = anchor;
    this.#kind = kind;
  }

  /** The record of most entries, or null. @throws ERR_ANCHOR when it is damaged: which size is the last is not known then */
  async newest(): Promise<AnchorRecord | null> {
    const [size] = await sizesIn(this.#directory);
    if (size === undefined) return null;
    const file = `${size}.json`;
    const bytes = (await readFileIfAny(join(this.#directory, file))) ?? new Uint8Array(0);
    return readAnchorRecord(bytes, `${this.#anchor}/${file}`);
  }

  /** What is to be given to the anchor for `text`, of `size` entries: the same text again, when it was given one of that
   *  size before and nobody knows what became of it. On disk when this returns. */
  async begin(text: string, isSame: (pending: string) => Promise<boolean>): Promise<string> {
    await mkdir(this.#directory, { recursive: true });
    const path = join(this.#directory, PENDING);
    const pending = await readFileIfAny(path);
    const before = pending === null ? null : new TextDecoder().decode(pending);
    if (before !== null && (await isSame(before))) return before;
    await replaceFileDurably(path, utf8(text));
    return text;
  }

  /** Keeps what became of `checkpoint`, which `begin` gave. */
  async keep(
    { origin, size, rootHash, text }: Checkpoint,
    { answer, nonce }: Extract<AnchorOutcome, { kind: "anchored" }>,
    clock: Clock,
  ): Promise<void> {
    const record: AnchorRecord = {
      type: "sluice/anchor-record/v1",
      anchor: this.#anchor,
      kind: this.#kind,
      origin,
      size,
      rootHash: toHex(rootHash),
      checkpointSha256: toHex(sha256(utf8(text))),
      answerSha256: toHex(sha256(answer)),
      ...(nonce === undefined ? {} : { nonce: toHex(nonce) }),
      at: clock.now().toISOString(),
    };
    const path = (suffix: string): string => join(this.#directory, `${size}.${suffix}`);
    await replaceFileDurably(path("checkpoint"), utf8(text));
    await replaceFileDurably(path(ANSWER_SUFFIX[this.#kind]), answer);
    await replaceFileDurably(path("json"), utf8(anchorRecordText(record)));
  }
}

/** The file of that path below `anchors/`, as strangers may ask for it; the index of an anchor is made from its records,
 *  the largest sizes first, as many as fit. Null for every other path. */
export async function readAnchorFile(directory: string, path: string): Promise<Bytes | null> {
  const parsed = parseAnchorPath(path);
  if (parsed === null) return null;
  const { anchor, size, suffix } = parsed;
  if (size !== null) return readFileIfAny(join(directory, anchor, `${size}.${suffix}`));
  const sizes = await sizesIn(join(directory, anchor));
  if (sizes.length === 0) return null;
  const listed = sizes.slice(0, Math.floor(MAX_INDEX_BYTES / (String(sizes[0]).length + 1)));
  return utf8(`${listed.join("\n")}\n`);
}

/** Sizes of the records in one anchor's directory, the largest first. */
export async function sizesIn(directory: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  const sizes = names.map((name) => Number(RECORD.exec(name)?.[1] ?? 0));
  return sizes.filter((size) => size > 0 && Number.isSafeInteger(size)).toSorted((a, b) => b - a);
}
