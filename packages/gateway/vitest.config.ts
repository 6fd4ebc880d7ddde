import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "gateway",
    include: ["test/**/*.test.ts"],
    globalSetup: ["./test/template-setup.ts"],
    // Files share one worker and its modules, PGlite's compiled WebAssembly among them: half the processor time.
    isolate: false,
    fileParallelism: false,
    // With another number of workers than the rest, they run by themselves, after it.
    sequence: { groupOrder: 1 },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
