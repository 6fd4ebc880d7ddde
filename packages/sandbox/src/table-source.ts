/** Where a child gets its columns from: from this process, or past it from the one that holds them.
 *  @module */
import type { Bytes, ColumnBatch } from "@sluice/protocol";
import { cutIntoBatches, type Batches, type BatchSizes } from "./batches.ts";
import { FEED_FD } from "./launch.ts";
import type { RunInput } from "./run-input.ts";
import type { ReadyChild } from "./start-child.ts";
import type { SuperviseOptions } from "./supervise.ts";
import { columnBytes, type TableShape } from "./table-shape.ts";

/** Columns in this process, whole or still coming. */
export interface HeldTable {
  readonly table: ColumnBatch;
  /** Resolves when these bytes of it are whole; without it, they are. */
  readonly arrived?: ((bytes: Bytes) => Promise<void>) | undefined;
}

/** A table that another process holds. */
export interface RemoteTable {
  readonly shape: TableShape;
  /** Asks for the columns: to be written into the pipe `/proc/PID/fd/N` of this process, where N is given, by a process
   *  that has then opened it, or else, or where that cannot be, to be sent here. */
  readonly ask: (feedFd: number | undefined) => Promise<"fed" | HeldTable>;
  /** Asks for a batch to be written into that pipe; resolves when the pipe has taken it. */
  readonly askBatch: (index: number, rows: number) => Promise<void>;
}

/** What is to be known of a run beside its table. */
interface Reading extends Pick<BatchSizes, "rows" | "count"> {
  readonly input: RunInput;
  readonly inBatches: boolean;
}

type Source = Pick<SuperviseOptions, "input" | "batches" | "sendBatch" | "arrived">;

/** The input of a run whose columns are here. */
export function fromHere({ input, inBatches, rows }: Reading, { table, arrived }: HeldTable): Source {
  const parts = input.parts(0);
  return {
    input: inBatches ? parts : [...parts, ...columnBytes(table)],
    ...(inBatches && { batches: cutIntoBatches(table, rows) }),
    ...(arrived && { arrived }),
  };
}

/** The input of a run whose columns are elsewhere. */
export function fromAfar(reading: Reading, { ask, askBatch }: RemoteTable, { feed }: ReadyChild): Source {
  const { input, inBatches, rows, count } = reading;
  let fetched: Source | undefined;
  const begin = async (): Promise<readonly Bytes[]> => {
    const answer = await ask(feed?.lend());
    feed?.takeBack();
    if (answer === "fed") return input.parts(FEED_FD);
    fetched = fromHere(reading, answer);
    return fetched.input;
  };
  const batches: Batches = { parts: (index) => fetched?.batches?.parts(index) };
  const sendBatch = (index: number): Promise<void> | undefined =>
    inBatches && fetched === undefined && index >= 0 && index < count ? askBatch(index, rows) : undefined;
  const begun = begin();
  // A run that ends before it begins looks at neither.
  begun.catch(() => {});
  return { input: begun, batches, sendBatch, arrived: async (bytes) => await fetched?.arrived?.(bytes) };
}
