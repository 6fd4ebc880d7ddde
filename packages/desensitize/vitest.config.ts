import { configDefaults, defineProject } from "vitest/config";

/** Files of seconds each: with `SLOW=1` only, so that `npm test` stays within four minutes. */
const LONG = [
  "test/full-domain.test.ts",
  "test/hierarchy.test.ts",
  "test/privacy-mechanisms.test.ts",
  "test/transform-tables.test.ts",
];
const slow = process.env["SLOW"] === "1";

export default defineProject({
  test: {
    name: "desensitize",
    include: ["test/**/*.test.ts"],
    exclude: slow ? configDefaults.exclude : [...configDefaults.exclude, ...LONG],
    // Files share a worker and the modules it has loaded: no test may leave anything behind in them.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
