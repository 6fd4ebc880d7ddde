/** The PSI worker as a domain uses it: through a pool. @module */
import { ristretto255 } from "@noble/curves/ed25519.js";
import {
  documentHash,
  encodePsiCardinalityQuery,
  encodePsiQuery,
  fromHex,
  type Bytes,
  type PsiKind,
} from "@sluice/protocol";
import { afterAll, expect, test } from "vitest";
import type { BuildParts } from "../src/lookup/build-parts.ts";
import { createTaskPool } from "../src/pool.ts";
import { PsiCardinalityReceiver, PsiIdsReceiver } from "../src/psi/receiver.ts";
import {
  buildPsiFilters,
  packEntries,
  PSI_WORKER,
  type PsiAnswerTask,
  type PsiCountTask,
  type PsiPrepareCountTask,
  type PsiPrepared,
} from "../src/psi/sender.ts";
import { HASH, identityOf, NOISE, snapshotOf } from "./psi-product.ts";

const pool = createTaskPool({ workerFile: PSI_WORKER, maxThreads: 1 });
const insured = ["11010119900101001X", "张三", "c", "张三", "\ufeffd"];
const list = ["张三", "nobody", "\ufeffd", "d"];

afterAll(() => pool.close());

const keyOf = (kind: PsiKind) => ({ identity: identityOf(kind), seed: new Uint8Array(32).fill(5) });

const NONE = new Uint8Array();
const setOf = (entries: readonly string[]) => ({
  count: entries.length,
  entries: (from: number, to: number) => entries.slice(from, to),
});

/** Parts in memory, and how often one was written. */
function memoryParts() {
  const kept = new Map<string, Bytes>();
  let writes = 0;
  const parts: BuildParts = {
    read: async (name) => kept.get(name)?.slice() ?? null,
    write: async (name, bytes) => {
      writes++;
      kept.set(name, bytes.slice());
    },
    clear: async () => kept.clear(),
  };
  return { parts, kept, writes: () => writes };
}

async function build(entries: readonly string[], { parts } = memoryParts()) {
  const { identity, seed } = keyOf("psi-ids");
  const sets = [{ ...setOf([...new Set(entries)]), items: 16 }];
  const { oprfPublicKey, filters } = await buildPsiFilters({ identity, seed, sets, pool, threads: 2, parts });
  const [base] = filters;
  if (base === undefined) throw new Error("one filter");
  const snapshot = snapshotOf({ kind: "psi-ids", method: "filter", paddedItems: 16, oprfPublicKey, base: base.table });
  return { snapshot, snapshotHash: await documentHash(snapshot), set: base.filter };
}

async function prepare(kind: PsiKind) {
  if (kind === "psi-ids") return { ...(await build(insured)), elements: NONE };
  const task: PsiPrepareCountTask = { identity: keyOf(kind).identity, set: packEntries(insured) };
  const { parameters, set } = await pool.run<PsiPrepared>("psi.prepare-count", task, {});
  const snapshot = snapshotOf({ kind, ...parameters, noise: NOISE });
  const elements = new Uint8Array(new SharedArrayBuffer(set.length));
  elements.set(set);
  return { snapshot, snapshotHash: await documentHash(snapshot), set, elements };
}

function answer(kind: PsiKind, task: Pick<PsiCountTask, "elements" | "snapshot" | "frame">): Promise<Bytes> {
  const { identity, seed } = keyOf(kind);
  const { elements, snapshot, frame } = task;
  const ids: PsiAnswerTask = { identity, seed, snapshot, frame };
  const dummies = { shift: NOISE.shift, matches: NOISE.shift };
  const count: PsiCountTask = { identity, elements, snapshot, frame, dummies };
  return kind === "psi-ids" ? pool.run<Bytes>("psi.answer", ids, {}) : pool.run<Bytes>("psi.count", count, {});
}

test("a list meets a set of ids whose filter was built through the pool", async () => {
  const { snapshot, snapshotHash, set } = await build(insured);
  const receiver = await PsiIdsReceiver.open({ snapshot, snapshotHash, set });
  const query = await receiver.start(list);
  const frame = await answer("psi-ids", { elements: NONE, snapshot: snapshotHash, frame: query.frame });
  expect(await query.finish(frame)).toEqual(["张三", "\ufeffd"]);
});

test("a build that goes on takes what was evaluated, but not what is of other entries, altered or cut", async () => {
  const held = memoryParts();
  const matches = async (entries: readonly string[]) => {
    const { snapshot, snapshotHash, set } = await build(entries, held);
    const query = await (await PsiIdsReceiver.open({ snapshot, snapshotHash, set })).start(list);
    return query.finish(await answer("psi-ids", { elements: NONE, snapshot: snapshotHash, frame: query.frame }));
  };
  expect(await matches(insured)).toEqual(["张三", "\ufeffd"]);
  expect(held.writes()).toBe(1);
  expect(await matches(insured)).toEqual(["张三", "\ufeffd"]);
  expect(held.writes()).toBe(1);
  expect(await matches(["nobody", "x", "y", "z"])).toEqual(["nobody"]);
  expect(held.writes()).toBe(2);
  for (const [name, bytes] of held.kept) held.kept.set(name, bytes.subarray(1));
  expect(await matches(["nobody", "x", "y", "z"])).toEqual(["nobody"]);
  expect(held.writes()).toBe(3);
});

test("entries that repeat fit no filter", async () => {
  const { identity, seed } = keyOf("psi-ids");
  const sets = [{ ...setOf(["a", "a"]), items: 16 }];
  const { parts } = memoryParts();
  await expect(buildPsiFilters({ identity, seed, sets, pool, threads: 1, parts })).rejects.toMatchObject({
    code: "ERR_LOOKUP_TABLE",
  });
});

test("matches are counted through the pool", async () => {
  const { snapshot, snapshotHash, elements } = await prepare("psi-cardinality");
  const receiver = await PsiCardinalityReceiver.open({ snapshot, snapshotHash });
  const query = await receiver.start(list);
  const task = { elements, snapshot: snapshotHash, frame: query.frame };
  const [first, second] = [await answer("psi-cardinality", task), await answer("psi-cardinality", task)];
  expect(second).not.toEqual(first);
  expect(await query.finish(first)).toMatchObject({ count: 2, maxError: NOISE.shift });
});

test("entries that are cut are refused", async () => {
  const set = { entries: new Uint8Array(3), count: 2 };
  for (const task of ["psi.prepare-count", "psi.evaluate"]) {
    const input = { ...keyOf(task === "psi.evaluate" ? "psi-ids" : "psi-cardinality"), set };
    await expect(pool.run(task, input, {})).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  }
});

test.each(["psi-ids", "psi-cardinality"] as const)(
  "a %s query that is malformed or for another snapshot is refused",
  async (kind) => {
    const { snapshotHash, elements } = await prepare(kind);
    const cut = { elements, snapshot: snapshotHash, frame: Uint8Array.of(0, 1, 1) };
    await expect(answer(kind, cut)).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
    const zeros = new Uint8Array(16 * 32);
    const base = ristretto255.Point.BASE.toBytes();
    const query = (snapshot: string): Bytes =>
      kind === "psi-ids"
        ? encodePsiQuery({ snapshot: fromHex(snapshot), elements: zeros })
        : encodePsiCardinalityQuery({ snapshot: fromHex(snapshot), base, elements: zeros });
    await expect(answer(kind, { ...cut, frame: query(HASH) })).rejects.toMatchObject({ code: "ERR_SNAPSHOT" });
    const identities = query(snapshotHash);
    await expect(answer(kind, { ...cut, frame: identities })).rejects.toMatchObject({
      code: "ERR_OPRF_ELEMENT",
      details: { index: 0 },
    });
  },
);

test("a hundred thousand entries are packed without a limit of the engine", () => {
  const packed = packEntries(Array.from({ length: 100_000 }, (_, i) => `person-${i}`));
  expect(packed.count).toBe(100_000);
  expect(packed.entries.length).toBe(100_000 * (2 + 7) + 488_890);
});
