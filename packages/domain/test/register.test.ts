/** The register of outputs in a running domain: tables of one source under two scenes and two snapshots.
 *  @module */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { encodeReportRequest, fromHex, fromUtf8, Report, utf8, type Run } from "@sluice/protocol";
import { expect, test } from "vitest";
import { inspectRun, startDomain } from "../src/index.ts";
import { withState } from "./domain-log.ts";
import {
  ask,
  deliverFormsGrant,
  MODEL,
  RETURNED,
  SCORE_JOB,
  serveForm,
  spentUnits,
  TABLE_JOB,
} from "./serving-forms-fixture.ts";
import {
  clock,
  develop,
  importPersons,
  openFixture,
  random,
  rowText,
  ROWS,
  serveProduct,
  type Fixture,
} from "./serving-fixture.ts";

const registered = (fixture: Fixture): Record<string, unknown>[] =>
  withState(fixture.directory, (db) =>
    db.prepare("SELECT product, kind, resource, key_column, shown FROM output_register ORDER BY id").all(),
  );

async function tableOf(fixture: Fixture, grant: string, product: string): Promise<Report["table"]> {
  const served = await serveForm(fixture, grant, product, TABLE_JOB);
  const request = encodeReportRequest({ snapshot: fromHex(served.snapshotHash) });
  const { content } = await ask(fixture, served, "report", request);
  return Report.parse(JSON.parse(fromUtf8(content))).table;
}

/** Imports the fixture's rows but those of `without`, and starts the domain again. */
async function reimport(fixture: Fixture, without: (row: number) => boolean): Promise<void> {
  await fixture.domain.close();
  const kept = Array.from({ length: ROWS }, (_, i) => i).filter((i) => !without(i));
  await importPersons(
    fixture.directory,
    kept.map((i) => rowText(i)),
  );
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
}

const failureOf = ({ failure }: Run): unknown => failure?.details["rule"];

/** Whether the last two development runs come out the same when they are made again. */
async function inspected(fixture: Fixture): Promise<boolean[]> {
  await fixture.domain.close();
  const calls = withState(fixture.directory, (db) =>
    db
      .prepare("SELECT call_id FROM run ORDER BY rowid DESC LIMIT 1")
      .all()
      .map((row) => String(row["call_id"])),
  );
  const [same] = await Promise.all(
    calls.map(async (callId) =>
      inspectRun(fixture.directory, callId, { clock, random, signal: new AbortController().signal }),
    ),
  );
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  return [same?.same ?? false, same?.sameSource ?? false];
}

const long = test.runIf(process.env["SLOW"] === "1");

long(
  "a report is held against every earlier one of its table, under another scene and of another snapshot",
  async () => {
    await using fixture = await openFixture();
    const one = await deliverFormsGrant(fixture);
    const other = await deliverFormsGrant(
      fixture,
      {},
      {
        scene: { scene: "planning", title: "Planning", purpose: "bands", value: "test" },
      },
    );
    const first = await tableOf(fixture, one, "groups");
    expect(await tableOf(fixture, other, "plans")).toEqual(first);
    expect(registered(fixture).map(({ product, kind }) => [product, kind])).toEqual([
      ["groups", "development"],
      ["groups", "report"],
      ["plans", "development"],
      ["plans", "report"],
    ]);

    // One person fewer in each cell: the difference would be about those.
    await reimport(fixture, (row) => row < 18);
    const { built } = await serveProduct(fixture, other, 2, { code: TABLE_JOB, product: "plans" });
    expect(built.failure).toMatchObject({ code: "ERR_GUARD_OUTPUT", refusedBy: "guard" });
    expect(failureOf(built)).toBe("table-differencing");
    expect(JSON.stringify(built)).not.toMatch(/P\d/u);
    // The refusal cost its build, and registered nothing.
    expect(spentUnits(fixture, other, "build")).toBe(2);
    expect(registered(fixture).filter(({ kind }) => kind === "report")).toHaveLength(2);

    // A missing file of the register stops tables, and is not taken for nothing shown.
    await rm(join(fixture.directory, "register"), { recursive: true });
    const refused = await serveProduct(fixture, one, 2, { code: TABLE_JOB, product: "groups" });
    expect(refused.built.failure?.code).toBe("ERR_SEALED_FILE");
  },
);

long(
  "metrics of a sample that nobody sees the rows of are not told again of one that few persons tell apart, and those of a shown one are",
  async () => {
    await using fixture = await openFixture();
    const enclave = { ...fixture, policy: { ...fixture.policy, sharing: "enclave" as const } };
    const [shown, hidden] = [await deliverFormsGrant(fixture), await deliverFormsGrant(enclave)];
    const rules = async (grant: string, code = TABLE_JOB): Promise<unknown[]> => {
      const run = await develop(fixture, grant, code);
      const found = run.guardReport?.findings.filter(({ rule }) => rule.endsWith("-differencing")) ?? [];
      return [run.state, run.failure?.details["rule"] ?? null, ...found.map(({ result }) => result)];
    };
    expect(await rules(hidden)).toEqual(["completed", null, "passed"]);
    expect(await rules(hidden)).toEqual(["completed", null, "passed"]);
    await reimport(fixture, (row) => row === 5);
    expect(await rules(hidden)).toEqual(["failed", "metrics-differencing", "refused"]);
    expect(await rules(shown)).toEqual(["completed", null]);
    // Metrics by another name are no sum to take the first from, as far as the guard knows.
    expect(
      await rules(hidden, utf8(fromUtf8(TABLE_JOB).replaceAll("rows:", "people:").replace('"rows"', '"people"'))),
    ).toEqual(["completed", null, "passed"]);
    await reimport(fixture, (row) => row < 40);
    expect(await rules(hidden)).toEqual(["completed", null, "passed"]);
    expect(await inspected(fixture)).toEqual([true, true]);
  },
);

long("scores are not made by a model of persons few of whom tell it from one that is served", async () => {
  await using fixture = await openFixture();
  const grant = await deliverFormsGrant(fixture);
  const fitted = (weight: number, features: readonly string[] = MODEL.features): Uint8Array =>
    utf8(
      fromUtf8(SCORE_JOB).replace(JSON.stringify(RETURNED), JSON.stringify({ ...MODEL, features, weights: [weight] })),
    );
  const built = async (version: number, code: Uint8Array): Promise<unknown> => {
    const { built: run } = await serveProduct(fixture, grant, version, { code, product: "points" });
    return run.state === "completed" ? run.state : [run.failure?.code, failureOf(run)];
  };
  expect(await built(1, fitted(0.25))).toBe("completed");
  expect(await built(2, fitted(0.26))).toBe("completed");
  await reimport(fixture, (row) => row === 5);
  // A development run is free to look; what callers would get is not.
  expect(await built(3, fitted(0.27))).toEqual(["ERR_GUARD_OUTPUT", "model-differencing"]);
  expect(await built(4, fitted(0.26))).toBe("completed");
  await reimport(fixture, (row) => row < 40);
  expect(await built(5, fitted(0.28))).toBe("completed");
  expect(registered(fixture).map(({ kind, shown }) => [kind, shown !== null])).toEqual(
    [1, 2, 3, 4, 5].flatMap((version) =>
      version === 3
        ? [["development", true]]
        : [
            ["development", true],
            ["score", true],
          ],
    ),
  );
});
