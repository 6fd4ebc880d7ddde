/** Entries of a set that is joined by typed keys: of each row one for each key, in canonical form. A row whose key has nothing in
 *  a part, or something that its type does not have, has no entry by that key, as NULL equals nothing in SQL.
 *  @module */
import { MIN_CELL_SUBJECTS } from "@sluice/desensitize";
import { joinEntry, keysText, SluiceError, type FieldName, type JoinKeys } from "@sluice/protocol";
import { type KeyColumn, KeyColumnBuilder, turnAfter } from "./key-column.ts";

/** Most rows for each row with a valid key that have an invalid one: beyond, the column holds something else than the job declares. */
const MAX_INVALID_PER_VALID = 1;

/** Columns of a table by which callers join; an empty text stands for a null. */
export interface JoinColumns {
  readonly columns: ReadonlyMap<FieldName, KeyColumn>;
  /** Rows that were not read, since nothing says whose they are. */
  readonly rowsWithoutKey: number;
}

/** Rows that have no entry by one key. */
export interface LeftOut {
  readonly rows: number;
  readonly missing: number;
  readonly invalid: number;
}

/** Entries of a set, each with 1 when it is of a row that is in the set. */
export interface JoinEntries {
  readonly keys: KeyColumn;
  readonly members: Uint8Array;
  /** The row of each. */
  readonly rows: Uint32Array;
  /** By key, in the order of the keys. */
  readonly leftOut: readonly LeftOut[];
}

/** Rows of a set before they have entries. */
export interface SetRows {
  readonly joined: JoinColumns;
  /** 1 for each row that is in the set. */
  readonly members: Uint8Array;
  /** Number of the person or thing of each row. */
  readonly subjects: Uint32Array;
}

/** Makes the entries of `rows`.
 *  @throws ERR_LOOKUP_TABLE when a column seldom holds what its key declares, or too few persons or things are left, inside or outside;
 *    ERR_CANCELLED */
export async function joinEntries(
  keys: JoinKeys,
  { joined, members, subjects }: SetRows,
  signal: AbortSignal | undefined,
): Promise<JoinEntries> {
  const rowCount = members.length;
  const entries = new KeyColumnBuilder();
  const flags = new Uint8Array(rowCount * keys.length);
  const rows = new Uint32Array(rowCount * keys.length);
  let made = 0;
  const inside = new Uint8Array(rowCount);
  const known = new Uint8Array(rowCount);
  const leftOut = keys.map(() => ({
    rows: rowCount + joined.rowsWithoutKey,
    missing: joined.rowsWithoutKey,
    invalid: 0,
  }));
  const columns = keys.map((key) => key.map(({ field }) => columnOf(joined, field)));
  for (let row = 0; row < rowCount; row++) {
    const subject = subjects[row] ?? 0;
    for (const [which, key] of keys.entries()) {
      const values = (columns[which] ?? []).map((column) => column.text(row));
      const outcome = joinEntry(keys, key, values);
      const counted = leftOut[which];
      if (outcome.ok) {
        entries.add(outcome.entry);
        rows[made] = row;
        flags[made++] = members[row] ?? 0;
        known[subject] = 1;
        if (members[row] === 1) inside[subject] = 1;
      } else if (counted !== undefined) counted[outcome.fault === "missing" ? "missing" : "invalid"]++;
    }
    await turnAfter(row, signal);
  }
  if (leftOut.some(isMostlyInvalid) || isHandful(inside, known)) throw unfitColumns(keys);
  return { keys: entries.finish(), members: flags.slice(0, made), rows: rows.slice(0, made), leftOut };
}

/** The refusal, whatever is wrong with how many rows. */
function unfitColumns(keys: JoinKeys): SluiceError {
  const reason = `keys by ${keysText(keys)} do not fit: most rows with a value need a valid one, and enough persons or things such a key`;
  return new SluiceError("ERR_LOOKUP_TABLE", { reason });
}

function isMostlyInvalid({ rows, missing, invalid }: LeftOut): boolean {
  return invalid > MAX_INVALID_PER_VALID * (rows - missing - invalid);
}

/** The guard's rule for sets, held again over those who have an entry: neither they nor those left outside are a handful. */
function isHandful(inside: Uint8Array, known: Uint8Array): boolean {
  const count = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + flag, 0);
  const members = count(inside);
  const others = count(known) - members;
  return members < MIN_CELL_SUBJECTS || (others > 0 && others < MIN_CELL_SUBJECTS);
}

function columnOf({ columns }: JoinColumns, field: FieldName): KeyColumn {
  const column = columns.get(field);
  if (column === undefined) throw new TypeError("a column of a key was not read");
  return column;
}
