/** `sluice selection register PRODUCT GROUPS --keep FILE`
 *  @module */
import type { HeldSelection, SelectionHandle } from "@sluice/client";
import { ASKING_OPTIONS, keepReceipts, receiptLines, tellRestrictions } from "../asking.ts";
import { usage, type Command } from "../command.ts";
import { readTextFile } from "../files.ts";
import { openClient } from "../party-context.ts";
import { readSelectionFile, selectionFileExists, writeSelectionFile } from "../selection-file.ts";

/** Makes a hidden selection and registers it. */
export const selectionRegister: Command = {
  path: ["selection", "register"],
  summary: "select GROUPS of PRODUCT and register the selection; neither gateway nor domain learns which, or how many",
  positionals: ["PRODUCT", "GROUPS"],
  options: {
    keep: { value: "FILE", description: "where the selection and its key are kept (mode 0600); needed" },
    ...ASKING_OPTIONS,
  },
  notes:
    "GROUPS is a file with the label of one group in each line, or `-` for standard input; `sluice product show` lists\n" +
    "them. A grant allows few selections, and one that is registered cannot be changed. FILE is written before anything is\n" +
    "sent: when the command ends early, the same command with the same groups goes on with the selection in it.\n" +
    "Whoever has FILE knows the selection and its sums.",
  async run(args, io) {
    const file = args.text("keep");
    if (file === undefined) throw usage("option --keep is missing");
    const client = await openClient(args, io);
    const [name, argument, { signal }] = [args.positional(0), args.positional(1), io];
    const text = argument === "-" ? await io.readStdin() : await readTextFile(argument, "groups");
    const groups = [...new Set(text.split(/\r?\n/).filter((line) => line !== ""))];
    const handle = await client.openSelection(name, { signal });
    await tellRestrictions(handle, io);
    using selection = await selectionIn(file, handle, groups, signal);
    const { used, most, receipt } = await handle.register(selection, { signal });
    await keepReceipts(args, [receipt]);
    const { commitment } = selection;
    io.stdout.write(
      args.flag("json")
        ? `${JSON.stringify({ commitment, used, most, file, receipt })}\n`
        : `registered ${commitment}: ${used} of ${most} selections\n${receiptLines([receipt])}`,
    );
    return 0;
  },
};

/** The one that is kept in `file`, or a new one, kept there before anything is sent. */
async function selectionIn(
  file: string,
  handle: SelectionHandle,
  groups: readonly string[],
  signal: AbortSignal,
): Promise<HeldSelection> {
  if (!(await selectionFileExists(file))) {
    const selection = await handle.select(groups, { signal });
    await writeSelectionFile(file, { groups, kept: selection.keep(), answers: [] });
    return selection;
  }
  const record = await readSelectionFile(file);
  if (record.groups.toSorted().join("\n") !== groups.toSorted().join("\n")) {
    throw usage(`${file} keeps another selection; it replaces none`);
  }
  return await handle.resume(record.kept, { signal });
}
