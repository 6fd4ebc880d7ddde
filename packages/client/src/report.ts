/** Reports (分析报告): the guarded table of a product. The caller learns the table, which is the same for everybody; domain and
 *  gateway learn that this caller read it, and the gateway not what it says.
 *  @module */
import {
  canonicalBytes,
  encodeReportRequest,
  equalBytes,
  fromHex,
  Report,
  sha256Hex,
  type Bytes,
  type EvidencedReceipt,
  type ReportSnapshot,
} from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { openProduct, useOf, type ProductHandle } from "./product-handle.ts";
import { callOnce, type ProductionContext } from "./production-call.ts";
import { refusal, throwIfCancelled } from "./refusal.ts";
import { parseAs, parseJson } from "./response-body.ts";

/** What reading yields. */
export interface ReportResult {
  readonly report: Report;
  readonly receipt: EvidencedReceipt;
}

/** A report product at one snapshot. */
export interface ReportHandle extends ProductHandle<ReportSnapshot> {
  /** Reads the report: exactly the bytes whose hash the signed snapshot names.
   *  @throws ERR_RECEIPT, ERR_BODY_INVALID, ERR_ANSWER_ALTERED, ERR_CANCELLED, and refusals of the peers */
  read(options?: CallOptions): Promise<ReportResult>;
}

/** Opens a report product; there is nothing to download. @throws what `openProduct` throws */
export async function openReport(
  context: ProductionContext,
  name: string,
  options: CallOptions = {},
): Promise<ReportHandle> {
  const product = await openProduct(context, name, "report", options);
  return { ...product, read: (options = {}) => readReport(context, product, options) };
}

async function readReport(
  context: ProductionContext,
  product: ProductHandle<ReportSnapshot>,
  options: CallOptions,
): Promise<ReportResult> {
  throwIfCancelled(options.signal);
  const frame = encodeReportRequest({ snapshot: fromHex(product.snapshotHash) });
  const answer = await callOnce(context, useOf(product, "report", 1), frame, options);
  return { report: await checkReport(product.snapshot, answer.frame), receipt: answer.receipt };
}

async function checkReport(snapshot: ReportSnapshot, bytes: Bytes): Promise<Report> {
  if ((await sha256Hex(bytes)) !== snapshot.report) {
    throw refusal("ERR_RECEIPT", { reason: "the report is not the one that the snapshot names" });
  }
  const report = parseAs(Report, parseJson(bytes));
  if (!equalBytes(canonicalBytes(report), bytes)) {
    throw refusal("ERR_BODY_INVALID", { pointer: "/", expected: "canonical JSON" });
  }
  for (const member of ["domain", "product", "version"] as const) {
    if (report[member] === snapshot[member]) continue;
    throw refusal("ERR_RECEIPT", { reason: `the ${member} of the report is not the product's` });
  }
  return report;
}
