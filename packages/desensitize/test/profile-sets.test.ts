/** Profiles of one source held against each other: digests against plain lists of persons.
 *  @module */
import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { nearProfile, ProfileDigest, type ProfileSets } from "../src/index.ts";

type Row = readonly (string | null)[];
type Table = ReadonlyMap<string, Row>;
const COLUMNS = ["age", "region", "note"];

const tags = new Map<string, [number, number]>();
const tagOf = (person: string): [number, number] => {
  const known = tags.get(person);
  if (known !== undefined) return known;
  const digest = createHmac("sha256", "secret").update(person).digest();
  const tag: [number, number] = [digest.readUInt32LE(0), digest.readUInt32LE(4)];
  tags.set(person, tag);
  return tag;
};
const bucketOf = (person: string): number => tagOf(person)[0] % 256;

function setsOf(table: Table, columns: readonly string[] = COLUMNS): ProfileSets {
  const digest = new ProfileDigest(columns);
  for (const [person, row] of table) {
    digest.add(
      ...tagOf(person),
      columns.map((name) => row[COLUMNS.indexOf(name)] ?? null),
    );
  }
  return digest.sets();
}

const table = (count: number): Table =>
  new Map(Array.from({ length: count }, (_, i) => [`P${i}`, [String(20 + (i % 50)), `r${i % 7}`, null]]));

/** Persons whose buckets are all different. */
const apart = (persons: Iterable<string>): string[] => [
  ...new Map([...persons].map((person) => [bucketOf(person), person])).values(),
];

/** Changes the first `count` of persons that share no bucket. */
function changed(before: Table, count: number, change: (row: Row, person: string) => Row | null): Table {
  const after = new Map(before);
  for (const person of apart(before.keys()).slice(0, count)) {
    const row = change(before.get(person) ?? [], person);
    if (row === null) after.delete(person);
    else after.set(person, row);
  }
  return after;
}

const before = table(1_000);
const near = (after: Table): ReturnType<typeof nearProfile> =>
  nearProfile(setsOf(after), setsOf(before), { hasKeys: true });

test("one to nine persons who went are near, ten are not, and the same table is near none in any order", () => {
  const results = [0, 1, 2, 9, 10, 11, 100].map((count) => near(changed(before, count, () => null)));
  expect(results).toEqual([null, "people", "people", "people", null, null, null]);
  expect(near(new Map([...before].toReversed()))).toBeNull();
});

test("one to nine persons with another value of a column are near by its name, ten are not", () => {
  const changes: [string, (row: Row) => Row][] = [
    ["age", ([, region = null, note = null]) => ["99", region, note]],
    ["region", ([age = null, , note = null]) => [age, null, note]],
    ["note", ([age = null, region = null]) => [age, region, ""]],
  ];
  for (const [column, change] of changes) {
    const results = [1, 9, 10].map((count) => near(changed(before, count, change)));
    expect(results).toEqual([{ column }, { column }, null]);
  }
});

test("values that change places between persons are seen, and persons who replace others with the same values", () => {
  const [one = ""] = apart(before.keys());
  const ageOf = (person: string): unknown => before.get(person)?.[0];
  for (const isBucketShared of [false, true]) {
    const other = [...before.keys()].find(
      (person) => ageOf(person) !== ageOf(one) && (bucketOf(person) === bucketOf(one)) === isBucketShared,
    );
    const swapped = new Map(before).set(one, before.get(other ?? "") ?? []).set(other ?? "", before.get(one) ?? []);
    expect([swapped.size, near(swapped)]).toEqual([before.size, { column: "age" }]);
  }
  const replaced = new Map(before);
  replaced.delete(one);
  expect(near(replaced.set("Q", before.get(one) ?? []))).toBe("people");
});

test("ten persons in all hide nobody of a column in which fewer changed", () => {
  const both = changed(before, 12, ([age = null, region = null, note = null], person) =>
    apart(before.keys()).indexOf(person) < 3 ? [age, "r9", note] : ["99", region, note],
  );
  expect(near(both)).toEqual({ column: "age" });
  const many = changed(before, 23, ([age = null, region = null, note = null], person) =>
    apart(before.keys()).indexOf(person) < 3 ? [age, "r9", note] : ["99", region, note],
  );
  expect(near(many)).toEqual({ column: "region" });
});

test("columns that one of two profiles shows are compared with none", () => {
  const after = changed(before, 3, ([, region = null, note = null]) => ["99", region, note]);
  const compare = (one: readonly string[], other: readonly string[]) =>
    nearProfile(setsOf(after, one), setsOf(before, other), { hasKeys: true });
  expect(compare(["region", "note"], ["age", "region"])).toBeNull();
  expect(compare(["note", "age"], ["age", "region"])).toEqual({ column: "age" });
});

test("of any number of changed persons, those in one bucket count as one, and never as none", () => {
  for (let count = 0; count <= 14; count++) {
    const after = new Map([...before].slice(count));
    const buckets = new Set([...before.keys()].slice(0, count).map(bucketOf)).size;
    expect(near(after)).toBe(buckets > 0 && buckets < 10 ? "people" : null);
  }
  // All in the bucket of one person.
  const full = [...before.keys()].filter((person) => bucketOf(person) === bucketOf("P0"));
  expect(full.length).toBeGreaterThan(3);
  expect(near(new Map([...before].filter(([person]) => !full.includes(person))))).toBe("people");
});

test("without keys a person is its row: nine that changed are in eighteen buckets", () => {
  const rowsOf = (table: Table): Table => new Map([...table].map(([person, row]) => [[person, ...row].join("|"), row]));
  const shifted = (count: number): ReturnType<typeof nearProfile> => {
    const after = changed(before, count, ([, region = null, note = null]) => ["99", region, note]);
    return nearProfile(setsOf(rowsOf(after)), setsOf(rowsOf(before)), { hasKeys: false });
  };
  expect([0, 1, 9, 30].map(shifted)).toEqual([null, "people", "people", null]);
  // Rows alike do not cancel out.
  const digests = [1, 3].map((count) => {
    const digest = new ProfileDigest(COLUMNS);
    for (let i = 0; i < count; i++) digest.add(7, 9, ["1", "2", null]);
    return digest.sets();
  });
  expect(nearProfile(...(digests as [ProfileSets, ProfileSets]), { hasKeys: false })).toBe("people");
});
