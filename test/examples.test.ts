/** The examples run as their READMEs say: each is walked on a small city, from its scene to compared answers. The walks are
 *  long tests (SLOW=1); `walk.test.ts` takes four of the five through with everything else.
 *  @module */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommandLine } from "../packages/cli/src/command-line.ts";
import type { CommandIo } from "../packages/cli/src/command.ts";
import { COMMANDS } from "../packages/cli/src/command-table.ts";
import { EXAMPLE_NAMES, type ExampleName } from "../packages/cli/src/demo/example-names.ts";
import { examplePlan } from "../packages/cli/src/demo/examples.ts";
import { openGeneratedCity, type GeneratedCity } from "../packages/cli/src/demo/generated-city.ts";
import { Narrator, type CallKind, type DemoReport } from "../packages/cli/src/demo/report.ts";
import { RunningCity } from "../packages/cli/src/demo/running-city.ts";
import { walk } from "../packages/cli/src/demo/walk.ts";
import { commands } from "./documents.ts";
import { readFiles, ROOT } from "./source-files.ts";

const PERSONS = 2_000;
/** A README is read on one screen. */
const MAX_README_LINES = 40;

/** What each example answers. */
const KINDS: Record<ExampleName, CallKind[]> = {
  "inclusive-credit": ["lookup"],
  "insured-match": ["psi-ids", "psi-cardinality"],
  "medical-aid": ["psi-ids"],
  "insurance-pricing": ["score"],
  "ageing-report": ["report"],
  "pension-outlook": ["noisy-report"],
};

let directory: string;
let generated: GeneratedCity;
let running: RunningCity;

const slow = process.env["SLOW"] === "1";

beforeAll(async () => {
  if (!slow) return;
  directory = await mkdtemp(join(tmpdir(), "sluice-examples-"));
  generated = await openGeneratedCity(join(directory, "city"), { seed: "examples", persons: PERSONS }, () => {});
  running = await RunningCity.start(generated.city);
});

afterAll(async () => {
  if (!slow) return;
  await running.stop();
  await rm(directory, { recursive: true, force: true });
});

function readme(example: string): Promise<string> {
  return readFile(join(ROOT, "examples", example, "README.md"), "utf8");
}

/** The streams of a command, kept as text in `out`. */
function captured(out: { stdout: string; stderr: string }): CommandIo {
  return {
    stdout: { write: (text) => void (out.stdout += text) },
    stderr: { write: (text) => void (out.stderr += text) },
    readStdin: () => Promise.resolve(""),
    env: {},
    signal: new AbortController().signal,
  };
}

test("the examples are the folders of `examples/`, each with a job and a README; files of prices are beside them", () => {
  const files = readFiles("examples", /\.(?:ts|md)$/).map(({ path }) => path);
  expect(new Set(files.map((path) => path.split("/")[1]))).toEqual(new Set<string>([...EXAMPLE_NAMES, "pricing"]));
  for (const example of EXAMPLE_NAMES) {
    expect(files).toContain(`examples/${example}/job.ts`);
    expect(files).toContain(`examples/${example}/README.md`);
  }
});

test.each(EXAMPLE_NAMES)("the README of %s fits on a screen, and names commands that exist", async (example) => {
  const page = await readme(example);
  expect(page.split("\n").length).toBeLessThan(MAX_README_LINES);
  expect(commands(page)).toEqual([`npm start -- --once --only ${example}`]);
  const named = [...page.matchAll(/`sluice\s+(\w+)\s+[\w-]+(?:\s+[\w.-]+)?`/g)].map((match) => match[1]);
  expect(named).not.toEqual([]);
  for (const word of named) expect(COMMANDS.map(({ path }) => path.join(" "))).toContain(word);
});

test.runIf(slow).each(EXAMPLE_NAMES)(
  "%s goes from its scene to answers that equal the plain computation",
  async (example) => {
    const said: string[] = [];
    const narrator = new Narrator({ isTerminal: false, write: (text) => void said.push(text) });
    const report = await walk(running, narrator, await examplePlan(generated, example));
    expect(report).toMatchObject({ ok: true, refusals: [], canaries: { foundOutside: 0 } });
    expect(report.calls.map(({ kind, correct }) => ({ kind, correct }))).toEqual(
      KINDS[example].map((kind) => ({ kind, correct: true })),
    );
    expect(report.calls.every(({ count }) => count > 0)).toBe(true);
  },
);

test("`demo --only` names the examples when it is given another word", async () => {
  const out = { stdout: "", stderr: "" };
  const code = await runCommandLine(["demo", "--only", "nothing"], captured(out));
  expect(code).toBe(2);
  expect(out.stderr).toContain(`"--only" expected one of ${EXAMPLE_NAMES.join(", ")}; got "nothing"`);
});

test.runIf(slow)(
  "the command of a README runs as it stands there, and goes on from what is served already",
  async () => {
    await running.stop();
    const [command = ""] = commands(await readme("medical-aid"));
    const words = command.split(" ").slice("npm start --".split(" ").length);
    const out = { stdout: "", stderr: "" };
    const code = await runCommandLine(
      ["demo", ...words, "--rows", String(PERSONS), "--data", join(directory, "city"), "--json"],
      captured(out),
    );
    const report = JSON.parse(out.stdout) as DemoReport;
    expect(report.calls).toMatchObject([{ kind: "psi-ids", correct: true, count: 200 }]);
    expect(code).toBe(0);
    expect(out.stderr).toContain("medical-aid · 医疗救助对象识别");
    expect(report.steps.map(({ name }) => name)).not.toContain("medical-aid/develop");
  },
);
