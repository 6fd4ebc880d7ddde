/** Single receipts, grants and releases with `trust.json`, without the logs: what one party was given.
 *  @module */
import {
  readJson,
  TrustPins,
  verifyDocument,
  type EvidenceFolder,
  type FolderFailure,
  type FolderReport,
  type VerifiedDocument,
} from "@sluice/evidence/verify";
import { isSluiceError, SluiceError } from "@sluice/protocol";

const TRUST = "trust.json";

/** Outcome of loose files. */
export interface LooseReport extends FolderReport {
  /** Files that verify. */
  readonly documents: readonly (VerifiedDocument & { readonly file: string })[];
}

/** Checks each file but `trust.json`: signatures, and of receipts the inclusion under the checkpoints that they bring.
 *  @throws ERR_DIRECTORY_STATE without a trust file or without a document */
export async function verifyLooseDocuments(folder: EvidenceFolder): Promise<LooseReport> {
  const pins = TrustPins.safeParse(await readJson(folder, TRUST));
  if (!pins.success) throw missing(folder, TRUST);
  const trust = pins.data;
  const files = (await folder.list("")).map(({ path }) => path).filter((path) => path !== TRUST);
  if (files.length === 0) throw missing(folder, "凭证 a receipt");
  const failures: FolderFailure[] = [];
  const documents: (VerifiedDocument & { file: string })[] = [];
  for (const file of files.toSorted()) {
    try {
      const bytes = (await folder.read(file)) ?? new Uint8Array(0);
      documents.push({ file, ...(await verifyDocument(bytes, trust)) });
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      failures.push({ file, error });
    }
  }
  const failed = failures.length;
  const receipts = { checked: files.length, verified: documents.length };
  const nothing = { manifest: null, operations: {}, events: 0, logs: [], anchors: [] };
  return { ok: failed === 0, ...nothing, trust, receipts, failures, failed, documents };
}

function missing({ name }: EvidenceFolder, expected: string): SluiceError {
  return new SluiceError("ERR_DIRECTORY_STATE", { directory: name, expected, command: "sluice verify DIR" });
}
