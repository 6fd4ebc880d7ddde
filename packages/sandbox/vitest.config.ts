import { configDefaults, defineProject } from "vitest/config";

/** Files of seconds each: with `SLOW=1` only, so that `npm test` stays within four minutes. */
const LONG = [
  "test/batches.test.ts",
  "test/child-group.test.ts",
  "test/decoder-fuzz.test.ts",
  "test/hostile-cases-endless.test.ts",
  "test/hostile-cases-language.test.ts",
  "test/hostile-cases-memory.test.ts",
  "test/hostile-cases-output.test.ts",
  "test/mljs.test.ts",
  "test/warm.test.ts",
];
const slow = process.env["SLOW"] === "1";

export default defineProject({
  test: {
    name: "sandbox",
    include: ["test/**/*.test.ts"],
    exclude: slow ? configDefaults.exclude : [...configDefaults.exclude, ...LONG],
    // Files share a worker and the modules it has loaded: no test may leave anything behind in them.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
