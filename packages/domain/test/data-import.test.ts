import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { people, peopleCsv, PEOPLE_FIELDS, peoplePolicy, seededRandom, Workplace } from "./data-fixture.ts";

const tokenKey = seededRandom("token").bytes(32);

test("an imported table reads back value by value", async () => {
  await using place = await Workplace.open();
  const rows = people(500);
  const description = await place.import(peopleCsv(rows), { fields: PEOPLE_FIELDS });
  expect(description).toMatchObject({ resource: "people", format: "csv", approximateRows: 500, fields: PEOPLE_FIELDS });
  const { keys, table } = await place.store.readAll({
    resource: "people",
    policy: peoplePolicy(),
    key: "id",
    fields: ["income", "insured", "note"],
    tokenKey,
  });
  expect(keys).toEqual(rows.map((row) => row.id));
  const { income, insured, note } = table.columns;
  if (income?.type !== "f64" || insured?.type !== "bool" || note?.type !== "dict") throw new Error("other types");
  for (const [i, row] of rows.entries()) {
    const valid = ((income.validity?.[i >> 3] ?? 0xff) >> (i & 7)) & 1;
    expect(valid === 1 ? income.values[i] : null).toBe(row.income);
    expect(insured.values[i] === 1).toBe(row.insured);
    const noted = ((note.validity?.[i >> 3] ?? 0xff) >> (i & 7)) & 1;
    expect(noted === 1 ? note.dictionary[note.values[i] ?? 0] : null).toBe(row.note);
  }
});
