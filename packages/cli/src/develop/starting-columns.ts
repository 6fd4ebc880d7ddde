/** What the source of a new job is written from.
 *  @module */
import type { ColumnRule, ColumnType } from "@sluice/protocol";
import type { JobFiles } from "./job-files.ts";
import type { StartingForm, StartingModel } from "./local-options.ts";

/** What a new job is about. */
export interface NewJob extends Pick<JobFiles, "resource" | "policy" | "grant" | "profile"> {
  /** Name of the job. */
  readonly name: string;
  /** Purpose that the grant must name. */
  readonly purpose: string;
  /** Form of the job; without it, what the grant's operations or the columns suggest. */
  readonly form?: StartingForm | undefined;
  /** Model of a job of lookups; linear unless told. */
  readonly model?: StartingModel | undefined;
}

/** A column that a job may read. */
export interface ShownColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly rule: ColumnRule | undefined;
}

/** Longest line of the job that is written. */
const MAX_SOURCE_COLUMNS = 100;
/** Range of a number that no bucket bounds. */
const UNBOUNDED = { min: 0, max: 100 };
/** Whether a column has numbers. */
export function isNumber({ type }: ShownColumn): boolean {
  return type === "f64" || type === "i32";
}

/** Whether a column has texts of which a few occur often. */
export function hasLevels({ type, rule }: ShownColumn): boolean {
  const kind = rule?.transform.kind;
  return type === "dict" && (kind === "keep" || kind === "generalize" || kind === "hierarchy");
}

/** Range of a number, as the policy says or as synthetic rows have it. */
export function rangeOf({ rule }: ShownColumn): { min: number; max: number } {
  return rule?.transform.kind === "bucket" ? rule.transform : UNBOUNDED;
}

/** Largest magnitude of a column; an indicator of a level is 0 or 1. */
export function magnitude(column: ShownColumn): number {
  const { min, max } = rangeOf(column);
  return isNumber(column) ? Math.max(Math.abs(min), Math.abs(max)) : 1;
}

/** Breaks that part the range of a number in four. */
export function quarters(column: ShownColumn): number[] {
  const { min, max } = rangeOf(column);
  return [1, 2, 3].map((k) => min + ((max - min) * k) / 4);
}

/** Names of the levels that breaks make. */
export function levelNames(breaks: readonly number[]): string[] {
  const between = breaks.slice(1).map((end, i) => `${breaks[i] ?? 0} to < ${end}`);
  return [`< ${breaks[0] ?? 0}`, ...between, `≥ ${breaks.at(-1) ?? 0}`];
}

/** Name of a member for a column: shorter than those of columns may be. */
export function memberName({ name }: ShownColumn): string {
  return name.slice(0, 40);
}

function inputSource(columns: readonly ShownColumn[]): string {
  const members = columns.map(({ name, type }) => `${name}: "${type}"`);
  const line = `{ ${members.join(", ")} }`;
  return line.length <= MAX_SOURCE_COLUMNS ? line : `{\n${members.map((member) => `    ${member},\n`).join("")}  }`;
}

/** From `export default` to the outputs. */
export function declaration({ name, purpose }: NewJob, read: readonly ShownColumn[]): string {
  return `export default defineJob({
  name: "${name}",
  purpose: "${purpose}",
  /** Columns, with their type after the policy's transforms. */
  input: ${inputSource(read)},`;
}
