/** Offline verification of a folder of evidence: `trust.json`, `receipts/*.json` and `logs/<name>/…`, where `<name>` is
 *  `gateway` or the name of a domain; and, of an export, everything else that its manifest lists.
 *  @module */
import { EvidencedReceipt, isSluiceError, SluiceError, type Bytes } from "@sluice/protocol";
import { readDocument } from "../document-file.ts";
import { TrustPins, verifyReceipt } from "../receipts.ts";
import { judgeCosignatures, type WitnessPolicy, type WitnessVerdict } from "../witness-policy.ts";
import { readJson, type EvidenceFolder, type FolderFailure } from "./evidence-folder.ts";
import { verifyFolderAnchors, type FolderAnchor } from "./folder-anchors.ts";
import { checkPlace, documentFaults } from "./export-documents.ts";
import { verifyFolderEvents } from "./folder-events.ts";
import { checkRequest, strayRequests } from "./export-requests.ts";
import { changedFiles, exportFault, MANIFEST_FILE, readManifest, type AuditManifest } from "./export-manifest.ts";
import { FolderLogs } from "./folder-logs.ts";

/** What only an export holds: it needs a manifest to be held against. */
const OF_EXPORT =
  /^(?:index\.html$|VERIFY\.md$|parties\.json$|(?:events|grants|releases|requests|runs|reviews|scenes|products)\/)/;

/** Failures that a report lists; it counts all. */
export const MAX_LISTED_FAILURES = 1_000;

/** What happened to one kind of thing. */
export interface FolderCount {
  checked: number;
  verified: number;
}

/** Outcome of one log. */
export interface FolderLog {
  readonly name: string;
  readonly origin: string;
  /** Entries of the log; 0 when it does not verify. */
  readonly entries: number;
  /** Index of the first entry that is kept, when the log says that it was pruned. */
  readonly firstKept?: number;
  readonly ok: boolean;
  /** Cosignatures on the log's checkpoint, when a policy was given and the log verifies. */
  readonly witnessed: WitnessVerdict | null;
}

/** Outcome of a folder. */
export interface FolderReport {
  readonly ok: boolean;
  /** The manifest, when the folder is an export and its manifest is whole. */
  readonly manifest: AuditManifest | null;
  /** The keys that everything was held against: those that were given, or those of the folder's trust.json; null when
   *  they could not be read. */
  readonly trust: TrustPins | null;
  readonly receipts: FolderCount;
  /** Events of domains that were checked. */
  readonly events: number;
  /** Receipts by operation. */
  readonly operations: Readonly<Record<string, FolderCount>>;
  readonly logs: readonly FolderLog[];
  /** Anchors that the pins name, for each log that they must have records of. */
  readonly anchors: readonly FolderAnchor[];
  /** What does not verify, in the order in which it was found; the first `MAX_LISTED_FAILURES`. */
  readonly failures: readonly FolderFailure[];
  /** How many do not. */
  readonly failed: number;
}

/** What is being verified, told now and then. */
export interface FolderProgress {
  readonly stage: "files" | "logs" | "receipts";
  readonly done: number;
}

/** How to verify. */
export interface FolderOptions {
  readonly signal?: AbortSignal | undefined;
  /** Pins obtained elsewhere. The folder's trust.json then counts for nothing but its hash in the manifest. */
  readonly trust?: TrustPins | undefined;
  /** Witnesses that must have cosigned the checkpoint of each log, to which all of its receipts lead. */
  readonly policy?: WitnessPolicy | undefined;
  readonly progress?: ((progress: FolderProgress) => void) | undefined;
}

/** Checks every receipt and every log of `folder`, and every file of an export; goes on after a failure, to count them
 *  all. @throws ERR_DIRECTORY_STATE when there is no evidence, ERR_CANCELLED */
export async function verifyFolder(
  folder: EvidenceFolder,
  { signal, trust: given, policy, progress = () => {} }: FolderOptions = {},
): Promise<FolderReport> {
  const failures = new Failures(signal);
  const manifest = await failures.attempt(MANIFEST_FILE, () => manifestOf(folder));
  if (manifest !== null) {
    let done = 0;
    const visited = (): void => {
      throwIfAborted(signal);
      progress({ stage: "files", done: ++done });
    };
    failures.add(await changedFiles(folder, manifest, visited));
  }
  const receipts: FolderCount = { checked: 0, verified: 0 };
  const operations: Record<string, FolderCount> = {};
  const logCounts: FolderLog[] = [];
  let anchors: readonly FolderAnchor[] = [];
  let events = 0;
  const trust = given ?? (await readTrust(folder));
  if (trust instanceof SluiceError) {
    // Of an export, the manifest says which file was changed.
    if (failures.count === 0) throw trust;
    return report(null);
  }
  if (manifest !== null) failures.add(await documentFaults(folder, trust));
  const logs = new FolderLogs(folder, trust);
  for (const name of await logs.names()) {
    progress({ stage: "logs", done: logCounts.length });
    logCounts.push(await verifyLog(name, { logs, failures, policy, signal }));
  }
  anchors = await verifyFolderAnchors(folder, trust, (file, work) => failures.attempt(file, work));
  const files = (await folder.list("receipts")).map(({ path }) => path).filter((path) => path.endsWith(".json"));
  const calls = new Set<string>();
  for (const [i, file] of files.toSorted().entries()) {
    progress({ stage: "receipts", done: i + 1 });
    await failures.attempt(file, async () => {
      const count = { checked: 1, verified: 0 };
      let evidenced: EvidencedReceipt | null = null;
      try {
        evidenced = await readReceipt(folder, file);
        const { body } = evidenced.receipt;
        // Copies of a receipt are one call.
        if (calls.has(body.callId)) count.checked = 0;
        calls.add(body.callId);
        await verifyReceipt(evidenced, trust);
        await logs.holdsProofsOf(evidenced);
        if (manifest !== null) {
          checkPlace(file, body, manifest.files);
          const request = await checkRequest(folder, evidenced);
          if (request !== null) failures.add([request]);
        }
        count.verified = count.checked;
      } finally {
        addTo(receipts, count);
        if (evidenced !== null) {
          addTo((operations[evidenced.receipt.body.operation] ??= { checked: 0, verified: 0 }), count);
        }
      }
    });
  }
  if (manifest !== null) failures.add(await strayRequests(folder, calls));
  if (manifest === null && failures.count === 0 && receipts.checked === 0 && logCounts.length === 0) {
    throw noEvidence(folder, "receipts or logs");
  }
  events = await verifyFolderEvents(folder, { trust, logs }, (file, work) => failures.attempt(file, work));
  return report(trust);

  function report(pins: TrustPins | null): FolderReport {
    const { count: failed, listed } = failures;
    return {
      ok: failed === 0,
      manifest,
      trust: pins,
      receipts,
      events,
      operations,
      logs: logCounts,
      anchors,
      failures: listed,
      failed,
    };
  }
}

/** The manifest, or null when the folder is no export. @throws ERR_EXPORT also when an export has lost its manifest */
async function manifestOf(folder: EvidenceFolder): Promise<AuditManifest | null> {
  const manifest = await readManifest(folder);
  if (manifest !== null) return manifest;
  for (const { path } of await folder.list("")) {
    if (OF_EXPORT.test(path)) throw exportFault(MANIFEST_FILE, `it is missing, though ${path} is there`);
  }
  return null;
}

/** Failures as they are found. */
class Failures {
  count = 0;
  readonly listed: FolderFailure[] = [];
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  add(failures: readonly FolderFailure[]): void {
    this.count += failures.length;
    this.listed.push(...failures.slice(0, MAX_LISTED_FAILURES - this.listed.length));
  }

  /** Result of `work`, or null when it failed. @throws ERR_CANCELLED, and what is no fault of the evidence */
  async attempt<T>(file: string, work: () => Promise<T>): Promise<T | null> {
    throwIfAborted(this.#signal);
    try {
      return await work();
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      this.add([{ file, error }]);
      return null;
    }
  }
}

async function verifyLog(
  name: string,
  context: {
    readonly logs: FolderLogs;
    readonly failures: Failures;
    readonly policy: WitnessPolicy | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<FolderLog> {
  const { logs, failures, policy, signal } = context;
  const verified = await failures.attempt(`logs/${name}`, () => logs.verify(name, signal));
  const origin = logs.identity(name)?.origin ?? "not pinned";
  const witnessed = verified !== null && policy !== undefined ? await judgeCosignatures(policy, verified.text) : null;
  if (witnessed?.satisfied === false) {
    const reason = "its checkpoint lacks cosignatures that the policy asks for";
    failures.add([{ file: `logs/${name}/checkpoint`, error: new SluiceError("ERR_LOG", { origin, reason }) }]);
  }
  const ok = verified !== null && witnessed?.satisfied !== false;
  const pruned = verified?.pruned === undefined ? {} : { firstKept: verified.pruned.firstKept };
  return { name, origin, entries: verified?.size ?? 0, ...pruned, ok, witnessed };
}

async function readTrust(folder: EvidenceFolder): Promise<TrustPins | SluiceError> {
  let value: unknown;
  try {
    value = await readJson(folder, "trust.json");
  } catch (cause) {
    return noEvidence(folder, "trust.json", cause);
  }
  const trust = TrustPins.safeParse(value);
  return trust.success ? trust.data : noEvidence(folder, "a trust.json of the documented form");
}

async function readReceipt(folder: EvidenceFolder, file: string): Promise<EvidencedReceipt> {
  const malformed = (reason: string, cause?: unknown): SluiceError =>
    new SluiceError("ERR_RECEIPT", { part: "form", reason }, { cause });
  let bytes: Bytes | null;
  try {
    bytes = await folder.read(file);
  } catch (cause) {
    throw malformed("it cannot be read", cause);
  }
  let value: unknown;
  try {
    value = bytes === null ? null : readDocument(bytes);
  } catch (cause) {
    if (!isSluiceError(cause, "ERR_DOCUMENT")) throw cause;
    throw malformed(String(cause.details["reason"]), cause);
  }
  const receipt = EvidencedReceipt.safeParse(value);
  if (receipt.success) return receipt.data;
  throw malformed("it does not have the documented form");
}

function addTo(sum: FolderCount, { checked, verified }: FolderCount): void {
  sum.checked += checked;
  sum.verified += verified;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED", {}, { cause: signal.reason });
}

function noEvidence({ name }: EvidenceFolder, expected: string, cause?: unknown): SluiceError {
  const facts = { directory: name, expected, command: "sluice demo --data DIR" };
  return new SluiceError("ERR_DIRECTORY_STATE", facts, { cause });
}
