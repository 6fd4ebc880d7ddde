/** `sluice settle statement FILE --month 2026-11`
 *  @module */
import { SluiceError, type KeyId } from "@sluice/protocol";
import {
  againstReceipts,
  chinaMonth,
  issueStatement,
  meteredCalls,
  monthlyStatement,
  monthlyUses,
  readLicences,
  receiptSums,
  receiptTotal,
  recordOfReceipt,
  spanStarts,
  statementFor,
  yuanText,
  type Statement,
} from "@sluice/settlement";
import { JSON_OPTION, usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { readJsonFile } from "../files.ts";
import { TRUST_OPTION, trustOf } from "../party-context.ts";
import { readReceipts } from "../settle/receipt-files.ts";
import { readSettlementFile, rulesOf, type SettlementFile } from "../settle/settlement-file.ts";
import { receiptsText, statementText } from "../settle/statement-text.ts";
import { writeOutput } from "../write-output.ts";

/** Makes a month's statement from files. */
export const settleStatement: Command = {
  path: ["settle", "statement"],
  summary: "make a month's statement from a settlement file and receipts, records, or use that was summed before",
  positionals: ["FILE"],
  options: {
    month: { value: "YYYY-MM", description: "month of the statement, in Asia/Shanghai" },
    receipts: { value: "DIR", description: "take the use from these receipts; each is verified first" },
    records: { value: "FILE.json", description: "take the use from these usage records" },
    caller: { value: "ID", description: "only the lines of that caller" },
    html: { value: "FILE", description: "write a page there with the derivation of each amount" },
    xlsx: { value: "FILE", description: "write a workbook there with Chinese headings" },
    out: { value: "FILE", description: "write the issued statement there; a file that exists is not changed" },
    ...TRUST_OPTION,
    ...JSON_OPTION,
  },
  notes:
    "FILE has the jurisdiction, products, licences and tariffs, and, without --receipts and --records, the use of the month by\n" +
    "caller and product. A month that is in order gives exit code 0; 1 when the statement differs from the receipts in a line.\n" +
    "Nothing is computed from a file in which any line does not fit: the line is named.",
  async run(args, io) {
    const month = args.required("month");
    const file = readSettlementFile(await readJsonFile(args.positional(0), "settlement file"));
    const rules = rulesOf(file, month);
    const use = await usesOf(args, io, file, month);
    const { products, licences, tariffs, filings } = file;
    const whole = monthlyStatement({ month, products, licences, tariffs, filings, uses: use.uses }, rules);
    const caller = args.text("caller");
    if (caller !== undefined && !readLicences(licences).some((one) => one.caller === caller)) {
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: "a licence of the caller", rule: "--caller" });
    }
    const statement = caller === undefined ? whole : statementFor(whole, caller);
    const issued = await issueStatement(statement);
    const differences = use.sums === null ? [] : againstReceipts(whole, use.sums);
    await writeFiles(args, statement, issued);
    if (args.flag("json")) {
      const compared =
        use.sums === null ? {} : { receipts: comparedDocument(differences, yuanText(receiptTotal(whole, use.sums))) };
      io.stdout.write(`${JSON.stringify({ ...issued, ...compared })}\n`);
    } else {
      io.stdout.write(`${statementText(statement)}SHA-256 ${issued.digest}\n`);
      if (use.sums !== null) {
        const { count, others, sums } = use;
        io.stdout.write(`\n${receiptsText({ count, others, total: receiptTotal(whole, sums), differences })}`);
      }
    }
    return differences.length === 0 ? 0 : 1;
  },
};

interface Use {
  readonly uses: unknown;
  /** What the receipts come to; null when the use is not from receipts. */
  readonly sums: ReturnType<typeof receiptSums> | null;
  readonly count: number;
  readonly others: number;
}

/** The use of the month, from one place.
 *  @throws ERR_USAGE when none or more than one is given. */
async function usesOf(args: Arguments, io: CommandIo, file: SettlementFile, month: string): Promise<Use> {
  const directory = args.text("receipts");
  const records = args.text("records");
  const given = [directory, records, file.uses].filter((source) => source !== undefined);
  if (given.length !== 1) throw usage("the use comes from one place: --receipts, --records, or `uses` of the file");
  if (records !== undefined) {
    const calls = meteredCalls(await readJsonFile(records, "records"), file.products);
    return { uses: monthlyUses(calls, month, spanStarts(file, month)), sums: null, count: 0, others: 0 };
  }
  if (directory === undefined) return { uses: file.uses, sums: null, count: 0, others: 0 };
  const callers = new Map<KeyId, string>(
    (file.callers ?? []).flatMap(({ id, keys }) => keys.map((key) => [key, id] as const)),
  );
  const read = await readReceipts(directory, { callers, trust: await trustOf(args, io), signal: io.signal });
  const called = read.receipts.flatMap((one) => recordOfReceipt(one) ?? []);
  const uses = monthlyUses(meteredCalls(called, file.products), month, spanStarts(file, month));
  const ofMonth = read.receipts.filter(({ receipt }) => chinaMonth(receipt.at) === month);
  return { uses, sums: receiptSums(read.receipts, month), count: ofMonth.length, others: read.others };
}

function comparedDocument(differences: ReturnType<typeof againstReceipts>, total: string): object {
  const text = (fen: bigint | null): string | null => (fen === null ? null : yuanText(fen));
  return {
    total,
    differences: differences.map(({ caller, product, statement, receipts }) => ({
      caller,
      product,
      statement: text(statement),
      receipts: text(receipts),
    })),
  };
}

async function writeFiles(
  args: Arguments,
  statement: Statement,
  issued: Awaited<ReturnType<typeof issueStatement>>,
): Promise<void> {
  const out = args.text("out");
  if (out !== undefined) await writeOutput("out", out, `${JSON.stringify(issued, null, 2)}\n`, "wx");
  const page = args.text("html");
  if (page !== undefined) {
    const { statementPage } = await import("../settle/statement-page.ts");
    await writeOutput("html", page, statementPage(statement, issued.digest));
  }
  const book = args.text("xlsx");
  if (book !== undefined) {
    const { statementWorkbook } = await import("../settle/statement-page.ts");
    await writeOutput("xlsx", book, await statementWorkbook(statement));
  }
}
