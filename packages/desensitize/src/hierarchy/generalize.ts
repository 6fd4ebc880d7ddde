/** One value at a level of its hierarchy, in TypeScript: the reference for the SQL of `hierarchy-sql.ts`.
 *  A null stays null below the highest level: it is a value of its own, not a wildcard.
 *  @module */
import { ANY_VALUE, topLevel, type Hierarchy } from "@sluice/protocol";
import type { StoredValue } from "../transform/column.ts";

/** Width of `step` counted in intervals of the finest. */
export function widthRatio(widths: readonly number[], step: number): number {
  return Math.round((widths[step] ?? 1) / (widths[0] ?? 1));
}

/** `value`, which stands at level `from`, at `level`: itself at that level, `*` at the highest, and `*` when a tree or the
 *  calendar does not know it. Intervals are told by their lower bound; a number that is not finite becomes null.
 *  @throws RangeError when the hierarchy has no such level, or `level` is below `from`. */
export function generalizeValue(hierarchy: Hierarchy, level: number, value: StoredValue, from = 0): StoredValue {
  const top = topLevel(hierarchy);
  if (!Number.isInteger(level) || !Number.isInteger(from) || from < 0 || level < from || level > top) {
    throw new RangeError(`expected a level from ${from} to ${top}`);
  }
  if (level === top) return ANY_VALUE;
  if (level === from || value === null) return value;
  switch (hierarchy.kind) {
    case "intervals":
      return lowerBound(hierarchy, level - 1, Number(value), from);
    case "prefix":
      return Array.from(String(value))
        .slice(0, hierarchy.lengths[level - 1])
        .join("");
    case "date":
      return period(String(value), hierarchy.units[level - 1] ?? "decade");
    case "tree":
      return group(hierarchy, level, String(value), from);
  }
}

/** Counts intervals of the finest width first: coarser ones are then whole numbers of them, whatever rounding does. */
function lowerBound(
  { min, max, widths }: Extract<Hierarchy, { kind: "intervals" }>,
  step: number,
  number: number,
  from: number,
): number | null {
  if (!Number.isFinite(number)) return null;
  const [finest = 1] = widths;
  const place = (Math.min(Math.max(number, min), max) - min) / finest;
  // A lower bound is a whole number of intervals already, up to rounding.
  const index = from === 0 ? Math.floor(place) : Math.round(place);
  return min + Math.floor(index / widthRatio(widths, step)) * (widths[step] ?? finest);
}

const PERIOD = /^(?<year>\d{4})(?:-(?:(?<month>\d{2})(?:-\d{2})?|Q(?<quarter>[1-4])))?$/;

/** The period that holds a date or a shorter period: `2024-05`, `2024-Q2`, `2024`, `2020s`. */
function period(text: string, unit: Extract<Hierarchy, { kind: "date" }>["units"][number]): string {
  const { year, month, quarter } = PERIOD.exec(text)?.groups ?? {};
  if (year === undefined) return ANY_VALUE;
  switch (unit) {
    case "month":
      return month === undefined ? ANY_VALUE : `${year}-${month}`;
    case "quarter":
      if (quarter !== undefined) return text;
      return month === undefined ? ANY_VALUE : `${year}-Q${Math.floor((Number(month) + 2) / 3)}`;
    case "year":
      return year;
    case "decade":
      return `${year.slice(0, 3)}0s`;
  }
}

function group({ levels }: Extract<Hierarchy, { kind: "tree" }>, level: number, value: string, from: number): string {
  let name = value;
  for (const groups of levels.slice(from, level)) {
    name = (Object.hasOwn(groups, name) ? groups[name] : undefined) ?? ANY_VALUE;
  }
  return name;
}
