/** Quality of stored tables: measured in an engine that sees the table and those that its rules refer to.
 *  @module */
import { QualityRule } from "@sluice/protocol";
import { expect, test } from "vitest";
import { clock, people, PEOPLE_FIELDS, peopleCsv, Workplace } from "./data-fixture.ts";

const now = clock.now();
const rules = (...documents: readonly unknown[]): QualityRule[] => documents.map((rule) => QualityRule.parse(rule));
const PEOPLE = people(500);

test("rules of every type are measured on the stored rows, and on the tables that they refer to", async () => {
  await using place = await Workplace.open();
  const { snapshot } = await place.import(peopleCsv(PEOPLE), { fields: PEOPLE_FIELDS });
  const codes = await place.import("", {
    resource: "regions",
    file: await place.file("regions.csv", "code\nR330102\nR330105\n"),
  });
  const regions = await place.import("", {
    resource: "divisions",
    file: await place.file("divisions.csv", "region\n330102\n330105\n330105\n"),
    fields: [{ name: "region", title: "", type: "text", role: "other", grade: "general-1" }],
  });
  const measured = await place.store.measure({
    resource: "people",
    now,
    rules: rules(
      { type: "completeness", field: "income", minShare: 1 },
      { type: "validity", check: "values", field: "region", values: ["330102", "330203"], minShare: 1 },
      { type: "validity", check: "range", field: "age", min: 20, max: 49, minShare: 1 },
      { type: "consistency", check: "unique", fields: ["id"], minShare: 1 },
      { type: "consistency", check: "unique", fields: ["region", "insured"], minShare: 1 },
      {
        type: "accuracy",
        check: "member",
        field: "region",
        of: { resource: "divisions", field: "region" },
        minShare: 1,
      },
      { type: "accuracy", check: "member", field: "region", of: { resource: "regions", field: "code" }, minShare: 1 },
      { type: "accuracy", check: "member", field: "id", of: { resource: "people", field: "id" }, minShare: 1 },
      { type: "accuracy", check: "member", field: "id", of: { resource: "nowhere", field: "id" }, minShare: 1 },
      { type: "accuracy", check: "rows", expected: 400, minShare: 1 },
      { type: "timeliness", check: "newest", field: "joined", maxAgeDays: 7 },
      { type: "timeliness", check: "imported" },
    ),
  });
  const count = (holds: (person: (typeof PEOPLE)[number]) => boolean) => PEOPLE.filter(holds).length;
  const share = (passed: number, judged: number) => ({ kind: "share", passed, judged });
  const newest =
    PEOPLE.map(({ joined }) => joined)
      .sort()
      .at(-1) ?? "";
  expect(measured.outcomes).toEqual([
    share(
      count(({ income }) => income !== null),
      500,
    ),
    share(
      count(({ region }) => region === "330102" || region === "330203"),
      500,
    ),
    share(
      count(({ age }) => age < 50),
      500,
    ),
    share(500, 500),
    share(
      new Set(PEOPLE.map(({ region, insured }) => `${region} ${insured}`)).size,
      count(({ insured }) => insured !== null),
    ),
    share(
      count(({ region }) => region === "330102" || region === "330105"),
      500,
    ),
    share(0, 500),
    share(500, 500),
    { kind: "unfit" },
    share(400, 500),
    { kind: "fresh", until: new Date(Date.parse(newest) + 8 * 86_400_000).toISOString() },
    { kind: "fresh", until: new Date(now.getTime() + 31 * 86_400_000).toISOString() },
  ]);
  expect(measured).toMatchObject({ snapshot, unfit: 8 });
  expect(measured.references).toEqual([
    { resource: "divisions", snapshot: regions.snapshot },
    { resource: "regions", snapshot: codes.snapshot },
  ]);
});

test("a measurement ends when it is cancelled, and a table that is not there is not measured", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(PEOPLE), { fields: PEOPLE_FIELDS });
  const [rule] = rules({ type: "completeness", field: "income", minShare: 1 });
  const request = { resource: "people", now, rules: rule === undefined ? [] : [rule] };
  await expect(place.store.measure({ ...request, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "ERR_CANCELLED",
  });
  await expect(place.store.measure({ ...request, resource: "other" })).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
});
