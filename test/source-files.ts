/** The files that the rules about this repository read.
 *  @module */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the repository, without a slash at the end. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, "");

/** Directories that hold nothing written by people. */
const SKIPPED_DIRECTORIES = new Set(["node_modules", "dist", ".git"]);

/** One text file. `path` is relative to the root, with `/`. */
export type SourceFile = { path: string; text: string };

/** Names of the packages, each a folder of `packages`. */
export function packageNames(): string[] {
  return readdirSync(join(ROOT, "packages"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/** Every file below `directory` (relative to the root) whose path matches `pattern`, sorted by path. */
export function readFiles(directory: string, pattern: RegExp): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const full = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!SKIPPED_DIRECTORIES.has(entry.name)) visit(full);
      } else if (entry.isFile()) {
        const path = relative(ROOT, full).split(sep).join("/");
        if (pattern.test(path)) files.push({ path, text: readFileSync(full, "utf8") });
      }
    }
  };
  visit(join(ROOT, directory));
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Source files of all packages: what a published package is made of. */
export function packageSources(): SourceFile[] {
  return readFiles("packages", /^packages\/[^/]+\/(?:src|child|page)\/.*\.(?:ts|mjs|js)$/);
}
