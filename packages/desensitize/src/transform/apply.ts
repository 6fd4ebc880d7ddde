/** The transforms of a policy on one value, in TypeScript: the reference for the SQL of `view-sql.ts`.
 *  Characters are Unicode code points. A null stays null, but for the highest level of a hierarchy.
 *  @module */
import type { Transform } from "@sluice/protocol";
import { bucket } from "./bucket.ts";
import type { ShownValue, StoredValue, ValueContext } from "./column.ts";
import { shiftDate } from "./date-shift.ts";
import { fake } from "./fake.ts";
import { encipher } from "./fpe.ts";
import { atLevel } from "./hierarchy.ts";
import { keep } from "./keep.ts";
import { mask } from "./mask.ts";
import { addNoise } from "./noise.ts";
import { tokenize } from "./token.ts";

/** `value` after `transform`; null when the transform has nothing to show for it.
 *  @throws RangeError when the token key is needed and is not 16 to 64 bytes, or the person or row is needed and not told. */
export function applyTransform(transform: Transform, value: StoredValue, context: ValueContext): ShownValue {
  // The highest level is one value, also for rows without one.
  if (transform.kind === "hierarchy") return atLevel(transform, value, context.hierarchy);
  if (value === null) return null;
  switch (transform.kind) {
    case "drop":
      return null;
    case "keep":
      return keep(value, context.type);
    case "mask":
      return mask(transform, String(value));
    case "token":
      return tokenize(transform, String(value), context.tokenKey);
    case "generalize":
      return Array.from(String(value)).slice(0, transform.length).join("");
    case "bucket":
      return bucket(transform, Number(value));
    case "dateShift":
      return shiftDate(transform, value, context);
    case "noise":
      return addNoise(transform, value, context);
    case "fpe":
      return encipher(transform, String(value), context.tokenKey);
    case "fake":
      return fake(transform, String(value), context.tokenKey);
  }
}
