/** Places on the earth: a pair of degrees, or one of them with at least four digits after the point (some ten metres).
 *  @module */
import { normalForm } from "@sluice/protocol";

/** Digits after the point from which one number points at a place. */
const PLACE_DIGITS = 4;

/** Whether `text` is a pair of degrees, longitude first or latitude first, also as `POINT(x y)`. */
export function isCoordinatePair(text: string): boolean {
  const pair = /^(?:POINT ?\()?\(?(-?[0-9]{1,3}\.[0-9]{3,15})(?:, ?|; ?| )(-?[0-9]{1,3}\.[0-9]{3,15})\)?$/i.exec(
    normalForm(text),
  );
  if (pair === null) return false;
  const [first, second] = [Math.abs(Number(pair[1])), Math.abs(Number(pair[2]))];
  return Math.max(first, second) <= 180 && Math.min(first, second) <= 90;
}

/** Whether `text` is one number of degrees, fine enough to point at a place. The column's name must say that it is one. */
export function isDegrees(text: string): boolean {
  const normal = normalForm(text);
  const [, fraction = ""] = /^-?[0-9]{1,3}\.([0-9]{1,17})$/.exec(normal) ?? [];
  return fraction.length >= PLACE_DIGITS && Math.abs(Number(normal)) <= 180;
}
