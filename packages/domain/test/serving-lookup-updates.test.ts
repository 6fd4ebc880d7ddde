/** A lookup product whose table is imported anew: updates by a delta table, the snapshot before for its time, and compaction.
 *  @module */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { lookupContext } from "@sluice/mpc/lookup/client";
import { blind, finalizeVerified } from "@sluice/mpc/oprf/client";
import {
  concatBytes,
  decodeEvaluateResponse,
  encodeEvaluateRequest,
  encodePirQuery,
  fromHex,
  utf8,
  type Bytes,
  type LookupParameters,
} from "@sluice/protocol";
import { createDecipheriv } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deriveRecordSecrets } from "../../mpc/src/lookup/derive.ts";
import { positionsOf } from "../../mpc/src/lookup/positions.ts";
import { compactProductOfDomain, startDomain } from "../src/index.ts";
import { Keyring } from "../src/keyring.ts";
import { openSealedFiles } from "../src/rest/open-files.ts";
import { SNAPSHOT_GRACE_MS } from "../src/serve/put-in-service.ts";
import { withState } from "./domain-log.ts";
import {
  askLookup,
  buildAgain,
  CHANGED,
  lookUp,
  lookupPart,
  openCurrent as openSnapshot,
  OTHER,
  type OpenedLookup,
} from "./lookup-fixture.ts";
import { spentUnits } from "./serving-forms-fixture.ts";
import {
  deliverGrant,
  importPersons,
  openFixture,
  plainBand,
  random,
  ROWS,
  rowText,
  serveProduct,
  type Fixture,
} from "./serving-fixture.ts";

let fixture: Fixture;
let grant: string;
let time = 0;
const clock = { now: () => new Date(Date.now() + time) };

beforeAll(async () => {
  fixture = await openFixture(undefined, {}, { clock });
  grant = await deliverGrant(fixture);
  const { built } = await serveProduct(fixture, grant);
  expect(built.state).toBe("completed");
});
afterAll(() => fixture[Symbol.asyncDispose]());

async function restart(between: () => Promise<unknown>): Promise<void> {
  await fixture.domain.close();
  await between();
  const pause = (): Promise<void> => Promise.resolve();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, pause, clock });
}

/** Imports `lines` and builds the product again. */
async function update(lines: readonly string[]): Promise<void> {
  await restart(() => importPersons(fixture.directory, lines));
  await buildAgain(fixture, grant);
}

const openCurrent = (): Promise<OpenedLookup> => openSnapshot(fixture);
const part = (hash: string, name: string): Promise<Bytes> => lookupPart(fixture, hash, name);
const ask = (operation: "lookup.evaluate" | "lookup.query", frame: Bytes, named: string): Promise<Bytes> =>
  askLookup({ fixture, grant }, operation, frame, named);
const lookup = (opened: OpenedLookup, key: string): Promise<string | null> => lookUp({ fixture, grant }, opened, key);

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "answered",
    (error: unknown) => (error as { code: string }).code,
  );
const spent = (): number[] =>
  (["lookup.evaluate", "lookup.query"] as const).map((operation) => spentUnits(fixture, grant, operation));

/** Every content of the sealed files of indexes, and of what they were built from. */
async function indexFiles(): Promise<{ name: string; bytes: Bytes }[]> {
  const { directory, config } = fixture;
  const keyring = await Keyring.open(directory, config);
  const files = await openSealedFiles({ directory, config, keyring, random });
  const parts = (await readdir(join(directory, "indexes"), { recursive: true })).filter((name) =>
    name.endsWith(".bin"),
  );
  const contents = await readdir(join(directory, "contents"));
  const found = [...parts.map((name) => `indexes/${name}`), ...contents.map((name) => `contents/${name}`)];
  return Promise.all(found.map(async (name) => ({ name, bytes: await files.read(name) })));
}

/** Whether `output` opens a record in a database of these parameters. */
function opens(output: Bytes, database: Bytes, parameters: LookupParameters): boolean {
  const { buckets, recordBytes, rowsPerBucket, matrixSeed, filterSeed } = parameters;
  if (database.length !== buckets * recordBytes * rowsPerBucket) return false;
  const { position, key, nonce } = deriveRecordSecrets(output, fromHex(matrixSeed));
  const { bucket, rows } = positionsOf(position, fromHex(filterSeed), parameters);
  const record = Uint8Array.from({ length: recordBytes }, (_, b) =>
    rows.reduce((sum, row) => sum + (database[(row * buckets + bucket) * recordBytes + b] ?? 0), 0),
  );
  const cipher = createDecipheriv("aes-256-gcm", key, nonce).setAuthTag(record.subarray(-16));
  try {
    cipher.update(record.subarray(0, -16));
    cipher.final();
    return true;
  } catch {
    return false;
  }
}

/** What a caller keeps of an evaluation: the output for `key`. */
async function outputOf({ snapshot, snapshotHash }: OpenedLookup, key: string): Promise<Bytes> {
  const context = lookupContext(snapshot);
  const input = concatBytes(Uint8Array.of(context.length >> 8, context.length & 255), context, utf8(key));
  const blinded = blind(input, random);
  const request = encodeEvaluateRequest({ snapshot: fromHex(snapshotHash), elements: [blinded.blindedElement] });
  const { elements, proof } = decodeEvaluateResponse(await ask("lookup.evaluate", request, snapshotHash));
  const [output = new Uint8Array()] = finalizeVerified({
    inputs: [input],
    blinds: [blinded.blind],
    blindedElements: [blinded.blindedElement],
    evaluatedElements: elements,
    proof,
    publicKey: fromHex(snapshot.oprfPublicKey),
  });
  return output;
}

test(
  "few changes are served by a delta over the same base; the snapshot before answers for its time; compaction leaves nothing of what was deleted",
  { timeout: 300_000 },
  async () => {
    const first = await openCurrent();
    expect(first.snapshot.delta).toBeUndefined();
    expect(await lookup(first, "P1")).toBe(plainBand(1));
    const deleted = await outputOf(first, "P1");

    await update(CHANGED);
    const second = await openCurrent();
    const { parameters, hint, oprfPublicKey, epoch } = first.snapshot;
    expect(second.snapshot).toMatchObject({ parameters, hint, oprfPublicKey, epoch });
    expect(second.snapshot.delta?.parameters.matrixSeed).not.toBe(parameters.matrixSeed);
    const before = spent();
    const keys = ["P0", "P1", "P2", `P${ROWS}`, "nobody"];
    const answers = async (opened: OpenedLookup): Promise<(string | null)[]> => {
      const found = [];
      for (const key of keys) found.push(await lookup(opened, key));
      return found;
    };
    expect(await answers(second)).toEqual([plainBand(0), null, plainBand(OTHER), plainBand(OTHER), null]);
    const between = spent();
    // Whoever holds the snapshot before asks it to its end, at the same price, and gets its hints.
    expect(await answers(first)).toEqual([plainBand(0), plainBand(1), plainBand(2), null, null]);
    expect(spent().map((units, i) => units - (between[i] ?? 0))).toEqual([5, 5]);
    expect(between.map((units, i) => units - (before[i] ?? 0))).toEqual([5, 5]);
    expect((await part(first.snapshotHash, "hint")).length).toBe(first.snapshot.hintBytes);
    expect(await codeOf(part(first.snapshotHash, "delta-hint"))).toBe("ERR_NOT_FOUND");
    // A query that leaves the delta out is refused before anything is spent.
    const onlyBase = first.client.start("P1", random);
    const half = await onlyBase.evaluated(await ask("lookup.evaluate", onlyBase.frame, first.snapshotHash));
    const renamed = concatBytes(half.frame.subarray(0, 2), fromHex(second.snapshotHash), half.frame.subarray(34));
    const charged = spent();
    expect(await codeOf(ask("lookup.query", renamed, second.snapshotHash))).toBe("ERR_LOOKUP_QUERY");
    // So is one as long as a frame may be.
    const long = encodePirQuery({ snapshot: fromHex(second.snapshotHash), parts: [new Uint32Array(4_190_000)] });
    expect(await codeOf(ask("lookup.query", long, second.snapshotHash))).toBe("ERR_LOOKUP_QUERY");
    expect(spent()).toEqual(charged);

    // The second update is cumulative, and only one snapshot before it answers, for its time.
    await update([...CHANGED, rowText(OTHER, `P${ROWS + 1}`)]);
    const third = await openCurrent();
    expect(third.snapshot).toMatchObject({ hint, epoch });
    expect(await answers(third)).toEqual(await answers(second));
    expect(await lookup(third, `P${ROWS + 1}`)).toBe(plainBand(OTHER));
    const paid = spent();
    expect(await codeOf(lookup(first, "P0"))).toBe("ERR_SNAPSHOT");
    expect(await codeOf(ask("lookup.query", half.frame, first.snapshotHash))).toBe("ERR_SNAPSHOT");
    expect(await codeOf(part(first.snapshotHash, "hint"))).toBe("ERR_SNAPSHOT");
    expect(spent()).toEqual(paid);

    // The deleted row is still in the base until the compaction.
    const kept = await indexFiles();
    expect(kept.some(({ bytes }) => opens(deleted, bytes, parameters))).toBe(true);
    const gone = new Set(kept.map(({ name }) => name));
    await restart(() => compactProductOfDomain(fixture.directory, "bands"));
    let fourth = await openCurrent().catch(() => third);
    while (fourth.snapshot.epoch === epoch) fourth = await openCurrent().catch(() => third);
    expect(fourth.snapshot.delta).toBeUndefined();
    expect(fourth.snapshot.epoch).toBe(epoch + 1);
    expect(fourth.snapshot.oprfPublicKey).not.toBe(oprfPublicKey);
    expect(await answers(fourth)).toEqual([plainBand(0), null, plainBand(OTHER), plainBand(OTHER), null]);
    for (const opened of [second, third]) expect(await codeOf(lookup(opened, "P0"))).toBe("ERR_SNAPSHOT");

    await restart(() => Promise.resolve());
    const left = await indexFiles();
    expect(left.length).toBeGreaterThan(0);
    expect(left.filter(({ name }) => gone.has(name))).toEqual([]);
    const tables = [parameters, second.snapshot.delta, third.snapshot.delta, fourth.snapshot].flatMap((table) =>
      table === undefined ? [] : ["parameters" in table ? table.parameters : table],
    );
    for (const { name, bytes } of left) {
      for (const table of tables) expect(opens(deleted, bytes, table), name).toBe(false);
      expect(Buffer.from(bytes).includes(Buffer.from([0, 2, ...utf8("P1")])), name).toBe(false);
    }
  },
);

test("the snapshot before answers no longer than its time", { timeout: 120_000 }, async () => {
  const before = await openCurrent();
  await update(CHANGED);
  expect(await lookup(before, "P0")).toBe(plainBand(0));
  // Trails of the rows that it answers from end with it.
  const ended = withState(fixture.directory, (db) =>
    db.prepare("SELECT from_at, until_at FROM membership ORDER BY rowid DESC LIMIT 2").all(),
  );
  const [now, former] = ended.map((row) => [String(row["from_at"]), row["until_at"]] as const);
  expect(now?.[1]).toBeNull();
  expect(Date.parse(String(former?.[1])) - Date.parse(now?.[0] ?? "")).toBeLessThan(SNAPSHOT_GRACE_MS + 60_000);
  expect(withState(fixture.directory, (db) => db.prepare("SELECT until_at FROM product_before").all())).toEqual([
    { until_at: former?.[1] },
  ]);
  time += SNAPSHOT_GRACE_MS;
  expect(await codeOf(lookup(before, "P0"))).toBe("ERR_SNAPSHOT");
});

test("more changes than a delta may hold are a base of the next epoch, and end the snapshot before at once", async () => {
  const { snapshot } = await openCurrent();
  const { epoch } = snapshot;
  // What the base was compacted to. Of 400 rows an eighth are fewer than 256, the least that a delta may hold.
  const base = [...CHANGED, rowText(OTHER, `P${ROWS + 1}`)];
  const added = (count: number): string[] => Array.from({ length: count }, (_, i) => rowText(i, `N${i}`));
  await update([...base, ...added(256)]);
  const full = await openCurrent();
  expect(full.snapshot).toMatchObject({ epoch, hint: snapshot.hint });
  expect(full.snapshot.delta).toBeDefined();
  expect(await lookup(full, "N255")).toBe(plainBand(255));

  await update([...base, ...added(257)]);
  const anew = await openCurrent();
  expect(anew.snapshot.delta).toBeUndefined();
  expect(anew.snapshot.epoch).toBe(epoch + 1);
  expect(anew.snapshot.oprfPublicKey).not.toBe(snapshot.oprfPublicKey);
  const found = [];
  for (const key of ["P0", "P1", "P2", "N0", "N256", "nobody"]) found.push(await lookup(anew, key));
  expect(found).toEqual([plainBand(0), null, plainBand(OTHER), plainBand(0), plainBand(256), null]);
  expect(await codeOf(lookup(full, "P0"))).toBe("ERR_SNAPSHOT");
  // Nothing of base and delta before is left.
  const parts = await readdir(join(fixture.directory, "indexes"));
  expect([parts.length, await readdir(join(fixture.directory, "contents"))]).toEqual([1, parts]);
});
