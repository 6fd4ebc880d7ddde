/** Oversight (审计、监察): who may do what with revenue, and reports of anybody, without a name, about what is wrong (H9).
 *  @module */
import { Instant } from "@sluice/protocol";
import { z } from "zod";
import { LineId, readInput } from "../input.ts";

/** Who deals with revenue. */
export const RevenueActor = z.enum(["operator", "agency", "source", "partner", "auditor", "supervisor", "public"]);
export type RevenueActor = z.infer<typeof RevenueActor>;

/** What can be done with it. */
export type RevenueAction =
  | "read-ledger"
  | "read-own-shares"
  | "propose-share-change"
  | "approve-share-change"
  | "post-entries"
  | "dispute-line"
  | "end-dispute"
  | "report"
  | "read-reports";

const ALLOWED: Readonly<Record<RevenueActor, readonly RevenueAction[]>> = {
  operator: ["read-ledger", "read-own-shares", "propose-share-change", "post-entries", "dispute-line", "report"],
  agency: [
    "read-ledger",
    "read-own-shares",
    "propose-share-change",
    "approve-share-change",
    "dispute-line",
    "end-dispute",
    "report",
  ],
  source: ["read-own-shares", "propose-share-change", "approve-share-change", "dispute-line", "report"],
  partner: ["read-own-shares", "propose-share-change", "dispute-line", "report"],
  auditor: ["read-ledger", "read-reports", "report"],
  supervisor: ["read-ledger", "read-reports", "report"],
  public: ["report"],
};

/** Whether the actor may do that. Auditors and supervisors read everything and change nothing. */
export function mayAct(actor: RevenueActor, action: RevenueAction): boolean {
  return ALLOWED[actor].includes(action);
}

/** A report (检举): what is wrong, where, and since when it lies here. It has no place for who sent it. */
export const MisconductReport = z.strictObject({
  kind: z.enum(["public-share-lowered", "partner-share-raised", "income-withheld", "cost-inflated", "other"]),
  about: LineId.optional(),
  text: z.string().min(1).max(10_000),
  at: Instant,
});
export type MisconductReport = z.infer<typeof MisconductReport>;

/** Reads a report as it came from outside.
 *  @throws ERR_SETTLEMENT_INPUT for another shape, also when it names its sender: such a report is not kept by chance. */
export function readReport(report: unknown): MisconductReport {
  return readInput(MisconductReport, report, "report");
}
