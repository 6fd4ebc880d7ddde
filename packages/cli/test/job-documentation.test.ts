/** The page for developers, tried as written: its commands without a gateway run, those with one exist.
 *  @module */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { COMMANDS } from "../src/command-table.ts";
import { STARTING_FORMS } from "../src/develop/local-options.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const page = await readFile(new URL("../../../docs/developing.md", import.meta.url), "utf8");

/** Words of each `sluice` line in the page's shell blocks, block by block. */
const blocks = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text = ""]) =>
  text.split("\n").flatMap((line) => (line.startsWith("sluice ") ? [line.split(" ").slice(1)] : [])),
);

test("the five minutes without a gateway run, and print what the page shows", async () => {
  const commands = blocks.find((block) => block.length > 0) ?? [];
  expect(commands.map(([, word]) => word)).toEqual(["init", "dev", "check"]);
  const directory = await temporaryDirectory();
  const printed: string[] = [];
  for (const words of commands) {
    const { code, stdout, stderr } = await sluice(
      words.map((word) => word.replace(/^fair-credit/, join(directory, "$&"))),
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    printed.push(stdout);
  }
  const shown =
    /^develop: ok[^]*?^```$/m
      .exec(page)?.[0]
      .split("\n")
      .filter((line) => !/^(?:```|.*…)?$/.test(line)) ?? [];
  expect(shown.length).toBeGreaterThan(6);
  const withoutTimes = (text: string): string => text.replaceAll(/\d+ ms/g, "N ms");
  for (const line of shown) expect(withoutTimes(printed[1] ?? "").split("\n")).toContain(withoutTimes(line));
  expect(printed[2]).toMatch(/ready to submit\n$/);
});

test("the page's table job is typed as written, and its groups are listed", async () => {
  const source = /^```ts job\.ts\n([^]*?)^```$/m.exec(page)?.[1] ?? "";
  const directory = join(await temporaryDirectory(), "ageing");
  expect((await sluice(["job", "init", directory, "--form", "table"])).code).toBe(0);
  await writeFile(join(directory, "job.ts"), source);
  const compiler = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));
  const compiled = promisify(execFile)(process.execPath, [compiler, "--project", directory]);
  const { stdout: errors } = await compiled.catch((error: { stdout: string }) => error);
  expect(errors.split("\n").filter((line) => /job\.ts\(/.test(line))).toEqual([]);
  const { code, stdout, stderr } = await sluice(["job", "check", join(directory, "job.ts")]);
  expect(stderr).toBe("");
  expect(stdout).toContain("ages: 6 of 6 cells are listed");
  expect(stdout).toMatch(/ready to submit\n$/);
  expect(code).toBe(0);
});

test("every form that a job can be started in stands in the page, and no other", () => {
  const forms = [...page.matchAll(/^\| `(\w+)` \| `([\w-]+)` \{/gm)].map(([, form]) => form);
  expect(forms).toEqual([...STARTING_FORMS]);
});

test("every command and option that the page names exists", () => {
  const named = [...page.matchAll(/sluice (job \w+)([^\n`|]*)/g)].map(([, path = "", rest = ""]) => ({ path, rest }));
  expect(new Set(named.map(({ path }) => path)).size).toBe(6);
  for (const { path, rest } of named) {
    const command = COMMANDS.find((command) => command.path.join(" ") === path);
    expect(command, path).toBeDefined();
    for (const [, option = ""] of rest.matchAll(/--([a-z-]+)/g))
      expect(Object.keys(command?.options ?? {})).toContain(option);
  }
});
