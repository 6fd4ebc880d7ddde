/** Along which lines the samples of one table are cut. Two samples whose cuts do not nest can be laid over each other: what is
 *  between two cuts of one and two of the other is known more exactly than either was to tell. So the first sample of a table
 *  binds the later ones, whoever they are for.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { canonicalText, SluiceError, toHex, topLevel, utf8 } from "@sluice/protocol";
import type { FieldName, Policy, ResourceDescription, ResourceField, Transform } from "@sluice/protocol";
import { joinShown, type ShownSample } from "./counted.ts";

/** How one column is cut. `dates` are told by the characters of YYYY-MM-DD that are left. */
export type Cut =
  | { readonly kind: "whole" }
  | { readonly kind: "points"; readonly min: number; readonly max: number; readonly width: number }
  | { readonly kind: "prefix"; readonly length: number }
  | { readonly kind: "mask"; readonly first: number; readonly last: number }
  | { readonly kind: "date"; readonly length: number | "quarter" }
  | { readonly kind: "tree"; readonly tree: string }
  /** No cut, but a rule that tells the value when another one is laid over it. */
  | { readonly kind: "moved"; readonly rule: string; readonly scene?: string };

/** What the samples of one table were cut by, and drawn by, so far. */
export interface TableCuts {
  /** Column that tells persons apart. */
  readonly subject: FieldName;
  /** Strata with their cuts, as canonical text. */
  readonly strata: string;
  readonly columns: Readonly<Record<FieldName, readonly Cut[]>>;
  /** Columns by which samples were counted for k; how each column was shown; and how each sample was counted. Absent in what
   *  was noted before they were. */
  readonly quasi?: readonly FieldName[];
  readonly shown?: Readonly<Record<FieldName, readonly Transform[]>>;
  readonly samples?: Readonly<Record<string, ShownSample>>;
}

/** A sample that is to be drawn. */
export interface CutRequest {
  readonly policy: Policy;
  readonly resource: ResourceDescription;
  /** Columns that it shows. */
  readonly fields: readonly FieldName[];
  readonly subject: FieldName;
  /** Whose key its noise is made under. */
  readonly scene: string;
  readonly consent?: FieldName | undefined;
}

/** `earlier` with the cuts of one more sample. Pseudonyms do not cut.
 *  @throws ERR_POLICY when they do not nest with those of an earlier one, or the sample is drawn by other persons or strata, or
 *  by a model that cannot be counted together with the earlier ones */
export function joinCuts(earlier: TableCuts | null, request: CutRequest): TableCuts {
  const { policy, resource, fields, subject, scene } = request;
  const cutOfField = (name: FieldName): Cut | null => {
    const field = resource.fields.find((field) => field.name === name);
    const rule = Object.hasOwn(policy.columns, name) ? policy.columns[name] : undefined;
    const cut = field === undefined || rule === undefined ? null : cutOf(rule.transform, field);
    // Two scenes have two noises of a quasi-identifier, which could not be counted together.
    return cut?.kind === "moved" && rule?.role === "quasi" ? { ...cut, scene } : cut;
  };
  const strata = canonicalText(policy.sample.strata.toSorted().map((name) => [name, cutOfField(name)]));
  if (earlier !== null && earlier.subject !== subject)
    refuse("", "an earlier sample of the table was drawn by another key");
  if (earlier !== null && earlier.strata !== strata) {
    refuse("/sample/strata", "an earlier sample of the table had other strata: together they would show more rows");
  }
  const columns: Record<FieldName, readonly Cut[]> = { ...earlier?.columns };
  for (const name of fields) {
    const cut = cutOfField(name);
    if (cut === null) continue;
    const known = Object.hasOwn(columns, name) ? (columns[name] ?? []) : [];
    if (!known.every((other) => nest(cut, other))) {
      refuse(
        `/columns/${name}/transform`,
        "an earlier sample of the table was cut between these cuts: expected cuts that nest",
      );
    }
    const text = canonicalText(cut);
    columns[name] = known.some((other) => canonicalText(other) === text) ? known : [...known, cut];
  }
  return { subject, strata, columns, ...joinShown(earlier, request) };
}

function cutOf(transform: Transform, { type, hierarchy }: ResourceField): Cut | null {
  switch (transform.kind) {
    case "keep":
      return { kind: "whole" };
    case "bucket":
      return { kind: "points", min: transform.min, max: transform.max, width: transform.width };
    case "generalize":
      return { kind: type === "date" ? "date" : "prefix", length: transform.length };
    case "mask":
      return { kind: "mask", first: transform.keepFirst, last: transform.keepLast };
    case "hierarchy":
      return hierarchy === undefined ? null : levelCut(hierarchy, transform.level);
    case "drop":
    case "token":
    case "fpe":
    case "fake":
      return null;
    case "dateShift":
      return { kind: "moved", rule: canonicalText(transform) };
    case "noise":
      return { kind: "moved", rule: canonicalText({ ...transform, per: transform.per ?? "subject" }) };
  }
}

const DATE_LENGTHS = { month: 7, quarter: "quarter", year: 4, decade: 3 } as const;

function levelCut(hierarchy: NonNullable<ResourceField["hierarchy"]>, level: number): Cut | null {
  if (level >= topLevel(hierarchy)) return null;
  switch (hierarchy.kind) {
    case "intervals":
      return { kind: "points", min: hierarchy.min, max: hierarchy.max, width: hierarchy.widths[level - 1] ?? 1 };
    case "prefix":
      return { kind: "prefix", length: hierarchy.lengths[level - 1] ?? 1 };
    case "date":
      return { kind: "date", length: DATE_LENGTHS[hierarchy.units[level - 1] ?? "decade"] };
    case "tree":
      // Levels of one tree nest; two trees are not compared.
      return { kind: "tree", tree: toHex(sha256(utf8(canonicalText(hierarchy)))) };
  }
}

/** Whether what one of the two shows is a function of what the other shows. */
function nest(a: Cut, b: Cut): boolean {
  if (a.kind === "moved" || b.kind === "moved") return canonicalText(a) === canonicalText(b);
  if (a.kind === "whole" || b.kind === "whole") return true;
  if (a.kind === "points" && b.kind === "points") return pointsNest(a, b) || pointsNest(b, a);
  if (a.kind === "prefix" && b.kind === "prefix") return true;
  if (a.kind === "mask" && b.kind === "mask") return (a.first - b.first) * (a.last - b.last) >= 0;
  // A mask shows the length of the text as well, which no prefix does.
  if (a.kind === "prefix" && b.kind === "mask") return a.length <= b.first;
  if (a.kind === "mask" && b.kind === "prefix") return b.length <= a.first;
  if (a.kind === "date" && b.kind === "date") return datesNest(a.length, b.length);
  return a.kind === "tree" && b.kind === "tree" && a.tree === b.tree;
}

/** Whether every cut of `coarse` is one of `fine`. Everything below the first and from the last on is one piece. */
function pointsNest(coarse: Extract<Cut, { kind: "points" }>, fine: Extract<Cut, { kind: "points" }>): boolean {
  const places = lastPoint(fine);
  for (let i = 1; i <= lastPoint(coarse); i++) {
    const place = (coarse.min + i * coarse.width - fine.min) / fine.width;
    const whole = Math.round(place);
    if (Math.abs(place - whole) > TOLERANCE || whole < 1 || whole > places) return false;
  }
  return true;
}

/** Share of a width by which rounding may move a cut. */
const TOLERANCE = 1e-6;

function lastPoint({ min, max, width }: Extract<Cut, { kind: "points" }>): number {
  return Math.floor((max - min) / width + TOLERANCE);
}

function datesNest(a: number | "quarter", b: number | "quarter"): boolean {
  if (a === b || (a !== "quarter" && b !== "quarter")) return true;
  const length = Number(a === "quarter" ? b : a);
  // Up to YYYY- a quarter is finer, from YYYY-MM on it is coarser; the first digit of a month lies across.
  return length <= 5 || length >= 7;
}

function refuse(pointer: string, reason: string): never {
  throw new SluiceError("ERR_POLICY", { pointer, reason });
}
