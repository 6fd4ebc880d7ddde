import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sealedFileFacts, signDocument, verifyReceipt } from "@sluice/evidence";
import { PsiCardinalityReceiver, PsiIdsReceiver } from "@sluice/mpc/psi/receiver";
import { ScoreClient } from "@sluice/mpc/he/linear/client";
import {
  documentHash,
  encodePsiCardinalityQuery,
  encodePsiQuery,
  encodeReportRequest,
  encodeScoreRequest,
  encodePirQuery,
  fromHex,
  fromUtf8,
  isSluiceError,
  maxPsiElements,
  padPsiItems,
  Report,
  type ScoreParameters,
  SCORE_COEFFICIENT_BYTES,
  SCORE_SEED_BYTES,
  sha256Hex,
  SignedRelease,
  utf8,
  type Bytes,
  type Operation,
  Table,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspectRun, startDomain } from "../src/index.ts";
import { withState } from "./domain-log.ts";
import {
  ask,
  deliverFormsGrant,
  GROUPS,
  MODEL,
  OPERATIONS,
  SCORE_JOB,
  serveForm,
  setJob,
  spentUnits,
  TABLE_JOB,
  type AnsweringProduct,
} from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  clock,
  develop,
  finishedRun,
  get,
  grantBody,
  JOB,
  openFixture,
  postJson,
  random,
  regionOf,
  releaseOf,
  ROWS,
  sealedCall,
  send,
  serveProduct,
  snapshotOf,
  use,
  type Fixture,
  trustOf,
} from "./serving-fixture.ts";

/** Two rows to a person; the oldest of region R0 are four persons with many rows. */
const personOf = (i: number): string => (bucketOfAge(i) === 60 && i % 3 === 0 ? `F${i % 4}` : `P${Math.floor(i / 2)}`);

const rows = Array.from({ length: ROWS }, (_, i) => ({
  person: personOf(i),
  age: bucketOfAge(i),
  region: regionOf(i),
}));
const members = new Set(rows.filter(({ age }) => age >= 60).map(({ person }) => person));

/** Rows that may be scored. */
const SCORE_QUOTA = 4_000;
let fixture: Fixture;
let grant: string;
let ids: AnsweringProduct;
let cardinality: AnsweringProduct;
/** Of the counting product: ten counts. */
const COUNT_PRIVACY = { epsilon: "1", budget: "10" };
let score: AnsweringProduct;
let report: AnsweringProduct;

beforeAll(async () => {
  fixture = await openFixture(personOf);
  grant = await deliverFormsGrant(fixture, { score: String(SCORE_QUOTA) });
  ids = await serveForm(fixture, grant, "ids", setJob("psi-ids"));
  cardinality = await serveForm(fixture, grant, "cardinality", setJob("psi-cardinality", COUNT_PRIVACY));
  score = await serveForm(fixture, grant, "points", SCORE_JOB);
  report = await serveForm(fixture, grant, "groups", TABLE_JOB);
});

test("every output is registered by its source table, and whom report, model and metrics show lies sealed beside it", async () => {
  const rows = withState(fixture.directory, (db) =>
    db.prepare("SELECT product, kind, resource, key_column, shown FROM output_register ORDER BY id").all(),
  );
  expect(rows.map(({ product, kind }) => [product, kind])).toEqual([
    ["ids", "development"],
    ["ids", "psi-ids"],
    ["cardinality", "development"],
    ["cardinality", "psi-cardinality"],
    ["points", "development"],
    ["points", "score"],
    ["groups", "development"],
    ["groups", "report"],
  ]);
  expect(new Set(rows.map((row) => `${String(row["resource"])} ${String(row["key_column"])}`))).toEqual(
    new Set(["persons person"]),
  );
  // Labels and sets show no counts.
  expect(rows.map(({ shown }) => shown !== null)).toEqual([true, false, true, false, true, true, true, true]);
  const files = await readdir(join(fixture.directory, "register"));
  expect(new Set(files)).toEqual(new Set(rows.flatMap(({ shown }) => (shown === null ? [] : [shown]))));
  const facts = await sealedFileFacts(join(fixture.directory, "register", files[0] ?? ""));
  expect(facts?.plainBytes).toBeGreaterThan(0);
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const refusalOf = async (answer: Promise<unknown>): Promise<string> => {
  try {
    await answer;
    return "an answer";
  } catch (error) {
    if (isSluiceError(error)) return error.code;
    throw error;
  }
};

async function matchIds(list: string[]): Promise<string[]> {
  if (ids.snapshot.type !== "psi-snapshot") throw new Error("not a set");
  const { snapshot, snapshotHash } = ids;
  const set = await get(fixture, `/v1/products/ids/snapshots/${snapshotHash}/set`);
  const query = await (await PsiIdsReceiver.open({ snapshot, snapshotHash, set })).start(list);
  const answer = await ask(fixture, ids, "psi.ids", query.frame);
  await verifyReceipt(answer.receipt, trustOf(fixture));
  const amount = String(padPsiItems(new Set(list).size));
  expect(answer.receipt.receipt.body.quantity).toEqual({ unit: "psi-element", amount });
  return query.finish(answer.content);
}

function linearParameters({ snapshot }: AnsweringProduct): ScoreParameters {
  if (snapshot.type !== "score-snapshot" || snapshot.parameters.type !== "score-parameters") {
    throw new Error("not a linear score");
  }
  return snapshot.parameters;
}

async function scores(ages: number[]): Promise<Float64Array> {
  const query = (await ScoreClient.open(linearParameters(score))).encrypt({ age: Float64Array.from(ages) });
  const answer = await ask(fixture, score, "score", query.frame);
  const { body } = answer.receipt.receipt;
  expect(body.quantity).toEqual({
    unit: "score-row",
    amount: String(ages.length),
  });
  expect(body.layers).toEqual([]);
  return query.finish(answer.content);
}

async function readReport(): Promise<Report> {
  const frame = encodeReportRequest({ snapshot: fromHex(report.snapshotHash) });
  const { content } = await ask(fixture, report, "report", frame);
  if (report.snapshot.type !== "report-snapshot") throw new Error("not a report");
  expect(await sha256Hex(content)).toBe(report.snapshot.report);
  return Report.parse(JSON.parse(fromUtf8(content)));
}

/** The table by a plain group-by and the stated rules: 10 persons to a cell, rows in fives, 3 digits of a mean.
 *  No person here has so large a part of a sum that it would be dominated. */
function plainTable(): Pick<Table, "cells" | "totals" | "total"> {
  const cells: Table["cells"] = [];
  const totals = GROUPS.map(({ levels }) => levels.map(() => 0));
  let total = 0;
  for (const [r, region] of ["R0", "R1", "R2"].entries()) {
    for (const [a, [from, below]] of (
      [
        [20, 40],
        [40, 60],
        [60, 70],
      ] as const
    ).entries()) {
      const inside = rows.filter(
        (row) => row.region === region && row.age >= from && row.age < below && !(r === 1 && row.age >= 50),
      );
      if (new Set(inside.map(({ person }) => person)).size < 10) continue;
      const ages = inside.map(({ age }) => age);
      const mean = ages.reduce((sum, age) => sum + age, 0) / ages.length;
      // A mean of values that are all the same would tell each of them.
      const means = new Set(ages).size > 1 ? { age: Number(mean.toPrecision(3)) } : {};
      const rounded = Math.round(inside.length / 5) * 5;
      cells.push({ at: [r, a], rows: rounded, means });
      for (const [dimension, level] of [r, a].entries()) {
        const row = totals[dimension] ?? [];
        row[level] = (row[level] ?? 0) + rounded;
      }
      total += rounded;
    }
  }
  return { cells, totals, total };
}

test("a list meets the set in exactly the persons that a plain intersection finds", async () => {
  const list = ["nobody", "F0", "F1", "F2", "F3", ...Array.from({ length: 14 }, (_, i) => `P${i * 11}`), "P3", "P3"];
  const expected = [...new Set(list)].filter((entry) => members.has(entry));
  expect(expected.length).toBeGreaterThan(4);
  const before = spentUnits(fixture, grant, "psi.ids");
  expect(await matchIds(list)).toEqual(expected);
  expect(spentUnits(fixture, grant, "psi.ids") - before).toBe(20);
});

test("a count is that of the plain intersection, and a retry is charged once and gets the same answer", async () => {
  if (cardinality.snapshot.type !== "psi-snapshot") throw new Error("not a set");
  const { snapshot, snapshotHash } = cardinality;
  const list = Array.from({ length: 16 }, (_, i) => (i < 2 ? `F${i}` : `P${i * 7}`));
  const query = await (await PsiCardinalityReceiver.open({ snapshot, snapshotHash })).start(list);
  const first = await ask(fixture, cardinality, "psi.cardinality", query.frame);
  const [second, third] = await Promise.all([first.again(), first.again()]);
  expect(second.frame).toEqual(first.frame);
  expect(third.frame).toEqual(first.frame);
  expect(second.receipt.receipt).toEqual(first.receipt.receipt);
  expect(spentUnits(fixture, grant, "psi.cardinality")).toBe(16);
  const { count, maxError, epsilon } = await query.finish(first.content);
  expect(Math.abs(count - list.filter((entry) => members.has(entry)).length)).toBeLessThanOrEqual(maxError);
  expect({ epsilon, maxError }).toEqual({ epsilon: "1", maxError: 20 });
});

test("counts spend the caller's budget over the table before they are made, and are refused beyond it, in another build too", async () => {
  const counted = withState(fixture.directory, (db) =>
    db.prepare("SELECT party, resource, sum(cost) AS spent, count(*) AS counts FROM count_spend GROUP BY source").all(),
  );
  expect(counted).toEqual([{ party: "caller", resource: "persons", spent: 1_000_000, counts: 1 }]);
  const { snapshot, snapshotHash } = cardinality;
  if (snapshot.type !== "psi-snapshot") throw new Error("not a set");
  const query = await (await PsiCardinalityReceiver.open({ snapshot, snapshotHash })).start(["F0"]);
  const count = () => ask(fixture, cardinality, "psi.cardinality", query.frame);
  const answers = new Set<string>();
  // ε = 10 at 1 each: all but the last.
  for (let i = 1; i < 9; i++) answers.add(await sha256Hex((await count()).content));
  // The same query has another answer in each call.
  expect(answers.size).toBe(8);
  const before = spentUnits(fixture, grant, "psi.cardinality");
  withState(fixture.directory, (db) =>
    db
      .prepare(
        `INSERT INTO count_spend (call_id, party, resource, source, cost, at)
         SELECT 'other', party, resource, source, 1, at FROM count_spend LIMIT 1`,
      )
      .run(),
  );
  expect(await refusalOf(count())).toBe("ERR_COUNT_BUDGET");
  expect(spentUnits(fixture, grant, "psi.cardinality")).toBe(before);
});

test("scores are those of the model as the guard rounded it, within the published bound, and no user code ran for them", async () => {
  const ages = [20, 35.5, 60, -128, 128];
  const found = await scores(ages);
  const { errorBound, features } = linearParameters(score);
  expect(features).toEqual(MODEL.features);
  expect(errorBound).toBeLessThan(1e-3);
  for (const [i, age] of ages.entries()) {
    expect(Math.abs((found[i] ?? Number.NaN) - (age * 0.25 - 10))).toBeLessThanOrEqual(errorBound);
  }
});

test("a request spends the rows that it carries, and one that declares fewer is refused at no cost", async () => {
  const age = Float64Array.from({ length: 300 }, (_, i) => i % 100);
  const query = (await ScoreClient.open(linearParameters(score))).encrypt({ age });
  query.discard();
  const before = spentUnits(fixture, grant, "score");
  const fewer = query.frame.slice();
  new DataView(fewer.buffer).setUint16(34, 1);
  expect(await refusalOf(ask(fixture, score, "score", fewer))).toBe("ERR_FRAME_MALFORMED");
  expect(spentUnits(fixture, grant, "score") - before).toBe(0);
  const answer = await ask(fixture, score, "score", query.frame);
  expect(answer.receipt.receipt.body.quantity).toEqual({ unit: "score-row", amount: "300" });
  expect(spentUnits(fixture, grant, "score") - before).toBe(300);
});

test("a report is the plain table after the stated rules, and a cell of few persons with many rows is not in it", async () => {
  const { table, domain, product, name } = await readReport();
  expect({ domain, product, name }).toEqual({ domain: "test", product: "groups", name: "groups" });
  const { cells, totals, total } = Table.parse(table);
  expect({ cells, totals, total }).toEqual(plainTable());
  expect(cells.map(({ at }) => at)).not.toContainEqual([0, 2]);
  expect(rows.filter(({ person }) => person.startsWith("F")).length).toBeGreaterThan(20);
  expect(spentUnits(fixture, grant, "report")).toBe(1);
});

test("a set and a report keep whose rows they read, each person once; a score has read none", async () => {
  const built = withState(fixture.directory, (db) =>
    db.prepare("SELECT product, form, name, snapshot_hash FROM membership ORDER BY rowid").all(),
  );
  expect(built.map(({ product, form, snapshot_hash }) => [product, form, snapshot_hash])).toEqual([
    ["ids", "psi-ids", ids.snapshotHash],
    ["cardinality", "psi-cardinality", cardinality.snapshotHash],
    ["groups", "report", report.snapshotHash],
  ]);
  for (const { name } of built) {
    const facts = await sealedFileFacts(join(fixture.directory, "memberships", String(name)));
    expect(facts?.plainBytes).toBe(16 * new Set(rows.map(({ person }) => person)).size);
  }
});

test("what a form has none of is not there to fetch", async () => {
  const part = (product: AnsweringProduct, name: string): Promise<string> =>
    refusalOf(get(fixture, `/v1/products/${product.product}/snapshots/${product.snapshotHash}/${name}`));
  expect(await part(ids, "set")).toBe("an answer");
  for (const product of [cardinality, score, report]) expect(await part(product, "set")).toBe("ERR_NOT_FOUND");
  for (const name of ["hint", "parameters.json", "set.bin", "constructor", "..%2f..%2fdomain.json"]) {
    expect(await part(ids, name)).toBe("ERR_NOT_FOUND");
  }
  expect(await part({ ...ids, snapshotHash: "0".repeat(64) }, "set")).toBe("ERR_SNAPSHOT");
});

test("a frame that is not of the form, the snapshot or the limits is refused, and costs nothing", async () => {
  const snapshot = (of: AnsweringProduct): Bytes => fromHex(of.snapshotHash);
  const elements = new Uint8Array(16 * 32);
  const list = encodePsiQuery({ snapshot: snapshot(ids), elements });
  const counted = (of: AnsweringProduct): Bytes =>
    encodePsiCardinalityQuery({ snapshot: snapshot(of), base: elements.subarray(0, 32), elements });
  const long = new Uint8Array(list.length + padPsiItems(maxPsiElements("psi-ids") + 1) * 32);
  long.set(list.subarray(0, 35));
  new DataView(long.buffer).setUint32(35, padPsiItems(maxPsiElements("psi-ids") + 1));
  const blank = { seed: new Uint8Array(SCORE_SEED_BYTES), c0: new Uint8Array(SCORE_COEFFICIENT_BYTES) };
  const scored = encodeScoreRequest({ parameters: snapshot(score), rows: 1, features: 1, columns: [blank] });
  const many = scored.slice();
  new DataView(many.buffer).setUint16(34, 4_097);
  const wanted = encodeReportRequest({ snapshot: snapshot(report) });
  const refused: [AnsweringProduct, Operation, Bytes, string][] = [
    [ids, "psi.ids", encodePsiQuery({ snapshot: snapshot(report), elements }), "ERR_SNAPSHOT"],
    [ids, "psi.ids", long, "ERR_PSI_SET_TOO_LARGE"],
    [ids, "psi.ids", counted(ids), "ERR_FRAME_MALFORMED"],
    [
      cardinality,
      "psi.cardinality",
      encodePsiQuery({ snapshot: snapshot(cardinality), elements }),
      "ERR_FRAME_MALFORMED",
    ],
    [cardinality, "psi.cardinality", counted(ids), "ERR_SNAPSHOT"],
    [score, "score", scored, "ERR_SNAPSHOT"],
    [score, "score", many, "ERR_SCORE_ROWS"],
    [report, "report", encodeReportRequest({ snapshot: snapshot(ids) }), "ERR_SNAPSHOT"],
    // Operations that the grant allows, of a form that the product is not.
    [ids, "psi.cardinality", list, "ERR_GRANT_OPERATION"],
    [ids, "report", wanted, "ERR_GRANT_OPERATION"],
    [
      score,
      "lookup.query",
      encodePirQuery({ snapshot: snapshot(score), parts: [new Uint32Array(4)] }),
      "ERR_GRANT_OPERATION",
    ],
    [report, "score", scored, "ERR_GRANT_OPERATION"],
    [report, "build", wanted, "ERR_NOT_ADMITTED"],
  ];
  for (const [product, operation, frame] of [
    [ids, "psi.ids", list],
    [score, "score", scored],
    [report, "report", wanted],
  ] as const) {
    for (const cut of [0, 1, 2, 33, frame.length - 1])
      refused.push([product, operation, frame.slice(0, cut), "ERR_FRAME_MALFORMED"]);
    refused.push([product, operation, new Uint8Array([...frame, 0]), "ERR_FRAME_MALFORMED"]);
  }
  const operations = [...new Set(refused.map(([, operation]) => operation))];
  const before = operations.map((operation) => spentUnits(fixture, grant, operation));
  for (const [product, operation, frame, code] of refused) {
    expect([operation, await refusalOf(ask(fixture, product, operation, frame))]).toEqual([operation, code]);
  }
  expect(operations.map((operation) => spentUnits(fixture, grant, operation))).toEqual(before);
});

/** What is said of keys, whatever is wrong with them. */
const UNFIT_KEYS =
  "key person does not fit: each row needs a value of at most 1024 bytes, and for labels one of its own";

test("keys that have many rows are matched and counted, and not looked up", async () => {
  const { developed, built } = await serveProduct(fixture, grant);
  expect(developed.state).toBe("completed");
  expect(built.failure).toEqual({ code: "ERR_LOOKUP_TABLE", details: { reason: UNFIT_KEYS }, refusedBy: "domain" });
});

test("a bundle that serves nothing is developed and released, and not built", async () => {
  const code = utf8(fromUtf8(setJob("psi-ids")).replace(/members: \{"kind"[^}]*\}/u, ""));
  const developed = await develop(fixture, grant, code, 1, "nothing");
  expect(developed).toMatchObject({ state: "completed" });
  const release = await signDocument(await releaseOf(fixture, developed), fixture.parties.department);
  expect(release.body.model).toBeUndefined();
  await postJson(fixture, "/v1/releases", release);
  const bundle = await sha256Hex(code);
  const order = { operation: "build", grant, key: fixture.parties.operator, bundle, product: "nothing" } as const;
  expect(await refusalOf(send(fixture, "/v1/builds", await use(order)))).toBe("ERR_JOB_MANIFEST");
});

/** What the fixture's grant allows, but `left`. */
const operationsBut = (left: Operation): Operation[] => OPERATIONS.filter((operation) => operation !== left);

test("a product that nobody could ask under the grant is not developed, and nothing is spent", async () => {
  const forms = [
    [setJob("psi-ids"), "psi.ids"],
    [setJob("psi-cardinality"), "psi.cardinality"],
    [SCORE_JOB, "score"],
    [TABLE_JOB, "report"],
    [JOB, "lookup.query"],
  ] as const;
  for (const [i, [code, operation]] of forms.entries()) {
    const scene = { scene: `without-${i}`, title: "Bands", purpose: "bands", value: "test" };
    const without = await deliverFormsGrant(fixture, {}, { scene, operations: operationsBut(operation) });
    const refusal = expect.objectContaining({ code: "ERR_GRANT_OPERATION", details: { operation } });
    await expect(develop(fixture, without, code)).rejects.toEqual(refusal);
    expect(spentUnits(fixture, without, "develop")).toBe(0);
  }
});

test("a release that is there under a grant without its operation is not built", async () => {
  const scene = { scene: "before", title: "Bands", purpose: "bands", value: "test" };
  const without = await deliverFormsGrant(fixture, {}, { scene, operations: operationsBut("report") });
  // As it stands where development did not look at the operations.
  const books = new DatabaseSync(join(fixture.directory, "state.sqlite"));
  const { document } = books.prepare("SELECT document FROM release WHERE product = 'groups'").get() ?? {};
  const { body } = SignedRelease.parse(JSON.parse(String(document)));
  const release = await signDocument({ ...body, grant: without, product: "before" }, fixture.parties.department);
  books
    .prepare("INSERT INTO release (hash, product, version, document) VALUES (?, 'before', 1, ?)")
    .run(await documentHash(release.body), JSON.stringify(release));
  books.close();
  const bundle = await sha256Hex(TABLE_JOB);
  const order = {
    operation: "build",
    grant: without,
    key: fixture.parties.operator,
    bundle,
    product: "before",
  } as const;
  const refusal = expect.objectContaining({ code: "ERR_GRANT_OPERATION", details: { operation: "report" } });
  await expect(send(fixture, "/v1/builds", await use(order))).rejects.toEqual(refusal);
  expect(spentUnits(fixture, without, "build")).toBe(0);
});

test("a release without the model that its run released is refused, and one with a model that it did not", async () => {
  const developed = await develop(fixture, grant, SCORE_JOB, 2, "points");
  const { model, ...without } = await releaseOf(fixture, developed);
  const set = await develop(fixture, grant, setJob("psi-ids"), 2, "ids");
  const beside = { ...(await releaseOf(fixture, set)), ...(model === undefined ? {} : { model }) };
  for (const body of [without, beside]) {
    const release = await signDocument(body, fixture.parties.department);
    expect(await refusalOf(postJson(fixture, "/v1/releases", release))).toBe("ERR_RELEASE_MISSING");
  }
});

test("a quota is spent to the last row and not beyond it", async () => {
  const left = (): number => SCORE_QUOTA - spentUnits(fixture, grant, "score");
  const ages = (length: number): number[] => Array.from({ length }, (_, i) => i % 100);
  expect(await refusalOf(scores(ages(left() + 1)))).toBe("ERR_QUOTA_SPENT");
  const rest = left();
  expect(await scores(ages(rest))).toHaveLength(rest);
  expect(await refusalOf(scores([1]))).toBe("ERR_QUOTA_SPENT");
  expect(spentUnits(fixture, grant, "score")).toBe(SCORE_QUOTA);
});

test("a call that was answered has its answer after the product was built again, and a new one names the new snapshot", async () => {
  const frame = encodeReportRequest({ snapshot: fromHex(report.snapshotHash) });
  const first = await ask(fixture, report, "report", frame);
  const bundle = await sha256Hex(report.code);
  const order = await use({ operation: "build", grant, key: fixture.parties.operator, bundle, product: "groups" });
  const folder = join(fixture.directory, "indexes");
  const indexes = await readdir(folder);
  await send(fixture, "/v1/builds", order);
  expect(await finishedRun(fixture, order.request.body.callId)).toMatchObject({ state: "completed" });
  // The new one stands in the place of the old one, of which nothing is left; those of other products stay.
  const after = await readdir(folder);
  expect(after).toHaveLength(indexes.length);
  expect(after.filter((name) => !indexes.includes(name))).toHaveLength(1);
  const { body: snapshot } = await snapshotOf(fixture, "groups");
  const before = spentUnits(fixture, grant, "report");
  expect((await first.again()).frame).toEqual(first.frame);
  expect(await refusalOf(ask(fixture, report, "report", frame))).toBe("ERR_SNAPSHOT");
  expect(spentUnits(fixture, grant, "report")).toBe(before);
  report = { ...report, snapshot, snapshotHash: await documentHash(snapshot) };
});

test("the end of the term holds until the quota is spent, whenever it comes", async () => {
  await fixture.domain.close();
  const end = Date.parse((await grantBody(fixture)).notAfter);
  let looks = Number.POSITIVE_INFINITY;
  // Late at one look alone: what is noted after the spend is of its time again.
  const clock = { now: () => (looks-- === 0 ? new Date(end + 1_000) : new Date()) };
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, clock });
  const outcomes: { told: string; spent: number }[] = [];
  // Ends with the late look that comes after the spend, and so keeps the answer back only.
  for (let after = 0; outcomes.at(-1)?.told !== "ERR_GRANT_EXPIRED" || outcomes.at(-1)?.spent === 0; after++) {
    expect(after).toBeLessThan(12);
    const before = spentUnits(fixture, grant, "report");
    const frame = encodeReportRequest({ snapshot: fromHex(report.snapshotHash) });
    const call = await sealedCall(fixture, frame, {
      operation: "report",
      grant,
      product: "groups",
      bundle: await sha256Hex(report.code),
      key: fixture.parties.caller,
    });
    looks = after;
    const told = await refusalOf(send(fixture, "/v1/calls", call.envelope));
    looks = Number.POSITIVE_INFINITY;
    outcomes.push({ told, spent: spentUnits(fixture, grant, "report") - before });
  }
  // One look for admission, one for the spend, one before the answer.
  const expired = outcomes.filter(({ told }) => told === "ERR_GRANT_EXPIRED");
  expect(expired.map(({ spent }) => spent)).toEqual([0, 0, 1]);
  for (const { told, spent } of outcomes) {
    if (told !== "ERR_GRANT_EXPIRED") expect(spent).toBe(told === "an answer" ? 1 : 0);
  }
  const books = new DatabaseSync(join(fixture.directory, "state.sqlite"), { readOnly: true });
  const latest = books.prepare("SELECT max(at) AS latest FROM spend").get()?.["latest"];
  books.close();
  expect(Date.parse(String(latest))).toBeLessThan(end);
});

test("every form is served again after a restart, and an inspector's run of the report is as the one that made it", async () => {
  await fixture.domain.close();
  const built = withState(fixture.directory, (db) =>
    db.prepare("SELECT call_id FROM output_register WHERE kind = 'report' ORDER BY id").get(),
  );
  const options = { clock, random, signal: new AbortController().signal };
  const inspection = await inspectRun(fixture.directory, String(built?.["call_id"]), options);
  expect(inspection).toMatchObject({ operation: "build", product: "groups", same: true, sameSource: true });
  expect(inspection.againHash).toBe(inspection.recordedHash);
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  const list = ["F0", "P0", "nobody"];
  expect(await matchIds(list)).toEqual(list.filter((entry) => members.has(entry)));
  expect(Table.parse((await readReport()).table).total).toBe(plainTable().total);
  const { snapshot, snapshotHash } = cardinality;
  if (snapshot.type !== "psi-snapshot") throw new Error("not a set");
  const query = await (await PsiCardinalityReceiver.open({ snapshot, snapshotHash })).start(["F0", "F1", "nobody"]);
  // What was spent of budget and quota stays so.
  expect(await refusalOf(ask(fixture, cardinality, "psi.cardinality", query.frame))).toBe("ERR_COUNT_BUDGET");
  expect(await refusalOf(scores([1]))).toBe("ERR_QUOTA_SPENT");
});
