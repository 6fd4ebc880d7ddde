/** What rows ask of a set, held against a plain join of two tables as SQL defines it.
 *  @module */
import { canonicalKey, isSluiceError, joinEntry, type JoinKeys, type KeyType, type KeyValue } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { askRows, invalidKeys, listSource, rowSource, type JoinColumns, type JoinRow } from "../src/asked-rows.ts";
import { refused } from "./refused.ts";

const KEYS: JoinKeys = [
  [{ field: "id", type: "integer" }],
  [
    { field: "name", type: "name" },
    { field: "day", type: "date" },
  ],
];
const LIMIT = { keys: KEYS, maxItems: 1_000 };
const SKIP = { invalid: "skip" } as const;

/** Values that are equal under their type in more ways than one, NULLs, and what is none of the type. */
const VALUES: Record<"id" | "name" | "day", readonly KeyValue[]> = {
  id: ["7", "007", "７", "8", "x", "", null, undefined],
  name: ["张三", "张　三", "é", "e\u0301", "Ｅ\u0301", "👨‍👩‍👧", "\ud842", "שָׁלוֹם", " ", null],
  day: ["2026-01-31", "20260131", "2026年1月31日", "2026-02-30", "1999-12-31", null],
};
const cell = (field: keyof typeof VALUES): fc.Arbitrary<KeyValue> => fc.constantFrom(...VALUES[field]);
const table = fc.array(fc.record({ id: cell("id"), name: cell("name"), day: cell("day") }), { maxLength: 12 });

/** `ON` of SQL over two tables, row by row: NULL equals nothing, and neither does what is no value of its type. */
function isEqual(type: KeyType, left: KeyValue, right: KeyValue): boolean {
  if (typeof left !== "string" || typeof right !== "string") return false;
  const [a, b] = [canonicalKey(type, left), canonicalKey(type, right)];
  return a.ok && b.ok && a.key === b.key;
}

test("rows match by exactly the keys by which a nested loop over both tables joins them", async () => {
  await fc.assert(
    fc.asyncProperty(table, table, async (rows, set) => {
      const members = new Set(
        set.flatMap((row) =>
          KEYS.flatMap((key) => {
            const values = key.map(({ field }) => row[field as keyof typeof row]);
            const made = joinEntry(KEYS, key, values);
            return made.ok ? [made.entry] : [];
          }),
        ),
      );
      const asked = await askRows(rowSource(rows, KEYS), LIMIT, SKIP);
      const matches = asked.matches(asked.entries.filter((entry) => members.has(entry)));
      const plain = rows.map((row) =>
        KEYS.reduce((bits, key, i) => {
          const joins = set.some((other) =>
            key.every(({ field, type }) => {
              const column = field as keyof typeof row;
              return isEqual(type, row[column], other[column]);
            }),
          );
          return joins ? bits | (1 << i) : bits;
        }, 0),
      );
      expect([...matches]).toEqual(plain);
      // Each distinct entry is asked once.
      expect(new Set(asked.entries).size).toBe(asked.entries.length);
    }),
    { numRuns: 300 },
  );
});

test("NULLs are no fault; what is no value of its type is told by row, key and part, and never itself", async () => {
  const rows: JoinRow[] = [
    { id: "7", name: "secret-name", day: "2026-01-31" },
    { id: null, name: "secret-name", day: "secret-day" },
    { id: "secret-id", name: "", day: undefined },
    {},
  ];
  const { skipped, entries } = await askRows(rowSource(rows, KEYS), LIMIT, SKIP);
  expect(skipped).toEqual([
    { index: 1, key: 1, field: "day", type: "date", fault: "characters" },
    { index: 2, key: 0, field: "id", type: "integer", fault: "characters" },
  ]);
  expect(entries).toHaveLength(2);
  const error = await refused(askRows(rowSource(rows, KEYS), LIMIT), "ERR_JOIN_KEY");
  expect(error.details).toEqual({ where: "entry 1", type: "date", fault: "characters", count: 2 });
  expect(JSON.stringify([skipped, error, error.message])).not.toContain("secret");
  expect(await invalidKeys(rowSource(rows, KEYS), KEYS, undefined)).toEqual(skipped);
});

test("in a list an empty entry is a fault too, and sizes of nothing, one and all the same are as they are", async () => {
  const keys: JoinKeys = [[{ field: "phone", type: "mobile" }]];
  const asked = (list: string[]) => askRows(listSource(list, keys), { keys, maxItems: 10 }, SKIP);
  expect(await asked([])).toMatchObject({ entries: [], skipped: [] });
  expect((await asked([])).matches([])).toHaveLength(0);
  const { entries, skipped, matches } = await asked(["138 0013 8000", "", "+8613800138000", "13900139000", "1"]);
  expect(entries).toEqual(['[["phone","mobile","13800138000"]]', '[["phone","mobile","13900139000"]]']);
  expect(skipped.map(({ index, fault }) => [index, fault])).toEqual([
    [1, "missing"],
    [4, "length"],
  ]);
  expect([...matches([entries[0] ?? ""])]).toEqual([1, 0, 1, 0, 0]);
  expect([...matches([])]).toEqual([0, 0, 0, 0, 0]);
  expect([...matches(["somebody else's"])]).toEqual([0, 0, 0, 0, 0]);
});

test("without typed keys a list is exactly as it is", async () => {
  const list = ["é", "e\u0301", " é", "é"];
  const { entries, matches } = await askRows(listSource(list), { maxItems: 10 });
  expect(entries).toEqual(["é", "e\u0301", " é"]);
  expect([...matches(["é"])]).toEqual([1, 0, 0, 1]);
  for (const wrong of ["", "\ud800", "a".repeat(1_025)]) {
    await refused(askRows(listSource(["a", wrong]), { maxItems: 10 }), "ERR_JOIN_KEY");
  }
});

test("columns of one's own are named part by part, and keys that are not asked are left out", async () => {
  const rows = [{ 证件: "7", 姓名: "张三", birth: "20260131" }];
  const entriesOf = async (on: JoinColumns): Promise<readonly string[]> =>
    (await askRows(rowSource(rows, KEYS, on), LIMIT)).entries;
  expect(await entriesOf([["证件"], ["姓名", "birth"]])).toEqual([
    '[["id","integer","7"]]',
    '[["name","name","张三"],["day","date","2026-01-31"]]',
  ]);
  expect(await entriesOf([null, ["姓名", "birth"]])).toHaveLength(1);
  const columns: [JoinColumns | undefined, RegExp][] = [
    [undefined, /no row has a column "id"/],
    [[["证件"]], /as many columns/],
    [[["证件"], ["姓名"]], /as many columns/],
    [[null, null], /no key is asked/],
    [[["toString"], null], /no row has a column "toString"/],
  ];
  for (const [on, reason] of columns) {
    expect(() => rowSource(rows, KEYS, on)).toThrow(reason);
  }
  expect(() => listSource(["7"], KEYS)).toThrow(/id \(integer\); name \(name\) and day \(date\): a list has one value/);
  // What every object has is no column of a row.
  const odd = [{ constructor: "7" } as JoinRow, {}];
  expect((await askRows(rowSource(odd, KEYS, [["constructor"], null]), LIMIT)).entries).toHaveLength(1);
  const numbers = [{ id: 7 }] as unknown as JoinRow[];
  await refused(askRows(rowSource(numbers, KEYS, [["id"], null]), LIMIT), "ERR_JOIN_COLUMNS");
});

test("too many distinct entries are refused while they are counted, and a signal ends a long list", async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => ({ id: String(i % 11) }));
  const source = rowSource(rows, KEYS, [["id"], null]);
  expect((await askRows(source, { keys: KEYS, maxItems: 11 })).entries).toHaveLength(11);
  await refused(askRows(source, { keys: KEYS, maxItems: 10 }), "ERR_PSI_SET_TOO_LARGE");
  const controller = new AbortController();
  const running = askRows(source, LIMIT, { signal: controller.signal });
  controller.abort();
  const error: unknown = await running.catch((reason: unknown) => reason);
  expect(isSluiceError(error, "ERR_CANCELLED")).toBe(true);
});
