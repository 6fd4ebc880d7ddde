/** Vectors of reports: a table by the guard, the report as bytes, and the snapshot that pins them.
 *  @module */
import { checkOutput } from "@sluice/desensitize";
import type { KeyPair } from "@sluice/evidence";
import { signDocument } from "@sluice/evidence/sign";
import {
  canonicalBytes,
  documentHash,
  encodeReportRequest,
  fromHex,
  NO_LEVEL,
  sha256Hex,
  toHex,
  utf8,
  type JobManifest,
  type Report,
  type ReportSnapshot,
  type Table,
  type TableSpec,
} from "@sluice/protocol";
import type { ServedIdentity } from "./wire-seeded.ts";

const SPEC: TableSpec = {
  kind: "table",
  dimensions: [
    { name: "district", levels: ["东城", "西城"] },
    { name: "age", levels: ["<60", "60–79", "≥80"] },
  ],
  measures: ["months"],
};
const ROWS = 240;

/** One product, read once. */
export async function makeReportVectors(served: ServedIdentity, receiptKey: KeyPair) {
  const report: Report = {
    type: "report",
    domain: served.domain,
    product: "ageing",
    version: served.version,
    source: await sha256Hex(utf8("source")),
    name: "ages",
    table: guardedTable(),
    at: served.at,
  };
  const bytes = canonicalBytes(report);
  const snapshot: ReportSnapshot = {
    type: "report-snapshot",
    ...served,
    product: report.product,
    report: await sha256Hex(bytes),
  };
  const snapshotHash = await documentHash(snapshot);
  return {
    snapshot: await signDocument(snapshot, receiptKey),
    snapshotHash,
    request: toHex(encodeReportRequest({ snapshot: fromHex(snapshotHash) })),
    answer: toHex(bytes),
  };
}

/** Twice as many rows in one district as in the other; the oldest of the smaller one are four persons, and not listed. */
function guardedTable(): Table {
  const districts = Uint8Array.from({ length: ROWS }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const ages = Uint8Array.from({ length: ROWS }, (_, i) => {
    if (i % 40 === 39) return NO_LEVEL;
    if (i % 3 === 0) return i < 12 ? 2 : i % 2;
    return i % 3;
  });
  const months = Float64Array.from({ length: ROWS }, (_, i) => 100 + (i % 7) * 3);
  const manifest: JobManifest = { name: "ageing", purpose: "ageing", input: {}, outputs: { ages: SPEC } };
  const rows = { kind: "table-rows" as const, dimensions: { district: districts, age: ages }, measures: { months } };
  const verdict = checkOutput({ class: "served", values: { ages: rows } }, manifest, {
    rowCount: ROWS,
    environment: "production",
  });
  const table = verdict.ok ? verdict.output.values["ages"] : undefined;
  if (table?.kind !== "table") throw new Error("the guard lets this table through");
  return table;
}
