/** One export: collected beside its place, and shown there when it is whole.
 *  @module */
import { MANIFEST_FILE, manifestText } from "@sluice/evidence/verify";
import type { Instant, Sha256Hex } from "@sluice/protocol";
import { collect, type Collection } from "./collect.ts";
import { ExportFolder } from "./export-folder.ts";
import { indexPage } from "./index-page.ts";
import { verifierFiles } from "../verifier/verifier-files.ts";
import { verifyText } from "./verify-text.ts";

/** What was made. */
export interface MadeExport {
  readonly receipts: number;
  readonly files: number;
  /** Digest of the manifest: names the whole folder. */
  readonly digest: Sha256Hex;
}

/** Makes the folder `out`. Whatever goes wrong, nothing of it is left.
 *  @throws ERR_USAGE, ERR_DIRECTORY_UNWRITABLE, and as `collect` */
export async function exportPeriod(
  options: Omit<Collection, "folder"> & { readonly out: string; readonly madeAt: Instant },
): Promise<MadeExport> {
  const { out, madeAt, period, trust } = options;
  const folder = await ExportFolder.create(out);
  try {
    const summary = await collect({ ...options, folder });
    await folder.write("index.html", indexPage(summary, period, madeAt));
    const verifier = await verifierFiles();
    for (const { name, text } of verifier) await folder.write(name, text);
    await folder.write("VERIFY.md", verifyText(period, trust, verifier));
    const files = folder.hashes();
    const { text, digest } = manifestText({ format: "sluice-audit/v1", ...period, madeAt, files });
    await folder.write(MANIFEST_FILE, text);
    await folder.finish();
    return { receipts: summary.receipts, files: Object.keys(files).length + 1, digest };
  } catch (error) {
    await folder.discard();
    throw error;
  }
}
