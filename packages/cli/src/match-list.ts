/** The LIST of `sluice match`: lines, each an entry, or a CSV with columns of which keys are made; and what is told of values that
 *  are none of their key's type.
 *  @module */
import type { InvalidKey, JoinColumns, JoinRow } from "@sluice/client";
import { SluiceError, type KeyFault } from "@sluice/protocol";
import { usage, type CommandIo } from "./command.ts";
import { csvLine, readCsv } from "./csv-text.ts";

/** Most lines that are told one by one. */
const MAX_TOLD = 20;

const FAULT_WORDS = {
  missing: "it is empty",
  "too-long": "it is too long",
  "not-unicode": "it is not well-formed Unicode",
  characters: "it has a character that this type never has",
  length: "it has too few or too many characters",
  "fifteen-digits": "it is a number of fifteen digits, which has no check character",
  codes: "it names a division, department or kind that there is not",
  date: "its date is not in the calendar",
  "check-character": "its check character is another",
} as const satisfies Record<KeyFault, string>;

/** A list as it was read. */
export type MatchList =
  | { readonly kind: "lines"; readonly entries: readonly string[]; readonly lines: readonly number[] }
  | {
      readonly kind: "rows";
      readonly header: string;
      readonly rows: readonly JoinRow[];
      /** Each row as a line of a CSV. */
      readonly texts: readonly string[];
      readonly lines: readonly number[];
      readonly on: JoinColumns;
    };

/** Reads lines, or with `columns` a CSV: `id,name;phone` are two keys, the first of two parts; `;phone` does not ask
 *  the first.
 *  @throws ERR_USAGE when there is no entry, or the header lacks a column */
export function readMatchList(text: string, columns: string | undefined): MatchList {
  if (columns === undefined) {
    const numbered = text
      .replace(/^\uFEFF/, "")
      .split(/\r?\n/)
      .map((entry, i) => ({ entry, line: i + 1 }))
      .filter(({ entry }) => entry !== "");
    if (numbered.length === 0) throw usage("the list has no entry");
    return { kind: "lines", entries: numbered.map(({ entry }) => entry), lines: numbered.map(({ line }) => line) };
  }
  const on = columns.split(";").map((key) => (key === "" ? null : key.split(",")));
  const { header, rows } = readCsv(text);
  const named = [...new Set(on.flatMap((key) => key ?? []))];
  const places = named.map((column) => [column, header.indexOf(column)] as const);
  const missing = places.find(([, at]) => at < 0);
  if (missing !== undefined) throw usage(`the header lacks column "${missing[0]}"`);
  return {
    kind: "rows",
    header: csvLine(header),
    rows: rows.map(({ cells }) => Object.fromEntries(places.map(([column, at]) => [column, cells[at] ?? ""]))),
    texts: rows.map(({ cells }) => csvLine(cells)),
    lines: rows.map(({ line }) => line),
    on,
  };
}

/** Tells lines with values that are none of their type; never a value.
 *  @throws ERR_JOIN_KEY unless they are to be left out */
export function tellInvalid(
  invalid: readonly InvalidKey[],
  { lines, skip }: { readonly lines: readonly number[]; readonly skip: boolean },
  io: Pick<CommandIo, "stderr">,
): void {
  const [first] = invalid;
  if (first === undefined) return;
  const what = skip ? "left out" : "refused";
  for (const { index, field, type, fault } of invalid.slice(0, MAX_TOLD)) {
    io.stderr.write(`line ${lines[index]}: ${what}: ${field} is no ${type}: ${FAULT_WORDS[fault]}\n`);
  }
  if (invalid.length > MAX_TOLD) io.stderr.write(`and ${invalid.length - MAX_TOLD} more\n`);
  if (skip) return;
  const { index, type, fault } = first;
  throw new SluiceError(
    "ERR_JOIN_KEY",
    { where: `line ${lines[index]}`, type, fault: FAULT_WORDS[fault], count: invalid.length },
    { refusedBy: "client" },
  );
}
