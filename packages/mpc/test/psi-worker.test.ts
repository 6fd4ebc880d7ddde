/** The PSI worker as a domain uses it: through a pool. @module */
import { ristretto255 } from "@noble/curves/ed25519.js";
import {
  documentHash,
  encodePsiCardinalityQuery,
  encodePsiQuery,
  fromHex,
  sha256Hex,
  type Bytes,
  type PsiKind,
} from "@sluice/protocol";
import { afterAll, expect, test } from "vitest";
import { createTaskPool } from "../src/pool.ts";
import { PsiCardinalityReceiver, PsiIdsReceiver } from "../src/psi/receiver.ts";
import {
  packEntries,
  PSI_WORKER,
  psiIdentity,
  type PsiAnswerTask,
  type PsiCountTask,
  type PsiPrepareCountTask,
  type PsiPrepared,
  type PsiPrepareTask,
} from "../src/psi/sender.ts";
import { HASH, NOISE, snapshotOf } from "./psi-product.ts";

const pool = createTaskPool({ workerFile: PSI_WORKER, maxThreads: 1 });
const insured = ["11010119900101001X", "张三", "c", "张三", "\ufeffd"];
const list = ["张三", "nobody", "\ufeffd", "d"];

afterAll(() => pool.close());

const keyOf = (kind: PsiKind) => ({
  identity: psiIdentity(snapshotOf(kind, 16, HASH)),
  seed: new Uint8Array(32).fill(5),
});

async function prepare(kind: PsiKind) {
  const { identity, seed } = keyOf(kind);
  const entries = packEntries(insured);
  const ids: PsiPrepareTask = { identity, seed, set: entries };
  const count: PsiPrepareCountTask = { identity, set: entries };
  const { parameters, set } = await (kind === "psi-ids"
    ? pool.run<PsiPrepared>("psi.prepare", ids, {})
    : pool.run<PsiPrepared>("psi.prepare-count", count, {}));
  const snapshot = snapshotOf(kind, parameters.paddedItems, parameters.set);
  const elements = new Uint8Array(new SharedArrayBuffer(set.length));
  elements.set(set);
  return { parameters, snapshot, snapshotHash: await documentHash(snapshot), set, elements };
}

function answer(kind: PsiKind, task: Pick<PsiCountTask, "elements" | "snapshot" | "frame">): Promise<Bytes> {
  const { identity, seed } = keyOf(kind);
  const { elements, snapshot, frame } = task;
  const ids: PsiAnswerTask = { identity, seed, snapshot, frame };
  const dummies = { shift: NOISE.shift, matches: NOISE.shift };
  const count: PsiCountTask = { identity, elements, snapshot, frame, dummies };
  return kind === "psi-ids" ? pool.run<Bytes>("psi.answer", ids, {}) : pool.run<Bytes>("psi.count", count, {});
}

test("a list meets a set of ids through the pool, which is the one that the snapshot pins", async () => {
  const { parameters, snapshot, snapshotHash, set, elements } = await prepare("psi-ids");
  const receiver = await PsiIdsReceiver.open({ snapshot, snapshotHash, set });
  const query = await receiver.start(list);
  const frame = await answer("psi-ids", { elements, snapshot: snapshotHash, frame: query.frame });
  expect(await query.finish(frame)).toEqual(["张三", "\ufeffd"]);
  expect(parameters).toEqual({ paddedItems: 16, set: await sha256Hex(set) });
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
  const task: PsiPrepareTask = { ...keyOf("psi-ids"), set: { entries: new Uint8Array(3), count: 2 } };
  await expect(pool.run("psi.prepare", task, {})).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
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
