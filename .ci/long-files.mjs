/** Prints the test files that `npm test` did not run whole, from vitest's JSON report of it: those that it left out, those of
 *  which a test was skipped or failed, and those that do more with `SLOW=1`, by themselves or by what they import.
 *  @module */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const [report = ""] = process.argv.slice(2);

/** Files of which every test passed. */
const passed = new Set();
if (existsSync(report)) {
  for (const { name, status, assertionResults } of JSON.parse(readFileSync(report, "utf8")).testResults) {
    const isWhole = assertionResults.length > 0 && assertionResults.every((test) => test.status === "passed");
    if (status === "passed" && isWhole) passed.add(relative(process.cwd(), name));
  }
}

/** @param {string} path @param {Set<string>} seen */
function knowsSlow(path, seen = new Set()) {
  if (seen.has(path) || !existsSync(path)) return false;
  seen.add(path);
  const text = readFileSync(path, "utf8");
  if (/\bSLOW\b/.test(text)) return true;
  const imports = [...text.matchAll(/(?:from|import) "(\.[^"]*)"/g)].map(([, target]) =>
    resolve(dirname(path), target),
  );
  return imports.some((target) => target.includes("/test/") && knowsSlow(target, seen));
}

const folders = ["test", ...readdirSync("packages").map((name) => join("packages", name, "test"))];
for (const folder of folders.filter((name) => existsSync(name))) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = join(folder, String(name));
    if (!path.endsWith(".test.ts")) continue;
    if (!passed.has(path) || knowsSlow(resolve(path))) console.log(path);
  }
}
