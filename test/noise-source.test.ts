/** Where the randomness of noise comes from.
 *  @module */
import { expect, test } from "vitest";
import { packageSources } from "./source-files.ts";

/** Files of packages whose text has `pattern`. */
function filesWith(pattern: RegExp): string[] {
  return packageSources()
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path)
    .toSorted();
}

test("noise is drawn in one place for tables, one for counts of matches, one for sums over them, one for hidden selections and one for sums over domains, from the domain's own randomness, and nothing that starts a domain gives it another", () => {
  expect(filesWith(/\bnew RandomWords\(/)).toEqual([
    // Of synthetic rows, for the developer.
    "packages/cli/src/develop/planned-noise.ts",
    "packages/cli/src/develop/planned-selection.ts",
    "packages/domain/src/aggregate/desk.ts",
    "packages/domain/src/serve/forms/count-form.ts",
    "packages/domain/src/serve/forms/join-sum-form.ts",
    "packages/domain/src/serve/forms/selection-form.ts",
    "packages/domain/src/serve/private-answers.ts",
    // Which rows of a person count, where they are more than its share.
    "packages/domain/src/serve/selection-content.ts",
  ]);
  expect(filesWith(/\bnew RandomWords\(context\.random\)/)).toHaveLength(6);
  const starting = packageSources().filter(({ text }) => /\bawait startDomain\(/.test(text));
  expect(starting.length).toBeGreaterThan(0);
  for (const { path, text } of starting) {
    const [, options = ""] = /\bawait startDomain\(([\s\S]*?)\n\s*\}\);/.exec(text) ?? [];
    expect(options, path).not.toBe("");
    expect(options, path).not.toMatch(/\brandom\b/);
  }
  // Unless it is given one, a domain takes the operating system's.
  const start = packageSources().find(({ path }) => path === "packages/domain/src/start.ts");
  expect(start?.text).toContain("options.random ?? { bytes: (length) => new Uint8Array(randomBytes(length)) }");
});
