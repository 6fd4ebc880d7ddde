/** Builds in a process of their own: ended by SIGKILL at each stage and resumed, and measured. With SLOW=1.
 *  @module */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fromHex, type LookupParameters } from "@sluice/protocol";
import { createHash } from "node:crypto";
import { computeHint } from "../src/lookup/hint.ts";
import { LweMatrix } from "../src/lookup/matrix.ts";
import { openRow } from "./open-row.ts";

const slow = process.env["SLOW"] === "1";
const MAIN = fileURLToPath(new URL("./build-main.ts", import.meta.url));
const MIB = 1_048_576;

interface Line {
  readonly stage: string;
  readonly done?: number;
  readonly parameters?: LookupParameters;
  readonly hintBytes?: number;
  readonly hint?: string;
  readonly peakBytes?: number;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-build-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the build, and ends it without a chance to tidy up at the first line that `end` wants. */
async function runBuild(rows: number, end?: (line: Line) => boolean): Promise<Line[]> {
  const child: ChildProcess = spawn(process.execPath, [MAIN, folder, String(rows)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const lines: Line[] = [];
  if (child.stdout === null) throw new Error("no output");
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    if (end?.(line) === true) child.kill("SIGKILL");
  }
  const [code] = (await exited) as [number | null];
  expect(code).toBe(end === undefined ? 0 : null);
  return lines;
}

function derived(lines: readonly Line[]): number {
  return lines.filter(({ stage, done }) => stage === "deriving" && done !== 0).length;
}

async function expectWhole(lines: readonly Line[], rows: number): Promise<void> {
  const { parameters, hint } = lines.at(-1) ?? {};
  if (parameters === undefined) throw new Error("nothing was built");
  const database = new Uint8Array(await readFile(join(folder, "database")));
  for (let i = 0; i < rows; i += 37) {
    const key = `resident ${i}`;
    const payload = createHash("sha256").update(key).digest().subarray(0, 16);
    expect(await openRow({ parameters, database }, key)).toEqual(new Uint8Array(payload));
  }
  expect(await openRow({ parameters, database }, "nobody")).toBeNull();
  const expected = await computeHint(parameters, database, await LweMatrix.open(fromHex(parameters.matrixSeed)));
  expect(hint).toBe(createHash("sha256").update(expected).digest("hex"));
}

const CUTS = [
  ["before anything is derived", ({ stage }: Line) => stage === "deriving"],
  ["in the middle of deriving", ({ stage, done = 0 }: Line) => stage === "deriving" && done >= 800],
  ["when all is derived", ({ stage }: Line) => stage === "arranging"],
  ["while records go into their slots", ({ stage, done = 0 }: Line) => stage === "placing" && done > 0],
  ["while the filters are solved", ({ stage }: Line) => stage === "solving"],
  ["while the hint is computed", ({ stage }: Line) => stage === "hint"],
] as const;

test.runIf(slow).each(CUTS)(
  "a build that is killed %s goes on to a whole index",
  { timeout: 300_000 },
  async (_at, at) => {
    await runBuild(2_000, at);
    const state = await readFile(join(folder, "state"), "utf8");
    const kept = async (): Promise<Buffer | null> => await readFile(join(folder, "chunk-0")).catch(() => null);
    const before = await kept();
    const lines = await runBuild(2_000);
    expect(await readFile(join(folder, "state"), "utf8")).toBe(state);
    expect(lines.at(-1)?.parameters?.matrixSeed).toBe((JSON.parse(state) as { matrixSeed: string }).matrixSeed);
    if (before !== null) expect(await kept()).toEqual(before);
    expect(derived(lines)).toBe(10);
    await expectWhole(lines, 2_000);
  },
);

test.runIf(slow)("a build that is killed again and again gets on", { timeout: 600_000 }, async () => {
  for (const done of [400, 800, 1_200, 1_600]) {
    await runBuild(2_000, (line) => line.stage === "deriving" && (line.done ?? 0) >= done);
  }
  await expectWhole(await runBuild(2_000), 2_000);
});

/** What docs/lookup-building.md says of the memory of a build on two threads. */
function boundBytes(rows: number, { parameters, hintBytes = 0 }: Line): number {
  const { rowsPerBucket = 0, buckets = 0, recordBytes = 0 } = parameters ?? {};
  return 800 * MIB + 64 * rows + rowsPerBucket * buckets * recordBytes + 3 * hintBytes;
}

test.runIf(slow)(
  "300,000 rows are built within the memory that the documentation names",
  { timeout: 1_800_000 },
  async () => {
    const last = (await runBuild(300_000)).at(-1) ?? { stage: "none" };
    expect(last.peakBytes).toBeLessThan(boundBytes(300_000, last));
  },
);
