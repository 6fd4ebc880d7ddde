/** `sluice selection result FILE`
 *  @module */
import type { NoisySum } from "@sluice/client";
import { JSON_OPTION, usage, type Command } from "../command.ts";
import { readSelectionFile } from "../selection-file.ts";
import { sumsText } from "../selection-text.ts";

/** Opens the answers that are kept, without the gateway. */
export const selectionResult: Command = {
  path: ["selection", "result"],
  summary: "open the answers kept in FILE; nothing is sent",
  positionals: ["FILE"],
  options: { ...JSON_OPTION },
  notes:
    "A sum within a million opens at once, one of many digits takes up to a minute. Do not tell domain or gateway whether an\n" +
    "answer opened: one that opens for some selections only would tell which it was.",
  async run(args, io) {
    const file = args.positional(0);
    const { kept, answers } = await readSelectionFile(file);
    if (answers.length === 0)
      throw usage(`${file} keeps no answer yet: sluice selection ask ${kept.parameters.product} ${file}`);
    const { HeldSelection } = await import("@sluice/client");
    using selection = await HeldSelection.resume(kept);
    const opened: { readonly epoch: string; readonly sums: NoisySum[] }[] = [];
    for (const { epoch, ...answer } of answers) {
      opened.push({ epoch, sums: await selection.open(answer, { signal: io.signal }) });
    }
    if (args.flag("json"))
      io.stdout.write(`${JSON.stringify({ product: kept.parameters.product, answers: opened })}\n`);
    else io.stdout.write(opened.map(({ epoch, sums }) => `state ${epoch.slice(0, 12)}\n${sumsText(sums)}\n`).join(""));
    return 0;
  },
};
