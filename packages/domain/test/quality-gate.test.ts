/** Whether a product may be launched on a table: what the latest rules and the latest measurement say.
 *  @module */
import { QualityRules, ResourceDescription, SluiceError, type RuleOutcome } from "@sluice/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildProduct } from "../src/serve/build.ts";
import type { DomainContext } from "../src/serve/context.ts";
import type { RunWork } from "../src/serve/guarded-run.ts";
import { refusePoorQuality } from "../src/serve/quality-gate.ts";
import { StateDatabase } from "../src/state/database.ts";
import { QualityStore } from "../src/state/quality.ts";

const A = "a".repeat(64);
const B = "b".repeat(64);
const NOW = "2026-03-01T08:00:00.000Z";

const RULES = QualityRules.parse({
  version: 1,
  publish: true,
  rules: [
    { type: "completeness", field: "age", minShare: 0.9 },
    { type: "accuracy", check: "member", field: "region", of: { resource: "regions", field: "code" }, minShare: 0 },
    { type: "timeliness", check: "newest", field: "joined", maxAgeDays: 7 },
  ],
});
const share = (passed: number, judged: number): RuleOutcome => ({ kind: "share", passed, judged });
const GOOD: RuleOutcome[] = [share(90, 100), share(0, 40), { kind: "fresh", until: "2026-03-05T00:00:00.000Z" }];

function described(resource: string, snapshot: string, excluded: readonly string[] = []): ResourceDescription {
  return ResourceDescription.parse({
    domain: "hrss",
    resource,
    title: "T",
    format: "csv",
    source: "S",
    updateFrequency: "week",
    approximateRows: 100,
    fields: ["age", "region", "joined", "code"].map((name) => ({
      name,
      title: "",
      type: "text",
      role: "other",
      grade: "general-3",
      ...(excluded.includes(name) ? { excluded: "business-secret" } : {}),
    })),
    snapshot,
    importedAt: NOW,
  });
}

let db: StateDatabase;
let quality: QualityStore;
beforeEach(() => {
  db = new StateDatabase(":memory:");
  quality = new QualityStore(db);
});
afterEach(() => db.close());

/** What a launch is told: the code and what it names, or null when it may go on. */
function launch(tables: readonly ResourceDescription[], now = NOW): unknown {
  const data = { resources: () => [...tables], describe: () => tables[0] ?? described("people", A) };
  try {
    refusePoorQuality({ data, quality, clock: { now: () => new Date(now) } }, "people");
    return null;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return [error.code, error.details];
  }
}

function decide(rules: QualityRules | null): number {
  return quality.decide({ resource: "people", officer: "李", rules, at: NOW }, "00");
}

function keep(decision: number, outcomes: readonly RuleOutcome[], snapshot = A): void {
  const references = [{ resource: "regions", snapshot: A }];
  quality.keep({ resource: "people", decision, snapshot, references, at: NOW, outcomes: [...outcomes] });
}

const TABLES = [described("people", A), described("regions", A)];
const unmeasured = ["ERR_QUALITY_UNMEASURED", { resource: "people" }];

test("a table without rules launches, one with rules only once it was measured under them and as it is", () => {
  expect(launch(TABLES)).toBeNull();
  const first = decide(RULES);
  expect(launch(TABLES)).toEqual(unmeasured);
  keep(first, GOOD);
  expect(launch(TABLES)).toBeNull();
  expect(launch([described("people", B), described("regions", A)])).toEqual(unmeasured);
  expect(launch([described("people", A), described("regions", B)])).toEqual(unmeasured);
  expect(launch([described("people", A)])).toEqual(unmeasured);
  const second = decide({ ...RULES, minScore: 0 });
  expect(launch(TABLES)).toEqual(unmeasured);
  keep(first, GOOD);
  expect(launch(TABLES)).toEqual(unmeasured);
  keep(second, GOOD, B);
  expect(launch(TABLES)).toEqual(unmeasured);
  keep(second, GOOD);
  expect(launch(TABLES)).toBeNull();
  decide(null);
  expect(launch([described("people", B)])).toBeNull();
});

test("a rule that is not passed stops the launch, and is named by type and declared columns without a figure", () => {
  keep(decide(RULES), GOOD.with(0, share(89, 100)));
  expect(launch(TABLES)).toEqual(["ERR_QUALITY", { resource: "people", rule: "completeness", field: "age" }]);
  const hidden = [described("people", A, ["age"]), described("regions", A)];
  expect(launch(hidden)).toEqual([
    "ERR_QUALITY",
    { resource: "people", rule: "completeness", field: "a field that is not published" },
  ]);
  keep(decide(RULES), GOOD.with(1, { kind: "unfit" }));
  expect(launch(TABLES)).toEqual(["ERR_QUALITY", { resource: "people", rule: "accuracy", field: "region" }]);
  keep(decide({ ...RULES, minScore: 90 }), GOOD);
  expect(launch(TABLES)).toEqual(["ERR_QUALITY", { resource: "people", rule: "score", field: "all rules" }]);
  const whole = QualityRules.parse({
    version: 1,
    rules: [{ type: "accuracy", check: "rows", expected: 9, minShare: 1 }],
  });
  keep(decide(whole), [share(8, 9)]);
  expect(launch(TABLES)).toMatchObject(["ERR_QUALITY", { field: "the table as a whole" }]);
});

test("data that were young enough when they were measured stop a launch once they are not", () => {
  keep(decide(RULES), GOOD);
  expect(launch(TABLES, "2026-03-04T23:59:59.999Z")).toBeNull();
  expect(launch(TABLES, "2026-03-05T00:00:00.000Z")).toMatchObject(["ERR_QUALITY", { rule: "timeliness" }]);
});

test("a build that waited is held to the quality of the table when it begins, before it looks at anything else", async () => {
  keep(decide(RULES), GOOD.with(0, share(89, 100)));
  const data = { resources: () => TABLES, describe: () => described("people", A) };
  const context = { data, quality, clock: { now: () => new Date(NOW) } } as unknown as DomainContext;
  const work = { admitted: { held: { grant: { body: { resource: "people" } } } } } as unknown as RunWork;
  await expect(buildProduct(context, work)).rejects.toMatchObject({ code: "ERR_QUALITY" });
});

test("the catalogue shows score and shares only where officers publish them, and only of the present table", () => {
  const people = described("people", A);
  expect(quality.describe(people)).toEqual(people);
  keep(decide({ ...RULES, publish: false }), GOOD);
  expect(quality.describe(people)).toEqual(people);
  keep(decide(RULES), GOOD.with(0, share(95, 100)));
  const shown = quality.describe(people);
  expect(shown.quality).toEqual({
    score: 66,
    types: { completeness: 100, accuracy: 0, timeliness: 100 },
    measuredAt: NOW,
  });
  expect(ResourceDescription.parse(shown)).toEqual(shown);
  const other = described("people", B);
  expect(quality.describe(other)).toEqual(other);
});
