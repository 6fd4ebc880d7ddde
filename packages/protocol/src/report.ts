/** Messages of reports (分析报告): the request for a table that was made when the product was built, the table as a
 *  document, and the signed snapshot that pins it. The domain learns that this caller reads this report; the caller
 *  learns the guarded table, the same for everybody.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { Instant, Name, Sha256Hex } from "./identifiers.ts";
import { NoisyTable } from "./noisy-table.ts";
import { servedMembers } from "./served.ts";
import { signedSchema } from "./signed.ts";
import { Table } from "./table.ts";

/** Version of the report frames. */
export const REPORT_VERSION = 1;

/** A report. Its canonical JSON is the answer of a call; the snapshot names the hash of these bytes. */
export const Report = z.strictObject({
  type: z.literal("report"),
  domain: Name,
  product: Name,
  version: z.int().min(1),
  /** Hash of the source table it was made from. */
  source: Sha256Hex,
  /** Name of the job's output. */
  name: z.string().max(40),
  /** With disclosure control, or under differential privacy. */
  table: z.discriminatedUnion("kind", [Table, NoisyTable]),
  at: Instant,
});
export type Report = z.infer<typeof Report>;

/** The snapshot a report product serves. Signed by the domain's receipt key; its hash is in every receipt. */
export const ReportSnapshot = z.strictObject({
  type: z.literal("report-snapshot"),
  ...servedMembers,
  /** Hash of the report's canonical JSON. */
  report: Sha256Hex,
});
export type ReportSnapshot = z.infer<typeof ReportSnapshot>;
export const SignedReportSnapshot = signedSchema(ReportSnapshot);
export type SignedReportSnapshot = z.infer<typeof SignedReportSnapshot>;

/** Asks for the report of one snapshot. */
export type ReportRequest = { snapshot: Bytes };

// struct { uint16 version; opaque snapshot[32]; } ReportRequest;
/** Bytes of a request. */
export function encodeReportRequest({ snapshot }: ReportRequest): Bytes {
  return new ByteWriter().uint(REPORT_VERSION, 2).fixed(snapshot).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeReportRequest(bytes: Bytes): ReportRequest {
  const reader = new ByteReader(bytes);
  if (reader.uint(2) !== REPORT_VERSION) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "version", expected: String(REPORT_VERSION) });
  }
  const snapshot = reader.fixed(32);
  reader.end();
  return { snapshot };
}
