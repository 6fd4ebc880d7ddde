/** Every transform on whole tables, in the engine and in TypeScript, row by row: on a table of hostile values, and on real
 *  tables where SLUICE_DATA_DIR has them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hierarchy, Transform } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  applyTransform,
  failureExpression,
  keyParameters,
  shownColumn,
  viewSql,
  type StoredType,
  type StoredValue,
} from "../src/index.ts";
import { loadColumn, query, unsigned, withEngine } from "./engine.ts";
import { describe, field, policyOf } from "./fixtures.ts";

const tokenKey = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
const slow = process.env["SLOW"] === "1";
const directory = process.env["SLUICE_DATA_DIR"];
const real = directory !== undefined && existsSync(join(directory, "adult"));
if (!real) process.stdout.write("skipped: transforms on real tables need SLUICE_DATA_DIR\n");

const ENGINE_TYPES = {
  text: "VARCHAR",
  integer: "BIGINT",
  decimal: "DOUBLE",
  boolean: "BOOLEAN",
  date: "DATE",
} as const;
const TEXTUAL: Transform[] = [
  { kind: "mask", keepFirst: 1, keepLast: 2 },
  { kind: "mask", keepFirst: 0, keepLast: 0 },
  { kind: "mask", keepFirst: 16, keepLast: 16 },
  { kind: "token" },
  { kind: "token", hash: "sm3" },
  { kind: "generalize", length: 2 },
  { kind: "dateShift", maxDays: 45 },
];
const BUCKETS: Transform[] = [
  { kind: "bucket", width: 10, min: 0, max: 90 },
  { kind: "bucket", width: 0.3, min: -1, max: 7 },
];
const TRANSFORMS: Record<StoredType, Transform[]> = {
  text: [
    { kind: "keep" },
    ...TEXTUAL,
    ...(["name", "mobile", "address", "organization", "plate"] as const).map((of) => ({ kind: "fake", of }) as const),
  ],
  integer: [
    { kind: "keep" },
    ...TEXTUAL,
    ...BUCKETS,
    { kind: "noise", amplitude: 5 },
    { kind: "noise", amplitude: 2 ** 31 - 1, per: "row", min: 0 },
    { kind: "fake", of: "mobile" },
  ],
  decimal: [
    { kind: "keep" },
    ...BUCKETS,
    { kind: "noise", amplitude: 0.1 },
    { kind: "noise", amplitude: 1e300, max: 5 },
  ],
  boolean: [{ kind: "keep" }],
  date: [{ kind: "keep" }, ...TEXTUAL],
};

/** Compares both forms of each transform that fits on one column; returns how many rows failed, by kind. */
async function compare(
  type: StoredType,
  values: readonly StoredValue[],
  transforms: readonly Transform[] = TRANSFORMS[type],
  hierarchy?: Hierarchy,
): Promise<Record<string, number>> {
  const failed: Record<string, number> = {};
  await withEngine(async (connection) => {
    await loadColumn(connection, "t", ENGINE_TYPES[type], values);
    await connection.run("ALTER TABLE t ADD COLUMN person BIGINT");
    await connection.run("UPDATE t SET person = rowid // 3 WHERE rowid % 11 <> 0");
    const resource = describe({ ...field("value", type), ...(hierarchy && { hierarchy }) });
    for (const transform of transforms) {
      const source = { table: "t", fields: ["value"], tokenKey, rowId: "rowid", subject: "person" };
      const policy = policyOf({ value: { role: "other", transform } });
      const view = viewSql(policy, resource, source);
      const rows = await query(connection, view.sql, view.parameters);
      const expected = values.map((value, row) => {
        const subject = row % 11 === 0 ? null : String(Math.floor(row / 3));
        const shown = applyTransform(transform, value, { tokenKey, type, name: "value", hierarchy, subject, row });
        // The driver takes a byte order mark off the text that it reads.
        return [typeof shown === "string" ? shown.replace(/^\uFEFF/, "") : shown];
      });
      expect({ transform, rows: rows.map(unsigned) }).toEqual({ transform, rows: expected.map(unsigned) });
      const column = shownColumn(policy, resource, "value");
      const failure = failureExpression(column, source);
      const lost = expected.filter(([shown], row) => shown === null && values[row] !== null).length;
      if (failure === null) {
        // What is not finite never gets into a stored table.
        if (type !== "decimal") expect(lost).toBe(0);
        continue;
      }
      const sql = `SELECT count(*) FILTER (WHERE ${failure}) FROM t`;
      const [[counted] = []] = await query(connection, sql, keyParameters([column], tokenKey));
      failed[transform.kind] = Number(counted);
      if (transform.kind !== "hierarchy") expect(Number(counted)).toBe(lost);
    }
  });
  return failed;
}

const HOSTILE: Record<StoredType, StoredValue[]> = {
  text: [
    null,
    "",
    " ",
    "\0",
    "a\0b",
    "👨‍👩‍👧‍👦",
    "🀄".repeat(40),
    "e\u0301e\u0301",
    "\uFFFD",
    "\uFEFF张三",
    "１３８００１３８０００",
    "line\nbreak",
    "\r\n",
    "\t",
    "'; DROP TABLE t; --",
    '"',
    "\\",
    "%s",
    "$tokenKeyInner",
    "=1+1",
    "11010519491231002X",
    "11010519491231002x",
    "1985-02-30",
    "19850230",
    "20000229",
    "2023-02-29",
    "9999-12-31",
    "0001-01-01",
    "0000-00-00",
    "infinity",
    "-infinity",
    "NaN",
    "null",
    "*",
    "**",
    "1e400",
    "欧阳锋",
    "a".repeat(5_000),
    "\u202Eabc",
    "\u0000\u0001\u001F",
    "𠮷野家",
    "i\u0307",
    "ß",
    "İ",
  ],
  integer: [
    null,
    0n,
    1n,
    -1n,
    2n ** 31n - 1n,
    2n ** 31n,
    -(2n ** 31n),
    -(2n ** 31n) - 1n,
    2n ** 53n - 1n,
    2n ** 53n + 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    19_850_203n,
    19_850_230n,
    99_991_231n,
    10_101n,
    13_800_138_000n,
  ],
  decimal: [
    null,
    0,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    5e-324,
    1.797e308,
    -1.797e308,
    0.1,
    0.30000000000000004,
    1e22,
    9007199254740992,
    -1e-300,
    89.99999999999999,
  ],
  boolean: [null, true, false],
  date: [null, "0001-01-01", "9999-12-31", "1970-01-01", "2000-02-29", "1900-02-28", "0099-12-31"],
};

for (const [type, values] of Object.entries(HOSTILE)) {
  test(`both forms agree on hostile values of type ${type}`, async () => {
    // More rows than a vector of the engine has.
    await compare(
      type as StoredType,
      Array.from({ length: 2_100 }, (_, i) => values[i % values.length] ?? null),
    );
  });
}

test("both forms agree on every level of each kind of hierarchy, and tell what a tree does not know", async () => {
  const levels = (top: number): Transform[] =>
    Array.from({ length: top }, (_, i) => ({ kind: "hierarchy", level: i + 1 }) as const);
  const tree: Hierarchy = {
    kind: "tree",
    levels: [
      { 欧阳锋: "人", ß: "字", "": "字" },
      { 人: "有", 字: "无" },
    ],
  };
  expect(await compare("text", HOSTILE.text, levels(2), tree)).toEqual({ hierarchy: HOSTILE.text.length - 4 });
  await compare("text", HOSTILE.text, levels(3), { kind: "prefix", lengths: [4, 2] });
  await compare("decimal", HOSTILE.decimal, levels(3), { kind: "intervals", min: 0, max: 90, widths: [10, 30] });
  await compare("date", HOSTILE.date, levels(5), { kind: "date", units: ["month", "quarter", "year", "decade"] });
  expect(await compare("text", HOSTILE.text, levels(3).slice(2), tree)).toEqual({});
});

/** Columns of a file without a header, typed by what all their values are. */
function columnsOf(path: string[], separator: RegExp): [StoredType, StoredValue[]][] {
  const text = readFileSync(join(directory ?? "", ...path), "utf8").trim();
  const rows = text.split(/\r?\n/).map((line) => line.split(separator));
  return (rows[0] ?? []).map((_, i) => {
    const cells = rows.map((row) => row[i] ?? "");
    if (cells.every((cell) => /^-?\d{1,15}$/.test(cell))) return ["integer", cells.map(BigInt)];
    if (cells.every((cell) => /^-?\d+(\.\d+)?$/.test(cell))) return ["decimal", cells.map(Number)];
    return ["text", cells];
  });
}

const TABLES: [name: string, path: string[], separator: RegExp, rows: number, long: boolean][] = [
  ["German credit", ["german-credit", "german.data"], /\s+/, 1_000, true],
  ["heart disease", ["heart-disease", "heart-disease-cleveland.csv"], /,/, 297, false],
  ["Adult", ["adult", "adult_arx_30162.csv"], /;/, 30_163, true],
];
for (const [name, path, separator, rows, long] of TABLES) {
  test.skipIf(!real || (long && !slow))(
    `both forms agree on every column of the ${name} table`,
    { timeout: 600_000 },
    async () => {
      for (const [type, values] of columnsOf(path, separator)) {
        expect(values).toHaveLength(rows);
        await compare(type, values);
      }
    },
  );
}
