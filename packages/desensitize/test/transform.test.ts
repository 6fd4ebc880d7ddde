import { createHmac } from "node:crypto";
import type { Transform } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyTransform, viewSql, type StoredType, type StoredValue } from "../src/index.ts";
import { loadColumn, query, unsigned, withEngine } from "./engine.ts";
import { describe, field, policyOf } from "./fixtures.ts";

const tokenKey = Uint8Array.from({ length: 32 }, (_, i) => i * 7);

const ENGINE_TYPES = {
  text: "VARCHAR",
  integer: "BIGINT",
  decimal: "DOUBLE",
  boolean: "BOOLEAN",
  date: "DATE",
} as const satisfies Record<StoredType, string>;

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 24 }),
  fc.string({ unit: "grapheme", maxLength: 24 }),
  fc.constantFrom("", "张", "欧阳锋", "11010519491231002X", "👨‍👩‍👧", "e\u0301", "a\0b", "'; DROP TABLE people; --", "  "),
);
const numbers = fc.oneof(
  fc.double(),
  fc.double({ min: -1_000, max: 1_000 }),
  fc.constantFrom(0, -0, 0.1, 0.30000000000000004, 1e300, Number.NaN, Infinity, -Infinity, 100, 10),
);
const dates = fc
  .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const dateTexts = fc.oneof(
  dates,
  dates.map((date) => date.replaceAll("-", "")),
  fc.constantFrom(
    "19850230",
    "1985-02-30",
    "0000-01-01",
    "00000101",
    "9999-12-31",
    "0001-01-01",
    "1985-2-3",
    " 1985-02-03",
  ),
  fc.constantFrom("１９８５-02-03", "1985-02-03\n", "infinity", "19850203x", "-1985-02-03", "20000229", "19000229"),
);
const GENERATED: Record<StoredType, fc.Arbitrary<StoredValue>> = {
  text: fc.oneof(
    texts.filter((text) => text.isWellFormed()),
    dateTexts,
  ),
  integer: fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -200n, max: 200n }),
    dates.map((date) => BigInt(date.replaceAll("-", ""))),
    fc.constantFrom(19_850_230n, 2n ** 31n, 2n ** 31n - 1n, -(2n ** 31n), -(2n ** 31n) - 1n),
  ),
  decimal: numbers,
  boolean: fc.boolean(),
  date: dates,
};

const shown = fc.record({ keepFirst: fc.integer({ min: 0, max: 16 }), keepLast: fc.integer({ min: 0, max: 16 }) });
const textual: fc.Arbitrary<Transform>[] = [
  fc.constantFrom<Transform>({ kind: "token" }, { kind: "token", hash: "sha256" }, { kind: "token", hash: "sm3" }),
  fc.integer({ min: 1, max: 16 }).map((length): Transform => ({ kind: "generalize", length })),
  shown.map((kept): Transform => ({ kind: "mask", ...kept })),
];
const buckets = fc.oneof(
  fc.constantFrom<Transform>(
    { kind: "bucket", width: 10, min: 0, max: 100 },
    { kind: "bucket", width: 0.1, min: 0, max: 0.9 },
    { kind: "bucket", width: 7, min: -5, max: 90 },
  ),
  fc
    .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }))
    .map(([min, width]): Transform => ({ kind: "bucket", width, min, max: min + width * 12.5 })),
);
const shifts = fc.integer({ min: 1, max: 3_650 }).map((maxDays): Transform => ({ kind: "dateShift", maxDays }));
const fakes = fc
  .constantFrom("name", "mobile", "address", "organization", "plate")
  .map((of): Transform => ({ kind: "fake", of }));
const bounds = fc.constantFrom({}, { min: -50 }, { max: 50 }, { min: 0, max: 100 });
const noises = (amplitudes: fc.Arbitrary<number>): fc.Arbitrary<Transform> =>
  fc
    .record({ amplitude: amplitudes, per: fc.constantFrom("subject", "row", undefined), bounds })
    .map(({ amplitude, per, bounds }) => ({ kind: "noise", amplitude, ...(per && { per }), ...bounds }));
const wholeNoises = noises(fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constant(2 ** 31 - 1)));
const realNoises = noises(fc.oneof(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), fc.constant(1e308)));
const keep = fc.constant<Transform>({ kind: "keep" });
const TRANSFORMS: Record<StoredType, fc.Arbitrary<Transform>> = {
  text: fc.oneof(keep, ...textual, shifts, fakes),
  integer: fc.oneof(
    keep,
    buckets,
    ...textual,
    shifts,
    wholeNoises,
    fc.constant<Transform>({ kind: "fake", of: "mobile" }),
  ),
  decimal: fc.oneof(keep, buckets, realNoises),
  boolean: keep,
  date: fc.oneof(keep, ...textual, shifts),
};

for (const type of Object.keys(GENERATED) as StoredType[]) {
  test(`DuckDB and TypeScript agree on every transform of a ${type} column`, async () => {
    await withEngine(async (connection) => {
      let tables = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.option(GENERATED[type], { freq: 10 }), { minLength: 1, maxLength: 60 }),
          fc.array(TRANSFORMS[type], { minLength: 1, maxLength: 3 }),
          async (values, transforms) => {
            const table = `t${tables++}`;
            await loadColumn(connection, table, ENGINE_TYPES[type], values);
            await connection.run(`ALTER TABLE ${table} ADD COLUMN person VARCHAR`);
            await connection.run(`UPDATE ${table} SET person = 'p' || (rowid % 5) WHERE rowid % 7 <> 0`);
            for (const transform of transforms) {
              const view = viewSql(policyOf({ value: { role: "other", transform } }), describe(field("value", type)), {
                table,
                fields: ["value"],
                tokenKey,
                rowId: "rowid",
                subject: "person",
              });
              const rows = await query(connection, view.sql, view.parameters);
              const expected = values.map((value, row) => {
                const subject = row % 7 === 0 ? null : `p${row % 5}`;
                return [applyTransform(transform, value, { tokenKey, type, name: "value", subject, row })];
              });
              expect(rows.map(unsigned)).toEqual(expected.map(unsigned));
            }
            await connection.run(`DROP TABLE ${table}`);
          },
        ),
        { numRuns: type === "boolean" ? 5 : 40 },
      );
    });
  });
}

test("the width of a bucket reaches the engine to its last bit", async () => {
  // As an SQL decimal, this number becomes its neighbour.
  const transform: Transform = { kind: "bucket", width: 0.243_731_182_111_545_54, min: 0, max: 2 };
  await withEngine(async (connection) => {
    await loadColumn(connection, "t", "DOUBLE", [0.3, 1]);
    const policy = policyOf({ value: { role: "other", transform } });
    const source = { table: "t", fields: ["value"], tokenKey, rowId: "rowid" };
    const view = viewSql(policy, describe(field("value", "decimal")), source);
    expect(await query(connection, view.sql)).toEqual([[transform.width], [4 * transform.width]]);
  });
});

test("a token is the first half of HMAC-SHA-256 as another implementation computes it", () => {
  for (const text of ["", "11010519491231002X", "张三", "a".repeat(200)]) {
    const expected = createHmac("sha256", tokenKey).update(text, "utf8").digest("hex").slice(0, 32);
    expect(applyTransform({ kind: "token" }, text, { tokenKey, type: "text" })).toBe(expected);
  }
});
