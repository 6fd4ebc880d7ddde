/** The anchors of gateways and domains in their own directories, read from their files.
 *  @module */
import { join } from "node:path";
import { readAnchorFile, readAnchors, sizesIn, type ConfiguredAnchor } from "@sluice/evidence";
import {
  readAnchorRecord,
  verifyFolderAnchors,
  type AnchorRecord,
  type EvidenceFolder,
  type FolderAnchor,
  type FolderFailure,
  type PinnedAnchor,
  type TrustPins,
} from "@sluice/evidence/verify";
import { canonicalText, isSluiceError, SluiceError } from "@sluice/protocol";
import { readDataDirectory, type Home } from "../doctor/data-directory.ts";
import { diskFolder } from "../verify/disk-folder.ts";

/** A gateway or a domain, with what its `anchors.json` names. */
export interface AnchoredHome {
  /** As in a folder of evidence: `gateway`, or the name of the domain. */
  readonly log: string;
  readonly home: Home & { readonly config: NonNullable<Home["config"]> };
  readonly anchors: readonly ConfiguredAnchor[];
}

/** What is below `directory`. @throws ERR_DIRECTORY_STATE when there is none whose configuration can be read;
 *  ERR_BODY_INVALID for a wrong anchors.json */
export async function anchoredHomes(directory: string): Promise<AnchoredHome[]> {
  const { homes } = await readDataDirectory(directory);
  const found: AnchoredHome[] = [];
  for (const home of homes) {
    if (!isReadable(home)) continue;
    const log = home.kind === "gateway" ? "gateway" : home.config.domain;
    found.push({ log, home, anchors: await readAnchors(home.directory) });
  }
  if (found.length > 0) return found;
  const facts = { directory, expected: "a gateway or a domain", command: "sluice gateway init DIR" };
  throw new SluiceError("ERR_DIRECTORY_STATE", facts);
}

/** What an anchor has, by its records; nothing of it was verified. */
export interface AnchorState {
  readonly log: string;
  readonly anchor: string;
  readonly kind: AnchorRecord["kind"];
  readonly intervalMinutes: number;
  readonly records: number;
  readonly newest: Pick<AnchorRecord, "size" | "at" | "checkpointSha256"> | null;
}

/** Every configured anchor. @throws ERR_ANCHOR when its last record is damaged */
export async function anchorStates(homes: readonly AnchoredHome[]): Promise<AnchorState[]> {
  const states: AnchorState[] = [];
  for (const { log, home, anchors } of homes) {
    const directory = join(home.directory, "anchors");
    for (const { name: anchor, kind, intervalMs } of anchors) {
      const sizes = await sizesIn(join(directory, anchor));
      const [size] = sizes;
      const bytes = size === undefined ? null : await readAnchorFile(directory, `anchors/${anchor}/${size}.json`);
      const record = bytes === null ? null : readAnchorRecord(bytes, `${anchor}/${size}.json`);
      const newest =
        record === null ? null : { size: record.size, at: record.at, checkpointSha256: record.checkpointSha256 };
      states.push({ log, anchor, kind, intervalMinutes: intervalMs / 60_000, records: sizes.length, newest });
    }
  }
  return states;
}

/** What a verifier pins of these anchors: the member `anchors` of a `trust.json`. @throws ERR_CONFLICT when one name stands
 *  for two anchors */
export function pinsFor(homes: readonly AnchoredHome[]): NonNullable<TrustPins["anchors"]> {
  const pins = new Map<string, PinnedAnchor>();
  for (const { log, anchors } of homes) {
    for (const { name, pin } of anchors) {
      const { logs, ...before } = pins.get(name) ?? { ...pin, logs: [] };
      if (canonicalText(before) !== canonicalText(pin)) throw new SluiceError("ERR_CONFLICT", { kind: "anchor", name });
      pins.set(name, { ...pin, logs: [...logs, log] });
    }
  }
  return Object.fromEntries(pins);
}

/** Verifies every record, as an auditor would with a copy of these directories. @throws ERR_CANCELLED */
export async function checkAnchors(
  homes: readonly AnchoredHome[],
  signal: AbortSignal,
): Promise<{ anchors: FolderAnchor[]; failures: FolderFailure[] }> {
  const failures: FolderFailure[] = [];
  const outcomes: FolderAnchor[] = [];
  for (const { log, home, anchors } of homes) {
    const pins = Object.fromEntries(anchors.map(({ name, pin }) => [name, { ...pin, logs: [log] }]));
    const trust = { ...pinsOf(home), anchors: pins };
    const checked = await verifyFolderAnchors(homeFolder(log, home.directory), trust, async (file, work) => {
      if (signal.aborted) throw new SluiceError("ERR_CANCELLED", {}, { cause: signal.reason });
      try {
        return await work();
      } catch (error) {
        if (!isSluiceError(error)) throw error;
        failures.push({ file, error });
        return null;
      }
    });
    outcomes.push(...checked);
  }
  return { anchors: outcomes, failures };
}

function pinsOf(home: AnchoredHome["home"]): Pick<TrustPins, "domains"> & Partial<Pick<TrustPins, "gateway">> {
  if (home.kind === "gateway") {
    const { gatewayKey: key, logKey, logSm2Key, logOrigin } = home.config;
    return { domains: {}, gateway: { key, logKey, logSm2Key, logOrigin } };
  }
  const { domain, receiptKey, logKey, logSm2Key, logOrigin, pins } = home.config;
  const { departmentKey } = pins;
  return { domains: { [domain]: { receiptKey, logKey, logSm2Key, logOrigin, departmentKey } } };
}

/** `logs/<log>/…` and `anchors/<log>/…` of a folder of evidence, where a running process has them. */
function homeFolder(log: string, directory: string): Pick<EvidenceFolder, "list" | "read"> {
  const disk = diskFolder(directory);
  const inside = (path: string): string => path.replace(`logs/${log}`, "log").replace(`anchors/${log}`, "anchors");
  return {
    async list(below) {
      const entries = await disk.list(inside(below));
      return entries.map(({ path, isFile }) => ({
        path: path.replace(/^log\//, `logs/${log}/`).replace(/^anchors\//, `anchors/${log}/`),
        isFile,
      }));
    },
    read: (path) => disk.read(inside(path)),
  };
}

function isReadable(home: Home): home is AnchoredHome["home"] {
  return home.config !== null;
}
