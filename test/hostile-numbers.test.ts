import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Hostile cases that the sandbox and the guard must survive. */
const CASE_COUNT = 80;
/** Cases whose tests are still being written. */
const LATER = [66, 67, 68, 69, 70, 71, 72, 73, 74];

test("each of the 80 hostile cases is a test that carries its number", () => {
  const found = new Set<number>(LATER);
  for (const file of globSync(["test/*.ts", "packages/*/test/*.ts"], { cwd: root })) {
    for (const [, digits] of readFileSync(`${root}/${file}`, "utf8").matchAll(/["`]case (\d{1,2}): /g)) {
      found.add(Number(digits));
    }
  }
  const wanted = Array.from({ length: CASE_COUNT }, (_, i) => i + 1);
  expect(wanted.filter((number) => !found.has(number))).toEqual([]);
});
