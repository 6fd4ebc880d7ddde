/** Every row of the requirements that settlement answers has a test whose name begins with the row's id. Names are read from the sources of
 *  the tests: a title, the head of a case that is put into a title, or a list of rows that a loop makes tests of.
 *  @module */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const DIRECTORY = new URL("./", import.meta.url);

/** `F1` to `F5`. */
function rows(letter: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${letter}${from + i}`);
}

const ROWS = [...rows("F", 1, 5), ...rows("C", 9, 11), ...rows("G", 1, 33), ...rows("H", 1, 12)];

/** Rows with which the names of a file's tests begin. */
function namedRows(source: string): string[] {
  const titles = [...source.matchAll(/["`]((?:[A-Z][0-9]{1,2}(?:, |–|(?=:)))+):/g)].flatMap(([, ids = ""]) =>
    spelledOut(ids),
  );
  const heads = /\btest\.each[\s\S]*?\)\(\s*"%s:/.test(source)
    ? [...source.matchAll(/^ {2}\["([A-Z][0-9]{1,2})", /gm)].map(([, id = ""]) => id)
    : [];
  const loops = [...source.matchAll(/for \(const row of \[([^\]]*)\]\) \{[\s\S]*?\n\}/g)].flatMap(([loop, list = ""]) =>
    loop.includes("(`${row}") ? [...list.matchAll(/"([A-Z][0-9]{1,2})"/g)].map(([, id = ""]) => id) : [],
  );
  return [...titles, ...heads, ...loops];
}

/** `G8–G10, G12` as its rows. */
function spelledOut(ids: string): string[] {
  return ids.split(", ").flatMap((part) => {
    const [first = "", last = first] = part.split("–");
    return rows(first.slice(0, 1), Number(first.slice(1)), Number(last.slice(1)));
  });
}

const named = new Set(
  readdirSync(DIRECTORY)
    .filter((name) => name.endsWith(".test.ts") && name !== "requirement-rows.test.ts")
    .flatMap((name) => namedRows(readFileSync(new URL(name, DIRECTORY), "utf8"))),
);

test("every row F1–F5, C9–C11, G1–G33, H1–H12 has a test by its id", () => {
  expect(ROWS.filter((row) => !named.has(row))).toEqual([]);
});

test("a row is told by a title, a case or a loop, and by nothing else", () => {
  expect(namedRows(`test("G8–G10, G12: x", () => {});`)).toEqual(["G8", "G9", "G10", "G12"]);
  expect(namedRows("test(`G5: ${x}`, () => {});")).toEqual(["G5"]);
  expect(namedRows(`test.each([\n  ["F2", "x"],\n])("%s: x", () => {});`)).toEqual(["F2"]);
  expect(namedRows('for (const row of ["G8", "G11"]) {\n  test(`${row}: x`, () => {});\n}')).toEqual(["G8", "G11"]);
  expect(namedRows(`vectorTable("cost", "G9"); expect(ids).toEqual(["G7"]); // G10: no`)).toEqual([]);
});
