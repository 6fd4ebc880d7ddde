/** A report read, and compared with what its rules leave of the rows.
 *  @module */
import type { SluiceClient } from "@sluice/client";
import type { EvidencedReceipt, Report } from "@sluice/protocol";
import { tableIsPlain, type PlainRow } from "../oracles/grouped-table.ts";
import { tableIsNoisy, type NoisyQuestion } from "../oracles/noisy-table.ts";
import type { Asked } from "../plan.ts";
import { median } from "../report.ts";

/** Times that a report is read. */
const READS = 3;

/** What is read. */
interface Reading {
  readonly product: string;
  readonly progress: (text: string) => void;
}

/** A table with disclosure control. */
export interface ReportQuestion extends Reading {
  /** The rows of the table, in the clear. */
  readonly rows: () => Iterable<PlainRow>;
  /** Indices of the dimensions that say something of a sensitive column. */
  readonly sensitive?: readonly number[];
}

/** Reads a table with disclosure control: a plain group-by under the stated rules. */
export function askReport(client: SluiceClient, question: ReportQuestion): Promise<Asked> {
  const { rows, sensitive } = question;
  return readSame(client, question, (table) => table.kind === "table" && tableIsPlain(table, rows(), sensitive));
}

/** Reads a noisy table: its noise is of the size that its price buys. */
export function askNoisyReport(
  client: SluiceClient,
  asked: Reading & { readonly question: NoisyQuestion },
): Promise<Asked> {
  return readSame(client, asked, (table) => table.kind === "noisy-table" && tableIsNoisy(table, asked.question));
}

/** Reads a few times. The report is the same every time: other noise, say, would tell more than was paid for. */
async function readSame(
  client: SluiceClient,
  { product, progress }: Reading,
  isRight: (table: Report["table"]) => boolean,
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
    if (!texts.has(text)) correct &&= isRight(report.table);
    texts.add(text);
    progress(`${report.table.cells.length} cells`);
  }
  return { result: { correct: correct && texts.size === 1, count: READS, p50Ms: median(times) }, receipts };
}
