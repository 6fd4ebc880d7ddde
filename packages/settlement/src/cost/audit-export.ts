/** The export for audits of costs (成本合理性专项审计, G25): one row for each line of the accounts, in words of digits, with every document that
 *  its figures rest on.
 *  @module */
import { exactText } from "../exact.ts";
import { figuresUnder, type Label } from "../figure.ts";
import type { CostReport } from "./cost-report.ts";

/** One line of the accounts as an auditor reads it. */
export interface AuditRow {
  readonly line: string;
  readonly class: string;
  readonly expense: string;
  readonly title: Label;
  /** Products that bear it, each with its share. */
  readonly bearers: Readonly<Record<string, string>>;
  readonly charged: string;
  readonly notAllowed: string;
  /** Why a part does not count; absent when all is allowed. */
  readonly reason?: Label;
  /** Public money that went into the whole of it. */
  readonly subsidy: string;
  readonly counted: string;
  /** Numbers of all documents, its own first. */
  readonly evidence: readonly string[];
}

/** Rows of all lines of `report`, by class. Amounts are yuan with two places. */
export function auditRows(report: CostReport): AuditRow[] {
  const lines = report.classes.flatMap((one) => one.lines);
  return lines.map(({ line, charged, counted, excess, subsidy, shares }) => {
    const evidence = new Set([line.evidence, ...figuresUnder(counted).flatMap((figure) => figure.evidence ?? [])]);
    const contract = "contract" in line.expense ? line.expense.contract : undefined;
    if (contract?.tender !== undefined) evidence.add(contract.tender);
    if ("leaseFiling" in line.expense && line.expense.leaseFiling !== undefined) evidence.add(line.expense.leaseFiling);
    const row = {
      line: line.id,
      class: line.class,
      expense: line.expense.kind,
      title: line.title,
      bearers: Object.fromEntries([...shares].map(([product, { value }]) => [product, exactText(value, 2)])),
      charged: exactText(charged.value, 2),
      notAllowed: excess === undefined ? "0.00" : exactText(excess.amount.value, 2),
      subsidy: subsidy === undefined ? "0.00" : exactText(subsidy.value, 2),
      counted: exactText(counted.value, 2),
      evidence: [...evidence],
    };
    return excess === undefined ? row : { ...row, reason: excess.reason };
  });
}
