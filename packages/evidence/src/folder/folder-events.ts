/** Events of domains in a folder of evidence: `events/<domain>/<index>.json`. Each is signed by its domain and stands in its
 *  log at the index that its name says.
 *  @module */
import { EvidencedEvent, isSluiceError, SluiceError, type Bytes } from "@sluice/protocol";
import { logIdentity } from "../checkpoint.ts";
import { readDocument } from "../document-file.ts";
import { verifySignedAt } from "../keys-keyring.ts";
import { verifyLogProof } from "../log-proof.ts";
import type { TrustPins } from "../receipts.ts";
import type { EvidenceFolder } from "./evidence-folder.ts";
import type { FolderLogs } from "./folder-logs.ts";

const EVENT_FILE = /^events\/([a-z0-9-]{1,64})\/(0|[1-9][0-9]{0,15})\.json$/;

/** Verifies every event. Returns how many there are. */
export async function verifyFolderEvents(
  folder: Pick<EvidenceFolder, "list" | "read">,
  { trust, logs }: { trust: TrustPins; logs: FolderLogs },
  attempt: (file: string, work: () => Promise<void>) => Promise<unknown>,
): Promise<number> {
  const files = (await folder.list("events")).map(({ path }) => path).toSorted();
  for (const file of files) {
    await attempt(file, async () => {
      const [, domain = "", index] = EVENT_FILE.exec(file) ?? [];
      await verifyEvent(await readEvent(folder, file), { domain, index: Number(index), trust, logs });
    });
  }
  return files.length;
}

async function verifyEvent(
  { event, domainLog }: EvidencedEvent,
  { domain, index, trust, logs }: { domain: string; index: number; trust: TrustPins; logs: FolderLogs },
): Promise<void> {
  const pins = Object.hasOwn(trust.domains, domain) ? trust.domains[domain] : undefined;
  if (pins === undefined || event.body.domain !== domain)
    throw refused("it is of another domain, or of one not pinned");
  if (domainLog.index !== index) throw refused("it stands elsewhere in the log than its name says");
  await verifySignedAt(event, pins.receiptKey, event.body.at);
  await verifyLogProof(domainLog, event, logIdentity(pins));
  await logs.holdsCheckpoint(domain, domainLog.checkpoint);
}

async function readEvent(folder: Pick<EvidenceFolder, "read">, file: string): Promise<EvidencedEvent> {
  let bytes: Bytes | null;
  try {
    bytes = await folder.read(file);
  } catch (cause) {
    throw refused("it cannot be read", cause);
  }
  try {
    return EvidencedEvent.parse(bytes === null ? null : readDocument(bytes));
  } catch (cause) {
    if (isSluiceError(cause) && cause.code !== "ERR_DOCUMENT") throw cause;
    throw refused("it does not have the documented form", cause);
  }
}

function refused(reason: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_EVENT", { reason }, { cause });
}
