/** The manifest of an export: the SHA-256 of every file, and of itself, so that any changed byte is found and named.
 *  It says that the files belong together and are as they were written; who signed what is checked beside it.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { canonicalBytes, fromUtf8, Instant, Sha256Hex, SluiceError, toHex, type Bytes } from "@sluice/protocol";
import { z } from "zod";
import type { EvidenceFolder, FolderFailure } from "./evidence-folder.ts";

/** Name of the manifest in an export. */
export const MANIFEST_FILE = "manifest.json";

const FilePath = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,199}$/);

/** What a manifest says. */
export const AuditManifest = z.strictObject({
  format: z.literal("sluice-audit/v1"),
  /** The period [from, to), by the clocks of the domains. */
  from: Instant,
  to: Instant,
  madeAt: Instant,
  /** SHA-256 of each file, by its path. */
  files: z.record(FilePath, Sha256Hex),
});
export type AuditManifest = z.infer<typeof AuditManifest>;
const Stored = AuditManifest.extend({ digest: Sha256Hex });

/** Text of the file, and its digest: SHA-256 of the canonical JSON of everything else in it. */
export function manifestText(manifest: AuditManifest): { text: string; digest: Sha256Hex } {
  const digest = toHex(sha256(canonicalBytes(manifest)));
  return { text: `${JSON.stringify({ ...manifest, digest }, null, 2)}\n`, digest };
}

/** The manifest of the folder, or null when it has none: it is no export then. @throws ERR_EXPORT */
export async function readManifest(folder: EvidenceFolder): Promise<AuditManifest | null> {
  let bytes: Bytes | null;
  try {
    bytes = await folder.read(MANIFEST_FILE);
  } catch (cause) {
    throw exportFault(MANIFEST_FILE, "it cannot be read", cause);
  }
  if (bytes === null) return null;
  let text: string;
  let stored: z.infer<typeof Stored>;
  try {
    text = fromUtf8(bytes);
    stored = Stored.parse(JSON.parse(text));
  } catch (cause) {
    throw exportFault(MANIFEST_FILE, "it does not have the documented form", cause);
  }
  const { digest: _digest, ...manifest } = stored;
  if (manifestText(manifest).text !== text) throw exportFault(MANIFEST_FILE, "it was changed after it was written");
  return manifest;
}

/** Every file that is not as the manifest says: changed, missing or added; sorted. Memory does not grow with their size.
 *  `visited` is told of each file; what it throws ends the work. */
export async function changedFiles(
  folder: EvidenceFolder,
  manifest: AuditManifest,
  visited: () => void = () => {},
): Promise<FolderFailure[]> {
  const expected = new Map(Object.entries(manifest.files));
  const faults: FolderFailure[] = [];
  const note = (file: string, reason: string): unknown => faults.push({ file, error: exportFault(file, reason) });
  for (const { path, isFile } of await folder.list("")) {
    visited();
    if (path === MANIFEST_FILE) continue;
    const hash = expected.get(path);
    expected.delete(path);
    if (hash === undefined) note(path, "the manifest does not list it");
    else if (!isFile) note(path, "it is no file");
    else if ((await hashOf(folder, path)) !== hash) note(path, "its SHA-256 is not the one in the manifest");
  }
  for (const file of expected.keys()) note(file, "it is missing");
  return faults.toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

/** The error about one file of an export. */
export function exportFault(file: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_EXPORT", { file, reason }, { cause });
}

async function hashOf(folder: EvidenceFolder, path: string): Promise<string | null> {
  const hash = sha256.create();
  try {
    for await (const chunk of folder.stream(path)) hash.update(chunk);
  } catch {
    return null;
  }
  return toHex(hash.digest());
}
