/** Entries of a set by typed keys, held against a plain reading of the rows.
 *  @module */
import { joinEntry, residentIdCheckDigit, type JoinKeys } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { joinEntries, type SetRows } from "../src/data/join-entries.ts";
import { KeyColumn } from "../src/data/key-column.ts";
import { people, peopleCsv, PEOPLE_FIELDS, peoplePolicy, seededRandom, Workplace } from "./data-fixture.ts";

const ID_KEY: JoinKeys = [[{ field: "id", type: "resident-id" }]];
const KEYS: JoinKeys = [
  [{ field: "id", type: "resident-id" }],
  [
    { field: "name", type: "name" },
    { field: "phone", type: "mobile" },
  ],
];

/** A valid identity number of a person. */
function idOf(person: number): string {
  const digits = `11010519491231${String(person).padStart(3, "0")}`;
  return digits + residentIdCheckDigit(digits);
}

interface Row {
  readonly person: number;
  readonly id: string;
  readonly name: string;
  readonly phone: string;
  readonly member: boolean;
}

function rowsOf(rows: readonly Row[], rowsWithoutKey = 0): SetRows {
  const column = (field: "id" | "name" | "phone"): KeyColumn => KeyColumn.of(rows.map((row) => row[field]));
  return {
    joined: {
      columns: new Map([
        ["id", column("id")],
        ["name", column("name")],
        ["phone", column("phone")],
      ]),
      rowsWithoutKey,
    },
    members: Uint8Array.from(rows, ({ member }) => Number(member)),
    subjects: Uint32Array.from(rows, ({ person }) => person),
  };
}

/** One row of person `i`, who is in the set when `i` is even. */
function row(i: number, change: Partial<Row> = {}): Row {
  return { person: i, id: idOf(i), name: `人 ${i}`, phone: String(13_800_000_000 + i), member: i % 2 === 0, ...change };
}

const many = (count: number): Row[] => Array.from({ length: count }, (_, i) => row(i));
const codeOf = (rows: readonly Row[], keys = ID_KEY, rowsWithoutKey = 0): Promise<string> =>
  joinEntries(keys, rowsOf(rows, rowsWithoutKey), undefined).then(
    () => "made",
    (error: unknown) => (error as { code: string }).code,
  );

test("each row has an entry by each key whose parts are all there and valid, and what it has none by is counted", async () => {
  const cell = fc.constantFrom("valid", "", " ", "bad");
  const given = fc.array(fc.tuple(cell, cell, cell, fc.boolean()), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(given, async (cells) => {
      // Enough others that the set is not refused.
      const rows = [
        ...cells.map(([id, name, phone, member], i) =>
          row(100 + i, {
            member,
            id: id === "valid" ? idOf(100 + i).toLowerCase() : id,
            name: name === "bad" ? "\u0000" : name === "valid" ? `人 ${i}` : name,
            phone: phone === "valid" ? `+86 ${13_800_000_100 + i}` : phone,
          }),
        ),
        ...many(100),
      ];
      const made = await joinEntries(KEYS, rowsOf(rows, 3), undefined);
      const expected: [string, number][] = [];
      const left = KEYS.map(() => ({ rows: rows.length + 3, missing: 3, invalid: 0 }));
      for (const { id, name, phone, member } of rows) {
        for (const [which, values] of [[id], [name, phone]].entries()) {
          // A bad part before a missing one is what is told.
          const fault = values.find((value) => value.trim() === "" || value === "bad" || value === "\u0000");
          const counted = left[which];
          if (counted === undefined) continue;
          if (fault === undefined) {
            const entry = joinEntry(KEYS, KEYS[which] ?? [], values);
            expected.push([entry.ok ? entry.entry : "none", Number(member)]);
          } else counted[fault.trim() === "" ? "missing" : "invalid"]++;
        }
      }
      expect([...made.keys].map((entry, i) => [entry, made.members[i]])).toEqual(expected);
      expect(made.leftOut).toEqual(left);
    }),
    { numRuns: 40 },
  );
});

test("a column that seldom holds what its key declares makes no set, however many are in it", async () => {
  const invalid = (count: number): Row[] => Array.from({ length: count }, (_, i) => row(200 + i, { id: "x" }));
  expect(await codeOf([...many(40), ...invalid(40)])).toBe("made");
  expect(await codeOf([...many(40), ...invalid(41)])).toBe("ERR_LOOKUP_TABLE");
  // Nulls are no fault.
  const nulls = invalid(200).map((one) => ({ ...one, id: "" }));
  expect(await codeOf([...many(40), ...nulls], ID_KEY, 5_000)).toBe("made");
  // And none that is valid.
  expect(await codeOf([...many(40), ...invalid(41), ...nulls])).toBe("ERR_LOOKUP_TABLE");
  // By each key.
  const phones = many(40).map((one, i) => (i < 21 ? { ...one, phone: "1" } : one));
  expect(await codeOf(phones)).toBe("made");
  expect(await codeOf(phones, KEYS)).toBe("ERR_LOOKUP_TABLE");
});

test("neither those with an entry who are in the set nor those who are not are a handful, however many rows each has", async () => {
  const rows = (members: number, others: number, times = 1): Row[] =>
    Array.from({ length: members + others }, (_, i) => row(i, { member: i < members })).flatMap((one) =>
      Array.from({ length: times }, () => one),
    );
  expect(await codeOf(rows(10, 10))).toBe("made");
  expect(await codeOf(rows(10, 0))).toBe("made");
  expect(await codeOf(rows(9, 10))).toBe("ERR_LOOKUP_TABLE");
  expect(await codeOf(rows(10, 9))).toBe("ERR_LOOKUP_TABLE");
  expect(await codeOf(rows(9, 10, 5))).toBe("ERR_LOOKUP_TABLE");
  // One of ten members has no key.
  expect(await codeOf(rows(10, 10).map((one) => (one.person === 0 ? { ...one, id: "" } : one)))).toBe(
    "ERR_LOOKUP_TABLE",
  );
  // Who is in the set by one row is none of the others.
  expect(await codeOf([...rows(10, 10), row(10, { member: true })])).toBe("ERR_LOOKUP_TABLE");
});

test("a refusal names columns and types, and neither a value nor a number of rows", async () => {
  const failed: unknown = await joinEntries(KEYS, rowsOf(many(3)), undefined).catch((error: unknown) => error);
  expect(failed).toMatchObject({
    code: "ERR_LOOKUP_TABLE",
    details: { reason: expect.stringContaining("id (resident-id); name (name) and phone (mobile)") as string },
  });
  expect(JSON.stringify(failed)).not.toMatch(/[0-9]{3}|人/);
});

test("rows without the grant's key are left out where a set has typed keys, and every column of a key is read beside the rest", async () => {
  await using place = await Workplace.open();
  const rows = people(300).map((one, i) => ({ ...one, id: i % 10 === 0 ? "" : one.id }));
  await place.import(peopleCsv(rows), { fields: PEOPLE_FIELDS });
  const view = {
    resource: "people",
    policy: peoplePolicy(),
    key: "id",
    fields: ["age"],
    tokenKey: seededRandom("t").bytes(32),
  };
  await expect(place.store.readAll(view)).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
  const { keys, table, joined } = await place.store.readAll({ ...view, join: ["id", "joined", "note", "age"] });
  const kept = rows.filter(({ id }) => id !== "");
  expect(joined?.rowsWithoutKey).toBe(30);
  expect([...keys]).toEqual(kept.map(({ id }) => id));
  expect(table.rowCount).toBe(kept.length);
  const columns = [...(joined?.columns ?? [])].map(([field, column]) => [field, [...column]]);
  expect(Object.fromEntries(columns)).toEqual({
    id: kept.map(({ id }) => id),
    joined: kept.map((one) => one.joined),
    note: kept.map(({ note }) => note ?? ""),
    age: kept.map(({ age }) => String(age)),
  });
  const excluded = PEOPLE_FIELDS.map((field) =>
    field.name === "note" ? { ...field, excluded: "state-secret" as const } : field,
  );
  const codeOf = (join: string[]): Promise<unknown> =>
    place.store.readAll({ ...view, join }).catch((error: unknown) => (error as { code: string }).code);
  expect(await codeOf(["income"])).toBe("ERR_LOOKUP_TABLE");
  expect(await codeOf(["nothing"])).toBe("ERR_POLICY_COLUMN");
  await place.import(peopleCsv(rows), { fields: excluded });
  const policy = peoplePolicy();
  const { note: _, ...columnsLeft } = policy.columns;
  const dropped = { ...view, policy: { ...policy, columns: columnsLeft } };
  await expect(place.store.readAll({ ...dropped, join: ["note"] })).rejects.toMatchObject({
    code: "ERR_POLICY_COLUMN",
  });
});
