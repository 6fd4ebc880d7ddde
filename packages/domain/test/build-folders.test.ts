/** What builds keep on the disk of a domain, and what their runs tell of them. @module */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8, type JobEvent } from "@sluice/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SealedFiles } from "../src/rest/sealed-files.ts";
import { buildParts, removeBuild, sweepBuilds } from "../src/serve/build-folders.ts";
import { tellProgress } from "../src/serve/build-progress.ts";
import { writeIndex } from "../src/serve/indexes.ts";
import { filesBelow } from "./data-fixture.ts";
import { random } from "./serving-fixture.ts";

const { signal } = new AbortController();
let directory: string;
let files: SealedFiles;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-builds-"));
  files = await filesBelow(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("a part is sealed on the disk and read as it was written", async () => {
  const parts = buildParts(files, "run-1", signal);
  await parts.write("chunk-0", utf8("positions and sealed records"));
  expect(await parts.read("chunk-0")).toEqual(utf8("positions and sealed records"));
  const kept = await readFile(join(directory, "builds", "run-1", "chunk-0"));
  expect(kept.includes("positions")).toBe(false);
});

test("a part that is missing, altered, cut, or another's is not there", async () => {
  const parts = buildParts(files, "run-1", signal);
  expect(await parts.read("chunk-0")).toBeNull();
  await parts.write("chunk-0", utf8("positions and sealed records"));
  await parts.write("chunk-1", utf8("of another chunk"));
  const path = join(directory, "builds", "run-1", "chunk-0");
  const sealed = await readFile(path);
  const altered = sealed.with(sealed.length - 1, (sealed.at(-1) ?? 0) ^ 1);
  const other = await readFile(join(directory, "builds", "run-1", "chunk-1"));
  for (const bytes of [altered, sealed.subarray(0, -5), new Uint8Array(), other]) {
    await writeFile(path, bytes);
    expect(await parts.read("chunk-0")).toBeNull();
  }
});

test("a build's parts go with its run, and at the next start those of runs that have ended", async () => {
  for (const run of ["run-1", "run-2", "run-3"]) await buildParts(files, run, signal).write("chunk-0", utf8(run));
  await removeBuild(files, "run-1");
  await sweepBuilds(files, new Set(["run-3"]));
  expect(await readdir(join(directory, "builds"))).toEqual(["run-3"]);
  await buildParts(files, "run-3", signal).clear();
  expect(await readdir(join(directory, "builds"))).toEqual([]);
});

test("an index of which a part cannot be written is not there at all", async () => {
  const part = utf8("records");
  const unwritable = "no\0name";
  await expect(writeIndex({ files, random }, "run-1", { "a.bin": part, [unwritable]: part })).rejects.toThrow();
  expect(await readdir(join(directory, "indexes"))).toEqual([]);
  const index = await writeIndex({ files, random }, "run-1", { "a.bin": part });
  expect(await readdir(join(directory, "indexes"))).toEqual([index]);
});

test("a start without builds sweeps nothing", async () => {
  await sweepBuilds(files, new Set());
  expect(await readdir(join(directory, "builds"))).toEqual([]);
});

test("a run tells each stage once, and its percent in coarse steps that only grow", () => {
  const events: JobEvent[] = [];
  const tell = tellProgress((event) => events.push(event));
  const total = 1_000;
  for (const stage of ["checking", "deriving", "arranging", "placing", "solving", "hint"] as const) {
    for (let done = 0; done <= total; done += 10) tell({ stage, done, total });
  }
  const lines = events.flatMap((event) => (event.kind === "log" ? [event.line] : []));
  expect(lines).toEqual(["checking", "deriving", "arranging", "placing", "solving", "hint"].map((s) => `index: ${s}`));
  const percents = events.flatMap((event) => (event.kind === "progress" ? [event.percent] : []));
  expect(percents).toEqual(Array.from({ length: 19 }, (_, i) => 5 * (i + 1)));
});
