/** Where things lie in the memory of a kernel: one after another, each aligned and with room behind it.
 *  @module */
import { SLACK_BYTES } from "../../kernel/psi-kernel.ts";

const ALIGNMENT = 64;

/** Offsets by name, and what they take in all. */
export interface Regions<Name extends string> {
  readonly at: Readonly<Record<Name, number>>;
  readonly sizeBytes: number;
}

/** Lays out regions of the given sizes in bytes. */
export function layOut<Name extends string>(sizes: Readonly<Record<Name, number>>): Regions<Name> {
  const at: Partial<Record<Name, number>> = {};
  let end = 0;
  for (const name of Object.keys(sizes) as Name[]) {
    at[name] = end;
    end = ALIGNMENT * Math.ceil((end + sizes[name] + SLACK_BYTES) / ALIGNMENT);
  }
  return { at: at as Record<Name, number>, sizeBytes: end };
}
