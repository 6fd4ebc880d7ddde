/** Duties towards those who supervise (三级监管): a note on changes of cost each month, an audit each half-year (G25), and costs and profit
 *  rate made public within thirty days of the end of the year (G27). What is late is shown until it is done.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import type { RuleReference } from "../figure.ts";
import { Day, EvidenceId, MAX_LINES, Month, readInput } from "../input.ts";
import type { Rules } from "../rules/resolve.ts";

const MONTHS = 12;
const DAY_MS = 86_400_000;

/** What was done, by the first month of the period that it is for. */
const Done = z.array(z.strictObject({ from: Month, on: Day, evidence: EvidenceId })).max(MAX_LINES);

/** Notes, audits and publications so far. */
export const SupervisionRecords = z.strictObject({
  /** First month of operation. */
  since: Month,
  notes: Done,
  audits: Done,
  publications: Done,
});
export type SupervisionRecords = z.infer<typeof SupervisionRecords>;

/** One duty for one period that is over. */
export interface SupervisionDuty {
  readonly kind: "cost-note" | "cost-audit" | "publicity";
  /** First and last month of the period. */
  readonly from: string;
  readonly to: string;
  /** The last day on which it is in time. */
  readonly due: string;
  readonly state: "done" | "done-late" | "open" | "overdue";
  readonly evidence?: string;
  readonly rule: RuleReference;
}

/** Duties for every period that ended before the month of `today`, the oldest first.
 *  @throws ERR_SETTLEMENT_INPUT; ERR_SETTLEMENT_TWICE for two records of a period, ERR_SETTLEMENT_PERIOD for one of no period that is over. */
export function supervisionDuties(records: unknown, today: string, rules: Rules): SupervisionDuty[] {
  const { since, notes, audits, publications } = readInput(SupervisionRecords, records, "supervision");
  const day = readInput(Day, today, "today");
  const note = rules.of("costNoteMonths");
  const audit = rules.of("costAuditMonths");
  const publicity = rules.of("publicityDays");
  const duties = (
    [
      ["cost-note", notes, note.value, note.reference],
      ["cost-audit", audits, audit.value, audit.reference],
      ["publicity", publications, MONTHS, publicity.reference],
    ] as const
  ).flatMap(([kind, done, months, rule]) => {
    const left = new Map(done.map((one) => [one.from, one]));
    const twice = done.find((one) => left.get(one.from) !== one);
    if (twice !== undefined) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line: `${kind}/${twice.from}` });
    const found: SupervisionDuty[] = [];
    const start = monthNumber(since);
    for (let first = start - (start % months); first + months <= monthNumber(day); first += months) {
      const from = monthText(first);
      const record = left.get(from);
      left.delete(from);
      const end = lastDay(first + months - 1);
      // What is published is of a year that is over; a note may be of a month that is not.
      if (record !== undefined && (kind === "publicity" ? record.on <= end : record.on < `${from}-01`)) {
        const period = kind === "publicity" ? `days after ${end}` : `days from ${from}-01 on`;
        throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: `${kind}/${from}`, period });
      }
      const due = kind === "publicity" ? dayAfter(end, publicity.value) : lastDay(first + 2 * months - 1);
      const isDone = record !== undefined && record.on <= day;
      const state = isDone ? (record.on <= due ? "done" : "done-late") : day <= due ? "open" : "overdue";
      const duty = { kind, from, to: monthText(first + months - 1), due, state, rule } as const;
      found.push(isDone ? { ...duty, evidence: record.evidence } : duty);
    }
    const [unknown] = left.keys();
    if (unknown !== undefined) {
      throw new SluiceError("ERR_SETTLEMENT_PERIOD", {
        line: `${kind}/${unknown}`,
        period: `a period of ${months} months that is over`,
      });
    }
    return found;
  });
  return duties.toSorted((a, b) => (a.due === b.due ? 0 : a.due < b.due ? -1 : 1));
}

/** Months since the year 0. */
function monthNumber(day: string): number {
  return Number(day.slice(0, 4)) * MONTHS + Number(day.slice(5, 7)) - 1;
}

function monthText(month: number): string {
  return `${Math.floor(month / MONTHS)}-${String((month % MONTHS) + 1).padStart(2, "0")}`;
}

/** The last day of a month. */
function lastDay(month: number): string {
  return dayAfter(`${monthText(month + 1)}-01`, -1);
}

function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}
