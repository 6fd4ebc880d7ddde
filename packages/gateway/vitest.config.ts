import { configDefaults, defineProject } from "vitest/config";

/** Files of seconds each: with `SLOW=1` only, so that `npm test` stays within four minutes. */
const LONG = [
  "test/aggregates.test.ts",
  "test/recovery.test.ts",
  "test/run-follower.test.ts",
  "test/runs.test.ts",
  "test/start-gateway.test.ts",
];
const slow = process.env["SLOW"] === "1";

export default defineProject({
  test: {
    name: "gateway",
    include: ["test/**/*.test.ts"],
    exclude: slow ? configDefaults.exclude : [...configDefaults.exclude, ...LONG],
    globalSetup: ["./test/template-setup.ts"],
    // Files of one worker share its modules, PGlite's compiled WebAssembly among them: half the processor time.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
