/** A list matched with a product's set, or only counted, and compared with the plain set.
 *  @module */
import type { SluiceClient } from "@sluice/client";
import type { Asked } from "../plan.ts";

/** What is matched. */
export interface ListQuestion {
  readonly product: string;
  readonly list: readonly string[];
  /** The set, computed in the clear. */
  readonly expected: ReadonlySet<string>;
  readonly progress: (text: string) => void;
}

/** Matches the list: the caller learns which entries are in the set. */
export async function askMatches(client: SluiceClient, question: ListQuestion): Promise<Asked> {
  const { product, list, expected, progress } = question;
  progress(`${list.length} entries`);
  const handle = await client.openMatch(product);
  const started = performance.now();
  const { found, receipt } = await handle.match(list);
  const p50Ms = performance.now() - started;
  const plain = list.filter((entry) => expected.has(entry));
  const correct = found.length === plain.length && found.every((entry, i) => entry === plain[i]);
  return { result: { correct, count: list.length, p50Ms }, receipts: [receipt] };
}

/** Counts the list: the caller learns about how many entries are in the set, within the stated error. */
export async function askCount(client: SluiceClient, question: ListQuestion): Promise<Asked> {
  const { product, list, expected, progress } = question;
  progress(`${list.length} entries`);
  const handle = await client.openCount(product);
  const started = performance.now();
  const { count, maxError, receipt } = await handle.count(list);
  const p50Ms = performance.now() - started;
  const correct = Math.abs(count - list.filter((entry) => expected.has(entry)).length) <= maxError;
  return { result: { correct, count: list.length, p50Ms }, receipts: [receipt] };
}
