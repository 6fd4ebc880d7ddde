/** Keyed transforms on a domain's table: the same each time, counted where they fail, and of one person throughout. */
import { isSluiceError, isValid, type Column, type ColumnBatch, type Policy } from "@sluice/protocol";
import { expect, test } from "vitest";
import type { ViewRequest } from "../src/data/index.ts";
import { people, peopleCsv, PEOPLE_FIELDS, peoplePolicy, seededRandom, Workplace } from "./data-fixture.ts";

const seed = seededRandom("seed").bytes(32);
const tokenKey = seededRandom("token").bytes(32);
const FIELDS = ["region", "age", "income", "insured", "joined", "note"];

const policy: Policy = {
  ...peoplePolicy(),
  columns: {
    ...peoplePolicy().columns,
    income: { role: "sensitive", transform: { kind: "noise", amplitude: 50, min: 0 } },
    joined: { role: "sensitive", transform: { kind: "dateShift", maxDays: 20 } },
    note: { role: "other", transform: { kind: "fake", of: "mobile" } },
  },
};

function request(change: Partial<ViewRequest> = {}): ViewRequest & { seed: Uint8Array } {
  return { resource: "people", policy, key: "id", fields: FIELDS, tokenKey, seed, ...change };
}

/** Every byte of a batch. */
function bytesOf({ columns }: ColumnBatch): [string, string, string[]][] {
  const hex = ({ values, validity }: Column): string =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex") +
    Buffer.from(validity ?? []).toString("hex");
  return Object.entries(columns).map(([name, column]) => [
    name,
    hex(column),
    column.type === "dict" ? column.dictionary : [],
  ]);
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => "passed",
    (error: unknown) => (isSluiceError(error) ? error.code : error),
  );
}

test("drawing a sample again, and reading the table again, gives the same bytes", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(600)), { fields: PEOPLE_FIELDS });
  const first = await place.store.drawSample(request());
  const again = await place.store.drawSample(request());
  expect(bytesOf(again.table)).toEqual(bytesOf(first.table));
  expect(again.certificate.report).toBe(first.certificate.report);
  // Another import of the same file is the same table.
  const read = await place.store.readAll(request());
  await place.import(peopleCsv(people(600)), { fields: PEOPLE_FIELDS });
  expect(bytesOf((await place.store.readAll(request())).table)).toEqual(bytesOf(read.table));
  const other = await place.store.drawSample(request({ tokenKey: seededRandom("other").bytes(32) }));
  expect(bytesOf(other.table)).not.toEqual(bytesOf(first.table));
});

test("fakes of mobile numbers are no identifiers that stayed; mobile numbers in another column are", async () => {
  await using place = await Workplace.open();
  const all = people(600).map((person, i) => ({ ...person, note: `138${String(10_000_000 + i)}` }));
  await place.import(peopleCsv(all), { fields: PEOPLE_FIELDS });
  expect(await codeOf(place.store.drawSample(request()))).toBe("passed");
  const kept: Policy = {
    ...policy,
    columns: { ...policy.columns, note: { role: "other", transform: { kind: "keep" } } },
  };
  expect(await codeOf(place.store.drawSample(request({ policy: kept })))).not.toBe("passed");
});

test("dates that do not exist become null and are counted; over one in a hundred ends sample and build alike", async () => {
  await using place = await Workplace.open();
  const fields = PEOPLE_FIELDS.map((field) => (field.name === "joined" ? { ...field, type: "text" as const } : field));
  const table = (every: number): string =>
    peopleCsv(people(600).map((person, i) => ({ ...person, joined: i % every === 0 ? "19850230" : "19850203" })));
  await place.import(table(200), { fields });
  const { report } = await place.store.inspectSample(request());
  expect(report.transformFailures).toEqual([{ column: "joined", values: 3, share: 0.005 }]);
  const { table: read } = await place.store.readAll(request());
  const joined = read.columns["joined"];
  if (joined?.type !== "dict") throw new Error("expected dates as text");
  expect(Array.from({ length: 600 }, (_, row) => isValid(joined, row)).filter((valid) => !valid)).toHaveLength(3);
  expect(joined.dictionary.every((date) => date >= "1985-01-14" && date <= "1985-02-23")).toBe(true);
  await place.import(table(50), { fields });
  expect(await codeOf(place.store.drawSample(request()))).toBe("ERR_SAMPLE_GATE");
  const refused = await place.store.readAll(request()).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "ERR_POLICY", details: { pointer: "/columns/joined/transform" } });
  expect(String(refused)).not.toMatch(/1985|12|600/);
});
