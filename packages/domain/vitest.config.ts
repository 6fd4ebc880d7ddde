import { configDefaults, defineProject } from "vitest/config";

/** Files that start domains of their own: with `SLOW=1` only, so that `npm test` stays within four minutes. */
const LONG = [
  "test/data-model.test.ts",
  "test/forging.test.ts",
  "test/observe.test.ts",
  "test/published-profiles.test.ts",
  "test/serving-attempts.test.ts",
  "test/serving-classified.test.ts",
  "test/serving-consent.test.ts",
  "test/serving-dataset.test.ts",
  "test/serving-events.test.ts",
  "test/serving-forms.test.ts",
  "test/serving-hidden.test.ts",
  "test/serving-join-sum.test.ts",
  "test/serving-joins.test.ts",
  "test/serving-lookup-faults.test.ts",
  "test/serving-lookup-updates.test.ts",
  "test/serving-set-updates.test.ts",
  "test/serving-private-tables.test.ts",
  "test/serving-production.test.ts",
  "test/serving-refusals.test.ts",
  "test/serving-rollback.test.ts",
  "test/serving-selections.test.ts",
  "test/serving-session-ends.test.ts",
  "test/serving-sessions.test.ts",
  "test/serving-stops.test.ts",
  "test/serving-workers.test.ts",
  "test/serving.test.ts",
  "test/work-columns.test.ts",
  "test/work-decoder-taken-over.test.ts",
  "test/work-faults.test.ts",
  "test/work-forms.test.ts",
  "test/work-guarded.test.ts",
  "test/work-receive.test.ts",
];
const slow = process.env["SLOW"] === "1";

export default defineProject({
  test: {
    name: "domain",
    include: ["test/**/*.test.ts"],
    exclude: slow ? configDefaults.exclude : [...configDefaults.exclude, ...LONG],
    // Files share a worker and the modules it has loaded: no test may leave anything behind in them.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
