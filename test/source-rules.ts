/** The rules of style that matter, as functions from a file to what is wrong with it. The formatter and the linter
 *  have the others.
 *  @module */
import type { SourceFile } from "./source-files.ts";

/** Longest source file, in lines. */
export const MAX_SOURCE_LINES = 600;
/** Most lines that half of the source files may have. */
export const MAX_MEDIAN_SOURCE_LINES = 150;
/** Longest page of documentation, in lines. */
export const MAX_PAGE_LINES = 200;
/** Longest decision record, in lines. */
export const MAX_ADR_LINES = 25;

/** Names that say nothing about what a file is. */
const EMPTY_NAMES = /^(?:utils?|common|core|helpers?|misc|shared|lib)$/;
const DECLARATION =
  /^export (?:default )?(?:declare )?(?:async )?(?:abstract )?(?:function\*?|class|const|let|interface|type) (\w+)/;

/** Number of lines, not counting what follows the last line break. */
export function lineCount(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

/** The middle one of `numbers`; 0 when there are none. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/** A file opens with a doc comment, with `@module` unless it is a script (`.js`); an `index.ts` that only re-exports
 *  needs none. */
export function headerProblems(file: SourceFile): string[] {
  if (isReexportOnly(file)) return [];
  const text = file.text.replace(/^(?:#!.*|\/\/ @ts-check)\n/, "");
  const end = text.indexOf("*/");
  const header = text.startsWith("/**") && end > 0 ? text.slice(0, end) : "";
  return header !== "" && (header.includes("@module") || file.path.endsWith(".js"))
    ? []
    : [`${file.path}: no header comment with @module`];
}

/** Every exported declaration has a doc comment right above it, or a remark at the end of its one line; `type X` after
 *  the schema `X` shares its comment. */
export function exportProblems(file: SourceFile): string[] {
  const problems: string[] = [];
  const lines = file.text.split("\n");
  const documented = new Set<string>();
  for (const [i, line] of lines.entries()) {
    const name = DECLARATION.exec(line)?.[1];
    if (name === undefined) continue;
    if (documented.has(name) || isDocumented(lineAbove(lines, i), line, documented)) documented.add(name);
    else problems.push(`${file.path}:${i + 1}: export ${name} has no doc comment`);
  }
  return problems;
}

/** The line above a declaration, past a struct written between it and its doc comment. */
function lineAbove(lines: readonly string[], index: number): string {
  const above = lines[index - 1] ?? "";
  return above.startsWith("// struct ") ? lineAbove(lines, index - 1) : above;
}

/** Whether a comment stands above or behind the declaration, or its kind needs none: the type of a schema or of a
 *  table, and `signedSchema(Body)` of a documented body. */
function isDocumented(above: string, line: string, documented: ReadonlySet<string>): boolean {
  if (above.trimEnd().endsWith("*/") || /; \/\/ \w/.test(line)) return true;
  if (/^export type \w+ = (?:z\.infer<|\(typeof |keyof typeof )/.test(line)) return true;
  const body = /^export const Signed\w+ = signedSchema\((\w+)\)/.exec(line)?.[1];
  return body !== undefined && documented.has(body);
}

/** `index.ts` only re-exports. */
export function indexProblems(file: SourceFile): string[] {
  if (!/(?:^|\/)index\.ts$/.test(file.path) || isReexportOnly(file)) return [];
  return [`${file.path}: an index only re-exports`];
}

/** Names are kebab-case and say what the file is. */
export function nameProblems(path: string): string[] {
  const name = path.split("/").at(-1) ?? "";
  const stem = name.split(".")[0] ?? "";
  if (EMPTY_NAMES.test(stem)) return [`${path}: the name ${stem} says nothing`];
  return /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(stem) ? [] : [`${path}: the name is not kebab-case`];
}

/** Nothing prints but the cli and the benchmarks. */
export function consoleProblems(file: SourceFile): string[] {
  if (/^(?:packages\/cli|benchmarks|\.ci)\//.test(file.path)) return [];
  return matchingLines(file, /\bconsole\.\w+\(/, "prints with console");
}

/** No path of one machine: a home, a root's home, a working or temporary directory. What a sandbox's child names is
 *  inside its own namespace. */
export function machinePathProblems(file: SourceFile): string[] {
  if (file.path.startsWith("packages/sandbox/child/")) return [];
  return matchingLines(file, /(?<![\w.$}])\/(?:home|root|work|tmp|Users)\/\w/, "names a path of one machine");
}

/** Nothing is left for later, switched off or singled out. */
export function leftoverProblems(file: SourceFile): string[] {
  return [
    ...matchingLines(file, /\b(?:TODO|FIXME|XXX|HACK)\b/, "leaves work for later"),
    ...matchingLines(
      file,
      /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\b|\.only\(/,
      "singles out or skips a test",
    ),
    ...matchingLines(file, /(?:oxlint|eslint)-disable|@ts-(?:ignore|nocheck)/, "silences a check"),
  ];
}

/** `limit` lines at most; tables that a benchmark writes into a page are not counted. */
export function lengthProblems(file: SourceFile, limit: number): string[] {
  const lines = lineCount(file.text.replaceAll(/(?<=<!-- bench:(?!end)\w+ -->\n)[^]*?(?=<!-- bench:end -->)/g, ""));
  return lines <= limit ? [] : [`${file.path}: ${lines} lines; at most ${limit} are allowed`];
}

function matchingLines(file: SourceFile, pattern: RegExp, problem: string): string[] {
  return file.text.split("\n").flatMap((line, i) => (pattern.test(line) ? [`${file.path}:${i + 1}: ${problem}`] : []));
}

function isReexportOnly(file: SourceFile): boolean {
  if (!/(?:^|\/)index\.ts$/.test(file.path)) return false;
  const code = file.text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  return /^\s*(?:export (?:type )?(?:\{[^}]*\}|\*(?: as \w+)?)(?: from "[^"]+")?;\s*)*$/.test(code);
}
