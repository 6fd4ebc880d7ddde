/** A seeded generator for synthetic rows; not for secrets.
 *  @see https://pracrand.sourceforge.net (sfc32)
 *  @module */
import { utf8 } from "@sluice/protocol";

/** Equal starts give equal sequences. */
export interface RowRng {
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number;
  /** Uniform in 0 … bound − 1. */
  integer(bound: number): number;
  /** Standard normal. */
  normal(): number;
}

/** The generator of `use` under `seed`: two uses have sequences of their own. */
export function createRowRng(seed: number, use: string): RowRng {
  let [a, b, c, counter] = [fnv1a(use), 0x243f6a88, seed | 0, 1];
  const next = (): number => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  const uniform = (): number => next() / 2 ** 32;
  return {
    uniform,
    integer: (bound) => Math.floor(uniform() * bound),
    // Box–Muller; 1 − u is never 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of utf8(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash | 0;
}
