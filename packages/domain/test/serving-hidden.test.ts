/** A model that stays in the domain: `produce` fits it on every row, the guard rounds it, callers have its scores under encryption and
 *  nobody has the model. @module */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sealedFileFacts, verifyReceipt } from "@sluice/evidence";
import { HiddenClient } from "@sluice/mpc/he/hidden/client";
import { isSluiceError, sha256Hex, utf8, type Bytes, type HiddenParameters } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspectRun, startDomain } from "../src/index.ts";
import { withState } from "./domain-log.ts";
import { ask, deliverFormsGrant, serveForm, spentUnits, type AnsweringProduct } from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  clock,
  importPersons,
  openFixture,
  random,
  ROWS,
  rowText,
  sealedCall,
  send,
  serveProduct,
  trustOf,
  type Fixture,
} from "./serving-fixture.ts";

/** A quota of three requests. */
const QUOTA = 3 * 8_192 + 100;
const SPEC = {
  kind: "square-network",
  features: [
    { name: "age", low: 0, high: 100 },
    { name: "north", low: 0, high: 1 },
  ],
  maxUnits: 2,
  link: "identity",
  resolution: 2 ** -10,
};
/** Fits something that only the rows say: their mean age. */
const jobOf = (units: string, spec: object = SPEC): Bytes =>
  utf8(`var sluiceJob = { default: {
  name: "stays", purpose: "bands", input: { age: "f64", region: "dict" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] }, risk: ${JSON.stringify(spec)} },
  develop(rows) { return { fit: { rows: rows.rowCount } }; },
  produce(rows) {
    let sum = 0;
    for (let i = 0; i < rows.rowCount; i++) sum += rows.age.values[i];
    const mean = sum / rows.rowCount / 100;
    return { risk: { units: ${units}, intercept: 0.7 * mean } };
  },
} };`);
const UNITS = `[{ sign: 1, bias: 0.3 * mean, weights: [mean, -0.37 * mean] },
  { sign: -1, bias: 0.41, weights: Float64Array.of(0.11, 0.83 * mean) }]`;

let fixture: Fixture;
let grant: string;
let risk: AnsweringProduct;
let parameters: HiddenParameters;

beforeAll(async () => {
  fixture = await openFixture();
  grant = await deliverFormsGrant(fixture, { score: String(QUOTA) });
  risk = await serveForm(fixture, grant, "risk", jobOf(UNITS));
  if (risk.snapshot.type !== "score-snapshot" || risk.snapshot.parameters.type !== "score-hidden-parameters") {
    throw new Error("no model that stays");
  }
  parameters = risk.snapshot.parameters;
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const refusalOf = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => "an answer",
    (error: unknown) => {
      if (isSluiceError(error)) return error.code;
      throw error;
    },
  );

/** The model by the stated rules: what the job computes, in steps of which the largest weight has 2^8 at most. */
function plainModel() {
  const mean = Array.from({ length: ROWS }, (_, i) => bucketOfAge(i)).reduce((sum, age) => sum + age, 0) / ROWS / 100;
  const weights = [mean, -0.37 * mean, 0.11, 0.83 * mean];
  const step = 2 ** (Math.ceil(Math.log2(Math.max(...weights.map(Math.abs)))) - 8);
  const round = (value: number) => Math.round(value / step) * step;
  const [a = 0, b = 0, c = 0, d = 0] = weights.map(round);
  return {
    numbers: [a, b, c, d],
    score: (age: number, north: number) => {
      const [x, y] = [age / 50 - 1, 2 * north - 1];
      return round(0.7 * mean) + (round(0.3 * mean) + a * x + b * y) ** 2 - (round(0.41) + c * x + d * y) ** 2;
    },
  };
}

test("scores are those of the model that the rows give, as the guard rounded it; a call is charged as all rows, a retry not again", async () => {
  const rows = { age: Float64Array.of(0, 100, 37.5, 50), north: Float64Array.of(0, 1, 1, 0.25) };
  const query = (await HiddenClient.open(parameters)).encrypt(rows);
  const answer = await ask(fixture, risk, "score", query.frame);
  await verifyReceipt(answer.receipt, trustOf(fixture));
  expect(answer.receipt.receipt.body.quantity).toEqual({ unit: "score-row", amount: "8192" });
  expect((await answer.again()).frame).toEqual(answer.frame);
  expect(spentUnits(fixture, grant, "score")).toBe(8_192);
  const { score } = plainModel();
  const scores = query.finish(answer.content);
  expect(parameters.errorBound).toBeLessThan(0.05);
  for (const [i, found] of scores.entries()) {
    const plain = score(rows.age[i] ?? 0, rows.north[i] ?? 0);
    expect(Math.abs(found - plain)).toBeLessThanOrEqual(parameters.errorBound);
  }
});

test("the model is in no run, report, snapshot or receipt, and on the disk only sealed", async () => {
  const folders = await readdir(join(fixture.directory, "indexes"));
  expect(folders).toHaveLength(1);
  const file = join(fixture.directory, "indexes", folders[0] ?? "", "network.json");
  expect((await sealedFileFacts(file))?.plainBytes).toBeGreaterThan(100);
  const { built, developed } = await serveProduct(fixture, grant, 1, { code: jobOf(UNITS), product: "other" });
  expect(built.model).toBeUndefined();
  expect(developed.model).toBeUndefined();
  const told = JSON.stringify([built, developed, risk.snapshot]);
  const entries = await readdir(fixture.directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(10);
  const disk = await Promise.all(files.map((path) => readFile(path, "latin1")));
  for (const number of plainModel().numbers) {
    const text = String(Math.abs(number));
    expect(text.length).toBeGreaterThan(5);
    expect(told).not.toContain(text);
    expect(disk.filter((content) => content.includes(text))).toEqual([]);
  }
  // What the report names is the salted model of the snapshot, and the salt is each run's own.
  const { snapshot } = risk;
  if (snapshot.type !== "score-snapshot") throw new Error("no score");
  expect(snapshot.model).toBe(parameters.network);
  const { built: again } = await serveProduct(fixture, grant, 2, { code: jobOf(UNITS), product: "other" });
  expect(again.state).toBe("completed");
  expect(again.guardReport?.output).not.toBe(built.guardReport?.output);
});

test("frames of another length, of other features or parameters and with spoiled keys are refused; the next request is answered until the quota ends", async () => {
  const client = await HiddenClient.open(parameters);
  const query = client.encrypt({ age: Float64Array.of(50), north: Float64Array.of(0) });
  const spoiled = (at: number, ...bytes: number[]): Bytes => {
    const frame = query.frame.slice();
    frame.set(bytes, at);
    return frame;
  };
  const before = spentUnits(fixture, grant, "score");
  const refused = (frame: Bytes) => refusalOf(ask(fixture, risk, "score", frame));
  expect(await refused(query.frame.subarray(0, -1).slice())).toBe("ERR_FRAME_MALFORMED");
  expect(await refused(spoiled(34, 0, 1))).toBe("ERR_FRAME_MALFORMED");
  expect(await refused(spoiled(0, 9, 9))).toBe("ERR_FRAME_MALFORMED");
  expect(await refused(spoiled(2, 0, 0, 0, 0))).toBe("ERR_SNAPSHOT");
  expect(spentUnits(fixture, grant, "score")).toBe(before);
  const spoiledKey = spoiled(36 + 64, 255, 255, 255, 255, 255, 255, 255, 255);
  expect(await refused(spoiledKey)).toBe("ERR_SCORE_KEY");
  const answer = await ask(fixture, risk, "score", query.frame);
  const [score = Number.NaN] = query.finish(answer.content);
  expect(Math.abs(score - plainModel().score(50, 0))).toBeLessThanOrEqual(parameters.errorBound);
  const last = client.encrypt({ age: Float64Array.of(50), north: Float64Array.of(0) });
  expect(await refused(last.frame)).toBe("ERR_QUOTA_SPENT");
});

test("a model that is no such model, or whose scores the noise would leave nothing of, does not come into service", async () => {
  const failure = async (version: number, units: string, spec: object) => {
    const { built } = await serveProduct(fixture, grant, version, { code: jobOf(units, spec), product: "refused" });
    return built.failure;
  };
  const one = "[{ sign: 1, bias: 0, weights: [1, NaN] }]";
  expect(await failure(1, one, SPEC)).toMatchObject({ code: "ERR_GUARD_OUTPUT", refusedBy: "guard" });
  const noisy = { ...SPEC, resolution: 2 ** 20 };
  expect(await failure(2, UNITS, noisy)).toMatchObject({ code: "ERR_SCORE_MODEL" });
  expect(await readdir(join(fixture.directory, "indexes"))).toHaveLength(3);
});

const long = test.runIf(process.env["SLOW"] === "1");

long(
  "after a restart it serves the same model, its build made again is the same, and rows that few persons tell from those before make no other",
  async () => {
    await using own = await openFixture();
    const granted = await deliverFormsGrant(own);
    const served = await serveForm(own, granted, "risk", jobOf(UNITS));
    const callId = withState(own.directory, (db) =>
      db.prepare("SELECT call_id FROM output_register WHERE kind = 'score'").get(),
    );
    await own.domain.close();
    const options = { clock, random, signal: new AbortController().signal };
    const inspection = await inspectRun(own.directory, String(callId?.["call_id"]), options);
    expect(inspection).toMatchObject({ operation: "build", product: "risk", same: true, sameSource: true });
    own.domain = await startDomain(own.directory, { workerThreads: 1 });
    if (served.snapshot.type !== "score-snapshot" || served.snapshot.parameters.type !== "score-hidden-parameters") {
      throw new Error("no model that stays");
    }
    const { parameters: restarted } = served.snapshot;
    const query = (await HiddenClient.open(restarted)).encrypt({ age: Float64Array.of(70), north: Float64Array.of(1) });
    const [score = Number.NaN] = query.finish((await ask(own, served, "score", query.frame)).content);
    expect(Math.abs(score - plainModel().score(70, 1))).toBeLessThanOrEqual(restarted.errorBound);
    const builtWithout = async (persons: number, version: number) => {
      await own.domain.close();
      const lines = Array.from({ length: ROWS - persons }, (_, i) => rowText(i + persons));
      await importPersons(own.directory, lines);
      own.domain = await startDomain(own.directory, { workerThreads: 1 });
      return (await serveProduct(own, granted, version, { code: jobOf(UNITS), product: "risk" })).built;
    };
    const few = await builtWithout(9, 2);
    expect(few.failure).toMatchObject({ code: "ERR_GUARD_OUTPUT", details: { rule: "network-differencing" } });
    expect((await builtWithout(10, 3)).state).toBe("completed");
  },
  120_000,
);

long(
  "calls beyond those that may wait are refused, and made again at no charge",
  async () => {
    const granted = await deliverFormsGrant(fixture, { score: String(20 * 8_192) });
    const served = await serveForm(fixture, granted, "busy", jobOf(UNITS));
    if (served.snapshot.type !== "score-snapshot" || served.snapshot.parameters.type !== "score-hidden-parameters") {
      throw new Error("no model that stays");
    }
    const client = await HiddenClient.open(served.snapshot.parameters);
    const calls = await Promise.all(
      Array.from({ length: 9 }, async () => {
        const { frame } = client.encrypt({ age: Float64Array.of(50), north: Float64Array.of(0) });
        return sealedCall(fixture, frame, {
          operation: "score",
          grant: granted,
          product: "busy",
          bundle: await sha256Hex(served.code),
          key: fixture.parties.caller,
        });
      }),
    );
    const outcomes = await Promise.all(calls.map(({ envelope }) => refusalOf(send(fixture, "/v1/calls", envelope))));
    expect(outcomes.filter((told) => told === "an answer").length).toBeGreaterThan(1);
    expect(new Set(outcomes)).toEqual(new Set(["an answer", "ERR_POOL_FULL"]));
    const spent = spentUnits(fixture, granted, "score");
    for (const [i, call] of calls.entries()) {
      if (outcomes[i] === "an answer") continue;
      expect(await refusalOf(send(fixture, "/v1/calls", await call.again()))).toBe("an answer");
    }
    expect(spentUnits(fixture, granted, "score")).toBe(spent);
    expect(spent).toBe(9 * 8_192);
  },
  120_000,
);
