/** A table measured against its rules: one statement over the table for all of them, and what each came to.
 *  @module */
import {
  dateText,
  dayNumber,
  type QualityRule,
  type RuleOutcome,
  SluiceError,
  type UpdateFrequency,
} from "@sluice/protocol";
import type { QualityParameters, RuleContext, RuleSql } from "./rule-context.ts";
import { ruleSql, TOMORROW } from "./rule-sql.ts";

/** What is measured, besides the rows. */
export interface QualityRequest extends RuleContext {
  readonly rules: readonly QualityRule[];
  /** The table in SQL. */
  readonly from: string;
  readonly now: Date;
  readonly importedAt: Date;
  readonly updateFrequency: UpdateFrequency;
}

/** Runs a statement and gives its only row. */
export type RunQuality = (sql: string, parameters: QualityParameters) => Promise<readonly unknown[]>;

/** Longest time between two updates, in days. */
const PERIOD_DAYS: Readonly<Record<UpdateFrequency, number | null>> = {
  once: null,
  day: 1,
  week: 7,
  month: 31,
  quarter: 92,
  "half-year": 184,
  year: 366,
};
const DAY_MS = 86_400_000;

/** Measures every rule in one pass. @throws what `run` throws */
export async function measureQuality(request: QualityRequest, run: RunQuality): Promise<RuleOutcome[]> {
  const compiled = request.rules.map((rule, i) => ({ rule, sql: fitted(rule, request, `q${i}`), c: `c${i}` }));
  const fit = compiled.flatMap(({ sql, c }) => (sql === null ? [] : [{ sql, c }]));
  if (fit.length === 0) return compiled.map(() => ({ kind: "unfit" }));
  const rows = fit.map(({ sql, c }) => `${sql.row} AS ${c}`);
  const counts = fit.map(({ sql, c }) => `${sql.judged(c)}, ${sql.passed(c)}`);
  const dated = request.rules.some((rule, i) => isNewest(rule) && compiled[i]?.sql !== null);
  const parameters: QualityParameters = Object.assign(
    dated ? { [TOMORROW]: dateText(dayOf(request.now) + 1) } : {},
    ...fit.map(({ sql }) => sql.parameters),
  );
  const row = await run(
    `SELECT ${counts.join(", ")} FROM (SELECT ${rows.join(", ")} FROM ${request.from})`,
    parameters,
  );
  let at = 0;
  return compiled.map(({ rule, sql }) => {
    if (sql === null) return { kind: "unfit" };
    const [judged, passed] = [row[at], row[at + 1]];
    at += 2;
    return outcomeOf(rule, request, judged, passed);
  });
}

/** The first rule that `request` cannot measure, by its place; null when each fits its table. */
export function firstUnfit(request: QualityRequest): number | null {
  const at = request.rules.findIndex((rule, i) => fitted(rule, request, `q${i}`) === null);
  return at < 0 ? null : at;
}

function fitted(rule: QualityRule, request: QualityRequest, prefix: string): RuleSql | null {
  if (rule.type === "timeliness" && ageOf(rule, request) === null) return null;
  return ruleSql(rule, request, prefix);
}

function outcomeOf(rule: QualityRule, request: QualityRequest, judged: unknown, passed: unknown): RuleOutcome {
  if (rule.type !== "timeliness") return { kind: "share", passed: countOf(passed), judged: countOf(judged) };
  const age = ageOf(rule, request) ?? 0;
  if (rule.check === "imported") return { kind: "fresh", until: instantAfter(request.importedAt.getTime(), age) };
  const [, year, month, day] = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(String(passed)) ?? [];
  const newest = dayNumber(Number(year), Number(month), Number(day));
  return { kind: "fresh", until: newest === null ? null : instantAfter(newest * DAY_MS, age + 1) };
}

function ageOf(
  { maxAgeDays }: { readonly maxAgeDays?: number | undefined },
  { updateFrequency }: QualityRequest,
): number | null {
  return maxAgeDays ?? PERIOD_DAYS[updateFrequency];
}

function instantAfter(startMs: number, days: number): string {
  return new Date(startMs + days * DAY_MS).toISOString();
}

function dayOf(instant: Date): number {
  return Math.floor(instant.getTime() / DAY_MS);
}

function isNewest(rule: QualityRule): boolean {
  return rule.type === "timeliness" && rule.check === "newest";
}

function countOf(value: unknown): number {
  const count = Number(value);
  if (!Number.isSafeInteger(count)) throw new SluiceError("ERR_STORE", { reason: "a count of rows is no number" });
  return count;
}
