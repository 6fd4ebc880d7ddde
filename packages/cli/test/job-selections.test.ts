/** Jobs of hidden selections: how they are started, and what they tell before they are submitted.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Grant } from "@sluice/protocol";
import { expect, test } from "vitest";
import { STARTING_POLICY, STARTING_RESOURCE } from "../src/develop/starting-documents.ts";
import { startingJob } from "../src/develop/starting-job.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

test("groups and sums are of no column that a key changes, need a number, and are what a grant of selections starts with", () => {
  const common = { name: "a", purpose: "a", resource: STARTING_RESOURCE, grant: null, profile: null };
  const age = { role: "quasi", transform: { kind: "noise", amplitude: 5 } } as const;
  const policy = { ...STARTING_POLICY, columns: { ...STARTING_POLICY.columns, age } };
  const selected = startingJob({ ...common, policy, form: "selection" });
  expect(selected).toContain('{ name: "months_insured", field: "months_insured", levels:');
  expect(selected).not.toContain('field: "age"');
  const none = {
    ...STARTING_POLICY,
    columns: { defaulted: { role: "sensitive", transform: { kind: "keep" } } },
  } as const;
  expect(() => startingJob({ ...common, policy: none, form: "selection" })).toThrow(/it needs a number/);
  const operations: Grant["operations"] = ["develop", "build", "selection.register", "selection.sum"];
  const grant = { fields: [{ name: "age", need: "a" }], operations } as Grant;
  expect(startingJob({ ...common, grant, policy: STARTING_POLICY })).toContain('kind: "hidden-selection"');
});

test("a hidden selection tells what each sum is worth, and which groups have too few rows for a build", async () => {
  const file = join(await temporaryDirectory(), "job.ts");
  expect(await sluice(["job", "init", dirname(file), "--form", "selection"])).toMatchObject({ code: 0 });
  let text = await readFile(file, "utf8");
  for (const [before, after] of [
    ["breaks: [35, 50, 65]", "breaks: [35, 50, 81]"],
    ["digits: 0", "digits: 2"],
    ["contribution: { rows: 1,", "contribution: { rows: 3,"],
  ] as const) {
    expect(text).toContain(before);
    text = text.replace(before, after);
  }
  await writeFile(file, text);
  const { code, stdout } = await sluice(["job", "check", file]);
  expect(code).toBe(0);
  expect(stdout).toContain("refused; synthetic rows are fewer in ≥ 65/no, ≥ 65/yes\n");
  const document = JSON.parse((await sluice(["job", "check", file, "--json"])).stdout);
  const [{ selections }] = document.entries;
  const { sums } = selections.sums;
  // ln 20 scales of noise: 3 / 0.5 rows, 3 · 480 / 0.5 months in hundredths.
  expect(sums).toEqual([
    { measure: "rows", epsilon: 0.5, likelyError: 18 },
    { measure: "months_insured", epsilon: 0.5, likelyError: 8_627.71 },
  ]);
});
