import { configDefaults, defineProject } from "vitest/config";

/** Files of seconds each: with `SLOW=1` only, so that `npm test` stays within four minutes. */
const LONG = ["test/lookup-cuts.test.ts", "test/lookup-updates.test.ts", "test/products.test.ts"];
const slow = process.env["SLOW"] === "1";

export default defineProject({
  test: {
    name: "client",
    include: ["test/**/*.test.ts"],
    exclude: slow ? configDefaults.exclude : [...configDefaults.exclude, ...LONG],
    // Files share a worker and the modules it has loaded: no test may leave anything behind in them.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
