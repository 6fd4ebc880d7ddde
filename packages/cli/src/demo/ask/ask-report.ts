/** A report read, and compared with a plain group-by after the stated rules of disclosure.
 *  @module */
import type { SluiceClient } from "@sluice/client";
import type { EvidencedReceipt } from "@sluice/protocol";
import { tableIsPlain, type PlainRow } from "../oracles/grouped-table.ts";
import type { Asked } from "../plan.ts";
import { median } from "../report.ts";

/** Times that the report is read. */
const READS = 3;

/** What is read. */
export interface ReportQuestion {
  readonly product: string;
  /** The rows of the table, in the clear. */
  readonly rows: () => Iterable<PlainRow>;
  /** Indices of the dimensions that say something of a sensitive column. */
  readonly sensitive?: readonly number[];
  readonly progress: (text: string) => void;
}

/** Reads the report a few times: it is the same every time. */
export async function askReport(
  client: SluiceClient,
  { product, rows, sensitive, progress }: ReportQuestion,
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
    if (!texts.has(text)) correct &&= report.table.kind === "table" && tableIsPlain(report.table, rows(), sensitive);
    texts.add(text);
    progress(`${report.table.cells.length} cells`);
  }
  return { result: { correct: correct && texts.size === 1, count: READS, p50Ms: median(times) }, receipts };
}
