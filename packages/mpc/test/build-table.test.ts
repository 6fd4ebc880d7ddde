/** Builds in steps: the same index as in one go, resumption after every cut, refusals. @module */
import { fromHex, SluiceError, utf8, type Bytes, type TaskPool } from "@sluice/protocol";
import { expect, test } from "vitest";
import type { BuildParts } from "../src/lookup/build-parts.ts";
import { buildTable, type BuildProgress, type TableBuild } from "../src/lookup/build-table.ts";
import { computeHint } from "../src/lookup/hint.ts";
import worker from "../src/lookup/lookup-worker.ts";
import { LweMatrix } from "../src/lookup/matrix.ts";
import { lookupContext, packTable, type BuildResult } from "../src/lookup/server.ts";
import { systemRandom } from "../src/random.ts";
import { IDENTITY } from "./lookup-product.ts";
import { BUILD_INFO as INFO, BUILD_SEED as SEED, openRow } from "./open-row.ts";

const COUNT = 40;
const CHUNK_ROWS = 10;
const CHUNKS = 4;
const KEYS = Array.from({ length: COUNT }, (_, i) => `居民 ${i}`);

/** The worker in this thread, on copies, as a pool gives them; it notes the tasks. */
function inlinePool(tasks: string[]): TaskPool {
  return {
    run: async <T>(task: string, input: unknown): Promise<T> => {
      tasks.push(task);
      const outcome = await worker({ task, input: structuredClone(input) });
      if (!outcome.ok) throw new SluiceError(outcome.code, outcome.details);
      return outcome.value as T;
    },
    close: () => Promise.resolve(),
  };
}

/** Parts in memory that fail as a disk does when the process ends: from the `cut`-th call on. */
class MemoryParts implements BuildParts {
  readonly kept = new Map<string, Bytes>();
  calls = 0;
  cut = Number.POSITIVE_INFINITY;

  async read(name: string): Promise<Bytes | null> {
    this.#call();
    return this.kept.get(name) ?? null;
  }
  async write(name: string, bytes: Bytes): Promise<void> {
    this.#call();
    this.kept.set(name, bytes.slice());
  }
  async clear(): Promise<void> {
    this.#call();
    this.kept.clear();
  }
  #call(): void {
    if (++this.calls > this.cut) throw new Error("the process ended here");
  }
}

function buildOf(parts: BuildParts, more: Partial<TableBuild> & { keys?: readonly string[]; tasks?: string[] } = {}) {
  const { keys = KEYS, tasks = [], ...options } = more;
  return buildTable({
    seed: SEED.slice(),
    info: INFO,
    context: lookupContext(IDENTITY),
    count: keys.length,
    payloadBytes: 3,
    rows: (from, to) => packTable(keys.slice(from, to), keys.slice(from, to).map(payloadOf)),
    pool: inlinePool(tasks),
    threads: 1,
    chunkRows: CHUNK_ROWS,
    parts,
    random: systemRandom,
    ...options,
  });
}

function payloadOf(key: string): Bytes {
  return Uint8Array.of(key.length, key.charCodeAt(key.length - 1), 7);
}

async function expectWhole(built: BuildResult): Promise<void> {
  for (const key of KEYS) expect(await openRow(built, key)).toEqual(payloadOf(key));
  expect(await openRow(built, "nobody")).toBeNull();
  const matrix = await LweMatrix.open(fromHex(built.parameters.matrixSeed));
  const hint = await computeHint(built.parameters, built.database, matrix);
  expect(Buffer.from(built.hint).equals(hint)).toBe(true);
}

test("a table built in chunks opens for every key, with the hint over it", async () => {
  const tasks: string[] = [];
  const seen: BuildProgress[] = [];
  const built = await buildOf(new MemoryParts(), { tasks, onProgress: (progress) => seen.push(progress) });
  await expectWhole(built);
  expect(tasks.filter((task) => task === "lookup.derive")).toHaveLength(CHUNKS);
  expect([...new Set(seen.map(({ stage }) => stage))]).toEqual([
    "checking",
    "deriving",
    "arranging",
    "placing",
    "solving",
    "hint",
  ]);
  expect(seen.filter(({ stage }) => stage === "deriving").map(({ done }) => done)).toEqual([0, 10, 20, 30, 40]);
});

test("OPRF outputs of another product, purpose or epoch open no row", async () => {
  const built = await buildOf(new MemoryParts());
  for (const label of ["credit-band/2", "other-band/1", "credit-band/1 "]) {
    for (const key of KEYS) expect(await openRow(built, key, utf8(label))).toBeNull();
  }
});

test("a build that is cut off at any read or write goes on from what is whole", async () => {
  const whole = new MemoryParts();
  await buildOf(whole);
  for (let cut = 0; cut < whole.calls; cut += 2) {
    const parts = new MemoryParts();
    parts.cut = cut;
    await expect(buildOf(parts)).rejects.toThrow("the process ended here");
    const before = [...parts.kept.keys()].filter((name) => name.startsWith("chunk")).length;
    parts.cut = Number.POSITIVE_INFINITY;
    const tasks: string[] = [];
    const built = await buildOf(parts, { tasks });
    expect(tasks.filter((task) => task === "lookup.derive")).toHaveLength(CHUNKS - before);
    if (cut === 6) await expectWhole(built);
  }
});

test("a part that is not whole is derived again", async () => {
  const parts = new MemoryParts();
  await buildOf(parts);
  parts.kept.set("chunk-1", (parts.kept.get("chunk-1") ?? new Uint8Array()).subarray(1));
  const tasks: string[] = [];
  await expectWhole(await buildOf(parts, { tasks }));
  expect(tasks.filter((task) => task === "lookup.derive")).toHaveLength(1);
});

test.each([
  ["a changed key", { keys: KEYS.with(30, "another") }],
  ["a key less", { keys: KEYS.slice(0, -1) }],
  ["another order", { keys: KEYS.toReversed() }],
  ["another OPRF key", { info: utf8("credit-band/2") }],
  ["another context", { context: utf8("context") }],
  [
    "other payloads",
    {
      rows: (from: number, to: number) =>
        packTable(
          KEYS.slice(from, to),
          KEYS.slice(from, to).map(() => new Uint8Array(3)),
        ),
    },
  ],
])("with %s a build starts anew, under a fresh matrix seed", async (_what, change) => {
  const parts = new MemoryParts();
  const first = await buildOf(parts);
  const tasks: string[] = [];
  const second = await buildOf(parts, { ...change, tasks });
  expect(second.parameters.matrixSeed).not.toBe(first.parameters.matrixSeed);
  expect(tasks.filter((task) => task === "lookup.derive")).toHaveLength(CHUNKS);
});

test("with equal rows it goes on under the same matrix seed", async () => {
  const parts = new MemoryParts();
  const first = await buildOf(parts);
  const second = await buildOf(parts);
  expect(second.parameters.matrixSeed).toBe(first.parameters.matrixSeed);
});

test("a state that cannot be read starts anew", async () => {
  const parts = new MemoryParts();
  await buildOf(parts);
  for (const text of ["", "{", "{}", '{"source":1,"chunks":5,"matrixSeed":"00"}']) {
    parts.kept.set("state", utf8(text));
    const tasks: string[] = [];
    await buildOf(parts, { tasks });
    expect(tasks.filter((task) => task === "lookup.derive")).toHaveLength(CHUNKS);
  }
});

test("a key that occurs in two chunks is refused before anything is derived from it", async () => {
  const parts = new MemoryParts();
  const tasks: string[] = [];
  const failed = buildOf(parts, { keys: KEYS.with(35, KEYS[2] ?? ""), tasks });
  await expect(failed).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
  expect(tasks).not.toContain("lookup.derive");
  expect(parts.kept.size).toBe(0);
});

test("a cancelled build ends with ERR_CANCELLED and keeps what is whole", async () => {
  const parts = new MemoryParts();
  const abort = new AbortController();
  const onProgress = ({ stage, done }: BuildProgress): void => {
    if (stage === "deriving" && done >= 20) abort.abort();
  };
  const failed = buildOf(parts, { signal: abort.signal, onProgress });
  await expect(failed).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  expect([...parts.kept.keys()].toSorted()).toEqual(["chunk-0", "chunk-1", "state"]);
});

test.each([
  ["no rows", { count: 0 }],
  ["too many rows", { count: 4_000_001 }],
  ["no payload", { payloadBytes: 0 }],
  ["a payload too long", { payloadBytes: 4_081 }],
])("a table with %s is refused", async (_what, change) => {
  await expect(buildOf(new MemoryParts(), change)).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
});

test("payloads of another length than was said are refused", async () => {
  await expect(buildOf(new MemoryParts(), { payloadBytes: 4 })).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
});

test("the seed is wiped when a build ends, and parts hold no payload", async () => {
  const seed = SEED.slice();
  const parts = new MemoryParts();
  const payload = utf8("a payload that nobody may read");
  const rows = (from: number, to: number) =>
    packTable(
      KEYS.slice(from, to),
      KEYS.slice(from, to).map(() => payload),
    );
  await buildOf(parts, { seed, rows, payloadBytes: payload.length });
  expect(seed).toEqual(new Uint8Array(32));
  for (const bytes of parts.kept.values()) expect(Buffer.from(bytes).includes("nobody")).toBe(false);
});
