/** `sluice lookup PRODUCT KEY`
 *  @module */
import { ASKING_OPTIONS, keepReceipts, receiptLines, tellRestrictions } from "../asking.ts";
import type { Command } from "../command.ts";
import { openClient } from "../party-context.ts";

/** Makes one private lookup. */
export const lookup: Command = {
  path: ["lookup"],
  summary: "look KEY up in PRODUCT; neither gateway nor domain learns the key, or whether it is there",
  positionals: ["PRODUCT", "KEY"],
  options: ASKING_OPTIONS,
  notes: "KEY `-` reads the key from standard input, so that it does not stand in the shell's history.",
  async run(args, io) {
    const client = await openClient(args, io);
    const argument = args.positional(1);
    const key = argument === "-" ? (await io.readStdin()).replace(/\r?\n$/, "") : argument;
    using handle = await client.openLookup(args.positional(0), { signal: io.signal });
    await tellRestrictions(handle, io);
    const { record, receipts } = await handle.lookup(key, { signal: io.signal });
    await keepReceipts(args, receipts);
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ record, receipts })}\n`);
    else io.stdout.write(`${record === null ? "no record" : record.label}\n${receiptLines(receipts)}`);
    return 0;
  },
};
