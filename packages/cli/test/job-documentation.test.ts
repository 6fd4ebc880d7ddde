/** The page for developers, tried as written: its commands without a gateway run, those with one exist.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "../src/command-table.ts";
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
