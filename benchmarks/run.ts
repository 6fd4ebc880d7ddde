/** Runs one suite of benchmarks: `pnpm bench SUITE [--json] [--write]`. With `--json` the last line of standard output is
 *  one JSON document; with `--write` the tables of the READMEs are replaced. Long rows run with `SLOW=1`.
 *  @module */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { writeTable, type Language, type Results } from "./results-table.ts";
import type { Suite } from "./suite.ts";

const HERE = new URL("./", import.meta.url);
const PAGES: readonly [string, Language][] = [
  ["../README.md", "en"],
  ["../README.zh-CN.md", "zh"],
];
/** Files of this folder that are no suites. */
const HARNESS = new Set([
  "run.ts",
  "suite.ts",
  "results-table.ts",
  "first-answer.ts",
  "plain-server.ts",
  "serving-city.ts",
  "plain-append-file.ts",
  "issued-receipts.ts",
  "hashed-files.ts",
  "restore-drill.ts",
]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, write: { type: "boolean", default: false } },
});
const name = positionals[0] ?? "";
const file = new URL(`./${name}.ts`, HERE);
if (!/^[a-z0-9-]+$/.test(name) || HARNESS.has(`${name}.ts`) || !existsSync(file)) {
  const suites = readdirSync(HERE).filter((entry) => entry.endsWith(".ts") && !HARNESS.has(entry));
  console.error(
    `usage: pnpm bench SUITE [--json] [--write]; suites: ${suites.map((each) => each.slice(0, -3)).join(", ")}`,
  );
  process.exit(1);
}

const { suite } = (await import(file.href)) as { suite: Suite };
const rows = await suite.run((line) => console.error(line));
const results: Results = { suite: suite.name, machine: describeMachine(), commit: describeCommit(), rows };
if (values.write) {
  for (const [path, language] of PAGES) {
    const page = new URL(path, HERE);
    writeFileSync(page, writeTable(readFileSync(page, "utf8"), results, language, suite.chinese));
  }
}
console.error(suite.note);
console.table(rows);
if (values.json) console.log(JSON.stringify(results));

function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? "unknown processor";
  return `${processors.length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}, Node ${process.versions.node}`;
}

function describeCommit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { cwd: HERE, encoding: "utf8" }).trim();
  } catch {
    return "unknown commit";
  }
}
