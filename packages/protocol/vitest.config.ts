import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "protocol",
    include: ["test/**/*.test.ts"],
    // Files share a worker and the modules it has loaded: no test may leave anything behind in them.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
