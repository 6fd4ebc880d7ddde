/** The manifest of an export: the SHA-256 of every file, and of itself, so that any changed byte is found and named.
 *  It says that the files belong together and are as they were written; who signed what is checked beside it.
 *  @module */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { canonicalBytes, Instant, Sha256Hex, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { errnoOf } from "../files.ts";

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
  const digest = createHash("sha256").update(canonicalBytes(manifest)).digest("hex");
  return { text: `${JSON.stringify({ ...manifest, digest }, null, 2)}\n`, digest };
}

/** The manifest of `directory`, or null when it has none: it is no export then. @throws ERR_EXPORT */
export async function readManifest(directory: string): Promise<AuditManifest | null> {
  let text: string;
  try {
    text = await readFile(join(directory, MANIFEST_FILE), "utf8");
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return null;
    throw exportFault(MANIFEST_FILE, "it cannot be read", cause);
  }
  let stored: z.infer<typeof Stored>;
  try {
    stored = Stored.parse(JSON.parse(text));
  } catch (cause) {
    throw exportFault(MANIFEST_FILE, "it does not have the documented form", cause);
  }
  const { digest: _digest, ...manifest } = stored;
  if (manifestText(manifest).text !== text) throw exportFault(MANIFEST_FILE, "it was changed after it was written");
  return manifest;
}

/** Every file that is not as the manifest says: changed, missing or added; sorted. Memory does not grow with their size. */
export async function changedFiles(
  directory: string,
  manifest: AuditManifest,
  signal?: AbortSignal,
): Promise<{ file: string; error: SluiceError }[]> {
  const expected = new Map(Object.entries(manifest.files));
  const faults: { file: string; error: SluiceError }[] = [];
  const note = (file: string, reason: string): unknown => faults.push({ file, error: exportFault(file, reason) });
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED", {}, { cause: signal.reason });
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const file = relative(directory, path).split(sep).join("/");
    if (file === MANIFEST_FILE) continue;
    const hash = expected.get(file);
    expected.delete(file);
    if (hash === undefined) note(file, "the manifest does not list it");
    else if (!entry.isFile()) note(file, "it is no file");
    else if ((await hashOf(path)) !== hash) note(file, "its SHA-256 is not the one in the manifest");
  }
  for (const file of expected.keys()) note(file, "it is missing");
  return faults.toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

/** The error about one file of an export. */
export function exportFault(file: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_EXPORT", { file, reason }, { cause });
}

async function hashOf(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch {
    return null;
  }
  return hash.digest("hex");
}
