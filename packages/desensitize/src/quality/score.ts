/** From outcomes to a score and a verdict.
 *
 *  share of a rule = passed / judged, and 0 when nothing could be judged; of a timeliness rule 1 or 0.
 *  share of a type = Σ weight · share / Σ weight over its rules. score = 100 · mean of the shares of the types that have a rule.
 *  @module */
import type { Instant, PublishedQuality, QualityRule, QualityRules, QualityType, RuleOutcome } from "@sluice/protocol";

/** Fewer rows than these make no difference in what is published, whether they fail or pass. */
const PUBLISHED_ROWS = 10;

/** One rule, judged. */
export interface JudgedRule {
  readonly rule: QualityRule;
  readonly outcome: RuleOutcome;
  /** Absent when nothing could be judged: then the rule fails. */
  readonly share?: number;
  readonly passed: boolean;
}

/** A table, judged. */
export interface QualityVerdict {
  /** 0 to 100. */
  readonly score: number;
  /** Types that have a rule, 0 to 1. */
  readonly types: Partial<Record<QualityType, number>>;
  readonly rules: readonly JudgedRule[];
  /** Whether every rule passed and the score is high enough. */
  readonly passed: boolean;
}

/** What `outcomes` of `rules` come to at `now`: data grow old without being touched. */
export function judgeQuality(rules: QualityRules, outcomes: readonly RuleOutcome[], now: Date): QualityVerdict {
  const judged = rules.rules.map((rule, i): JudgedRule => {
    const outcome: RuleOutcome = outcomes[i] ?? { kind: "unfit" };
    const share = shareOf(outcome, now);
    const least = rule.type === "timeliness" ? 1 : rule.minShare;
    return share === null ? { rule, outcome, passed: false } : { rule, outcome, share, passed: share >= least };
  });
  const { score, types } = scoreOf(judged.map(({ rule, share }) => ({ rule, share: share ?? 0 })));
  const passed = judged.every((one) => one.passed) && score >= (rules.minScore ?? 0);
  return { score, types, rules: judged, passed };
}

/** What of a measurement may be shown: counts of rows rounded to tens before anything is made of them, percents rounded down. */
export function publishedQuality(
  rules: QualityRules,
  outcomes: readonly RuleOutcome[],
  measuredAt: Instant,
): PublishedQuality {
  const shares = rules.rules.map((rule, i) => {
    const outcome = outcomes[i] ?? { kind: "unfit" };
    return {
      rule,
      share: (outcome.kind === "share" ? roundedShare(outcome) : shareOf(outcome, new Date(measuredAt))) ?? 0,
    };
  });
  const { score, types } = scoreOf(shares);
  const percents = Object.entries(types).map(([type, share]) => [type, percentOf(100 * share)] as const);
  return { score: percentOf(score), types: Object.fromEntries(percents), measuredAt };
}

/** The columns that a rule is about. */
export function ruleFields(rule: QualityRule): string[] {
  if ("fields" in rule) return [...rule.fields];
  return [...("field" in rule ? [rule.field] : []), ...("with" in rule ? [rule.with] : [])];
}

function shareOf(outcome: RuleOutcome, now: Date): number | null {
  switch (outcome.kind) {
    case "share":
      return outcome.judged === 0 ? null : outcome.passed / outcome.judged;
    case "fresh":
      return outcome.until === null ? null : Number(now.getTime() < Date.parse(outcome.until));
    case "unfit":
      return null;
  }
}

/** Failing rows in tens, none for fewer than ten; as many as there are when fewer than ten pass. */
function roundedShare({ passed, judged }: { readonly passed: number; readonly judged: number }): number | null {
  if (judged === 0) return null;
  const failed = judged - passed;
  if (failed < PUBLISHED_ROWS) return 1;
  if (passed < PUBLISHED_ROWS) return 0;
  return Math.max(0, 1 - (Math.round(failed / PUBLISHED_ROWS) * PUBLISHED_ROWS) / judged);
}

function scoreOf(shares: readonly { readonly rule: QualityRule; readonly share: number }[]): {
  readonly score: number;
  readonly types: Partial<Record<QualityType, number>>;
} {
  const sums = new Map<QualityType, { weight: number; share: number }>();
  for (const { rule, share } of shares) {
    const sum = sums.get(rule.type) ?? { weight: 0, share: 0 };
    const weight = rule.weight ?? 1;
    sums.set(rule.type, { weight: sum.weight + weight, share: sum.share + weight * share });
  }
  const types = [...sums].map(([type, { weight, share }]) => [type, share / weight] as const);
  const score = (100 * types.reduce((sum, [, share]) => sum + share, 0)) / types.length;
  return { score, types: Object.fromEntries(types) };
}

/** Rounded down; what the arithmetic of doubles lost below a whole number does not count. */
function percentOf(percent: number): number {
  return Math.floor(percent + 1e-9);
}
