/** A noisy table read a few times: the same noise every time, of the size that its price buys.
 *  @module */
import type { SluiceClient } from "@sluice/client";
import type { EvidencedReceipt } from "@sluice/protocol";
import { tableIsNoisy, type NoisyQuestion } from "../oracles/noisy-table.ts";
import type { Asked } from "../plan.ts";
import { median } from "../report.ts";

/** Times that the table is read. */
const READS = 3;

/** Reads the table. A second answer with other noise would tell more than was paid for. */
export async function askNoisyReport(
  client: SluiceClient,
  { product, question, progress }: { product: string; question: NoisyQuestion; progress: (text: string) => void },
): Promise<Asked> {
  const handle = await client.openReport(product);
  const times: number[] = [];
  const receipts: EvidencedReceipt[] = [];
  const texts = new Set<string>();
  let correct = true;
  for (let i = 0; i < READS; i++) {
    const started = performance.now();
    const { report, receipt } = await handle.read();
    times.push(performance.now() - started);
    receipts.push(receipt);
    const text = JSON.stringify(report);
    if (!texts.has(text)) correct &&= report.table.kind === "noisy-table" && tableIsNoisy(report.table, question);
    texts.add(text);
    progress(`${report.table.cells.length} cells`);
  }
  return { result: { correct: correct && texts.size === 1, count: READS, p50Ms: median(times) }, receipts };
}
