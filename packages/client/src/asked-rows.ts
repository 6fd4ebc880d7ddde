/** What a caller's list or rows ask a set: by each key the entry of each row in canonical form, each distinct one once. All of it
 *  happens here, before anything is sent: a value that is none of its type costs nothing and is told to nobody else.
 *  @module */
import {
  joinEntry,
  keysText,
  PLAIN_KEYS,
  type JoinKeys,
  type KeyFault,
  type KeyType,
  type KeyValue,
} from "@sluice/protocol";
import { refusal, throwIfCancelled } from "./refusal.ts";

/** Rows between two turns of the event loop: some milliseconds. */
const ROWS_PER_TURN = 4_096;

/** A row: texts by column. Null, undefined and a column that is not there are SQL's NULL, and so is an empty text. */
export type JoinRow = Readonly<Record<string, KeyValue>>;

/** Your columns for the parts of each key of the set, in its order; null for a key that is not asked. */
export type JoinColumns = readonly (readonly string[] | null)[];

/** A value that is none of its type. The value itself is not held. */
export interface InvalidKey {
  /** Of the entry or row, from 0. */
  readonly index: number;
  /** Which key of the set, from 0, and which part of it. */
  readonly key: number;
  readonly field: string;
  readonly type: KeyType;
  readonly fault: KeyFault;
}

/** Options of whatever makes entries. */
export interface KeyOptions {
  /** What becomes of a value that is none of its type: everything is refused, as usual, or such entries are left out and listed. */
  readonly invalid?: "refuse" | "skip" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A list or rows, as one reads them. */
export interface AskedSource {
  readonly count: number;
  /** Values for the parts of a key; null where the key is not asked. */
  values(row: number, key: number): readonly KeyValue[] | null;
  /** Whether a part with nothing in it is a fault, and not a NULL. */
  readonly needsValues: boolean;
}

/** What is asked, and whom each answer is for. */
export interface AskedRows {
  /** Each once, in the order in which they come. */
  readonly entries: readonly string[];
  /** Entries that were left out. */
  readonly skipped: readonly InvalidKey[];
  /** For each row the keys by which it is among `found`, as bits, the first key's the lowest. */
  readonly matches: (found: Iterable<string>) => Uint8Array;
}

/** The texts of a list, for a set with one key of one part.
 *  @throws ERR_JOIN_COLUMNS for another set */
export function listSource(list: readonly string[], keys: JoinKeys = PLAIN_KEYS): AskedSource {
  if (keys.length !== 1 || keys[0]?.length !== 1) {
    throw unfitColumns(keys, "a list has one value for each entry: ask with rows");
  }
  return { count: list.length, needsValues: true, values: (row) => [list[row]] };
}

/** The rows of a table.
 *  @throws ERR_JOIN_COLUMNS when `on` does not fit the keys, or names a column that no row has */
export function rowSource(
  rows: readonly JoinRow[],
  keys: JoinKeys = PLAIN_KEYS,
  on: JoinColumns = keys.map((key) => key.map(({ field }) => field)),
): AskedSource {
  if (on.length !== keys.length || on.some((columns, i) => columns !== null && columns.length !== keys[i]?.length)) {
    throw unfitColumns(keys, "there are not as many columns as the keys have parts");
  }
  const named = new Set(on.flatMap((columns) => columns ?? []));
  if (named.size === 0) throw unfitColumns(keys, "no key is asked");
  for (const column of named) {
    if (rows.length > 0 && !rows.some((row) => Object.hasOwn(row, column))) {
      throw unfitColumns(keys, `no row has a column ${JSON.stringify(column)}`);
    }
  }
  const read = (row: number, column: string): KeyValue => {
    const cells = rows[row];
    const value: unknown = cells !== undefined && Object.hasOwn(cells, column) ? cells[column] : undefined;
    if (value === null || value === undefined || typeof value === "string") return value;
    throw unfitColumns(keys, `column ${JSON.stringify(column)} holds something else than texts`);
  };
  return {
    count: rows.length,
    needsValues: false,
    values: (row, key) => on[key]?.map((column) => read(row, column)) ?? null,
  };
}

/** Makes the entries. @throws ERR_JOIN_KEY unless invalid ones are skipped; ERR_PSI_SET_TOO_LARGE, ERR_CANCELLED */
export async function askRows(
  source: AskedSource,
  { keys = PLAIN_KEYS, maxItems }: { readonly keys?: JoinKeys | undefined; readonly maxItems: number },
  { invalid = "refuse", signal }: KeyOptions = {},
): Promise<AskedRows> {
  const numbers = new Map<string, number>();
  /** By key and row, one more than the number of an entry, or 0. */
  const asked = keys.map(() => new Uint32Array(source.count));
  const skipped: InvalidKey[] = [];
  for (let row = 0; row < source.count; row++) {
    for (const [i, key] of keys.entries()) {
      const values = source.values(row, i);
      if (values === null) continue;
      const outcome = joinEntry(keys, key, values);
      if (outcome.ok) {
        const number = numbers.get(outcome.entry) ?? numbers.size + 1;
        if (number > maxItems) throw refusal("ERR_PSI_SET_TOO_LARGE", { maxItems });
        numbers.set(outcome.entry, number);
        const column = asked[i];
        if (column !== undefined) column[row] = number;
      } else if (source.needsValues || outcome.fault !== "missing") {
        skipped.push({ index: row, key: i, ...outcome.part, fault: outcome.fault });
      }
    }
    if (row % ROWS_PER_TURN === ROWS_PER_TURN - 1) await new Promise((resolve) => setTimeout(resolve, 0));
    throwIfCancelled(signal);
  }
  const [first] = skipped;
  if (first !== undefined && invalid === "refuse") {
    const { index, type, fault } = first;
    throw refusal("ERR_JOIN_KEY", { where: `entry ${index}`, type, fault, count: skipped.length });
  }
  return {
    entries: [...numbers.keys()],
    skipped,
    matches: (found) => {
      const isFound = new Uint8Array(numbers.size + 1);
      for (const entry of found) isFound[numbers.get(entry) ?? 0] = 1;
      isFound[0] = 0;
      const matches = new Uint8Array(source.count);
      for (const [i, column] of asked.entries()) {
        for (let row = 0; row < source.count; row++) {
          if (isFound[column[row] ?? 0] === 1) matches[row] = (matches[row] ?? 0) | (1 << i);
        }
      }
      return matches;
    },
  };
}

/** Every entry that would be left out; nothing is asked. @throws as `askRows` does */
export async function invalidKeys(
  source: AskedSource,
  keys: JoinKeys | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly InvalidKey[]> {
  const options = { keys, maxItems: Number.POSITIVE_INFINITY };
  return (await askRows(source, options, { invalid: "skip", signal })).skipped;
}

function unfitColumns(keys: JoinKeys, reason: string): Error {
  return refusal("ERR_JOIN_COLUMNS", { keys: keysText(keys), reason });
}
