/** `sluice match PRODUCT LIST`
 *  @module */
import type { MatchHandle } from "@sluice/client";
import type { EvidencedReceipt } from "@sluice/protocol";
import { ASKING_OPTIONS, keepReceipts, receiptLines } from "../asking.ts";
import { usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { readTextFile } from "../files.ts";
import { ACCESS_OPTIONS, passphraseOf } from "../key-access.ts";
import { readMatchList, type MatchList } from "../match-list.ts";
import { checked, countList, sumList } from "../noisy-match.ts";
import { openClient } from "../party-context.ts";
import type { SealedJournal } from "../sealed-journal.ts";
import { withProgress } from "../told-progress.ts";

/** Matches a list with a product's set, counts its matches, or sums values over them. */
export const match: Command = {
  path: ["match"],
  summary: "match a LIST with the set of PRODUCT; neither gateway nor domain learns an entry or a match",
  positionals: ["PRODUCT", "LIST"],
  options: {
    columns: { value: "COLUMNS", description: "LIST is a CSV with a header; of which columns its keys are made" },
    journal: {
      value: "DIR",
      description: "keep there, sealed under a passphrase, what it takes to go on if this ends early",
    },
    ...ACCESS_OPTIONS,
    "skip-invalid": { description: "leave out entries that are none of the key's type, instead of refusing all" },
    ...ASKING_OPTIONS,
  },
  notes:
    "LIST is a file with one entry in each line, or `-` for standard input; empty lines are left out. A set by typed keys\n" +
    "is asked in their canonical form, and entries that have none are refused before anything is sent; any other compares\n" +
    "exactly. For keys of several columns LIST is a CSV, and `--columns id,name;phone` names the columns of each key of the\n" +
    "set in its order, nothing for a key that is not asked; a row with an empty cell in a key is not asked by it, and rows that\n" +
    "match by one key are printed. A product that only counts prints about how many match, one that sums prints about what\n" +
    "their values come to, or that they are too few, and how many they are; both say how far that can be off, and what it\n" +
    "took of the caller's privacy budget, for the same list too. Any other prints the matches themselves. Domain and gateway\n" +
    "learn how long the list is, rounded up; of a sum the domain learns how many matched. A terminal shows how far it is.\n\n" +
    "With --journal, a product that is matched or summed in a session is paid for once: when the command ends early, the same command\n" +
    "with the same list goes on within ten minutes. DIR is empty again once the result is printed; never use a copy of it.",
  async run(args, io) {
    const client = await openClient(args, io);
    const [name, { signal }] = [args.positional(0), io];
    const argument = args.positional(1);
    const text = argument === "-" ? await io.readStdin() : await readTextFile(argument, "list");
    const list = readMatchList(text, args.text("columns"));
    const { form } = await client.product(name, { signal });
    if (form === "psi-cardinality") {
      if (args.text("journal") !== undefined) throw usage("--journal is not for products that count");
      return await countList(await client.openCount(name, { signal }), list, args, io);
    }
    const ask =
      form === "join-sum"
        ? await client.openSum(name, { signal }).then((handle) => sumList.bind(null, handle))
        : await client.openMatch(name, { signal }).then((handle) => matchList.bind(null, handle));
    const journal = await journalOf(args, io);
    try {
      const code = await ask({ list, journal }, args, io);
      await journal?.clear();
      return code;
    } finally {
      await journal?.close();
    }
  },
};

/** The journal that an option names. @throws ERR_USAGE without a passphrase, ERR_DIRECTORY_LOCKED, ERR_KEY */
async function journalOf(args: Arguments, io: CommandIo): Promise<SealedJournal | undefined> {
  const directory = args.text("journal");
  if (directory === undefined) return undefined;
  const [{ systemRandom }, { openSealedJournal }] = await Promise.all([
    import("@sluice/client"),
    import("../sealed-journal.ts"),
  ]);
  const passphrase = await passphraseOf(args, io, "passphrase-file", "SLUICE_PASSPHRASE");
  return await openSealedJournal(directory, { passphrase, random: systemRandom });
}

async function matchList(
  handle: MatchHandle,
  { list, journal }: { readonly list: MatchList; readonly journal: SealedJournal | undefined },
  args: Arguments,
  io: CommandIo,
): Promise<number> {
  const invalid = await checked(handle, list, args, io);
  const answered = await withProgress(io, "matching", async (onProgress): Promise<Matched> => {
    const options = { invalid, signal: io.signal, onProgress, journal };
    if (list.kind === "lines") {
      const { found, receipt } = await handle.match(list.entries, options);
      return { receipt, json: { found }, head: "", found };
    }
    const { matches, receipt } = await handle.join(list.rows, { ...options, on: list.on });
    const rows = list.texts.filter((_, i) => matches[i] !== 0);
    const json = Array.from(matches, (keys, i) => ({ line: list.lines[i], keys })).filter(({ keys }) => keys !== 0);
    return { receipt, json: { matches: json }, head: `${list.header}\n`, found: rows };
  });
  const { receipt, json, head, found } = answered;
  await keepReceipts(args, [receipt]);
  if (args.flag("json")) io.stdout.write(`${JSON.stringify({ ...json, receipt })}\n`);
  else {
    io.stdout.write(head + found.map((entry) => `${entry}\n`).join(""));
    // Matches alone go to standard output, so that they make a list again.
    io.stderr.write(`${found.length} matches\n${receiptLines([receipt])}`);
  }
  return 0;
}

/** What is printed of an answer. */
interface Matched {
  readonly receipt: EvidencedReceipt;
  readonly json: object;
  readonly head: string;
  readonly found: readonly string[];
}
