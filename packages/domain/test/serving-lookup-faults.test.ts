/** What becomes of the files of a lookup product when a build or a compaction fails, finds files missing, or nobody may ask any
 *  more. With SLOW=1.
 *  @module */
import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { signDocument } from "@sluice/evidence";
import { isSluiceError } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compactProductOfDomain, startDomain } from "../src/index.ts";
import { buildAgain, CHANGED, LINES, lookUp, openCurrent, OTHER } from "./lookup-fixture.ts";
import {
  deliverGrant,
  finishedRun,
  importPersons,
  openFixture,
  plainBand,
  postJson,
  random,
  ROWS,
  rowText,
  sealedCall,
  send,
  serveProduct,
  use,
  type Fixture,
} from "./serving-fixture.ts";

let fixture: Fixture;
let grant: string;
/** Done whenever the domain asks for the time, which is also after a build has written its files and before it is served. */
let whenAsked = (): void => {};
const clock = {
  now: () => {
    whenAsked();
    return new Date();
  },
};

beforeAll(async () => {
  fixture = await openFixture(undefined, {}, { clock });
  grant = await deliverGrant(fixture);
  await serveProduct(fixture, grant);
});
afterAll(() => fixture[Symbol.asyncDispose]());

async function restart(between: () => Promise<unknown>): Promise<void> {
  await fixture.domain.close();
  await between();
  const pause = (): Promise<void> => Promise.resolve();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, pause, clock });
}

const list = (folder: string): string[] => readdirSync(join(fixture.directory, folder)).toSorted();
/** What stands on the disk of products. */
const onDisk = () => ({
  indexes: list("indexes"),
  contents: list("contents"),
  memberships: list("memberships"),
  builds: list("builds"),
});

function sql(statement: string, ...values: string[]): void {
  const state = new DatabaseSync(join(fixture.directory, "state.sqlite"), { timeout: 5_000 });
  state.prepare(statement).run(...values);
  state.close();
}

function served(): { directory: string; delta: string; hash: string } {
  const state = new DatabaseSync(join(fixture.directory, "state.sqlite"), { readOnly: true });
  const row = state.prepare("SELECT directory, delta, snapshot_hash FROM product").get();
  state.close();
  return {
    directory: String(row?.["directory"]),
    delta: String(row?.["delta"]),
    hash: String(row?.["snapshot_hash"]),
  };
}

/** Does `work` once, when a build has written what it was built from. Resolves then. */
function onceWritten(work: () => void): Promise<void> {
  const before = new Set(list("contents"));
  return new Promise((resolve) => {
    whenAsked = () => {
      if (!list("contents").some((name) => !before.has(name) && !name.endsWith(".tmp"))) return;
      whenAsked = () => {};
      work();
      resolve();
    };
  });
}

const found = async (...keys: string[]): Promise<(string | null)[]> => {
  const opened = await openCurrent(fixture);
  const labels = [];
  for (const key of keys) labels.push(await lookUp({ fixture, grant }, opened, key));
  return labels;
};

test("what the base was built from is missing: the next build makes a base of its own", async () => {
  const before = await openCurrent(fixture);
  await restart(async () => {
    await importPersons(fixture.directory, CHANGED);
    await rm(join(fixture.directory, "contents", served().directory));
  });
  await buildAgain(fixture, grant);
  const { snapshot } = await openCurrent(fixture);
  expect([snapshot.epoch, snapshot.delta]).toEqual([before.snapshot.epoch + 1, undefined]);
  expect(await found("P0", "P1", "P2")).toEqual([plainBand(0), null, plainBand(OTHER)]);
  expect(list("contents")).toEqual([served().directory]);
});

test("a compaction that loses against a build leaves nothing of what it wrote, though the domain goes on", async () => {
  const before = onDisk();
  const { hash } = served();
  let lost = Promise.resolve();
  await restart(async () => {
    await compactProductOfDomain(fixture.directory, "bands");
    lost = onceWritten(() => sql("UPDATE product SET snapshot_hash = 'another'"));
  });
  await lost;
  await expect.poll(onDisk, { timeout: 60_000, interval: 20 }).toEqual(before);
  sql("UPDATE product SET snapshot_hash = ?, compact = 0", hash);
});

test("an update that loses against a build leaves nothing of what it wrote, and takes no base away", async () => {
  await restart(() => importPersons(fixture.directory, [...CHANGED, rowText(OTHER, `P${ROWS + 1}`)]));
  const before = onDisk();
  const { directory } = served();
  const lost = onceWritten(() => sql("UPDATE product SET directory = 'another'"));
  const envelope = await use({ operation: "build", grant, key: fixture.parties.operator });
  await send(fixture, "/v1/builds", envelope);
  await lost;
  const run = await finishedRun(fixture, envelope.request.body.callId);
  expect([run.state, run.failure?.code]).toEqual(["failed", "ERR_STATE"]);
  await expect.poll(onDisk, { timeout: 60_000, interval: 20 }).toEqual(before);
  sql("UPDATE product SET directory = ?", directory);
  expect(await found("P0", "P1")).toEqual([plainBand(0), null]);
});

test("nothing stays of a product whose grant was revoked, once it is compacted", async () => {
  await restart(() => importPersons(fixture.directory, LINES));
  await buildAgain(fixture, grant);
  expect(served().delta).not.toBe("");
  const { client } = await openCurrent(fixture);
  const asking = { operation: "lookup.evaluate", grant, key: fixture.parties.caller } as const;
  const { envelope } = await sealedCall(fixture, client.start("P0", random).frame, asking);
  const at = new Date().toISOString();
  const body = { type: "revocation", domain: "test", grant, reason: "test", at } as const;
  await postJson(fixture, "/v1/revocations", await signDocument(body, fixture.parties.department));
  await restart(() => compactProductOfDomain(fixture.directory, "bands"));
  await expect.poll(() => [list("indexes"), list("contents")], { timeout: 60_000, interval: 20 }).toEqual([[], []]);
  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => "answered",
      (error: unknown) => (isSluiceError(error) ? error.code : error),
    );
  expect(await codeOf(openCurrent(fixture))).toBe("ERR_NOT_FOUND");
  expect(await codeOf(send(fixture, "/v1/calls", envelope))).toBe("ERR_GRANT_REVOKED");
  await fixture.domain.close();
  await expect(compactProductOfDomain(fixture.directory, "bands")).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  await restart(() => Promise.resolve());
  expect(onDisk()).toMatchObject({ indexes: [], contents: [], builds: [] });
});
