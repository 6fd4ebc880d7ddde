/** A count with noise in words.
 *  @module */
import type { NoisyCount } from "@sluice/client";

/** The count, and how far it can be off. */
export function countText({ count, maxError, likelyError }: NoisyCount): string {
  return `${count} ± ${likelyError} (19 times out of 20; never off by more than ${maxError})`;
}
