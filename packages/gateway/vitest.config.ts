import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "gateway",
    include: ["test/**/*.test.ts"],
    globalSetup: ["./test/template-setup.ts"],
    // Files share modules, PGlite's compiled WebAssembly among them; none of them replaces any.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
