/** The end of a dispute (争议处理): what was held for a line is posted, or voided, all of it together (H12).
 *  @module */
import { SluiceError, type Instant } from "@sluice/protocol";
import type { Entry } from "../ledger/journal.ts";
import type { MonthSettlement } from "./settle-month.ts";

/** Entries that end the dispute over `line`: `rejected` posts what was held, `upheld` voids it.
 *  @throws ERR_SETTLEMENT_REFUSED (H12) when the settlement holds nothing for that line. */
export function endDispute(options: {
  readonly settlement: MonthSettlement;
  readonly line: string;
  readonly decision: "upheld" | "rejected";
  readonly reason: string;
  readonly at: Instant;
}): Entry[] {
  const { settlement, line, decision, reason, at } = options;
  const held = settlement.entries.flatMap((entry) =>
    entry.type === "hold" && entry.transfer.reference === line ? [entry.transfer.id] : [],
  );
  if (held.length === 0) {
    const why = "nothing is held for that line";
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `disputes/${line}`, rule: "H12", reason: why });
  }
  return held.map((transfer): Entry =>
    decision === "rejected" ? { type: "post-held", transfer, at } : { type: "void-held", transfer, at, reason },
  );
}
