/** Reports on samples that were shown, sealed, each in a file with the name of its hash. They have counts of the whole table
 *  and stay with the department.
 *  @module */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  canonicalBytes,
  documentHash,
  fromUtf8,
  RiskReport,
  SluiceError,
  type Clock,
  type Sha256Hex,
} from "@sluice/protocol";
import type { SealedFiles } from "../rest/sealed-files.ts";
import type { RiskReportStore } from "../state/risk-reports.ts";

/** Folder of the files below a domain's directory. */
const REPORTS_FOLDER = "reports";

/** Where reports are kept. */
export interface ReportKeeping {
  readonly files: SealedFiles;
  readonly reports: RiskReportStore;
  readonly clock: Clock;
}

/** Keeps `report`, unless it is kept already: its file first, so that whatever the state names is there. */
export async function keepReport(
  { files, reports, clock }: ReportKeeping,
  report: RiskReport,
  signal?: AbortSignal,
): Promise<void> {
  const hash = await documentHash(report);
  if (reports.has(hash)) return;
  await mkdir(join(files.directory, REPORTS_FOLDER), { recursive: true, mode: 0o700 });
  await files.write(`${REPORTS_FOLDER}/${hash}`, canonicalBytes(report), signal === undefined ? {} : { signal });
  const { resource, sourceSnapshot: snapshot, policy } = report;
  reports.put({ hash, resource, snapshot, policy, at: clock.now().toISOString() });
}

/** The report of that hash, as it was. @throws ERR_NOT_FOUND when none is kept; ERR_SEALED_FILE when its file is missing or another's */
export async function readReport(
  { files, reports }: Pick<ReportKeeping, "files" | "reports">,
  hash: Sha256Hex,
  signal?: AbortSignal,
): Promise<RiskReport> {
  if (!reports.has(hash)) throw new SluiceError("ERR_NOT_FOUND", { kind: "kept report", name: hash });
  const bytes = await files.read(`${REPORTS_FOLDER}/${hash}`, signal === undefined ? {} : { signal });
  const report = RiskReport.parse(JSON.parse(fromUtf8(bytes)));
  if ((await documentHash(report)) === hash) return report;
  throw new SluiceError("ERR_STORE", { reason: "a kept report has another hash than its name" });
}

/** Removes the files that the state does not name. */
export async function sweepReports({ files, reports }: Pick<ReportKeeping, "files" | "reports">): Promise<void> {
  const folder = join(files.directory, REPORTS_FOLDER);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) if (!reports.has(name)) await files.remove(`${REPORTS_FOLDER}/${name}`);
}
