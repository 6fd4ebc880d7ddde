/** What the ends of runs can tell: cases 75 and 76 of the hostile list, without a sandbox.
 *  @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GUARD_RULES, REVIEWED_RULES } from "@sluice/desensitize";
import { DURATION_SLOTS_MS, durationSlotMs, ERROR_CATALOGUE, isErrorCode, type JobManifest } from "@sluice/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MILLIBITS, OUTCOME_BITS, outcomeCost } from "../src/serve/outcome-cost.ts";
import { inSlot } from "../src/serve/publication-slot.ts";
import { toldOfHidden, type Refusal } from "../src/serve/told.ts";
import { StateDatabase } from "../src/state/database.ts";
import { OutcomeStore } from "../src/state/outcomes.ts";

const AT = "2026-01-02T03:04:05.000Z";
const GRANT = "a".repeat(64);
const BUDGET = OUTCOME_BITS.develop * MILLIBITS;
const MANIFEST: Pick<JobManifest, "outputs"> = {
  outputs: {
    fit: { kind: "metrics", keys: ["auc"] },
    model: { kind: "linear-model", maxParameters: 4 },
    band: { kind: "labels", vocabulary: ["a", "b"] },
  },
};
const COST = outcomeCost(MANIFEST, "develop");

let directory: string;
let db: StateDatabase;
const file = (): string => join(directory, "state.sqlite");

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-outcomes-"));
  db = new StateDatabase(file());
});

afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true });
});

const reserve = (callId: string, grant = GRANT, cost = COST): boolean =>
  new OutcomeStore(db).reserve({ callId, grant, resource: "persons", operation: "develop", ...cost }, BUDGET, AT);

/** Failures that no job's code has a part in. */
const BEFORE_ANY_CODE = ["ERR_POOL_WORKER", "ERR_SANDBOX_LAYER_MISSING", "ERR_JOB_TABLE_TOO_LARGE"];

/** Words that user code could choose to fail with, and what a broken guard could say. */
function* refusals(): Generator<Refusal> {
  const base = { ok: false as const, layers: [], refusedBy: "guard" as const };
  for (const output of [...Object.keys(MANIFEST.outputs), "all", "hasOwnProperty", "P17 has it"]) {
    for (const rule of [...Object.keys(GUARD_RULES), "output-size", "toString", "P17"]) {
      const details = { output, rule, change: `Zhang 17, ${rule}` };
      const findings = [
        { output, rule, result: "changed", note: "17" } as const,
        { output, rule, result: "refused", note: "18" } as const,
      ];
      yield { ...base, code: "ERR_GUARD_OUTPUT", details };
      yield { ...base, code: "ERR_GUARD_OUTPUT", details, findings };
    }
  }
  for (const code of Object.keys(ERROR_CATALOGUE)) {
    if (!isErrorCode(code) || BEFORE_ANY_CODE.includes(code)) continue;
    for (let secret = 0; secret < 4; secret++) {
      yield { ...base, code, details: { reason: `Zhang 17 has ${secret}` } };
      yield { ...base, refusedBy: "sandbox", code, details: { reason: `Zhang 17 has ${secret}` } };
    }
  }
}

test("however a hidden job fails, it is told one of the failures that are counted, in constant words", () => {
  const told = new Set<string>();
  for (const refusal of refusals()) {
    const { code, details, refusedBy, findings } = toldOfHidden(refusal, MANIFEST);
    const text = JSON.stringify({ code, details, refusedBy, findings: findings ?? [] });
    expect(text).not.toMatch(/1[78]|Zhang/u);
    told.add(JSON.stringify({ code, details, refusedBy }));
  }
  // Served outputs are not returned by develop, but a broken guard may name one.
  const counted = outcomeCost({ outputs: { ...MANIFEST.outputs, more: { kind: "metrics", keys: ["a"] } } }, "develop");
  expect(told.size).toBeGreaterThan(100);
  const slots = DURATION_SLOTS_MS.length + 1;
  expect(
    told.size * slots * 2 ** (-counted.failed / MILLIBITS) +
      slots * 2 ** REVIEWED_RULES.length * 2 ** (-counted.completed / MILLIBITS),
  ).toBeLessThanOrEqual(1);
});

/** Base-2 logarithm of the number of different transcripts of runs until the budget ends, by what the ledger does. */
function transcriptBits(budget: number, { completed, failed }: typeof COST, failures: number): number {
  const slots = DURATION_SLOTS_MS.length + 1;
  const rows = Math.floor(budget / failed) + 1;
  // bits[i] is of what is left after `f` failed and `i` completed runs; failures are walked from the last one back.
  let after: number[] = [];
  for (let f = rows; f >= 0; f--) {
    const columns = Math.max(0, Math.floor((budget - f * failed) / completed)) + 2;
    const bits = Array.from({ length: columns + 1 }, () => 0);
    for (let c = columns; c >= 0; c--) {
      if (f * failed + c * completed + failed > budget) continue;
      // The manifest has one model, of which a completed run tells what asks for a look.
      const one = Math.log2(slots * 2 ** REVIEWED_RULES.length) + (bits[c + 1] ?? 0);
      const other = Math.log2(slots * failures) + (after[c] ?? 0);
      bits[c] = Math.max(one, other) + Math.log2(1 + 2 ** -Math.abs(one - other));
    }
    after = bits;
  }
  return after[0] ?? 0;
}

test("a completed run with a model costs what its findings tell, and no run takes less before it begins than it may cost", () => {
  const { model: _model, ...others } = MANIFEST.outputs;
  const plain = outcomeCost({ outputs: others }, "develop");
  expect(COST.completed).toBe(plain.completed + MILLIBITS * REVIEWED_RULES.length);
  expect(plain.failed).toBeGreaterThan(plain.completed);
  expect(COST.failed).toBeGreaterThanOrEqual(COST.completed);
  expect(outcomeCost(MANIFEST, "build").completed).toBe(plain.completed);
});

test("case 75: all that a thousand adaptive runs can be told apart by is within the stated budget", () => {
  const failures = Math.floor(2 ** (COST.failed / MILLIBITS - 1) / (DURATION_SLOTS_MS.length + 1));
  const bits = transcriptBits(BUDGET, COST, failures);
  expect(bits).toBeLessThanOrEqual(OUTCOME_BITS.develop);
  // The budget is no decoration: nearly all of it can be told.
  expect(bits).toBeGreaterThan(OUTCOME_BITS.develop * 0.98);
});

/** Submissions of a job that fails if the secret bit is 1, or by a coin where that hides it; the answers, as they are told. */
function probe(secret: 0 | 1, strategy: (answers: readonly string[]) => boolean): string[] {
  const answers: string[] = [];
  for (let i = 0; i < 1_000; i++) {
    const asks = strategy(answers);
    const callId = `${secret}-${i}`;
    if (!reserve(callId, String(secret).repeat(64))) answers.push("ERR_OUTCOME_BUDGET {}");
    else if (asks && secret === 1) answers.push("ERR_JOB_CRASHED {}");
    else {
      new OutcomeStore(db).complete(callId);
      answers.push("completed");
    }
  }
  return answers;
}

test("case 75: a planted bit asked a thousand times, with noise and by majority, is answered until the budget ends and never after", () => {
  const majority = (answers: readonly string[]): boolean => {
    const failed = answers.filter((answer) => answer.startsWith("ERR_JOB")).length;
    return (answers.length * 7_919) % 10 < (failed * 2 > answers.length ? 9 : 7);
  };
  const [none, one] = db.transaction(() => [probe(0, majority), probe(1, majority)] as const);
  const paid = (answers: readonly string[]): number =>
    answers.filter((answer) => answer !== "ERR_OUTCOME_BUDGET {}").length;
  const { spent } = new OutcomeStore(db).read("1".repeat(64), "develop");
  expect(spent).toBeLessThanOrEqual(BUDGET);
  expect(paid(one)).toBeGreaterThan(200);
  expect(paid(one)).toBeLessThan(1_000);
  // One bit for each answer at most.
  for (const answers of [none, one]) expect(paid(answers)).toBeLessThanOrEqual(OUTCOME_BITS.develop);
  const end = Math.max(paid(none), paid(one));
  expect(one.slice(end)).toEqual(none.slice(end));
  expect(new Set(one.slice(end))).toEqual(new Set(["ERR_OUTCOME_BUDGET {}"]));
});

test("a restart, a crash and a second look give nothing back; only an officer adds", () => {
  let runs = 0;
  db.transaction(() => {
    while (reserve(`run-${runs}`)) runs++;
  });
  expect(runs).toBe(Math.floor(BUDGET / COST.failed));
  db.close();
  db = new StateDatabase(file());
  const store = new OutcomeStore(db);
  expect(reserve("again")).toBe(false);
  expect(() => db.prepare("DELETE FROM outcome_spend").run()).toThrow(/stays/u);
  expect(() => db.prepare("UPDATE outcome_spend SET cost = cost + 1").run()).toThrow(/stays/u);
  expect(() => db.prepare("UPDATE outcome_spend SET grant_hash = 'b'").run()).toThrow(/stays/u);
  expect(() => db.prepare("UPDATE outcome_spend SET completed = 1, cost = 1").run()).toThrow(/stays/u);
  store.complete("run-0");
  store.complete("run-0");
  expect(store.read(GRANT, "develop").spent).toBe(runs * COST.failed - COST.failed + COST.completed);
  expect(store.read(GRANT, "build")).toMatchObject({ spent: 0, runs: 0 });
  store.allow(GRANT, "develop", 2 * COST.failed, AT);
  expect(reserve("allowed")).toBe(true);
  expect(reserve("of another grant", "b".repeat(64))).toBe(true);
});

test("case 76: a hidden run is published at the end of its slot, whether it ended well or not, and no finer", async () => {
  for (const [durationMs, end] of [
    [0, 1_000],
    [999, 1_000],
    [1_000, 1_000],
    [1_001, 5_000],
    [29_000, 30_000],
    [299_999, 300_000],
    [7_200_001, 14_400_000],
  ] as const) {
    expect(durationSlotMs(durationMs)).toBe(end);
    for (const fails of [false, true]) {
      let nowMs = 1_000_000;
      const clock = { now: () => new Date(nowMs) };
      const pause = async (ms: number): Promise<void> => void (nowMs += ms);
      const work = async (): Promise<string> => {
        nowMs += durationMs;
        if (fails) throw new Error("failed");
        return "done";
      };
      const { signal } = new AbortController();
      const ended = await inSlot({ clock, pause }, { hidden: true, signal }, work).catch(
        (error: Error) => error.message,
      );
      expect(ended).toEqual(fails ? "failed" : { value: "done", slotMs: end });
      expect(nowMs).toBe(1_000_000 + end);
    }
  }
});
