import type { ColumnBatch } from "@sluice/protocol";
import { expect, test } from "vitest";
import { people, peopleCsv, PEOPLE_FIELDS, peoplePolicy, seededRandom, Workplace } from "./data-fixture.ts";

const policy = peoplePolicy();
const request = {
  resource: "people",
  policy,
  key: "id",
  fields: ["region", "age", "income"],
  tokenKey: seededRandom("token").bytes(32),
  seed: seededRandom("seed").bytes(32),
};

/** Incomes are each one person's. */
function incomes({ columns }: ColumnBatch): number[] {
  return [...(columns["income"]?.values ?? [])].filter((income) => income !== 0);
}

function classes({ rowCount, columns }: ColumnBatch): string[] {
  const { region, age } = columns;
  if (region?.type !== "dict" || age === undefined) throw new Error("columns are missing");
  return Array.from(
    { length: rowCount },
    (_, row) => `${region.dictionary[region.values[row] ?? 0]} ${age.values[row]}`,
  );
}

test("rows outside of a sample are of persons whom it has not, seen as it is, in classes that it shows", async () => {
  await using place = await Workplace.open();
  // One in sixty is from elsewhere: too few for a class of the sample, and enough to be drawn beside it.
  const rows = people(900).map((person, i) =>
    i % 60 === 7 ? { ...person, region: `9${i % 10}${10 + (i % 7)}01` } : person,
  );
  await place.import(peopleCsv(rows), { fields: PEOPLE_FIELDS });
  const { table } = await place.store.drawSample(request);
  const others = await place.store.drawHeldOut(request, table);
  if (others === null) throw new Error("rows are left");
  expect(others.rowCount).toBeGreaterThan(100);
  expect(others.rowCount).toBeLessThanOrEqual(policy.sample.rows);
  expect(Object.keys(others.columns)).toEqual(Object.keys(table.columns));
  const own = new Set(incomes(table));
  expect(incomes(others).filter((income) => own.has(income))).toEqual([]);
  const shown = new Set(classes(table));
  expect(classes(others).filter((name) => !shown.has(name))).toEqual([]);
  // The same each time, as a run is made again; others under another seed.
  expect(await place.store.drawHeldOut(request, table)).toEqual(others);
  expect(await place.store.drawHeldOut({ ...request, seed: seededRandom("other").bytes(32) }, table)).not.toEqual(
    others,
  );
});

test("a sample of the whole table leaves nobody outside", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(policy.sample.rows)), { fields: PEOPLE_FIELDS });
  const { table } = await place.store.drawSample(request);
  expect((await place.store.drawHeldOut(request, table))?.rowCount).toBe(0);
});

test("no rows are held out where columns are made coarser by what was drawn", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(900)), { fields: PEOPLE_FIELDS });
  const coarser = { ...policy, model: { algorithm: "mondrian" as const } };
  const { table } = await place.store.drawSample(request);
  expect(await place.store.drawHeldOut({ ...request, policy: coarser }, table)).toBe(null);
});
