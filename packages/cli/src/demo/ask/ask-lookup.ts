/** Private lookups of persons who are there and who are not, each compared with the plain computation.
 *  @module */
import { createHash } from "node:crypto";
import type { SluiceClient } from "@sluice/client";
import type { EvidencedReceipt } from "@sluice/protocol";
import type { Asked } from "../plan.ts";
import { median } from "../report.ts";

/** Persons asked about, and how many of them do not exist. */
const PRESENT = 16;
const ABSENT = 4;

/** What is looked up. */
export interface LookupQuestion {
  readonly product: string;
  /** Label by key, computed in the clear. */
  readonly expected: ReadonlyMap<string, string>;
  /** Keys to ask first. */
  readonly first: readonly string[];
  readonly progress: (text: string) => void;
}

/** Looks up persons chosen over the whole table, the first ones before, and absent ones after. */
export async function askPrivately(client: SluiceClient, question: LookupQuestion): Promise<Asked> {
  const { product, expected, first, progress } = question;
  using handle = await client.openLookup(product);
  const everyone = [...expected.keys()];
  const stride = Math.max(1, Math.floor(everyone.length / PRESENT));
  const present = [...first, ...everyone.filter((_, i) => i % stride === 0)].slice(0, PRESENT);
  const keys = [...present, ...absentKeys(expected, ABSENT)];
  const times: number[] = [];
  const receipts: EvidencedReceipt[] = [];
  let correct = true;
  for (const [i, key] of keys.entries()) {
    const started = performance.now();
    const answer = await handle.lookup(key);
    times.push(performance.now() - started);
    receipts.push(...answer.receipts);
    correct &&= (answer.record?.label ?? null) === (expected.get(key) ?? null);
    progress(`${i + 1} of ${keys.length}`);
  }
  return { result: { correct, count: keys.length, p50Ms: median(times) }, receipts };
}

/** `count` strings of the same form that are nobody's identity number. */
function absentKeys(known: { has(key: string): boolean }, count: number): string[] {
  const keys: string[] = [];
  for (let i = 0; keys.length < count; i++) {
    const digits = BigInt(`0x${createHash("sha256").update(`absent/${i}`).digest("hex")}`) % 10n ** 18n;
    const key = String(digits).padStart(18, "0");
    if (!known.has(key)) keys.push(key);
  }
  return keys;
}
