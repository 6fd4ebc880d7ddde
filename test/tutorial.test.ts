/** The tutorial, tried as written: its commands run in order in two shells of a copy, its edits are made, and what it shows is printed.
 *  @module */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { COMMANDS } from "../packages/cli/src/command-table.ts";
import { readFiles, ROOT } from "./source-files.ts";

/** One fenced block: commands of a terminal, lines that are printed, or an edit. */
type Block = { kind: string; text: string };

const page = await readFile(join(ROOT, "docs", "tutorial.md"), "utf8");
const blocks: Block[] = [...page.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].map(([, kind = "", text = ""]) => ({
  kind,
  text,
}));
const READY_TIMEOUT_MS = 300_000;

test("the tutorial starts in one terminal, goes on in another, and shows what each step prints", () => {
  const kinds = blocks.map(({ kind }) => kind);
  expect(kinds.slice(0, 2)).toEqual(["sh first", "text"]);
  expect(new Set(kinds.slice(2))).toEqual(new Set(["sh second", "text", "diff"]));
  for (const [i, kind] of kinds.entries()) if (kind === "sh second") expect(kinds[i + 1]).toBe("text");
});

test("its edits apply one after another to the example's job, and end in one that declares its columns", async () => {
  let job = await readFile(join(ROOT, "examples", "inclusive-credit", "job.ts"), "utf8");
  const edits = blocks.filter(({ kind }) => kind === "diff");
  for (const { text } of edits) job = edited(job, text);
  expect(edits.length).toBe(3);
  expect(job).toContain('region: "dict"');
  expect(job).not.toContain("housing_fund_monthly");
});

test("its commands exist, with their options, and each code that it shows is in the catalogue", async () => {
  const lines = blocks.filter(({ kind }) => kind === "sh second").flatMap(({ text }) => text.split("\n"));
  const named = lines.flatMap((line) => [...line.matchAll(/\bsluice ((?:job )?[a-z]+)([^|)]*)/g)]);
  expect(named.length).toBeGreaterThan(9);
  const paths = new Map(COMMANDS.map((command) => [command.path.join(" "), command]));
  for (const [, words = "", rest = ""] of named) {
    const command = paths.get(words) ?? paths.get(`${words} ${rest.trim().split(" ")[0] ?? ""}`);
    expect(command, words).toBeDefined();
    for (const [, option = ""] of rest.matchAll(/--([a-z-]+)/g)) expect(command?.options).toHaveProperty(option);
  }
  const codes = page.match(/ERR_[A-Z_]+/g) ?? [];
  const catalogue = readFiles("docs", /errors\.md$/)[0]?.text ?? "";
  expect(codes.filter((code) => !catalogue.includes(code))).toEqual([]);
});

test.runIf(process.env["SLOW"] === "1")(
  "a newcomer's ten minutes pass as they are written",
  { timeout: 2 * READY_TIMEOUT_MS },
  async () => {
    const copy = await copyOfRepository();
    const [start, ready] = blocks;
    const [first, second] = [shell(copy), shell(copy)];
    // All that a shell started has ended when its output closes.
    const closed = [first, second].map((child) => once(child, "close"));
    try {
      first.stdin?.write(start?.text ?? "");
      await printedBy(first, (line) => line === ready?.text.trimEnd());
      for (const [i, { kind, text }] of blocks.entries()) {
        if (kind === "diff") await editFile(copy, text);
        if (kind !== "sh second") continue;
        second.stdin?.write(`${text}echo END-OF-STEP\n`);
        const printed = await printedBy(second, (line) => line === "END-OF-STEP");
        const expected = (blocks[i + 1]?.text ?? "").split("\n").filter((line) => line !== "");
        for (const line of expected) expect(printed, `${text}\n${printed.join("\n")}`).toContain(line);
      }
    } finally {
      second.stdin?.end();
      interrupt(first);
      for (const { stdout } of [first, second]) stdout?.resume();
      await Promise.all(closed);
      await rm(copy, { recursive: true, force: true });
    }
  },
);

/** A folder with everything of this repository that a clone has installed, and nothing that the tutorial makes. */
async function copyOfRepository(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "sluice-tutorial-"));
  for (const name of await readdir(ROOT)) {
    if (name !== ".git" && name !== "city" && name !== "my-credit") await symlink(join(ROOT, name), join(copy, name));
  }
  return copy;
}

/** A shell in `directory` whose standard error is its standard output. Its own group, so that it ends as a whole. */
function shell(directory: string): ChildProcess {
  const child = spawn("/bin/sh", ["-c", "exec 2>&1; exec /bin/sh"], {
    cwd: directory,
    detached: true,
    // The copy is installed: npm leaves its hooks out.
    env: { ...process.env, npm_config_ignore_scripts: "true" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdout?.setEncoding("utf8");
  return child;
}

/** Lines that a shell prints up to the one that `ends`, without it. */
async function printedBy(child: ChildProcess, ends: (line: string) => boolean): Promise<string[]> {
  if (child.stdout === null) throw new TypeError("the shell has no output");
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  try {
    for await (const line of reader) {
      if (ends(line)) return lines;
      lines.push(line);
    }
  } finally {
    reader.close();
  }
  throw new Error(`the shell ended early:\n${lines.join("\n")}`);
}

/** What Ctrl-C does: an interrupt for all that the shell runs. */
function interrupt({ pid, stdin }: ChildProcess): void {
  stdin?.end();
  if (pid !== undefined) process.kill(-pid, "SIGINT");
}

async function editFile(directory: string, diff: string): Promise<void> {
  const [, name = ""] = /^--- (\S+)$/m.exec(diff) ?? [];
  const file = join(directory, name);
  await writeFile(file, edited(await readFile(file, "utf8"), diff));
}

/** `text` with each run of `-` lines replaced by the `+` lines after it. @throws Error when they do not stand there once */
function edited(text: string, diff: string): string {
  const changes = [...diff.replace(/^---.*\n/, "").matchAll(/((?:^-.*\n)+)((?:^\+.*\n)+)/gm)];
  return changes.reduce((before, [, removed = "", added = ""]) => {
    const [from, to] = [removed, added].map((lines) => lines.replaceAll(/^[-+]/gm, ""));
    if (before.split(from ?? "").length !== 2) throw new Error(`not exactly once in the job:\n${from}`);
    return before.replace(from ?? "", () => to ?? "");
  }, text);
}
