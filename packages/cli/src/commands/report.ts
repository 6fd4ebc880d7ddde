/** `sluice report PRODUCT`
 *  @module */
import { writeFile } from "node:fs/promises";
import { ASKING_OPTIONS, keepReceipts, receiptLines, tellRestrictions } from "../asking.ts";
import { usage, type Command } from "../command.ts";
import { openClient } from "../party-context.ts";

/** Reads a report. */
export const report: Command = {
  path: ["report"],
  summary: "read the report of PRODUCT: a grouped table without small cells, the same for everybody",
  positionals: ["PRODUCT"],
  options: {
    html: { value: "FILE", description: "write a page with charts there, to read or to print" },
    ...ASKING_OPTIONS,
  },
  async run(args, io) {
    const client = await openClient(args, io);
    const handle = await client.openReport(args.positional(0), { signal: io.signal });
    await tellRestrictions(handle, io);
    const { report: read, receipt } = await handle.read({ signal: io.signal });
    await keepReceipts(args, [receipt]);
    const { restrictions = [] } = (await handle.grant({ signal: io.signal })).body;
    const file = args.text("html");
    if (file !== undefined) {
      const { reportPage } = await import("../report-page/page.ts");
      await writePage(file, reportPage(read, { restrictions }));
    }
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ report: read, receipt })}\n`);
    else {
      const { reportText } = await import("../report-page/text-form.ts");
      io.stdout.write(reportText(read));
      io.stderr.write(receiptLines([receipt]));
    }
    return 0;
  },
};

async function writePage(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (cause) {
    throw usage(`"--html" names ${file}, which cannot be written`, cause);
  }
}
