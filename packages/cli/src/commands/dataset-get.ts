/** `sluice dataset get PRODUCT --out FILE`
 *  @module */
import { existsSync } from "node:fs";
import type { DatasetHandle } from "@sluice/client";
import { datasetQuantity, isSluiceError, type DatasetPage, type EvidencedReceipt } from "@sluice/protocol";
import { ASKING_OPTIONS, keepReceipts, receiptLines, tellRestrictions } from "../asking.ts";
import { usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { openClient } from "../party-context.ts";

/** Reads a data set into a file. */
export const datasetGet: Command = {
  path: ["dataset", "get"],
  summary: "write the rows of the data set PRODUCT to a file: a certified sample, for the days of your term",
  positionals: ["PRODUCT"],
  options: {
    out: { value: "FILE", description: "the new file" },
    format: {
      value: "csv|arrow",
      description:
        "csv (default): texts that look like formulas get an apostrophe; arrow: Arrow IPC, values as they are",
    },
    ...ASKING_OPTIONS,
  },
  notes:
    "The first reading begins your term and spends rows × fields × days, once; in the term you may read it again for\n" +
    "nothing. When its days are over nothing is read any more. What the rows may be used for is in the rules of use.",
  async run(args, io) {
    const out = args.text("out");
    if (out === undefined) throw usage("`--out FILE` is needed");
    const wanted = args.text("format") ?? "csv";
    const { DATASET_FORMATS, writeDatasetFile } = await import("../dataset-file.ts");
    const format = DATASET_FORMATS.find((name) => name === wanted);
    if (format === undefined) throw usage("`--format` is csv or arrow");
    if (existsSync(out)) throw usage(`${out} exists; it replaces no file`);
    const client = await openClient(args, io);
    const handle = await client.openDataset(args.positional(0), { signal: io.signal });
    await tellRestrictions(handle, io);
    const { until, spent, receipts } = await termOf(handle, args, io);
    const { snapshot } = handle;
    await writeDatasetFile(out, snapshot, pagesOf(handle, receipts, io), format);
    await keepReceipts(args, receipts);
    const { rows, fields, days, certificate } = snapshot;
    if (args.flag("json")) {
      const told = { out, rows, fields, days, until, spent: String(spent), certificate };
      io.stdout.write(`${JSON.stringify({ dataset: told, receipts })}\n`);
      return 0;
    }
    const { level, k, overallRisk } = certificate;
    io.stdout.write(`${out}: ${rows} rows of ${fields.length} fields\n`);
    io.stdout.write(`certificate: level ${level ?? "?"}, k = ${k}, risk ${overallRisk ?? "?"}\n`);
    io.stdout.write(`spent ${spent} row-field-days; to be read until ${until}\n`);
    io.stderr.write(receiptLines(receipts.slice(0, 1)));
    return 0;
  },
};

interface RunningTerm {
  readonly until: string;
  readonly spent: number;
  readonly receipts: EvidencedReceipt[];
}

/** Begins the term, unless it runs. Its receipt is kept before anything is read: it was paid for. */
async function termOf(handle: DatasetHandle, args: Arguments, io: CommandIo): Promise<RunningTerm> {
  try {
    const { term, receipt } = await handle.begin({ signal: io.signal });
    await keepReceipts(args, [receipt]);
    return { until: term.until, spent: datasetQuantity(handle.snapshot), receipts: [receipt] };
  } catch (error) {
    if (!isSluiceError(error, "ERR_DATASET_BEGUN")) throw error;
    return { until: String(error.details["until"] ?? ""), spent: 0, receipts: [] };
  }
}

async function* pagesOf(
  handle: DatasetHandle,
  receipts: EvidencedReceipt[],
  io: CommandIo,
): AsyncGenerator<DatasetPage> {
  for (const number of handle.snapshot.pages.keys()) {
    const { page, receipt } = await handle.read(number, { signal: io.signal });
    receipts.push(receipt);
    yield page;
  }
}
