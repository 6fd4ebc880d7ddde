/** What `sluice match` does with products that tell no entry: they count matches, or sum values over them, with noise.
 *  @module */
import type { CountHandle, InvalidKey, MatchHandle, SumHandle } from "@sluice/client";
import { keepReceipts, receiptLines, tellRestrictions } from "./asking.ts";
import type { Arguments, CommandIo } from "./command.ts";
import { countText } from "./count-text.ts";
import { tellInvalid, type MatchList } from "./match-list.ts";
import type { SealedJournal } from "./sealed-journal.ts";
import { sumLines } from "./sum-text.ts";
import { withProgress } from "./told-progress.ts";

/** Counts the matches of a list, and prints about how many there are. */
export async function countList(handle: CountHandle, list: MatchList, args: Arguments, io: CommandIo): Promise<number> {
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
  const lines = `${countText(counted)}, ε = ${counted.epsilon}\n${receiptLines([receipt])}`;
  io.stdout.write(args.flag("json") ? `${JSON.stringify({ ...counted, receipt })}\n` : lines);
  return 0;
}

/** Sums the values of a list's matches, and prints sum and count. */
export async function sumList(
  handle: SumHandle,
  { list, journal }: { readonly list: MatchList; readonly journal: SealedJournal | undefined },
  args: Arguments,
  io: CommandIo,
): Promise<number> {
  const invalid = await checked(handle, list, args, io);
  const { skipped: _, ...summed } = await withProgress(io, "summing", (onProgress) => {
    const options = { invalid, signal: io.signal, onProgress, journal };
    return list.kind === "lines"
      ? handle.sum(list.entries, options)
      : handle.sumRows(list.rows, { ...options, on: list.on });
  });
  await keepReceipts(args, [summed.receipt]);
  const lines = sumLines({ ...summed, skipped: [] }) + receiptLines([summed.receipt]);
  io.stdout.write(args.flag("json") ? `${JSON.stringify(summed)}\n` : lines);
  return 0;
}

/** Tells rules of use and invalid entries, before anything is asked. @throws ERR_JOIN_KEY, ERR_JOIN_COLUMNS */
export async function checked(
  handle: CountHandle | MatchHandle | SumHandle,
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
