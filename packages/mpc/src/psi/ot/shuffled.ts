/** Items in random order.
 *  @module */
import type { Bytes, Random } from "@sluice/protocol";
import { wordsOver } from "./engine.ts";

/** Puts items of `itemBytes`, a multiple of 4, of a memory of their own in random order, each order as likely as any other (Fisher–Yates with rejection).
 *  Draws 8 bytes for each item at most, with a probability of failure far below 2^-100. */
export function shuffle(items: Bytes, itemBytes: number, random: Random): void {
  const width = itemBytes / 4;
  const own = wordsOver(items);
  let words: Uint32Array = new Uint32Array(0);
  let used = 0;
  const draw = (): number => {
    if (used === words.length) {
      words = wordsOver(random.bytes(4 * 1_024));
      used = 0;
    }
    return words[used++] ?? 0;
  };
  for (let i = items.length / itemBytes - 1; i > 0; i--) {
    const limit = 2 ** 32 - (2 ** 32 % (i + 1));
    let word = draw();
    while (word >= limit) word = draw();
    const j = word % (i + 1);
    for (let w = 0; w < width; w++) {
      const spare = own[i * width + w] ?? 0;
      own[i * width + w] = own[j * width + w] ?? 0;
      own[j * width + w] = spare;
    }
  }
}

/** Bytes that `shuffle` draws at most for `count` items. */
export function shuffleBytes(count: number): number {
  return 8 * count + 2 * 4_096;
}
