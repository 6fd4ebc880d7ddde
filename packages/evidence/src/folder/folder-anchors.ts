/** The records of anchors in a folder of evidence, below `anchors/<log>/<anchor>/`. Each must be whole and stamped by whom
 *  the pins name, and the copy of the log must continue what was anchored.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { anchorError, type AnchorKind } from "../anchor/anchor.ts";
import type { PinnedAnchor } from "../anchor/anchor-pin.ts";
import { verifyAnchorRecord, type VerifiedAnchor } from "../anchor/anchor-record.ts";
import type { TrustPins } from "../receipts.ts";
import type { EvidenceFolder } from "./evidence-folder.ts";
import { FolderLogs, type LogPins } from "./folder-logs.ts";

/** Directory of all records. */
const ANCHORS = "anchors";
const RECORD = /^anchors\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/([1-9][0-9]{0,15})\.json$/;

/** The last state of a log that an anchor has. */
export interface NewestAnchor {
  /** Entries of the log. */
  readonly size: number;
  /** Time of the authority, or, of a webhook, of the clock of who asked. */
  readonly at: string;
  /** SHA-256 of the checkpoint: what to look for on a chain. */
  readonly checkpointSha256: string;
}

/** Outcome of one anchor of one log. */
export interface FolderAnchor {
  readonly log: string;
  readonly anchor: string;
  readonly kind: AnchorKind;
  readonly checked: number;
  readonly verified: number;
  /** Of those that verify. */
  readonly newest: NewestAnchor | null;
}

/** Result of the work, or null when it failed, which is noted under the file. */
export type Attempt = <T>(file: string, work: () => Promise<T>) => Promise<T | null>;

/** Reads anchors, and logs. */
type AnchorsFolder = Pick<EvidenceFolder, "list" | "read">;

/** Verifies every record that is there. A pinned anchor without one fails, and so does one that is not pinned. */
export async function verifyFolderAnchors(
  folder: AnchorsFolder,
  trust: LogPins & Pick<TrustPins, "anchors">,
  attempt: Attempt,
): Promise<FolderAnchor[]> {
  const found = new Map<string, number[]>();
  for (const { path } of await folder.list(ANCHORS)) {
    const [matched, log = "", anchor = "", digits] = RECORD.exec(path) ?? [];
    if (matched === undefined) continue;
    const sizes = found.get(`${log}/${anchor}`) ?? [];
    sizes.push(Number(digits));
    found.set(`${log}/${anchor}`, sizes);
  }
  const logs = new FolderLogs(folder, trust);
  const outcomes: FolderAnchor[] = [];
  const fail = (what: string, reason: string): Promise<unknown> =>
    attempt(`${ANCHORS}/${what}`, () => Promise.reject(anchorError(what, reason)));
  for (const [anchor, pin] of Object.entries(trust.anchors ?? {})) {
    for (const log of pin.logs) {
      const sizes = found.get(`${log}/${anchor}`) ?? [];
      found.delete(`${log}/${anchor}`);
      if (sizes.length === 0) await fail(`${log}/${anchor}`, "it is pinned, and there is no record of it");
      const subject = { log, anchor, pin, sizes: sizes.toSorted((a, b) => a - b) };
      outcomes.push(await verifyRecords(subject, { folder, logs, attempt }));
    }
  }
  for (const what of found.keys()) await fail(what, "it is not pinned for this log");
  return outcomes;
}

async function verifyRecords(
  { log, anchor, pin, sizes }: { log: string; anchor: string; pin: PinnedAnchor; sizes: readonly number[] },
  { folder, logs, attempt }: { folder: AnchorsFolder; logs: FolderLogs; attempt: Attempt },
): Promise<FolderAnchor> {
  const identity = logs.identity(log);
  let verified = 0;
  let newest: NewestAnchor | null = null;
  for (const size of sizes) {
    const path = (suffix: string): string => `${ANCHORS}/${log}/${anchor}/${size}.${suffix}`;
    const held = await attempt(path("json"), async (): Promise<VerifiedAnchor> => {
      if (identity === null) throw anchorError(`${log}/${anchor}`, "the key of this log is not pinned");
      const read = async (suffix: string): Promise<Bytes | null> => {
        try {
          return await folder.read(path(suffix));
        } catch (cause) {
          throw anchorError(`${anchor}/${size}.${suffix}`, "it cannot be read", cause);
        }
      };
      const one = await verifyAnchorRecord({ anchor, size, pin, log: identity, read });
      await logs.holdsAnchored(log, one.record);
      return one;
    });
    if (held === null) continue;
    verified += 1;
    const { record, stampedAt } = held;
    newest = { size, at: stampedAt?.toISOString() ?? record.at, checkpointSha256: record.checkpointSha256 };
  }
  return { log, anchor, kind: pin.kind, checked: sizes.length, verified, newest };
}
