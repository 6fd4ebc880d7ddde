/** The lookup worker as a domain uses it: through the pool. @module */
import {
  documentHash,
  encodeEvaluateRequest,
  encodeLookupRecord,
  encodePirQuery,
  fromHex,
  sha256Hex,
  utf8,
  type Bytes,
  type LookupSnapshot,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LookupClient } from "../src/lookup/client.ts";
import { buildTable } from "../src/lookup/build-table.ts";
import { LOOKUP_WORKER, lookupContext, packTable, type AnswerTask, type BuildResult } from "../src/lookup/server.ts";
import { blind } from "../src/oprf/client.ts";
import { createTaskPool } from "../src/pool.ts";
import { systemRandom } from "../src/random.ts";
import { IDENTITY } from "./lookup-product.ts";

const HASH = "cd".repeat(32);
const pool = createTaskPool({ workerFile: LOOKUP_WORKER, maxThreads: 1 });
const key = () => ({ seed: new Uint8Array(32).fill(5), info: utf8("credit-band/1") });
const table = new Map([
  ["11010119900101001X", Uint8Array.of(1)],
  ["张三", Uint8Array.of(2)],
  ["c", Uint8Array.of(0)],
]);
let built: BuildResult;
/** What every answer needs, the database in shared memory. */
let index: Pick<AnswerTask, "parts">;

beforeAll(async () => {
  built = await build([...table]);
  const database = new Uint8Array(new SharedArrayBuffer(built.database.length));
  database.set(built.database);
  index = { parts: [{ parameters: built.parameters, database }] };
});

afterAll(() => pool.close());

function build(entries: readonly [string, Bytes][]): Promise<BuildResult> {
  const names = entries.map(([name]) => name);
  const records = entries.map(([, record]) => encodeLookupRecord(record));
  const kept = new Map<string, Bytes>();
  return buildTable({
    ...key(),
    context: lookupContext(IDENTITY),
    count: entries.length,
    payloadBytes: records[0]?.length ?? 0,
    rows: (from, to) => packTable(names.slice(from, to), records.slice(from, to)),
    pool,
    threads: 1,
    parts: {
      read: async (name) => kept.get(name) ?? null,
      write: async (name, bytes) => void kept.set(name, bytes.slice()),
      clear: async () => kept.clear(),
    },
    random: systemRandom,
  });
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
    hint: await sha256Hex(built.hint),
    hintBytes: built.hint.length,
    vocabulary: ["A", "B", "C"],
    at: "2026-01-01T00:00:00.000Z",
  };
  const snapshotHash = await documentHash(snapshot);
  return { client: await LookupClient.open({ snapshot, snapshotHash, hints: [built.hint] }), snapshotHash };
}

test("an index built, evaluated and queried through the pool answers as the table does", async () => {
  const { client, snapshotHash } = await openClient();
  for (const name of ["11010119900101001X", "张三", "c", "nobody"]) {
    const evaluation = client.start(name);
    const response = await pool.run<Bytes>("oprf.evaluate", { ...key(), frame: evaluation.frame }, {});
    const query = await evaluation.evaluated(response);
    const answer = await pool.run<Bytes>("pir.answer", { ...index, snapshot: snapshotHash, frame: query.frame }, {});
    expect(await query.finish(answer)).toEqual(table.get(name) ?? null);
  }
});

test("a table that repeats a key is refused", async () => {
  const entries: [string, Bytes][] = [
    ["a", Uint8Array.of(1)],
    ["a", Uint8Array.of(2)],
  ];
  await expect(build(entries)).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
});

test("a query for another snapshot is refused", async () => {
  const words = new Uint32Array(built.parameters.rowsPerBucket);
  const frame = encodePirQuery({ snapshot: fromHex(HASH), parts: [words] });
  const task = { ...index, snapshot: "ef".repeat(32), frame };
  await expect(pool.run("pir.answer", task, {})).rejects.toMatchObject({ code: "ERR_SNAPSHOT" });
});

test("a query of the wrong length, or with a part too many, is refused", async () => {
  const words = new Uint32Array(built.parameters.rowsPerBucket);
  for (const parts of [[new Uint32Array(3)], [words, words], [words, new Uint32Array(0)]]) {
    const frame = encodePirQuery({ snapshot: fromHex(HASH), parts });
    const task = { ...index, snapshot: HASH, frame };
    await expect(pool.run("pir.answer", task, {})).rejects.toMatchObject({ code: "ERR_LOOKUP_QUERY" });
  }
});

test("malformed frames are refused by both tasks", async () => {
  const frame = Uint8Array.of(0, 1, 0);
  await expect(pool.run("pir.answer", { ...index, snapshot: HASH, frame }, {})).rejects.toMatchObject({
    code: "ERR_FRAME_MALFORMED",
  });
  await expect(pool.run("oprf.evaluate", { ...key(), frame }, {})).rejects.toMatchObject({
    code: "ERR_FRAME_MALFORMED",
  });
});

test("an element that is the identity is refused with its index", async () => {
  const frame = encodeEvaluateRequest({
    snapshot: fromHex(HASH),
    elements: [blind(utf8("x")).blindedElement, new Uint8Array(32)],
  });
  await expect(pool.run("oprf.evaluate", { ...key(), frame }, {})).rejects.toMatchObject({
    code: "ERR_OPRF_ELEMENT",
    details: { index: 1 },
  });
});

test("a database of another size than its parameters is refused", async () => {
  const frame = encodePirQuery({
    snapshot: fromHex(HASH),
    parts: [new Uint32Array(built.parameters.rowsPerBucket)],
  });
  const parts = [{ parameters: built.parameters, database: built.database.subarray(1) }];
  const task = { parts, snapshot: HASH, frame };
  await expect(pool.run("pir.answer", task, {})).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
});
