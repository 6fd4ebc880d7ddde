/** `sluice selection ask PRODUCT FILE`
 *  @module */
import { ASKING_OPTIONS, keepReceipts, receiptLines, tellRestrictions } from "../asking.ts";
import type { Command } from "../command.ts";
import { openClient } from "../party-context.ts";
import { readSelectionFile, writeSelectionFile } from "../selection-file.ts";

/** Asks for sums under a registered selection, and keeps the answer. */
export const selectionAsk: Command = {
  path: ["selection", "ask"],
  summary: "ask PRODUCT for sums under the selection kept in FILE, and keep the encrypted answer there",
  positionals: ["PRODUCT", "FILE"],
  options: {
    measures: { value: "NAMES", description: "measures, with commas between; all of them unless given" },
    ...ASKING_OPTIONS,
  },
  notes:
    "Each sum costs its ε of the caller's privacy budget once: asked again under the same selection, of the same state of\n" +
    "the data, it is the same sum, and costs nothing of the budget. `sluice selection result FILE` opens what is kept.",
  async run(args, io) {
    const client = await openClient(args, io);
    const [name, file, { signal }] = [args.positional(0), args.positional(1), io];
    const record = await readSelectionFile(file);
    const handle = await client.openSelection(name, { signal });
    await tellRestrictions(handle, io);
    using selection = await handle.resume(record.kept, { signal });
    const { parameters, epoch } = handle.snapshot;
    const names = args.text("measures")?.split(",") ?? parameters.measures.map((measure) => measure.name);
    const { request, answer, receipt } = await handle.ask(selection, names, { signal });
    await writeSelectionFile(file, { ...record, answers: [...record.answers, { epoch, request, answer }] });
    await keepReceipts(args, [receipt]);
    io.stdout.write(
      args.flag("json")
        ? `${JSON.stringify({ measures: names, epoch, file, receipt })}\n`
        : `kept in ${file}: ${names.join(", ")}\n${receiptLines([receipt])}`,
    );
    return 0;
  },
};
