/** The lookup worker as a domain uses it: through the pool, with files. @module */
import {
  documentHash,
  encodeEvaluateRequest,
  encodePirQuery,
  fromHex,
  LookupParameters,
  sha256Hex,
  utf8,
  type Bytes,
  type LookupSnapshot,
} from "@sluice/protocol";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LookupClient } from "../src/lookup/client.ts";
import { LOOKUP_WORKER, lookupContext, packTable, type BuildResult, type BuildTask } from "../src/lookup/server.ts";
import { blind } from "../src/oprf/client.ts";
import { createTaskPool } from "../src/pool.ts";
import { IDENTITY } from "./lookup-product.ts";

const HASH = "cd".repeat(32);
const pool = createTaskPool({ workerFile: LOOKUP_WORKER, maxThreads: 1 });
const key = () => ({ seed: new Uint8Array(32).fill(5), info: utf8("credit-band/1") });
const table = new Map([
  ["11010119900101001X", Uint8Array.of(1)],
  ["张三", Uint8Array.of(2)],
  ["c", Uint8Array.of(0)],
]);
let root = "";
let directory = "";
let built: BuildResult;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-lookup-"));
  directory = join(root, "index");
  built = await pool.run<BuildResult>("lookup.build", buildTask(directory), {});
});

afterAll(async () => {
  await pool.close();
  await rm(root, { recursive: true, force: true });
});

function buildTask(into: string, entries: [string, Bytes][] = [...table]): BuildTask {
  const packed = packTable(
    entries.map(([name]) => name),
    entries.map(([, record]) => record),
  );
  return { ...key(), table: packed, context: lookupContext(IDENTITY), directory: into };
}

async function openClient(): Promise<{ client: LookupClient; snapshotHash: string }> {
  const snapshot: LookupSnapshot = {
    type: "lookup-snapshot",
    ...IDENTITY,
    bundle: HASH,
    release: HASH,
    parameters: built.parameters,
    oprfPublicKey: built.oprfPublicKey,
    sealKey: `x25519:${"A".repeat(43)}`,
    hint: built.hintHash,
    hintBytes: built.hintBytes,
    vocabulary: ["A", "B", "C"],
    at: "2026-01-01T00:00:00.000Z",
  };
  const snapshotHash = await documentHash(snapshot);
  const hint = new Uint8Array(await readFile(join(directory, "hint.bin")));
  return { client: await LookupClient.open({ snapshot, snapshotHash, hint }), snapshotHash };
}

test("an index built, evaluated and queried through the pool answers as the table does", async () => {
  const { client, snapshotHash } = await openClient();
  for (const name of ["11010119900101001X", "张三", "c", "nobody"]) {
    const evaluation = client.start(name);
    const response = await pool.run<Bytes>("oprf.evaluate", { ...key(), frame: evaluation.frame }, {});
    const query = await evaluation.evaluated(response);
    const answer = await pool.run<Bytes>("pir.answer", { directory, snapshot: snapshotHash, frame: query.frame }, {});
    expect(await query.finish(answer)).toEqual(table.get(name) ?? null);
  }
});

test("the directory holds exactly the documented files, and the result describes them", async () => {
  expect((await readdir(directory)).sort()).toEqual(["database.bin", "digests.json", "hint.bin", "parameters.json"]);
  const hint = new Uint8Array(await readFile(join(directory, "hint.bin")));
  expect(built).toMatchObject({ hintHash: await sha256Hex(hint), hintBytes: hint.length });
  const parameters = JSON.parse(await readFile(join(directory, "parameters.json"), "utf8")) as unknown;
  expect(LookupParameters.parse(parameters)).toEqual(built.parameters);
});

test("a directory that exists is never replaced", async () => {
  const before = await readFile(join(directory, "database.bin"));
  await expect(pool.run("lookup.build", buildTask(directory), {})).rejects.toMatchObject({ code: "ERR_CONFLICT" });
  expect(await readFile(join(directory, "database.bin"))).toEqual(before);
});

test("a build that is refused leaves nothing behind", async () => {
  const entries: [string, Bytes][] = [
    ["a", Uint8Array.of(1)],
    ["a", Uint8Array.of(2)],
  ];
  const failed = pool.run("lookup.build", buildTask(join(root, "refused"), entries), {});
  await expect(failed).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
  expect(await readdir(root)).not.toContainEqual(expect.stringContaining("refused"));
});

test("a query for another snapshot is refused", async () => {
  const words = new Uint32Array(built.parameters.rowsPerBucket);
  const frame = encodePirQuery({ snapshot: fromHex(HASH), query: words });
  const task = { directory, snapshot: "ef".repeat(32), frame };
  await expect(pool.run("pir.answer", task, {})).rejects.toMatchObject({ code: "ERR_SNAPSHOT" });
});

test("a query of the wrong length is refused", async () => {
  const frame = encodePirQuery({ snapshot: fromHex(HASH), query: new Uint32Array(3) });
  const task = { directory, snapshot: HASH, frame };
  await expect(pool.run("pir.answer", task, {})).rejects.toMatchObject({ code: "ERR_LOOKUP_QUERY" });
});

test("malformed frames are refused by both tasks", async () => {
  const frame = Uint8Array.of(0, 1, 0);
  await expect(pool.run("pir.answer", { directory, snapshot: HASH, frame }, {})).rejects.toMatchObject({
    code: "ERR_FRAME_MALFORMED",
  });
  await expect(pool.run("oprf.evaluate", { ...key(), frame }, {})).rejects.toMatchObject({
    code: "ERR_FRAME_MALFORMED",
  });
});

test("an element that is the identity is refused with its index", async () => {
  const frame = encodeEvaluateRequest({ elements: [blind(utf8("x")).blindedElement, new Uint8Array(32)] });
  await expect(pool.run("oprf.evaluate", { ...key(), frame }, {})).rejects.toMatchObject({
    code: "ERR_OPRF_ELEMENT",
    details: { index: 1 },
  });
});

test("a damaged database is refused, and a repaired one answers again", async () => {
  const other = join(root, "damaged");
  await pool.run("lookup.build", buildTask(other), {});
  const snapshot = "ba".repeat(32);
  const file = join(other, "database.bin");
  const intact = await readFile(file);
  await writeFile(file, intact.with(100, (intact[100] ?? 0) ^ 1));
  const query = new Uint32Array(built.parameters.rowsPerBucket);
  const task = { directory: other, snapshot, frame: encodePirQuery({ snapshot: fromHex(snapshot), query }) };
  await expect(pool.run("pir.answer", task, {})).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
  await writeFile(file, intact);
  await expect(pool.run("pir.answer", task, {})).resolves.toBeInstanceOf(Uint8Array);
});

test("the fifth database pushes out the one that was asked longest ago", async () => {
  const moved = join(root, "moved");
  await pool.run("lookup.build", buildTask(moved), {});
  const words = new Uint32Array(built.parameters.rowsPerBucket);
  const ask = (snapshot: string, from: string) => {
    const frame = encodePirQuery({ snapshot: fromHex(snapshot), query: words });
    return pool.run<Bytes>("pir.answer", { directory: from, snapshot, frame }, {});
  };
  const names = [1, 2, 3, 4].map((i) => `0${i}`.repeat(32));
  for (const name of names) await ask(name, moved);
  const [first = "", second = ""] = names;
  await ask(first, moved);
  await ask("05".repeat(32), directory);
  await rm(moved, { recursive: true });
  await ask(first, moved);
  await expect(ask(second, moved)).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
});
