/** A matched set whose table is imported anew: updates by two filters over the same base, the snapshot before for its time, and compaction.
 *  @module */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PsiIdsReceiver } from "@sluice/mpc/psi/receiver";
import {
  isPsiFilter,
  documentHash,
  encodedPsiFilterBytes,
  SignedPsiSnapshot,
  type Bytes,
  type PsiSnapshot,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compactProductOfDomain, startDomain } from "../src/index.ts";
import {
  ask,
  deliverFormsGrant,
  serveForm,
  setJob,
  spentUnits,
  type AnsweringProduct,
} from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  finishedRun,
  get,
  importPersons,
  openFixture,
  ROWS,
  rowText,
  send,
  use,
  type Fixture,
} from "./serving-fixture.ts";

type Opened = { snapshot: PsiSnapshot; snapshotHash: string; receiver: PsiIdsReceiver };

let fixture: Fixture;
let grant: string;
let ids: AnsweringProduct;

beforeAll(async () => {
  fixture = await openFixture();
  grant = await deliverFormsGrant(fixture);
  ids = await serveForm(fixture, grant, "ids", setJob("psi-ids"));
});
afterAll(() => fixture[Symbol.asyncDispose]());

async function restart(between: () => Promise<unknown>): Promise<void> {
  await fixture.domain.close();
  await between();
  const pause = (): Promise<void> => Promise.resolve();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, pause });
}

async function update(lines: readonly string[]): Promise<void> {
  await restart(() => importPersons(fixture.directory, lines));
  const { bundle } = ids.snapshot;
  const envelope = await use({ operation: "build", grant, product: "ids", bundle, key: fixture.parties.operator });
  await send(fixture, "/v1/builds", envelope);
  expect(await finishedRun(fixture, envelope.request.body.callId)).toMatchObject({ state: "completed" });
}

const part = (hash: string, name: string): Promise<Bytes> => get(fixture, `/v1/products/ids/snapshots/${hash}/${name}`);

async function openCurrent(): Promise<Opened> {
  const bytes = await get(fixture, "/v1/products/ids/snapshot");
  const { body } = SignedPsiSnapshot.parse(JSON.parse(new TextDecoder().decode(bytes)));
  const snapshotHash = await documentHash(body);
  const delta = filters(body).delta === undefined ? undefined : await part(snapshotHash, "delta-set");
  const set = await part(snapshotHash, "set");
  return {
    snapshot: body,
    snapshotHash,
    receiver: await PsiIdsReceiver.open({ snapshot: body, snapshotHash, set, delta }),
  };
}

function filters({ parameters }: PsiSnapshot) {
  if (!isPsiFilter(parameters)) throw new Error("not of ids");
  return parameters;
}

async function match({ receiver }: Opened, list: readonly string[]): Promise<string[]> {
  const query = await receiver.start(list);
  return query.finish((await ask(fixture, ids, "psi.ids", query.frame)).content);
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "answered",
    (error: unknown) => (error as { code: string }).code,
  );

const numbers = Array.from({ length: ROWS }, (_, i) => i);
const old = numbers.filter((i) => bucketOfAge(i) >= 60);
const [gone = 0, kept = 0] = old;
const young = numbers.find((i) => bucketOfAge(i) < 60) ?? 0;
const LINES = numbers.map((i) => rowText(i));
/** One of the set is gone, one who was not in it is now, and one is new. */
const CHANGED = [
  ...LINES.filter((_, i) => i !== gone && i !== young),
  rowText(kept, `P${young}`),
  rowText(kept, `P${ROWS}`),
];
const LIST = [`P${gone}`, `P${kept}`, `P${young}`, `P${ROWS}`, "nobody"];
const BEFORE = [`P${gone}`, `P${kept}`];
const AFTER = [`P${kept}`, `P${young}`, `P${ROWS}`];

test(
  "few changes are served by two filters over the same base; the snapshot before answers for its time; a compaction has another key",
  { timeout: 300_000 },
  async () => {
    const first = await openCurrent();
    expect(await match(first, LIST)).toEqual(BEFORE);
    expect(await codeOf(part(first.snapshotHash, "delta-set"))).toBe("ERR_NOT_FOUND");

    await update(CHANGED);
    const second = await openCurrent();
    const { base, oprfPublicKey, delta } = filters(second.snapshot);
    expect({ base, oprfPublicKey, epoch: second.snapshot.epoch }).toEqual({
      base: filters(first.snapshot).base,
      oprfPublicKey: filters(first.snapshot).oprfPublicKey,
      epoch: 1,
    });
    // Two additions and one removal show as steps of one size.
    expect([delta?.added.items, delta?.removed.items]).toEqual([256, 256]);
    expect(await match(second, LIST)).toEqual(AFTER);
    const bytes = await part(second.snapshotHash, "delta-set");
    expect(bytes).toHaveLength(2 * encodedPsiFilterBytes(delta?.added ?? base));
    // Whoever holds the base needs the delta alone; whoever holds the snapshot before asks it to its end, at the same price.
    const { snapshot, snapshotHash } = second;
    const reopened = await first.receiver.reopen({ snapshot, snapshotHash, delta: bytes });
    expect(await match({ ...second, receiver: reopened }, LIST)).toEqual(AFTER);
    const before = spentUnits(fixture, grant, "psi.ids");
    expect(await match(first, LIST)).toEqual(BEFORE);
    expect(spentUnits(fixture, grant, "psi.ids") - before).toBe(16);

    // The second update is cumulative, and ends the first snapshot.
    await update([...CHANGED, rowText(kept, `P${ROWS + 1}`)]);
    const third = await openCurrent();
    expect(filters(third.snapshot).base).toEqual(base);
    expect(await match(third, [...LIST, `P${ROWS + 1}`])).toEqual([...AFTER, `P${ROWS + 1}`]);
    const paid = spentUnits(fixture, grant, "psi.ids");
    expect(await codeOf(match(first, LIST))).toBe("ERR_SNAPSHOT");
    expect(spentUnits(fixture, grant, "psi.ids")).toBe(paid);

    await restart(() => compactProductOfDomain(fixture.directory, "ids"));
    let fourth = await openCurrent().catch(() => third);
    while (fourth.snapshot.epoch === 1) fourth = await openCurrent().catch(() => third);
    expect(fourth.snapshot.epoch).toBe(2);
    expect(filters(fourth.snapshot)).not.toHaveProperty("delta");
    expect(filters(fourth.snapshot).oprfPublicKey).not.toBe(oprfPublicKey);
    expect(await match(fourth, [...LIST, `P${ROWS + 1}`])).toEqual([...AFTER, `P${ROWS + 1}`]);
    expect(await codeOf(match(third, LIST))).toBe("ERR_SNAPSHOT");
  },
);

test(
  "more changes than a delta holds, and a base whose contents are gone, are served by a base of their own under another key",
  { timeout: 300_000 },
  async () => {
    const before = await openCurrent();
    const added = Array.from({ length: 257 }, (_, i) => `P${ROWS + 100 + i}`);
    const many = [...CHANGED, ...added.map((key) => rowText(kept, key))];
    await update(many);
    const rebuilt = await openCurrent();
    expect(rebuilt.snapshot.epoch).toBe(before.snapshot.epoch + 1);
    expect(filters(rebuilt.snapshot)).not.toHaveProperty("delta");
    expect(filters(rebuilt.snapshot).oprfPublicKey).not.toBe(filters(before.snapshot).oprfPublicKey);
    expect(await match(rebuilt, [...LIST, ...added])).toEqual([...AFTER, ...added]);

    await restart(async () => {
      const contents = join(fixture.directory, "contents");
      for (const name of await readdir(contents)) await rm(join(contents, name));
    });
    await update([...many, rowText(kept, "P-last")]);
    const again = await openCurrent();
    expect(again.snapshot.epoch).toBe(rebuilt.snapshot.epoch + 1);
    expect(filters(again.snapshot)).not.toHaveProperty("delta");
    expect(await match(again, [...LIST, "P-last"])).toEqual([...AFTER, "P-last"]);
  },
);
