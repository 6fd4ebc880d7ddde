/** Offline verification of a directory of evidence: `trust.json`, `receipts/*.json` and `logs/<name>/…`, where
 *  `<name>` is `gateway` or the name of a domain. Uses `@sluice/evidence/verify` alone, as a stranger would.
 *  @module */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  judgeCosignatures,
  TrustPins,
  verifyReceipt,
  type WitnessPolicy,
  type WitnessVerdict,
} from "@sluice/evidence/verify";
import { EvidencedReceipt, isSluiceError, SluiceError } from "@sluice/protocol";
import { checkBasis, documentFaults } from "../audit/check-documents.ts";
import { changedFiles, MANIFEST_FILE, readManifest, type AuditManifest } from "../audit/manifest.ts";
import { errnoOf } from "../files.ts";
import { LogDirectories } from "./log-directories.ts";

/** What happened to one kind of thing. */
interface Count {
  checked: number;
  verified: number;
}

/** Outcome of one log. */
interface LogCount {
  readonly name: string;
  readonly origin: string;
  /** Entries of the log; 0 when it does not verify. */
  readonly entries: number;
  readonly ok: boolean;
  /** Cosignatures on the log's checkpoint, when a policy was given and the log verifies. */
  readonly witnessed: WitnessVerdict | null;
}

/** Outcome of a directory. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly receipts: Count;
  /** Receipts by operation. */
  readonly operations: Readonly<Record<string, Count>>;
  readonly logs: readonly LogCount[];
  /** The first file that does not verify, with the reason. */
  readonly failure: { readonly file: string; readonly error: SluiceError } | null;
}

/** Checks every receipt and every log of `directory`; goes on after a failure, to count them all. With a policy, the
 *  checkpoint of each log, to which all of its receipts lead, needs the cosignatures that the policy asks for.
 *  @throws ERR_DIRECTORY_STATE when there is no evidence, ERR_CANCELLED */
export async function verifyDirectory(
  directory: string,
  { signal, policy }: { signal?: AbortSignal; policy?: WitnessPolicy | undefined },
): Promise<VerifyReport> {
  const failures: { file: string; error: SluiceError }[] = [];
  const manifest = await exportManifest(directory, failures);
  if (manifest !== null) failures.push(...(await changedFiles(directory, manifest, signal)));
  let trust: TrustPins;
  try {
    trust = await readTrust(directory);
  } catch (error) {
    // Of an export, the manifest says which file was changed.
    const [failure] = failures;
    if (failure === undefined) throw error;
    return { ok: false, receipts: { checked: 0, verified: 0 }, operations: {}, logs: [], failure };
  }
  if (manifest !== null) failures.push(...(await documentFaults(directory, trust)));
  const files = (await list(join(directory, "receipts"))).filter((file) => file.endsWith(".json")).toSorted();
  const logs = new LogDirectories(join(directory, "logs"), trust);
  const attempt = async <T>(file: string, work: () => Promise<T>): Promise<T | null> => {
    if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED", {}, { cause: signal.reason });
    try {
      return await work();
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      failures.push({ file, error });
      return null;
    }
  };

  const logCounts: LogCount[] = [];
  for (const name of await list(join(directory, "logs"))) {
    const verified = await attempt(`logs/${name}`, () => logs.verify(name, signal));
    const origin = logs.identity(name)?.origin ?? "not pinned";
    const witnessed = verified !== null && policy !== undefined ? await judgeCosignatures(policy, verified.text) : null;
    if (witnessed?.satisfied === false) {
      const reason = "its checkpoint lacks cosignatures that the policy asks for";
      failures.push({ file: `logs/${name}/checkpoint`, error: new SluiceError("ERR_LOG", { origin, reason }) });
    }
    const ok = verified !== null && witnessed?.satisfied !== false;
    logCounts.push({ name, origin, entries: verified?.size ?? 0, ok, witnessed });
  }
  const receipts: Count = { checked: 0, verified: 0 };
  const operations: Record<string, Count> = {};
  for (const name of files) {
    receipts.checked += 1;
    await attempt(`receipts/${name}`, async () => {
      const evidenced = await readReceipt(join(directory, "receipts", name));
      const count = (operations[evidenced.receipt.body.operation] ??= { checked: 0, verified: 0 });
      count.checked += 1;
      await verifyReceipt(evidenced, trust);
      await logs.holdsProofsOf(evidenced);
      if (manifest !== null) checkBasis(evidenced.receipt.body, manifest.files);
      count.verified += 1;
      receipts.verified += 1;
    });
  }
  if (manifest === null && failures.length === 0 && receipts.checked === 0 && logCounts.length === 0)
    throw noEvidence(directory, "receipts or logs");
  const failure = failures[0] ?? null;
  return { ok: failure === null, receipts, operations, logs: logCounts, failure };
}

/** The manifest when the directory is an export; a damaged one is a failure. */
async function exportManifest(
  directory: string,
  failures: { file: string; error: SluiceError }[],
): Promise<AuditManifest | null> {
  try {
    return await readManifest(directory);
  } catch (error) {
    if (!isSluiceError(error, "ERR_EXPORT")) throw error;
    failures.push({ file: MANIFEST_FILE, error });
    return null;
  }
}

async function readTrust(directory: string): Promise<TrustPins> {
  const text = await readFile(join(directory, "trust.json"), "utf8").catch((cause: unknown) => {
    throw noEvidence(directory, "trust.json", cause);
  });
  const trust = TrustPins.safeParse(json(text));
  if (!trust.success) throw noEvidence(directory, "a trust.json of the documented form");
  return trust.data;
}

async function readReceipt(file: string): Promise<EvidencedReceipt> {
  const receipt = EvidencedReceipt.safeParse(json(await readFile(file, "utf8")));
  if (receipt.success) return receipt.data;
  throw new SluiceError("ERR_RECEIPT", { reason: "it does not have the documented form" });
}

/** The value of JSON text, or null, which no schema here accepts. */
function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** Names in a directory, sorted; none when it does not exist. */
async function list(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).toSorted();
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return [];
    throw noEvidence(directory, "evidence", cause);
  }
}

function noEvidence(directory: string, expected: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_DIRECTORY_STATE", { directory, expected, command: "sluice demo --data DIR" }, { cause });
}
