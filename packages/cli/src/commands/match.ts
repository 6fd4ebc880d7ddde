/** `sluice match PRODUCT LIST`
 *  @module */
import type { NoisyCount } from "@sluice/client";
import { ASKING_OPTIONS, keepReceipts, receiptLines, tellRestrictions } from "../asking.ts";
import { usage, type Command, type CommandIo } from "../command.ts";
import { readTextFile } from "../files.ts";
import { openClient } from "../party-context.ts";
import { withProgress } from "../told-progress.ts";

/** Matches a list with a product's set, or counts its matches. */
export const match: Command = {
  path: ["match"],
  summary: "match a LIST with the set of PRODUCT; neither gateway nor domain learns an entry or a match",
  positionals: ["PRODUCT", "LIST"],
  options: ASKING_OPTIONS,
  notes:
    "LIST is a file with one entry in each line, or `-` for standard input. Entries are compared exactly; empty lines are\n" +
    "left out. A product that only counts prints about how many match, how far that can be off, and what it took of the\n" +
    "caller's privacy budget, for the same list too; any other prints the matches themselves. Domain and gateway learn how\n" +
    "long the list is, rounded up. A terminal shows how far a long list is.",
  async run(args, io) {
    const client = await openClient(args, io);
    const [name, { signal }] = [args.positional(0), io];
    const list = await readList(args.positional(1), io);
    const { form } = await client.product(name, { signal });
    const json = args.flag("json");
    if (form === "psi-cardinality") {
      const handle = await client.openCount(name, { signal });
      await tellRestrictions(handle, io);
      const { receipt, ...counted } = await withProgress(io, "counting", (onProgress) =>
        handle.count(list, { signal, onProgress }),
      );
      await keepReceipts(args, [receipt]);
      const lines = `${countLine(counted)}\n${receiptLines([receipt])}`;
      io.stdout.write(json ? `${JSON.stringify({ ...counted, receipt })}\n` : lines);
      return 0;
    }
    const handle = await client.openMatch(name, { signal });
    await tellRestrictions(handle, io);
    const { found, receipt } = await withProgress(io, "matching", (onProgress) =>
      handle.match(list, { signal, onProgress }),
    );
    await keepReceipts(args, [receipt]);
    if (json) io.stdout.write(`${JSON.stringify({ found, receipt })}\n`);
    else {
      io.stdout.write(found.map((entry) => `${entry}\n`).join(""));
      // Matches alone go to standard output, so that they make a list again.
      io.stderr.write(`${found.length} matches\n${receiptLines([receipt])}`);
    }
    return 0;
  },
};

function countLine({ count, maxError, likelyError, epsilon }: NoisyCount): string {
  return `${count} ± ${likelyError} (19 times out of 20; never off by more than ${maxError}), ε = ${epsilon}`;
}

/** @throws ERR_USAGE when there is no entry */
async function readList(argument: string, io: CommandIo): Promise<string[]> {
  const text = argument === "-" ? await io.readStdin() : await readTextFile(argument, "list");
  const entries = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .filter((line) => line !== "");
  if (entries.length === 0) throw usage("the list has no entry");
  return entries;
}
