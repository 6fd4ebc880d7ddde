/** Classification of columns: what each holds, whom it can locate, and how it is graded, with reasons that an officer can
 *  check and overrule. Pure: it sees a sample of values and gives back none.
 *  @module */
import type { ResourceField } from "@sluice/protocol";
import { beyondChance } from "../detect/chance.ts";
import { identifierKinds, isDigitRun } from "../detect/identifier-kinds.ts";
import { hasKnownDivision } from "../detect/resident-id.ts";
import { columnHints, type Hint } from "./column-hints.ts";
import { COLUMN_RULES, DECIDING_SHARE, MIXED_SHARE, type ColumnKind, type ColumnRule } from "./column-rules.ts";
import { gradeColumn, type ColumnCategory } from "./grade-column.ts";
import type { Reason } from "./reasons.ts";

/** Values of a column that are looked at. */
export const CLASSIFIED_VALUES = 2_000;
/** From this many distinct values on, text of which nearly every value is distinct names something. */
export const NAMING_TEXT_VALUES = 50;
const NAMING_TEXT_SHARE = 0.9;
/** Hints by which a column of distinct numbers points at rows, too; other numbers are measured, and distinct by that. */
const KEY_HINTS: readonly Hint[] = ["record-number", "identity-number", "bank-card", "telephone"];
/** Share of a column of numbers that is more than chance, whatever they look like. */
const NUMERIC_SHARE = 0.5;
/** Characters of a long text in which identifiers are searched. */
const SEARCHED_CHARS = 2_000;

/** What is known of a column. */
export interface ColumnSample {
  readonly name: string;
  /** Title in the catalogue; it hints as the name does. */
  readonly title?: string;
  readonly type: ResourceField["type"];
  /** Values of some rows as text, without nulls; the first `CLASSIFIED_VALUES` count. */
  readonly values: readonly string[];
  /** Rows with a value, and distinct values, of the whole table. */
  readonly filled: number;
  readonly distinct: number;
}

/** What a column was found to be. It holds no value. */
export interface ColumnFinding {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly role: ResourceField["role"];
  readonly grade: ResourceField["grade"];
  readonly category: ColumnCategory;
  /** 0 to 1, in steps of 0.01: how much the evidence is worth, and no probability. */
  readonly confidence: number;
  /** A part of the values identifies and the rest does not: a person has to decide. */
  readonly mixed: boolean;
  readonly reasons: readonly Reason[];
}

/** Classifies columns, each by itself. */
export function classifyColumns(columns: readonly ColumnSample[]): ColumnFinding[] {
  return columns.map(classifyColumn);
}

/** What decided, before the grades. */
interface Verdict {
  readonly kind: ColumnKind;
  readonly confidence: number;
  readonly mixed?: boolean;
  readonly reasons: readonly Reason[];
}

function classifyColumn(column: ColumnSample): ColumnFinding {
  const sample = { ...column, values: column.values.slice(0, CLASSIFIED_VALUES) };
  const hints = columnHints(column.name, column.title);
  const { kind, confidence, mixed = false, reasons } = verdictOf(sample, hints);
  const grading = gradeColumn(kind, hints, column.type);
  // A part that identifies makes the whole column one that does.
  const role = mixed ? "direct" : grading.role;
  const strict = mixed && grading.grade !== "important";
  return {
    name: column.name,
    kind,
    role,
    grade: strict ? "general-4" : grading.grade,
    category: grading.category,
    confidence: Math.round(confidence * 100) / 100,
    mixed,
    reasons: [...reasons, ...hintReasons(hints), ...grading.reasons],
  };
}

function verdictOf(column: ColumnSample, hints: ReadonlySet<Hint>): Verdict {
  const { values, type } = column;
  if (values.length === 0) return { kind: "empty", confidence: 0, reasons: [{ code: "no-values" }] };
  if (type === "boolean") return { kind: "flag", confidence: 0.5, reasons: [{ code: "stored-type" }] };
  if (type === "date") return { kind: "date", confidence: 1, reasons: [{ code: "stored-type" }] };
  const distinct = [...new Set(values)];
  const shares = COLUMN_RULES.filter(({ stored }) => stored === undefined || stored === type).map((rule) => ({
    rule,
    share: shareOf(rule.distinct === true ? distinct : values, rule.detect),
  }));
  const decided = shares.find(({ rule, share }) => decides(rule, share, distinct.length, hints));
  if (decided !== undefined) return decidedBy(decided, values, hints);
  const mixed = shares
    .filter(({ rule, share }) => isMixed(rule, share, column, distinct.length))
    .sort((a, b) => b.share - a.share)[0];
  if (mixed !== undefined) {
    const { rule, share } = mixed;
    const reasons: Reason[] = [{ code: "mixed", kind: rule.kind, percent: percent(share) }];
    return { kind: rule.kind, confidence: 0.5, mixed: true, reasons };
  }
  return restOf(column, hints);
}

function decides(rule: ColumnRule, share: number, distinct: number, hints: ReadonlySet<Hint>): boolean {
  if (rule.hinted !== undefined && hints.has(rule.hinted.hint) && share >= rule.hinted.share) return true;
  return share >= rule.share && distinct >= (rule.atLeast ?? 1);
}

function decidedBy(
  { rule, share }: { rule: ColumnRule; share: number },
  values: readonly string[],
  hints: ReadonlySet<Hint>,
): Verdict {
  const reasons: Reason[] = [{ code: "values", kind: rule.kind, percent: percent(share) }];
  const hinted = rule.hinted !== undefined && hints.has(rule.hinted.hint);
  // A rounded number says nothing of its county.
  if (rule.kind === "resident-id" && rule.stored === undefined) {
    const unknown = 1 - shareOf(values, hasKnownDivision);
    if (unknown >= MIXED_SHARE) reasons.push({ code: "unknown-division", percent: percent(unknown) });
  }
  // Where a text holds identifiers, it says so.
  const inside = rule.kind === "free-text" ? insideShare(values) : 0;
  if (inside > 0) reasons.push({ code: "inside-text", percent: percent(inside) });
  const confidence = Math.min(
    1,
    rule.weight * Math.min(1, share / Math.min(rule.share, DECIDING_SHARE)) + (hinted ? 0.1 : 0),
  );
  return { kind: rule.kind, confidence, mixed: inside > 0, reasons };
}

/** Whether enough values are of this kind that a person has to look, and more than look like it by chance. */
function isMixed(rule: ColumnRule, share: number, { type, values }: ColumnSample, distinct: number): boolean {
  if (rule.mixedFrom === undefined || share < rule.mixedFrom || distinct < (rule.atLeast ?? 1)) return false;
  if (type !== "text" && share >= NUMERIC_SHARE) return true;
  if (rule.chance === undefined) return type === "text";
  const shaped = shareOf(values, rule.chance.shape);
  if (type === "text") return share > 2 * rule.chance.share * shaped;
  const { length } = values;
  return beyondChance(share * length, shaped * length, rule.chance.ofNumbers ?? rule.chance.share);
}

/** A column that no rule decides. */
function restOf({ type, values, filled, distinct }: ColumnSample, hints: ReadonlySet<Hint>): Verdict {
  const inside = type === "text" ? insideShare(values) : 0;
  if (inside >= MIXED_SHARE) {
    return {
      kind: "free-text",
      confidence: 0.5,
      mixed: true,
      reasons: [{ code: "inside-text", percent: percent(inside) }],
    };
  }
  const nearlyUnique = distinct >= NAMING_TEXT_VALUES && distinct >= NAMING_TEXT_SHARE * filled;
  if (nearlyUnique && (type === "text" || KEY_HINTS.some((hint) => hints.has(hint)))) {
    return { kind: "unique-key", confidence: 0.6, reasons: [{ code: "nearly-unique" }] };
  }
  if (type === "text") return { kind: "code", confidence: 0.3, reasons: [] };
  return { kind: "number", confidence: 0.3, reasons: [{ code: "stored-type" }] };
}

function insideShare(values: readonly string[]): number {
  return shareOf(values, (text) => !isDigitRun(text) && identifierKinds(text.slice(0, SEARCHED_CHARS)).size > 0);
}

/** The hints that the reader of a finding should know of. */
function hintReasons(hints: ReadonlySet<Hint>): Reason[] {
  return [...hints].map((kind) => ({ code: "hint", kind }));
}

function shareOf(values: readonly string[], detect: (text: string) => boolean): number {
  let found = 0;
  for (const value of values) if (detect(value)) found++;
  return values.length === 0 ? 0 : found / values.length;
}

/** Whole percent, and never 0 of something. */
function percent(share: number): number {
  return share === 0 ? 0 : Math.max(1, Math.round(share * 100));
}
