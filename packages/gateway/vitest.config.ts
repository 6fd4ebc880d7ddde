import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "gateway",
    include: ["test/**/*.test.ts"],
    globalSetup: ["./test/template-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
