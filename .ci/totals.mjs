/** Prints what failed and the line "N passed, N failed", from vitest's JSON reports and the names of failed steps.
 *  A test that ran twice counts once, as failed if it failed once. A failed step that no failed test explains counts
 *  as one failure. Exits 1 on any failure.
 *  @module */
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";

const [testReport = "", fullReport = "", ...failedSteps] = process.argv.slice(2);
const reports = { test: testReport, full: fullReport };

/** @type {Map<string, boolean>} whether each test passed, by file and name */
const tests = new Map();
const explained = new Set();
for (const [step, path] of Object.entries(reports)) {
  if (!existsSync(path)) continue;
  const { testResults } = JSON.parse(readFileSync(path, "utf8"));
  for (const file of testResults) {
    const name = relative(process.cwd(), file.name);
    const outcomes = file.assertionResults.filter((test) => test.status === "passed" || test.status === "failed");
    for (const test of outcomes) {
      const id = `${name} > ${test.fullName}`;
      tests.set(id, test.status === "passed" && (tests.get(id) ?? true));
    }
    // A file that could not be loaded has no tests, yet it failed.
    if (file.status === "failed" && !outcomes.some((test) => test.status === "failed")) tests.set(name, false);
    if (file.status === "failed") explained.add(step);
  }
}

const failures = [...tests].filter(([, passed]) => !passed).map(([id]) => id);
failures.push(...failedSteps.filter((step) => !explained.has(step)).map((step) => `step ${step}`));
for (const failure of failures) console.log(`failed: ${failure}`);
const passed = [...tests.values()].filter(Boolean).length;
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;
