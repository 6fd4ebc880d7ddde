/** A pass over a long list: in batches, so that a page stays alive, a signal is seen and progress is told.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** How far one pass over a list is. */
export interface PsiProgress {
  readonly done: number;
  readonly total: number;
}

/** What a pass over a list heeds. */
export interface PsiPassOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told once in a batch, and at the end. It is about padded elements: how many are matches does not show. */
  readonly onProgress?: ((progress: PsiProgress) => void) | undefined;
}

/** Visits the numbers below `total` in order, `batchItems` at a time, and gives way before each batch.
 *  @throws ERR_CANCELLED when the signal is aborted, and what `visit` throws. */
export async function inBatches(
  total: number,
  batchItems: number,
  { signal, onProgress }: PsiPassOptions,
  visit: (from: number, to: number) => void,
): Promise<void> {
  for (let from = 0; from < total; from += batchItems) {
    onProgress?.({ done: from, total });
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
    visit(from, Math.min(from + batchItems, total));
  }
  onProgress?.({ done: total, total });
}

/** Visits each number below `total`. @throws as `inBatches` does */
export function eachInBatches(
  total: number,
  options: PsiPassOptions,
  visit: (index: number) => void,
  batchItems: number,
): Promise<void> {
  return inBatches(total, batchItems, options, (from, to) => {
    for (let index = from; index < to; index++) visit(index);
  });
}
