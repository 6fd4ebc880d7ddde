/** Two samples of one table laid over each other: every combination that both together show is that of k persons. */
import { countedBeside, joinCuts, type CutRequest } from "@sluice/desensitize";
import { isValid, type ColumnBatch, type Policy } from "@sluice/protocol";
import { expect, test } from "vitest";
import { people, peopleCsv, PEOPLE_FIELDS, peoplePolicy, seededRandom, Workplace } from "./data-fixture.ts";

const seed = seededRandom("seed").bytes(32);
const K = 5;

/** 10 of 900 persons live in the last region, 2 of them young: each column hides them, both together do not. */
const ALL = people(900).map((person, i) => ({
  ...person,
  region: i < 10 ? "990100" : "330102",
  age: i < 2 ? 25 : i < 10 ? 70 : person.age,
  // What nobody counts links the rows of both samples.
  note: `note ${i}`,
}));

function textsOf({ rowCount, columns }: ColumnBatch, name: string): string[] {
  const column = columns[name];
  return Array.from({ length: rowCount }, (_, row) => {
    if (column === undefined || !isValid(column, row)) return "";
    const value = column.values[row] ?? 0;
    return column.type === "dict" ? (column.dictionary[value] ?? "") : String(value);
  });
}

/** Persons of the rarest combination of the two samples, by what links them. */
function rarest(a: [ColumnBatch, string], b: [ColumnBatch, string]): number {
  const shown = new Map(textsOf(a[0], "note").map((note, row) => [note, textsOf(a[0], a[1])[row]]));
  const other = textsOf(b[0], b[1]);
  const pairs = textsOf(b[0], "note").flatMap((note, row) =>
    shown.has(note) ? [`${shown.get(note)} ${other[row]}`] : [],
  );
  expect(pairs.length).toBeGreaterThan(500);
  return Math.min(...Array.from(Map.groupBy(pairs, (pair) => pair).values(), (rows) => rows.length));
}

test("of two policies, and of two grants under one, each with another quasi-identifier; drawn again, the first has the same rows", async () => {
  await using place = await Workplace.open();
  const resource = await place.import(peopleCsv(ALL), { fields: PEOPLE_FIELDS });
  const of = (names: string[]): Policy => {
    const { columns, ...rest } = peoplePolicy({ k: K, sample: { rows: 900, strata: [] } });
    return { ...rest, columns: Object.fromEntries(Object.entries(columns).filter(([name]) => names.includes(name))) };
  };
  const both = of(["region", "age", "note"]);
  const pairs: [Policy, Policy, boolean][] = [
    [of(["region", "note"]), of(["age", "note"]), true],
    [both, both, true],
    // Without the register: what the fix is for.
    [of(["region", "note"]), of(["age", "note"]), false],
  ];
  for (const [first, second, registered] of pairs) {
    const request = (policy: Policy, name: string, scene: string) => {
      const fields = [name, "note"];
      const cuts: CutRequest = { policy, resource, fields, subject: "id", scene };
      const tokenKey = seededRandom(scene).bytes(32);
      return { cuts, view: { resource: "people", policy, key: "id", fields, tokenKey, seed } };
    };
    const [a, b] = [request(first, "region", "one"), request(second, "age", "two")];
    const one = await place.store.drawSample({ ...a.view, counted: countedBeside(null, a.cuts) });
    const known = joinCuts(null, a.cuts);
    const counted = registered ? countedBeside(known, b.cuts) : undefined;
    const two = await place.store.drawSample({ ...b.view, counted });
    expect(Object.keys(two.table.columns)).toEqual(["age", "note"]);
    const least = rarest([one.table, "region"], [two.table, "age"]);
    if (registered) expect(least).toBeGreaterThanOrEqual(K);
    else expect(least).toBe(2);
    const again = { ...a.view, counted: countedBeside(joinCuts(known, b.cuts), a.cuts) };
    expect((await place.store.drawSample(again)).table).toEqual(one.table);
  }
});

test("a sample whose rows all would go beside the earlier ones is refused, though it keeps k alone", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(ALL), { fields: PEOPLE_FIELDS });
  const policy = peoplePolicy({ k: K, sample: { rows: 900, strata: [] } });
  const view = { resource: "people", policy, key: "id", fields: ["age"], tokenKey: seed, seed };
  const columns = [...(["age", "region"] as const), "note"].map((name) => ({
    name,
    transform: { kind: "keep" } as const,
  }));
  expect((await place.store.drawSample(view)).certificate.k).toBeGreaterThanOrEqual(K);
  await expect(place.store.drawSample({ ...view, counted: { columns, k: K } })).rejects.toMatchObject({
    code: "ERR_SAMPLE_K",
  });
});
