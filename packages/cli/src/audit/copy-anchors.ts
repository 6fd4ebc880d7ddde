/** Copies of the records of anchors: those of the period, and the last one before it, as far as the copied log goes.
 *  @module */
import { ANSWER_SUFFIX, readAnchorRecord, type AnchorRecord, type PinnedAnchor } from "@sluice/evidence/verify";
import { fromUtf8, SluiceError, type Bytes, type Instant } from "@sluice/protocol";

/** What is copied, and where to. */
export interface AnchorCopy {
  readonly anchor: string;
  readonly pin: PinnedAnchor;
  /** Entries of the copied log: what was anchored since is of another export. */
  readonly size: number;
  /** Beginning of the period. */
  readonly from: Instant;
  /** Reads a file of the anchor, or gives null. */
  readonly read: (file: string) => Promise<Bytes | null>;
  readonly write: (file: string, bytes: Bytes) => Promise<void>;
}

/** Copies; what is copied is verified by who reads the export. @returns the records, the newest first
 *  @throws ERR_ANCHOR when the server shows no index, or lacks what it lists */
export async function copyAnchors({ anchor, pin, size, from, read, write }: AnchorCopy): Promise<AnchorRecord[]> {
  const index = await read("index");
  if (index === null) return [];
  const copied: AnchorRecord[] = [];
  for (const listed of sizesOf(index, anchor)) {
    if (listed > size) continue;
    const files: [string, Bytes][] = [];
    for (const suffix of ["json", "checkpoint", ANSWER_SUFFIX[pin.kind]]) {
      const file = `${listed}.${suffix}`;
      const bytes = await read(file);
      if (bytes === null) throw damaged(`${anchor}/${file}`, "it is missing");
      files.push([file, bytes]);
    }
    const [, json = new Uint8Array(0)] = files[0] ?? [];
    const record = readAnchorRecord(json, `${anchor}/${listed}.json`);
    for (const [file, bytes] of files) await write(file, bytes);
    copied.push(record);
    if (record.at < from) break;
  }
  return copied;
}

/** Sizes of an index: one in each line, the largest first. */
function sizesOf(index: Bytes, anchor: string): number[] {
  const text = fromUtf8(index);
  const sizes = text.split("\n").slice(0, -1).map(Number);
  const isSound = sizes.every((size, i) => Number.isSafeInteger(size) && size > 0 && size < (sizes[i - 1] ?? Infinity));
  if (!text.endsWith("\n") || !isSound) throw damaged(`${anchor}/index`, "it does not have the documented form");
  return sizes;
}

function damaged(what: string, reason: string): SluiceError {
  return new SluiceError("ERR_ANCHOR", { what, reason });
}
