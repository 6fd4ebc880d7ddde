/** The rules of `source-rules.ts`, held against every file, and each shown to see a violation.
 *  @module */
import { expect, test } from "vitest";
import { packageSources, readFiles, type SourceFile } from "./source-files.ts";
import {
  consoleProblems,
  exportProblems,
  headerProblems,
  indexProblems,
  leftoverProblems,
  lengthProblems,
  lineCount,
  machinePathProblems,
  MAX_ADR_LINES,
  MAX_MEDIAN_SOURCE_LINES,
  MAX_PAGE_LINES,
  MAX_SOURCE_LINES,
  median,
  nameProblems,
} from "./source-rules.ts";

const sources = packageSources();
/** Vectors and fixtures are other people's words. */
const written = readFiles(".", /\.(?:ts|mjs|json|md|yaml)$|^\.ci\/run$/).filter(
  ({ path }) => !/(?:^|\/)(?:vectors|fixtures)\//.test(path) && path !== "pnpm-lock.yaml",
);
const code = written.filter(({ path }) => /\.(?:ts|mjs)$/.test(path));
/** This file and the rules name what they forbid. */
const others = written.filter(({ path }) => !/^test\/(?:tidy\.test|source-rules)\.ts$/.test(path));

function file(text: string, path = "packages/mpc/src/example.ts"): SourceFile {
  return { path, text };
}

test("source files have at most 600 lines, and half of them at most 150", () => {
  expect(sources.flatMap((source) => lengthProblems(source, MAX_SOURCE_LINES))).toEqual([]);
  expect(median(sources.map(({ text }) => lineCount(text)))).toBeLessThanOrEqual(MAX_MEDIAN_SOURCE_LINES);
  expect(lengthProblems(file("x\n".repeat(601)), MAX_SOURCE_LINES)).toHaveLength(1);
  expect(median([1, 151, 152])).toBe(151);
});

test("a source file opens with what it is", () => {
  expect(sources.flatMap(headerProblems)).toEqual([]);
  expect(headerProblems(file("import { x } from 'y';\n/** Late. @module */\n"))).toHaveLength(1);
  expect(headerProblems(file("/** Says nothing of the kind. */\nexport {};\n"))).toHaveLength(1);
  expect(headerProblems(file("#!/usr/bin/env node\n/** Starts.\n *  @module */\n"))).toEqual([]);
});

test("every export has a doc comment", () => {
  expect(sources.flatMap(exportProblems)).toEqual([]);
  const undocumented = [
    "async function f() {}",
    "class C {}",
    "const c = 1;",
    "interface I {}",
    "type T = string;",
    "abstract class A {}",
  ];
  for (const declaration of undocumented) expect(exportProblems(file(`// no\nexport ${declaration}`))).toHaveLength(1);
  expect(exportProblems(file("/** Yes. */\nexport const X = z.string();\nexport type X = z.infer<typeof X>;"))).toEqual(
    [],
  );
  expect(exportProblems(file("export const MAX_BYTES = 9; // of one message"))).toEqual([]);
  expect(exportProblems(file("/** Yes. */\n\nexport const X = 1;"))).toHaveLength(1);
  expect(exportProblems(file("export * from './x.ts';\nexport { y } from './y.ts';"))).toEqual([]);
});

test("an index only re-exports", () => {
  expect(sources.flatMap(indexProblems)).toEqual([]);
  expect(
    indexProblems(file("export * from './x.ts';\nexport const x = 1;\n", "packages/mpc/src/index.ts")),
  ).toHaveLength(1);
});

test("a file's name is kebab-case and says what it is", () => {
  const named = code.filter(({ path }) => !path.endsWith(".config.ts"));
  expect(named.flatMap(({ path }) => nameProblems(path))).toEqual([]);
  for (const name of ["utils.ts", "common.ts", "core.mjs", "helpers.test.ts", "camelCase.ts"]) {
    expect(nameProblems(`packages/mpc/src/${name}`)).toHaveLength(1);
  }
});

test("only the cli and the benchmarks print", () => {
  expect(sources.flatMap(consoleProblems)).toEqual([]);
  expect(consoleProblems(file("console.log(1);"))).toHaveLength(1);
  expect(consoleProblems(file("console.log(1);", "packages/cli/src/main.ts"))).toEqual([]);
});

test("nothing names a path of one machine", () => {
  expect(others.flatMap(machinePathProblems)).toEqual([]);
  for (const path of ["/home/ada/x", "/root/x", "/work/main", "/tmp/x", "/Users/ada"]) {
    expect(machinePathProblems(file(`open("${path}")`))).toHaveLength(1);
  }
});

test("nothing is left for later, switched off or singled out", () => {
  expect(others.flatMap(leftoverProblems)).toEqual([]);
  for (const line of ["// TODO: more", "test.only('x')", "test.skip('x')", "describe.todo('x')", "// @ts-ignore"]) {
    expect(leftoverProblems(file(line))).toHaveLength(1);
  }
});

test("pages have at most 200 lines, decision records at most 25", () => {
  const pages = written.filter(({ path }) => path.endsWith(".md"));
  const records = pages.filter(({ path }) => path.startsWith("docs/adr/"));
  expect(pages.flatMap((page) => lengthProblems(page, MAX_PAGE_LINES))).toEqual([]);
  expect(records.flatMap((record) => lengthProblems(record, MAX_ADR_LINES))).toEqual([]);
  expect(lengthProblems(file("line\n".repeat(26), "docs/adr/0001-x.md"), MAX_ADR_LINES)).toHaveLength(1);
  const table = (lines: number): string => `<!-- bench:start -->\n${"|\n".repeat(lines)}<!-- bench:end -->\n`;
  const page = (written: number): string => `${table(99)}${"line\n".repeat(written)}${table(99)}`;
  expect(lengthProblems(file(page(196), "README.md"), MAX_PAGE_LINES)).toEqual([]);
  expect(lengthProblems(file(page(197), "README.md"), MAX_PAGE_LINES)).toHaveLength(1);
});
