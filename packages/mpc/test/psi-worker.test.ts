/** The PSI worker as a domain uses it: through a pool, with files. @module */
import {
  documentHash,
  fromHex,
  encodePsiQuery,
  PsiParameters,
  sha256Hex,
  type Bytes,
  type PsiKind,
} from "@sluice/protocol";
import { readdirSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTaskPool } from "../src/pool.ts";
import { PsiCardinalityReceiver, PsiIdsReceiver } from "../src/psi/receiver.ts";
import {
  packEntries,
  PSI_SET_FILE,
  PSI_WORKER,
  psiIdentity,
  type PsiAnswerTask,
  type PsiPrepareTask,
} from "../src/psi/sender.ts";
import { HASH, snapshotOf } from "./psi-product.ts";

const pool = createTaskPool({ workerFile: PSI_WORKER, maxThreads: 1 });
const insured = ["11010119900101001X", "张三", "c", "张三", "\ufeffd"];
const list = ["张三", "nobody", "\ufeffd", "d"];
let root = "";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-psi-"));
});

afterAll(async () => {
  await pool.close();
  await rm(root, { recursive: true, force: true });
});

const keyOf = (kind: PsiKind) => ({
  identity: psiIdentity(snapshotOf(kind, 16, HASH)),
  seed: new Uint8Array(32).fill(5),
});

async function prepare(kind: PsiKind, name: string, entries: readonly string[] = insured) {
  const task: PsiPrepareTask = { ...keyOf(kind), set: packEntries(entries), directory: join(root, name) };
  const parameters = await pool.run<PsiParameters>("psi.prepare", task, {});
  const snapshot = snapshotOf(kind, parameters.paddedItems, parameters.set);
  return { parameters, snapshot, snapshotHash: await documentHash(snapshot), directory: task.directory };
}

function answer(kind: PsiKind, task: Omit<PsiAnswerTask, "identity" | "seed">): Promise<Bytes> {
  return pool.run<Bytes>("psi.answer", { ...keyOf(kind), ...task }, {});
}

test("a list meets a set of ids through the pool, and the directory holds what the snapshot pins", async () => {
  const { parameters, snapshot, snapshotHash, directory } = await prepare("psi-ids", "ids");
  const set = new Uint8Array(await readFile(join(directory, PSI_SET_FILE)));
  const receiver = await PsiIdsReceiver.open({ snapshot, snapshotHash, set });
  const query = await receiver.start(list);
  const frame = await answer("psi-ids", { directory, snapshot: snapshotHash, frame: query.frame });
  expect(await query.finish(frame)).toEqual(["张三", "\ufeffd"]);
  expect((await readdir(directory)).sort()).toEqual(["parameters.json", "set.bin"]);
  const written = JSON.parse(await readFile(join(directory, "parameters.json"), "utf8")) as unknown;
  expect(PsiParameters.parse(written)).toEqual(parameters);
  expect(parameters).toEqual({ kind: "psi-ids", paddedItems: 16, set: await sha256Hex(set) });
});

test("matches are counted through the pool, and no file of that variant is one to serve", async () => {
  const { snapshot, snapshotHash, directory } = await prepare("psi-cardinality", "cardinality");
  const receiver = await PsiCardinalityReceiver.open({ snapshot, snapshotHash });
  const query = await receiver.start(list);
  const task = { directory, snapshot: snapshotHash, frame: query.frame };
  const [first, second] = [await answer("psi-cardinality", task), await answer("psi-cardinality", task)];
  expect(second).not.toEqual(first);
  expect(await query.finish(first)).toBe(2);
  expect((await readdir(directory)).sort()).toEqual(["elements.bin", "parameters.json"]);
});

test("a directory that exists is never replaced, and a refused set leaves nothing behind", async () => {
  const { directory } = await prepare("psi-ids", "once");
  const before = await readFile(join(directory, PSI_SET_FILE));
  await expect(prepare("psi-ids", "once", ["other"])).rejects.toMatchObject({ code: "ERR_CONFLICT" });
  expect(await readFile(join(directory, PSI_SET_FILE))).toEqual(before);
  const set = { entries: new Uint8Array(3), count: 2 };
  const task: PsiPrepareTask = { ...keyOf("psi-ids"), set, directory: join(root, "refused") };
  await expect(pool.run("psi.prepare", task, {})).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  expect(readdirSync(root)).not.toContainEqual(expect.stringContaining("refused"));
});

test.each(["psi-ids", "psi-cardinality"] as const)(
  "a %s query that is malformed or for another snapshot is refused",
  async (kind) => {
    const { snapshotHash, directory } = await prepare(kind, `refusing-${kind}`);
    const cut = { directory, snapshot: snapshotHash, frame: Uint8Array.of(0, 1, 1) };
    await expect(answer(kind, cut)).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
    const zeros = new Uint8Array(16 * 32);
    const elsewhere = encodePsiQuery({ kind, snapshot: fromHex(HASH), elements: zeros });
    await expect(answer(kind, { ...cut, frame: elsewhere })).rejects.toMatchObject({ code: "ERR_SNAPSHOT" });
    const identities = encodePsiQuery({ kind, snapshot: fromHex(snapshotHash), elements: zeros });
    await expect(answer(kind, { ...cut, frame: identities })).rejects.toMatchObject({
      code: "ERR_OPRF_ELEMENT",
      details: { index: 0 },
    });
  },
);

test("elements that are damaged or missing are refused, and a repaired set answers again", async () => {
  const { snapshot, snapshotHash, directory } = await prepare("psi-cardinality", "damaged");
  const receiver = await PsiCardinalityReceiver.open({ snapshot, snapshotHash });
  const query = await receiver.start(list);
  const task = { directory, snapshot: snapshotHash, frame: query.frame };
  const file = join(directory, "elements.bin");
  const intact = await readFile(file);
  for (const bytes of [intact.with(100, (intact[100] ?? 0) ^ 1), intact.subarray(32)]) {
    await writeFile(file, bytes);
    await expect(answer("psi-cardinality", task)).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
  }
  await rm(file);
  await expect(answer("psi-cardinality", task)).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
  await writeFile(file, intact);
  expect(await query.finish(await answer("psi-cardinality", task))).toBe(2);
});

test("a hundred thousand entries are packed without a limit of the engine", () => {
  const packed = packEntries(Array.from({ length: 100_000 }, (_, i) => `person-${i}`));
  expect(packed.count).toBe(100_000);
  expect(packed.entries.length).toBe(100_000 * (2 + 7) + 488_890);
});
