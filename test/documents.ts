/** What the documents promise in a form that a test can read: commands, snippets, links and names of files.
 *  @module */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT, type SourceFile } from "./source-files.ts";

/** Contents of the fenced blocks of `language`. */
export function codeBlocks(page: string, language: string): string[] {
  return [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? "");
}

/** Commands of the `sh` blocks, without their comments. */
export function commands(page: string): string[] {
  return codeBlocks(page, "sh")
    .flatMap((block) => block.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "");
}

/** Scripts of package.json that a line of shell starts, with npm or pnpm. */
export function scriptsOf(command: string): string[] {
  const match = /^(?:npm|npx (?:--yes )?pnpm@[\d.]+|pnpm) (?:run )?([\w:]+)/.exec(command);
  return match === null ? [] : [match[1] ?? ""];
}

/** Relative links that lead nowhere, and names of files in backticks that do not exist. */
export function deadReferences(page: SourceFile): string[] {
  const links = [...page.text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? "");
  const names = [...page.text.matchAll(/`((?:packages|test|docs|benchmarks|examples|\.ci)\/[\w./-]*[\w-])`/g)];
  const folder = dirname(page.path);
  return [
    ...links.filter((link) => !existsSync(join(ROOT, folder, link))),
    ...names.map((match) => match[1] ?? "").filter((name) => !existsSync(join(ROOT, name))),
  ].map((target) => `${page.path}: ${target} does not exist`);
}
