/** Masks: text with its middle replaced by `*`. The length shows, and so do the characters that are kept: a mask protects
 *  what it hides, not the person when what is left is rare.
 *  @module */
import type { Transform } from "@sluice/protocol";

type Mask = Extract<Transform, { kind: "mask" }>;

/** `text` with all but its first and last characters as `*`. Text that is not longer than what the mask leaves is masked whole. */
export function mask({ keepFirst, keepLast }: Mask, text: string): string {
  const characters = Array.from(text);
  const hidden = characters.length - keepFirst - keepLast;
  if (hidden <= 0) return "*".repeat(characters.length);
  return [...characters.slice(0, keepFirst), "*".repeat(hidden), ...characters.slice(keepFirst + hidden)].join("");
}

/** The mask of an SQL text expression. */
export function maskSql({ keepFirst, keepLast }: Mask, text: string): string {
  const shown = keepFirst + keepLast;
  const masked = `left(${text}, ${keepFirst}) || repeat('*', length(${text}) - ${shown}) || right(${text}, ${keepLast})`;
  return `CASE WHEN length(${text}) <= ${shown} THEN repeat('*', length(${text})) ELSE ${masked} END`;
}
