/** `sluice match PRODUCT LIST`
 *  @module */
import type { CountHandle, InvalidKey, MatchHandle, NoisyCount } from "@sluice/client";
import type { EvidencedReceipt } from "@sluice/protocol";
import { ASKING_OPTIONS, keepReceipts, receiptLines, tellRestrictions } from "../asking.ts";
import { usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { readTextFile } from "../files.ts";
import { ACCESS_OPTIONS, passphraseOf } from "../key-access.ts";
import { readMatchList, tellInvalid, type MatchList } from "../match-list.ts";
import { openClient } from "../party-context.ts";
import type { SealedJournal } from "../sealed-journal.ts";
import { withProgress } from "../told-progress.ts";

/** Matches a list with a product's set, or counts its matches. */
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
    "match by one key are printed. A product that only counts prints about how many match, how far that can be off, and\n" +
    "what it took of the caller's privacy budget, for the same list too; any other prints the matches themselves. Domain\n" +
    "and gateway learn how long the list is, rounded up. A terminal shows how far a long list is.\n\n" +
    "With --journal, a product that is matched in a session is paid for once: when the command ends early, the same command\n" +
    "with the same list goes on within ten minutes. DIR is empty again once the matches are printed; never use a copy of it.",
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
    const handle = await client.openMatch(name, { signal });
    const journal = await journalOf(args, io);
    try {
      const code = await matchList(handle, { list, journal }, args, io);
      await journal?.clear();
      return code;
    } finally {
      await journal?.close();
    }
  },
};

async function countList(handle: CountHandle, list: MatchList, args: Arguments, io: CommandIo): Promise<number> {
  const invalid = await checked(handle, list, args, io);
  const {
    receipt,
    skipped: _,
    ...counted
  } = await withProgress(io, "counting", (onProgress) => {
    const options = { invalid, signal: io.signal, onProgress };
    return list.kind === "lines"
      ? handle.count(list.entries, options)
      : handle.countRows(list.rows, { ...options, on: list.on });
  });
  await keepReceipts(args, [receipt]);
  const lines = `${countLine(counted)}\n${receiptLines([receipt])}`;
  io.stdout.write(args.flag("json") ? `${JSON.stringify({ ...counted, receipt })}\n` : lines);
  return 0;
}

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

/** Tells rules of use and invalid entries, before anything is asked. @throws ERR_JOIN_KEY, ERR_JOIN_COLUMNS */
async function checked(
  handle: CountHandle | MatchHandle,
  list: MatchList,
  args: Arguments,
  io: CommandIo,
): Promise<"refuse" | "skip"> {
  await tellRestrictions(handle, io);
  const { signal } = io;
  const invalid: readonly InvalidKey[] =
    list.kind === "lines"
      ? await handle.check(list.entries, { signal })
      : await handle.checkRows(list.rows, { on: list.on, signal });
  const skip = args.flag("skip-invalid");
  tellInvalid(invalid, { lines: list.lines, skip }, io);
  return skip ? "skip" : "refuse";
}

function countLine({ count, maxError, likelyError, epsilon }: NoisyCount): string {
  return `${count} ± ${likelyError} (19 times out of 20; never off by more than ${maxError}), ε = ${epsilon}`;
}
