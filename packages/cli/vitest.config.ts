import { configDefaults, defineProject } from "vitest/config";

/** Files that start a city or many sandboxes: with `SLOW=1` only, so that `npm test` stays within four minutes. */
const LONG = [
  "test/anchors.test.ts",
  "test/audit-export.test.ts",
  "test/doctor.test.ts",
  "test/exploring.test.ts",
  "test/job-documentation.test.ts",
  "test/job-forms.test.ts",
  "test/job-gateway.test.ts",
  "test/job-loop.test.ts",
  "test/job-params.test.ts",
  "test/job-selections.test.ts",
  "test/quality-commands.test.ts",
  "test/sample-commands.test.ts",
  "test/trace.test.ts",
  "test/verifier.test.ts",
  "test/verify-files.test.ts",
  "test/walk-asking.test.ts",
];
const slow = process.env["SLOW"] === "1";

export default defineProject({
  test: {
    name: "cli",
    include: ["test/**/*.test.ts"],
    exclude: slow ? configDefaults.exclude : [...configDefaults.exclude, ...LONG],
    // Files share a worker and the modules it has loaded: no test may leave anything behind in them.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
