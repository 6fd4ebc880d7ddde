/** Options of commands that show a risk report, and the files they write it to.
 *  @module */
import { documentText, type RiskReport } from "@sluice/protocol";
import type { Arguments, CommandIo } from "../command.ts";
import { riskText } from "./text-form.ts";

/** Where a report goes beside the terminal. */
export const REPORT_OPTIONS = {
  report: { value: "FILE", description: "write the report there, as one JSON document, into a new file" },
  html: { value: "FILE", description: "write the report there, as a page with charts, into a new file" },
} as const;

/** Writes what the options ask for. @throws ERR_USAGE when a file exists, ERR_DIRECTORY_UNWRITABLE */
export async function writeReport(report: RiskReport, args: Arguments): Promise<void> {
  const { writeWhole } = await import("@sluice/domain");
  const [document, page] = [args.text("report"), args.text("html")];
  if (document !== undefined) await writeWhole(document, [documentText(report)]);
  if (page === undefined) return;
  const { riskPage } = await import("./page.ts");
  await writeWhole(page, [riskPage(report)]);
}

/** Prints the report, or with `--json` one document of it and what else there is to say. */
export function printReport(report: RiskReport, rest: object, { args, io }: { args: Arguments; io: CommandIo }): void {
  io.stdout.write(args.flag("json") ? `${JSON.stringify({ report, ...rest })}\n` : riskText(report));
}
