/** The caller's part of the walk: private lookups of persons who are there and who are not, each compared
 *  with the plain computation.
 *  @module */
import { createHash } from "node:crypto";
import type { EvidencedReceipt } from "@sluice/protocol";
import { median, type CallResult } from "./report.ts";
import type { RunningCity } from "./running-city.ts";

/** Persons asked about, and how many of them do not exist. */
const PRESENT = 16;
const ABSENT = 4;

/** Result of the lookups with the receipts of their calls. */
export interface Asked {
  readonly result: CallResult;
  readonly receipts: EvidencedReceipt[];
}

/** Looks up persons chosen over the whole table, canaries first, and absent ones between. */
export async function askPrivately(
  running: RunningCity,
  product: string,
  expected: ReadonlyMap<string, string>,
  first: readonly string[],
  progress: (text: string) => void,
): Promise<Asked> {
  const handle = await running.client("river-bank").openLookup(product);
  const everyone = [...expected.keys()];
  const stride = Math.max(1, Math.floor(everyone.length / PRESENT));
  const present = [...first, ...everyone.filter((_, i) => i % stride === 0)].slice(0, PRESENT);
  const keys = [...present, ...absentKeys(expected)];
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
  return {
    result: { kind: "lookup", correct, count: keys.length, p50Ms: Math.round(median(times) * 10) / 10 },
    receipts,
  };
}

/** Strings of the same form that are nobody's identity number. */
function absentKeys(expected: ReadonlyMap<string, string>): string[] {
  const keys: string[] = [];
  for (let i = 0; keys.length < ABSENT; i++) {
    const digits = BigInt(`0x${createHash("sha256").update(`absent/${i}`).digest("hex")}`) % 10n ** 18n;
    const key = String(digits).padStart(18, "0");
    if (!expected.has(key)) keys.push(key);
  }
  return keys;
}
