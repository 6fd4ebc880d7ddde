import { defineConfig } from "vitest/config";

/** Where continuous integration wants the results as JSON. */
const report = process.env["SLUICE_TEST_REPORT"];

export default defineConfig({
  test: {
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    projects: [
      // First, since the walk is the longest file of all.
      {
        test: {
          name: "test",
          include: ["test/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      "packages/*",
    ],
  },
});
