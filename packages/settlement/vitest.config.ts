import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "settlement",
    include: ["test/**/*.test.ts"],
    // Files share a worker and the modules it has loaded: no test may leave anything behind in them.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
