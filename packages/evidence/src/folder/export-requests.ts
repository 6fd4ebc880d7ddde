/** The signed requests of an export: each is the one that its receipt names, signed by the party that the receipt opens.
 *  @module */
import { documentHash, SignedRequest, type EvidencedReceipt } from "@sluice/protocol";
import { readDocument } from "../document-file.ts";
import { openReference } from "../receipt-openings.ts";
import { verifySigned } from "../signed-document.ts";
import type { EvidenceFolder, FolderFailure } from "./evidence-folder.ts";
import { exportFault } from "./export-manifest.ts";

const REQUEST_FILE = /^requests\/([0-9a-f]{32})\.json$/;

/** Files of requests. */
type Files = Pick<EvidenceFolder, "list" | "read">;

/** What is wrong with the request of a receipt that verifies; null when nothing is. One may be missing: of an erased caller, or of a run whose receipt the
 *  gateway fetched alone. */
export async function checkRequest(folder: Files, evidenced: EvidencedReceipt): Promise<FolderFailure | null> {
  const { callId, request: named } = evidenced.receipt.body;
  const file = `requests/${callId}.json`;
  const failure = (reason: string, cause?: unknown): FolderFailure => ({
    file,
    error: exportFault(file, reason, cause),
  });
  let request: SignedRequest;
  try {
    const bytes = await folder.read(file);
    if (bytes === null) return null;
    request = SignedRequest.parse(readDocument(bytes));
  } catch (cause) {
    return failure("it does not have the documented form", cause);
  }
  if ((await documentHash(request.body)) !== named) return failure("it is not the request that its receipt names");
  const party = openReference(evidenced, "party");
  if (party === null) return failure("its receipt does not say whose it is");
  try {
    await verifySigned(request, { required: [[party]] });
  } catch (error) {
    return failure("the party of its receipt, and it alone, has not signed it", error);
  }
  return null;
}

/** Every file of requests that is of none of these calls. */
export async function strayRequests(folder: Files, calls: ReadonlySet<string>): Promise<FolderFailure[]> {
  const files = (await folder.list("requests")).map(({ path }) => path);
  return files
    .filter((file) => !calls.has(REQUEST_FILE.exec(file)?.[1] ?? ""))
    .map((file) => ({ file, error: exportFault(file, "there is no receipt of it") }));
}
